"""Mechanisms in a whole gateway: a house dispatched by each, and a book that trades at once."""

import pytest

from gateway.adapters.journal import read_journal
from gateway.app import load_market
from gateway.app.what_if.rerun import Rerun, comparison
from gateway.model.clearing import Clearing
from gateway.model.event import Accepted, BookView, Refused
from gateway.model.request import SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import MINUTE, Instant, seconds
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay

HOUSE = {"load_w": 500, "temperature_c": 21.2, "seed": 3}
STRANGERS = {"parties": {"anna": {}, "bob": {}}, "devices": {"heatpump": None}}
POWER = {"resource": "POWER", "unit": "W"}
BESIDE = {"power": POWER, "spot": {**POWER, "interval": "1min", "mechanism": "order-book"}}


def submission(home, party, name, side, quantity, price, product="spot"):
    length = home.gateway.marketplace.market(product).product
    interval = length.interval_at(Instant(home.clock.now() + 2 * MINUTE))
    tender = Tender(id=name, side=side, price=price, quantity=quantity)
    tenders = TenderSet(party=party, product=product, interval=interval, tenders=(tender,))
    return SubmitTenders(party=party, request_id=name, tenders=tenders)


def replays(folder):
    rows = list(read_journal(folder / "state" / "journal.sqlite"))
    again = Replay(load_market)
    return list(again.run(rows)) == rows and again.difference is None


def test_a_tender_is_traded_as_it_arrives_and_the_journal_tells_it(at_home, tmp_path):
    async def script(home):
        asks = await home.gateway.handle(submission(home, "anna", "s", Side.SELL, 300, 1500))
        takes = await home.gateway.handle(submission(home, "bob", "b", Side.BUY, 500, 2500))
        await home.clock.sleep(seconds(1))
        return asks, takes, list(home.facts)

    asks, takes, facts = at_home(script, HOUSE, products=BESIDE, **STRANGERS)
    assert [type(one) for one in (*asks.outcomes, *takes.outcomes)] == [Accepted, Accepted]
    sides = [(f.party, f.signed, f.price) for f in facts if isinstance(f, Transaction)]
    assert {one for one in sides if one[0] in {"anna", "bob"}} == {
        ("anna", -300, 1500),
        ("bob", 300, 1500),
    }
    (clearing,) = [f for f in facts if isinstance(f, Clearing) and f.product == "spot"]
    assert (clearing.price, clearing.quantity, clearing.scheduled) == (1500, 300, False)
    books = {f.party: f for f in facts if isinstance(f, BookView) and f.product == "spot"}
    assert books["anna"].sets == ()
    assert [t.quantity for one in books["bob"].sets for t in one.tenders] == [200]
    assert replays(tmp_path)


def test_a_restart_goes_on_with_the_book_as_it_stood(at_home, tmp_path):
    async def before(home):
        await home.gateway.handle(submission(home, "anna", "s", Side.SELL, 300, 1500))
        return home.clock.now()

    async def after(home):
        reply = await home.gateway.handle(submission(home, "bob", "b", Side.BUY, 100, 2500))
        await home.clock.sleep(seconds(1))
        return reply, [f for f in home.facts if isinstance(f, Transaction)]

    at_home(before, HOUSE, products=BESIDE, **STRANGERS)
    reply, traded = at_home(after, HOUSE, products=BESIDE, **STRANGERS)
    assert isinstance(reply.outcomes[0], Accepted)
    assert {(f.party, f.signed) for f in traded if f.product == "spot"} == {
        ("anna", -100),
        ("bob", 100),
    }
    assert replays(tmp_path)


@pytest.mark.parametrize("mechanism", ["pay-as-bid", "equilibrium"])
def test_a_house_is_dispatched_under_another_mechanism(at_home, tmp_path, mechanism):
    async def script(home):
        await home.clock.sleep(seconds(90))
        return list(home.facts)

    products = {"power": {**POWER, "mechanism": mechanism}}
    facts = at_home(script, HOUSE, products=products, **STRANGERS)
    clearings = [f for f in facts if isinstance(f, Clearing) and f.scheduled]
    traded = [f for f in facts if isinstance(f, Transaction)]
    assert len(clearings) >= 8
    assert {"roof", "battery"} <= {f.party for f in traded}
    assert not [f for f in facts if isinstance(f, Refused)]
    by_clearing = {}
    for one in traded:
        by_clearing.setdefault(one.clearing, []).append(one.signed)
    assert not any(sum(signed) for signed in by_clearing.values())
    assert replays(tmp_path)


def test_a_journal_run_under_another_mechanism_says_what_would_have_changed(at_home, tmp_path):
    async def script(home):
        await home.clock.sleep(seconds(90))

    at_home(script, HOUSE, **STRANGERS)
    rows = list(read_journal(tmp_path / "state" / "journal.sqlite"))
    same = Rerun("uniform-price").run(rows)["power"]
    other = Rerun("pay-as-bid").run(rows)["power"]
    assert same["before"] == same["after"]
    assert same["after"]["clearings"] >= 8
    assert other["before"] == same["before"]
    assert other["after"]["price"] != same["after"]["price"]
    for told in (same["before"], other["after"]):
        assert abs(sum(told["money"].values())) < 1e-5
    page = comparison({"power": other}, len(rows))
    assert page.startswith("power:")
    assert "roof" in page
    assert "every outcome is the same" in comparison({"power": same}, len(rows))


def test_a_quoted_product_tells_a_tender_where_to_go(at_home):
    products = {"power": POWER, "deal": {**POWER, "interval": "1min", "mechanism": "negotiated"}}

    async def script(home):
        asked = submission(home, "anna", "s", Side.SELL, 300, 1500, "deal")
        return await home.gateway.handle(asked)

    (refused,) = at_home(script, HOUSE, products=products, **STRANGERS).outcomes
    assert refused.term == "marketMechanism"
    assert "create-rfq" in refused.description
