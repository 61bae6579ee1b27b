"""Several products of one resource: what was traded ahead stands in what is dispatched."""

import pytest

from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import house_factories
from gateway.app import load_market, rules_of
from gateway.model.event import Accepted
from gateway.model.position import Position
from gateway.model.request import SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import Instant, parse_rfc3339
from gateway.model.transaction import Transaction
from gateway.runtime.recovery import recover
from gateway.runtime.replay import Replay
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
HOUSE = {"load_w": 500, "temperature_c": 21.2, "solar_w": 3000, "meter_noise_w": 0}
POWER = {"resource": "POWER", "unit": "W"}
SPOT = {"power": {**POWER, "interval": "10s"}}
BOTH = {**SPOT, "ahead": {**POWER, "interval": "2min"}}


def next_of(home, product):
    market = home.gateway.marketplace.market(product)
    return market.product.next_interval(home.clock.now())


async def offers(home, party, side, price, quantity, product, interval):
    one = Tender(id=f"{party}-{product}", side=side, price=price, quantity=quantity)
    given = TenderSet(party=party, product=product, interval=interval, tenders=(one,))
    request = SubmitTenders(party=party, request_id=f"r-{product}", tenders=given)
    reply = await home.gateway.handle(request)
    assert isinstance(reply.outcomes[0], Accepted), reply


async def anna_buys_700_of_bob_ahead(home):
    await home.pass_time(5)
    interval = next_of(home, "ahead")
    await offers(home, "anna", Side.BUY, 3000, 700, "ahead", interval)
    await offers(home, "bob", Side.SELL, 1000, 700, "ahead", interval)
    await home.pass_time(135)
    return interval


@pytest.fixture
def lives(tmp_path, virtual):
    """Lives of one gateway in one state directory and one house, each with its products."""

    def run(*scripts):
        async def main():
            house = house_factories()["demo"](VirtualClock(NOON), HOUSE)
            told = []
            for script, products in scripts:
                changes = {"parties": {"anna": {}, "bob": {}}, "devices": {"heatpump": None}}
                async with open_home(
                    tmp_path, NOON, {}, house, products=products, **changes
                ) as home:
                    told.append(await script(home))
            return told

        return virtual(main()), list(read_journal(tmp_path / "state" / "journal.sqlite"))

    return run


def replayed(rows):
    run = Replay(load_market)
    assert list(run.run(rows)) == rows
    assert run.difference is None
    return run


def test_a_position_taken_ahead_stands_in_dispatch_and_is_netted_not_traded_again(lives):
    async def script(home):
        await anna_buys_700_of_bob_ahead(home)
        inside = home.gateway.marketplace.market("power").product.interval_at(home.clock.now())
        shown = [f for f in home.facts if isinstance(f, Position) and f.party == "anna"]
        before = len([f for f in home.facts if isinstance(f, Transaction) and f.party == "anna"])
        # Her whole requirement is what she holds already: there is nothing left to trade.
        await home.pass_time(1)
        product = home.gateway.marketplace.market("power").product
        later = product.next_interval(product.next_interval(home.clock.now()).start)
        tender = Tender(id="all", side=Side.BUY, price=20000, quantity=700)
        whole = TenderSet(
            party="anna",
            product="power",
            interval=later,
            tenders=(tender,),
            netting=True,
            revision=1,
        )
        await home.gateway.handle(SubmitTenders(party="anna", request_id="n", tenders=whole))
        await home.pass_time(25)
        after = len([f for f in home.facts if isinstance(f, Transaction) and f.party == "anna"])
        position = home.gateway.marketplace.market("power").position("anna", inside)
        return shown, before, after, position

    [(shown, before, after, position)], rows = lives((script, BOTH))
    assert {p.product for p in shown} == {"power", "ahead"}
    assert [step.quantity for step in position.steps] == [700]
    assert (before, after) == (1, 1)
    replayed(rows)


def test_shared_positions_outlive_restarts_and_the_product_they_were_traded_in(lives):
    async def first(home):
        return await anna_buys_700_of_bob_ahead(home)

    def held(home):
        positions = home.gateway.marketplace.market("power").positions
        return {party: positions.at(party, Instant(traded[0])) for party in ("anna", "bob")}

    traded = []

    async def second(home):
        traded.append(home.clock.now())
        found = held(home)
        await home.pass_time(15)
        return found

    async def third(home):
        found = held(home)
        ahead = home.gateway.marketplace.market("ahead").positions
        assert ahead is home.gateway.marketplace.market("power").positions
        await home.pass_time(15)
        return found

    wanted = {"anna": 700, "bob": -700}
    (_, *found), rows = lives((first, BOTH), (second, BOTH), (third, SPOT | BOTH), (second, SPOT))
    assert found == [wanted] * 3
    run = replayed(rows)
    assert run.skipped == 0


def test_recovery_from_any_row_of_shared_products_finds_the_same_positions(lives):
    _, rows = lives((anna_buys_700_of_bob_ahead, BOTH))
    bought = ("Transaction", "anna-ahead")
    traded = next(i for i, row in enumerate(rows) if all(word in row.body for word in bought))
    for count in range(traded + 1, len(rows) + 1, 7):
        recovered = recover(rows[:count], load_market, now=rows[count - 1].now)
        power, ahead = (recovered.dumps[product]["positions"] for product in ("power", "ahead"))
        assert power == ahead
        assert recovered.difference is None
        assert [quantity for _, quantity in power["steps"]["anna"]] == [700, 0]


def test_a_product_that_closes_and_opens_again_counts_nothing_twice(lives):
    async def script(home):
        catalogue, products = home.gateway.catalogue, home.gateway.settings.products
        rules = {product.id: rules_of(product) for product in products}
        await home.pass_time(5)
        interval = next_of(home, "ahead")
        await offers(home, "anna", Side.BUY, 3000, 700, "ahead", interval)
        await offers(home, "bob", Side.SELL, 1000, 700, "ahead", interval)
        await home.pass_time(120)
        held = []
        for kept in (products[:1], products, products[:1], products):
            catalogue.renew(kept, rules)
            await home.pass_time(12)
            positions = home.gateway.marketplace.market("power").positions
            held.append(positions.at("anna", home.clock.now()))
            if len(kept) > 1:
                assert home.gateway.marketplace.market("ahead").positions is positions
        return held

    [held], rows = lives((script, BOTH))
    assert held == [700] * 4
    replayed(rows)
