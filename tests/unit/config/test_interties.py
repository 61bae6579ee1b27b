"""Interties of the file: what is wrong is named with its place, and check says what holds."""

import pytest

from gateway.config import explain
from gateway.model.intertie import Bounds, OnBreach
from gateway.model.time import parse_rfc3339

GOOD = """\
area: home
state_dir: state
interties:
  street:
    broker: {{url: "mqtt://h"}}
    contract: {{max_import_w: 8000, max_export_w: 5000{contract}}}
    standing_terms: {{import_price: 0.4, export_price: 0.03}}{more}
"""


def text(contract="", more=""):
    return GOOD.format(contract=contract and f", {contract}", more=more and f"\n    {more}")


@pytest.mark.parametrize(
    ("contract", "more", "said"),
    [
        ("loss: 1.2", "", "loss: found 1.2, allowed: a number from 0.01 to 1"),
        ("loss: 0", "", "loss: found 0, allowed: a number from 0.01 to 1"),
        ("fee: -1", "", "fee: found -1, allowed: a number, at least 0"),
        ("fee: 0.00001", "", "fee: found 1e-05, allowed: a multiple of 0.0001"),
        ("collar: {min: 1, max: 0}", "", "collar.max: found 0, allowed: at least min 1"),
        ("on_breach: stop", "", "on_breach: found 'stop', allowed: halt, standing"),
        ("notise: 3s", "", "found an unknown key"),
        ("schedule: [{from: '25:00', until: '01:00'}]", "", "a time of day, UTC"),
        ("validity: {from: tomorrow}", "", "a date such as 2026-01-01"),
        ("validity: {from: 2026-02-30}", "", "a date such as 2026-01-01"),
        ("validity: {from: 2026-02-02, until: 2026-01-01}", "", "later than from 2026-02-02"),
        ("", "product: heat", "product: found 'heat', allowed: a product of power: power"),
        ("", "area: home", "area: found 'home', this area itself"),
        ("", "ahead: 10s", "ahead: found 10s, allowed: less than 10s, the interval of power"),
    ],
)
def test_a_mistake_in_an_intertie_is_named_with_what_is_allowed(loaded, contract, more, said):
    problems = [str(one) for one in loaded(text(contract, more)).problems]
    assert len(problems) == 1
    assert said in problems[0]
    assert problems[0].startswith("site.yaml:")
    assert "interties.street" in problems[0]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("mqtt://h", "http://h", "broker.url: found 'http://h', allowed: mqtt://HOST:PORT or"),
        ("max_import_w: 8000, ", "", "max_import_w: found nothing"),
        ("import_price: 0.4, ", "", "import_price: found nothing"),
        ("export_price: 0.03", "export_price: 0.4", "below import_price 0.4"),
        ("import_price: 0.4", "import_price: 9", "a price of power"),
        ('"mqtt://h"', '"mqtt://h", ca: no.pem', "ca: found 'no.pem', which is not there"),
        ("  street:", "  home:", "the id 'home', which is the area"),
    ],
)
def test_what_is_missing_or_cannot_be_is_named(loaded, before, after, said):
    problems = [str(one) for one in loaded(text().replace(before, after)).problems]
    assert any(said in one for one in problems), problems


def test_two_wires_for_one_product_are_one_too_many(loaded):
    entry = text().partition("interties:\n")[2]
    both = text() + entry.replace("street", "other")
    (problem,) = loaded(both).problems
    assert "which interties.street connects" in str(problem)


def test_a_contract_becomes_integers_and_windows(loaded):
    windows = "schedule: [{from: '22:00', until: '06:00', max_import_w: 2000}]"
    more = f"fee: 0.012, loss: 0.97, on_breach: halt, validity: {{until: 2027-01-01}}, {windows}"
    (one,) = loaded(text(more)).site.interties
    contract = one.contract
    assert (contract.fee, contract.loss_ppm, contract.standing_export) == (120, 970_000, 300)
    assert contract.on_breach is OnBreach.HALT
    assert one.username == "home"
    day, night, late = (
        parse_rfc3339(t)
        for t in ("2026-06-21T12:00:00Z", "2026-06-21T23:00:00Z", "2027-01-01T00:00:00Z")
    )
    assert contract.bounds_at(day) == Bounds(imports=8000, exports=5000)
    assert contract.bounds_at(night) == Bounds(imports=2000, exports=5000)
    assert contract.bounds_at(late) == Bounds(imports=0, exports=0)


def test_with_a_grid_meter_the_contract_is_a_limit_of_the_connection(loaded):
    meter = (
        "devices:\n  g: {driver: sunspec, connection: 'tcp://h?unit=4', role: grid, sign: import}\n"
        "grid: {import_limit_w: 9000, export_limit_w: 100}\n"
    )
    limits = loaded(text() + meter).site.limits
    assert (limits.import_w, limits.export_w) == (8000, 100)
    assert loaded(text()).site.limits.import_w is None


def test_check_says_what_the_contract_means(loaded):
    page = explain(loaded(text("fee: 0.012, on_breach: halt")), {})
    for words in (
        "power is power of street at mqtt://h, as home",
        "import at most 8000 W, export at most 5000 W",
        "standing terms, import 0.4000, export 0.0300 EUR/kWh",
        "nothing is traded until",
        "the gate here closes then",
    ):
        assert words in " ".join(page.split())
