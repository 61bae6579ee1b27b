"""Products that open, change and close while the gateway runs, and what the journal says of it."""

import dataclasses

import pytest

from gateway.adapters.journal import read_journal
from gateway.adapters.log import Threshold
from gateway.adapters.plugins import driver_packages
from gateway.app import load_market, rules_of
from gateway.app.reload import Reload
from gateway.config import load
from gateway.model.event import Accepted, BookView, Cancelled, CancelReason, ProductsChanged
from gateway.model.negotiation import CreateQuote
from gateway.model.quote import Ending, Quote, QuoteChanged
from gateway.model.request import SubmitStream, SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import parse_rfc3339
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay
from tests.simulation.harness import open_home, write_site

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
HOUSE = {"load_w": 500, "temperature_c": 21.2, "solar_w": 3000, "meter_noise_w": 0}
POWER = {"power": {"resource": "POWER", "interval": "10s"}}
WATER = {"water": {"resource": "WATER_FLOW", "interval": "20s", "gate_lead": "1s"}}
QUOTED = {"water": {**WATER["water"], "negotiations": True}}
PARTIES = {"parties": {"anna": {}, "bob": {}}}


class Town:
    """A home whose file can be written anew and read by a hang-up."""

    def __init__(self, home, folder):
        self.home, self.folder = home, folder
        self.reload = Reload(self._read, home.gateway, Threshold("info"))

    def _read(self):
        return load(self.folder / "site.yaml", driver_packages(), ("mem",), environ={})

    async def trades(self, **products):
        write_site(self.folder, self.home.house, products=products, **PARTIES)
        await self.reload()

    @property
    def products(self):
        return {one.id: one.revision for one in self.home.gateway.marketplace.products}

    def next(self, product):
        market = self.home.gateway.marketplace.market(product)
        return market.product.next_interval(self.home.clock.now())

    async def tender(self, party, side, price, name="t", product="water"):
        tender = Tender(id=name, side=side, price=price, quantity=6)
        given = TenderSet(
            party=party, product=product, interval=self.next(product), tenders=(tender,)
        )
        request = SubmitTenders(party=party, request_id=f"{name}-{product}", tenders=given)
        return (await self.home.gateway.handle(request)).outcomes

    def heard(self, kind):
        return [fact for fact in self.home.facts if isinstance(fact, kind)]


@pytest.fixture
def town(tmp_path, virtual):
    """Runs a script in a town; returns what it returned and the journal's rows."""

    def run(*scripts):
        async def main():
            told = []
            for script in scripts:
                products = told[-1] if told else POWER
                async with open_home(tmp_path, NOON, HOUSE, products=products, **PARTIES) as home:
                    told.append(await script(Town(home, tmp_path)))
            return told[-1]

        return virtual(main()), list(read_journal(tmp_path / "state" / "journal.sqlite"))

    return run


def replays(rows):
    run = Replay(load_market, rules_of)
    list(run.run(rows))
    return run.difference is None


async def trade_water(town):
    (bought,) = await town.tender("anna", Side.BUY, 900)
    (sold,) = await town.tender("bob", Side.SELL, 100)
    assert isinstance(bought, Accepted)
    assert isinstance(sold, Accepted)
    await town.home.pass_time(45)
    return [t for t in town.heard(Transaction) if t.product == "water"]


def test_product_that_was_added_is_traded_and_replays(town):
    async def script(town):
        await town.home.pass_time(12)
        await town.trades(**POWER, **WATER)
        assert town.products == {"power": 1, "water": 1}
        return await trade_water(town)

    trades, rows = town(script)

    assert {(t.party, t.quantity) for t in trades} == {("anna", 6), ("bob", 6)}
    assert all(t.id.endswith(".water") for t in trades)
    assert replays(rows)


def test_changed_terms_withdraw_what_was_tendered_under_the_old_ones(town):
    async def script(town):
        await town.trades(**POWER, **WATER)
        await town.tender("anna", Side.BUY, 900)
        dearer = {"water": {**WATER["water"], "price_cap": 5.0}}
        await town.trades(**POWER, **dearer)
        await town.home.pass_time(1)
        assert town.products == {"power": 1, "water": 2}
        (high,) = await town.tender("anna", Side.BUY, 45_000, name="high")
        assert isinstance(high, Accepted)
        return town.heard(Cancelled)

    cancelled, rows = town(script)

    assert [(c.tender, c.reason, c.remaining) for c in cancelled] == [
        ("t", CancelReason.SUPERVISORY, 6)
    ]
    assert replays(rows)


def test_removed_product_ends_what_was_shown_of_it_and_power_goes_on(town):
    async def script(town):
        await town.trades(**POWER, **WATER)
        await town.tender("anna", Side.BUY, 900)
        await town.home.pass_time(1)
        await town.trades(**POWER)
        before = len(town.home.clearings)
        await town.home.pass_time(45)
        assert len(town.home.clearings) > before
        return town

    town_after, rows = town(script)

    assert town_after.heard(ProductsChanged)[-1].gone == ("water",)
    views = [view for view in town_after.heard(BookView) if view.product == "water"]
    assert [bool(view.sets) for view in views] == [True, False]
    assert not [c for c in town_after.home.clearings if c.product == "water" and c.sequence > 1]
    assert replays(rows)


@pytest.mark.parametrize("after", [{}, {"water": {**QUOTED["water"], "price_cap": 5.0}}])
def test_removed_or_changed_product_ends_what_was_quoted_in_it(town, after):
    async def script(town):
        await town.trades(**POWER, **QUOTED)
        tender = Tender(id="q", side=Side.SELL, price=100, quantity=6)
        quote = Quote(party="anna", product="water", interval=town.next("water"), tender=tender)
        asked = CreateQuote(party="anna", request_id="r", quote=quote)
        (standing,) = (await town.home.gateway.handle(asked)).outcomes
        assert standing.ending is None
        await town.trades(**POWER, **after)
        await town.home.pass_time(2)
        return [(q.id, q.ending) for q in town.heard(QuoteChanged)], standing.id

    (told, id_), rows = town(script)
    assert told[-1] == (id_, Ending.SUPERVISORY)
    assert replays(rows)


def test_product_that_comes_back_goes_on_with_its_numbers(town):
    async def script(town):
        await town.trades(**POWER, **WATER)
        first = await trade_water(town)
        await town.trades(**POWER)
        await town.home.pass_time(25)
        await town.trades(**POWER, **WATER)
        (bought,) = await town.tender("anna", Side.BUY, 900, name="again")
        await town.tender("bob", Side.SELL, 100, name="again")
        await town.home.pass_time(45)
        assert isinstance(bought, Accepted), bought
        return [t.id for t in first], [t.id for t in town.heard(Transaction)]

    (first, every), rows = town(script)

    water = [one for one in every if one.endswith(".water")]
    assert len(set(water)) == len(water) == 4
    assert set(first) < set(water)
    assert replays(rows)


def test_second_product_of_power_shares_its_positions_from_the_first_moment(town):
    ahead = {"ahead": {"resource": "POWER", "interval": "2min"}}

    async def script(town):
        await town.home.pass_time(12)
        await town.trades(**POWER, **ahead)
        place = town.home.gateway.marketplace
        assert place.market("ahead").positions is place.market("power").positions
        await town.home.pass_time(30)

    _, rows = town(script)
    assert replays(rows)


def test_product_that_devices_are_dispatched_by_waits_for_a_restart(town):
    async def script(town):
        coarse = {"power": {**POWER["power"], "lot": 100}}
        await town.trades(**coarse, **WATER)
        place = town.home.gateway.marketplace
        return place.market("power").product.lot, town.products

    (lot, products), _ = town(script)
    assert (lot, products) == (1, {"power": 1, "water": 1})


def test_revision_outlives_a_restart(town):
    dearer = {"water": {**WATER["water"], "price_cap": 5.0}}

    async def changes(town):
        await town.trades(**POWER, **WATER)
        await town.trades(**POWER, **dearer)
        return {**POWER, **dearer}

    async def starts_again(town):
        return town.products

    products, rows = town(changes, starts_again)
    assert products == {"power": 1, "water": 2}
    assert replays(rows)


def test_stream_is_one_row_and_is_taken_back_by_nobody(town):
    async def script(town):
        await town.home.pass_time(3)
        first = town.next("power")
        sets = []
        for k in range(3):
            interval = first if not sets else town_interval(town, sets[-1].interval)
            tender = Tender(id=f"day.{k}", side=Side.BUY, price=1, quantity=9, stream="day")
            sets.append(
                TenderSet(party="anna", product="power", interval=interval, tenders=(tender,))
            )
        request = SubmitStream(
            party="anna", request_id="r", tenders=sets[0], more=tuple(sets[1:]), stream="day"
        )
        reply = await town.home.gateway.handle(request)
        again = await town.home.gateway.handle(dataclasses.replace(request))
        assert reply == again
        await town.home.pass_time(40)
        return reply.outcomes

    outcomes, rows = town(script)

    assert [type(one) for one in outcomes] == [Accepted] * 3
    assert len([row for row in rows if row.kind == "submit" and '"request":"r"' in row.body]) == 1
    assert replays(rows)


def town_interval(town, interval):
    product = town.home.gateway.marketplace.market("power").product
    return product.interval_at(interval.end)
