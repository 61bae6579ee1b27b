"""Parties, registration and TLS in the file: what is taken, and what is named as a mistake."""

import pytest

from gateway.adapters.calendar import read_calendar
from gateway.adapters.plugins import driver_packages, line_factories
from gateway.config import explain, load
from gateway.model.cover import Cover
from gateway.model.membership import Allowance, Consent
from gateway.model.tender import Side
from gateway.model.time import SECOND


def loaded(tmp_path, text):
    for name in ("c.pem", "k.pem", "ca.pem"):
        (tmp_path / name).write_text("")
    file = tmp_path / "site.yaml"
    file.write_text(text + f"\nstate_dir: {tmp_path}\n")
    return load(
        file,
        driver_packages(),
        line_factories(),
        environ={"HOME": str(tmp_path)},
        availability=read_calendar,
    )


def test_what_a_party_may_do_and_how_strangers_come_in(tmp_path):
    text = (
        "registration: consent\nenrollment: open\nsilence: 60s\n"
        "parties: {anna: {money_per_day: 2, energy_per_day: 5, messages_per_minute: 30, "
        "enrolled: [power], silence: 5s}, bob: {}}\n"
    )
    found = loaded(tmp_path, text)
    assert not found.problems
    site = found.site
    assert site.allowances["anna"] == Allowance(
        messages_per_minute=30,
        money_per_day=2.0,
        energy_per_day=5.0,
        silence=5 * SECOND,
        enrolled=("power",),
    )
    assert site.allowances["bob"] == Allowance()
    assert site.admission.registration is Consent.CONSENT
    assert site.admission.silence == 60 * SECOND


def test_what_a_party_may_hold_is_covered_by_what_it_bought_of_something_else(tmp_path):
    text = (
        "products: {power: {}, heat: {resource: x-HEAT}}\n"
        "parties: {pump: {covers: [{side: SELL, product: heat, by: power, factor: 3}]}}\n"
    )
    found = loaded(tmp_path, text)
    assert not found.problems
    (cover,) = found.site.allowances["pump"].covers
    assert cover == Cover(side=Side.SELL, product="heat", by="power", factor=3.0)


TLS = "broker: {tls: {certificate: c.pem, key: k.pem"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("parties: {anna: {enrolled: [powr]}}", "did you mean 'power'?"),
        ("parties: {anna: {enrolled: power}}", "write [power]"),
        (
            "parties: {anna: {covers: [{side: BUY, product: power, by: powr}]}}",
            "covers[0].by: found 'powr', which is no product",
        ),
        ("parties: {anna: {covers: [{side: BUY, product: power, by: power}]}}", "the same product"),
        (
            "parties: {anna: {stands_by: [{product: power, sold: powr}]}}",
            "stands_by[0].sold: found 'powr', which is no product",
        ),
        ("parties: {anna: {stands_by: [{product: power, sold: power}]}}", "the same product"),
        ("parties: {anna: {covers: [{side: BOTH, product: power, by: power}]}}", "BUY, SELL"),
        ("registration: maybe", "closed, consent, open"),
        ("registration: open\nbroker: {url: 'mqtt://there'}", "gridtender party add"),
        ("broker: {tls: {certificate: nowhere.pem, key: k.pem}}", "'nowhere.pem', which is not"),
        (TLS + ", require_client_certificate: true}}", "true with ca"),
        (TLS + ", use_identity_as_username: true}}", "who shows no certificate has no name"),
        (TLS + "}, kind: embedded}", "kind: mosquitto"),
        ("broker: {url: 'mqtt://there', ca: ca.pem}", "url: mqtts://HOST:PORT"),
        ("broker: {url: 'mqtts://there', key: k.pem}", "certificate and key together"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, told):
    problems = [str(problem) for problem in loaded(tmp_path, text).problems]
    assert any(told in problem for problem in problems), problems


def test_tls_is_taken_with_its_files_beside_the_configuration(tmp_path):
    more = ", ca: ca.pem, require_client_certificate: true, use_identity_as_username: true}}"
    found = loaded(tmp_path, TLS + more)
    assert not found.problems
    assert found.site.broker.tls.certificate == str(tmp_path / "c.pem")
    assert "common name" in " ".join(explain(found, {}).split())


CALENDAR = "BEGIN:VCALENDAR\nBEGIN:VAVAILABILITY\nUID:a\n{}END:VAVAILABILITY\nEND:VCALENDAR\n"


def test_a_party_may_have_a_calendar_beside_the_file(tmp_path):
    (tmp_path / "anna.ics").write_text(CALENDAR.format("X-RMF-PRODUCT:power\n"))
    found = loaded(tmp_path, "parties: {anna: {available: anna.ics}, bob: {}}")
    assert not found.problems
    assert found.site.party_calendars == {"anna": str(tmp_path / "anna.ics")}
    told = "".join(explain(found, {}).split())
    assert f"anna(1000tenders,inside{tmp_path}/anna.ics),bob(1000tenders)" in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "anna.ics: parties.anna.available: found no readable file"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "found the calendar has no VAVAILABILITY"),
        (
            CALENDAR.format("X-RMF-PRODUCT:powr\n"),
            "found X-RMF-PRODUCT powr, which is no product, allowed: a product: power",
        ),
    ],
)
def test_a_calendar_of_a_party_that_cannot_hold_is_a_problem(tmp_path, content, told):
    if content is not None:
        (tmp_path / "anna.ics").write_text(content)
    found = loaded(tmp_path, "parties: {anna: {available: anna.ics}}")
    assert found.site is None
    assert told in "\n".join(map(str, found.problems))
