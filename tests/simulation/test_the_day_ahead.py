"""A house that trades its day ahead: load known from three days, a cheap night, a battery."""

import asyncio
import json
from collections import defaultdict

import pytest

from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import driver_packages, house_factories
from gateway.app import load_market
from gateway.app.agents import site_agents
from gateway.config import load
from gateway.model.ahead import ForwardCurve
from gateway.model.canonical import from_json
from gateway.model.event import Accepted, BookView
from gateway.model.request import SubmitTenders
from gateway.model.settlement import Delivery
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import HOUR, MILLISECOND, MINUTE, Instant, Interval
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay
from gateway.testing import VirtualClock, VirtualLoop
from tests.simulation.harness import open_home
from tests.simulation.test_a_storage_that_plans import (
    BEGIN,
    LOAD_W,
    POLLS,
    price,
    remember,
    tariff,
)
from tests.simulation.test_a_storage_that_plans import (
    HOUSE as PLAIN,
)

HOUSE = {**PLAIN, "temperature_c": 28}
pytestmark = [pytest.mark.slow, pytest.mark.patient]

POWER = {"resource": "POWER", "unit": "W"}
PRODUCTS = {
    "power": {**POWER, "interval": "5min"},
    "hourly": {**POWER, "interval": "1h", "forward": {"horizon": "24h", "every": "15min"}},
}


TENTH = Interval(Instant(BEGIN + 10 * HOUR), Instant(BEGIN + 11 * HOUR))


class Life:
    """Three hours and a half, with all that was told and written."""

    def __init__(self, folder, run, hours=3.5, products=PRODUCTS):
        self.folder = folder
        remember(folder)
        devices = POLLS | {
            "battery": {**POLLS["battery"], "strategy": "plan"},
            "heatpump": {**POLLS["house"], "tender": False},
        }
        self.changes = {"devices": devices, "products": products, "grid": tariff(folder)}
        self.changes |= {"parties": {"anna": {}}, "ledger": {"keep": "always"}}
        self.facts = []
        run(self._live(hours))

    async def _live(self, hours):
        clock = VirtualClock(BEGIN)
        house = house_factories()["demo"](clock, HOUSE)
        async with open_home(
            self.folder, BEGIN, HOUSE, house=house, clock=clock, **self.changes
        ) as home:
            await home.pass_time(20 * 60, 30)
            await self._anna_offers(home.gateway)
            await home.pass_time(hours * 3600 - 20 * 60, 30)
            self.facts = home.facts
            self.held = home.gateway.marketplace.market("hourly").positions

    async def _anna_offers(self, gateway):
        """500 W for the tenth hour, cheaper than the tariff by day."""
        one = Tender(id="anna-1", side=Side.SELL, price=1000, quantity=500)
        given = TenderSet(party="anna", product="hourly", interval=TENTH, tenders=(one,))
        request = SubmitTenders(party="anna", request_id="r-1", tenders=given)
        (answer,) = (await gateway.handle(request)).outcomes
        assert isinstance(answer, Accepted), answer

    def told(self, kind):
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def traded(self, product):
        return [one for one in self.told(Transaction) if one.product == product]

    @property
    def journal(self):
        return read_journal(self.folder / "state" / "journal.sqlite")


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return Life(tmp_path_factory.mktemp("ahead"), runner.run)


def test_the_curve_tells_what_each_hour_of_the_next_day_is_expected_to_cost(life):
    curve = life.told(ForwardCurve)[-1]
    assert len(curve.points) >= 23
    assert all(
        after.interval.start == before.interval.end
        for before, after in zip(curve.points, curve.points[1:], strict=False)
    )
    costs = {point.price for point in curve.points}
    assert {round(price(BEGIN) * 10_000)} <= costs
    for point in curve.points:
        quantities = [quantity for _, quantity in point.supply]
        assert quantities == sorted(quantities)


def test_what_was_bought_ahead_is_not_bought_again_when_it_is_dispatched(life):
    """The house draws what it drew yesterday, so that hardly anything is left to trade."""
    bought = [one for one in life.traded("hourly") if one.party == "must-run"]
    early = {one.interval.start for one in bought if one.interval.start - BEGIN <= 3 * HOUR}
    assert early
    late = defaultdict(int)
    for one in life.traded("power"):
        if one.party == "must-run" and one.interval.start - BEGIN > HOUR + MINUTE:
            late[one.interval.start] += one.signed
    assert max(map(abs, late.values()), default=0) < 0.2 * LOAD_W
    inside = Instant(BEGIN + 2 * HOUR + 7 * MINUTE)
    assert abs(life.held.at("must-run", inside) - LOAD_W) < 0.2 * LOAD_W


def test_the_battery_buys_the_night_ahead_and_sells_it_to_the_day(life):
    hours = {one.interval.start: 0 for one in life.traded("hourly")}
    for one in life.traded("hourly"):
        if one.party == "battery":
            hours[one.interval.start] += one.signed
    night = [w for at, w in hours.items() if price(at) < price(BEGIN)]
    assert sum(night) > 0
    assert min(hours.values()) < 0


def test_positions_sum_to_zero_at_every_moment(life):
    sums = defaultdict(int)
    for one in [*life.traded("hourly"), *life.traded("power")]:
        for minute in range(one.interval.start // MINUTE, one.interval.end // MINUTE):
            sums[minute] += one.signed
    assert sums
    assert set(sums.values()) == {0}


def test_a_quiet_day_is_traded_once_and_then_left_alone(life):
    first = [one for one in life.traded("hourly") if one.interval.start - BEGIN > 5 * HOUR]
    count = defaultdict(int)
    for one in first:
        count[one.party, one.interval] += 1
    assert len(life.told(ForwardCurve)) > 10
    assert sum(count.values()) < 3 * len(count)


def test_replayed_the_agents_state_the_same_and_the_markets_say_the_same(life):
    site = load(life.folder / "site.yaml", driver_packages(), ("mem",), environ={}).site
    run = Replay(load_market, agents=site_agents(site))
    kinds = [row.kind for row in run.run(life.journal)]
    assert run.difference is None
    assert any('"ahead":' in row.body for row in life.journal if row.kind == "advance")
    assert "outlook" in kinds


class Interrupted(Life):
    """A party comes while the horizon is gone through, and the journal begins anew."""

    async def _live(self, hours):
        clock = VirtualClock(BEGIN)
        house = house_factories()["demo"](clock, HOUSE)
        opened = open_home(self.folder, BEGIN, HOUSE, house=house, clock=clock, **self.changes)
        async with opened as home:
            place, waiting = home.gateway.marketplace, [Party(id="bert", outside=True)]

            def hear(fact):
                if waiting and isinstance(fact, Transaction) and fact.product == "hourly":
                    place.admit((waiting.pop(),))

            home.gateway.bus.listen(hear)
            await home.pass_time(hours * 3600, 30)


def test_replayed_it_is_the_same_also_where_the_journal_began_anew_in_the_middle(tmp_path):
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        life = Interrupted(tmp_path, runner.run, hours=0.1)
    rows = list(life.journal)
    begins = [place for place, row in enumerate(rows) if row.kind == "start"]
    assert len(begins) == 2
    assert '"product":"hourly"' in "".join(r.body for r in rows[begins[1] :] if r.kind == "submit")
    site = load(tmp_path / "site.yaml", driver_packages(), ("mem",), environ={}).site
    run = Replay(load_market, agents=site_agents(site))
    list(run.run(rows))
    assert run.difference is None


def test_a_party_from_outside_sells_ahead_once_and_keeps_its_price(life):
    (sold,) = [one for one in life.traded("hourly") if one.party == "anna"]
    assert (sold.interval, sold.signed) == (TENTH, -500)
    assert 1000 <= sold.price <= 4000
    assert life.held.at("anna", Instant(TENTH.start + 30 * MINUTE)) == -500
    late = sum(
        one.signed for one in life.traded("hourly")
        if one.interval == TENTH and one.clearing == sold.clearing and one.party != "anna"
    )  # fmt: skip
    assert late == 500


def test_after_each_pass_books_and_positions_are_told_as_they_are(life):
    (sold,) = [one for one in life.traded("hourly") if one.party == "anna"]
    books = [one for one in life.told(BookView) if one.product == "hourly"]
    assert [one for one in books if one.party == "anna"][-1].sets == ()
    assert len([one for one in books if one.party == "utility"][-1].sets) > 20
    place = life.facts.index(sold)
    later = [one for one in life.facts[place:] if isinstance(one, ForwardCurve)]
    gone = next(one for one in life.facts[place:] if one in books and one.party == "anna")
    assert life.facts.index(gone) < life.facts.index(later[1])


def test_what_is_delivered_is_settled_against_what_was_bought_ahead_and_since(life):
    rows = [row for row in life.journal if row.kind == "delivery"]
    deliveries = [from_json(Delivery, json.loads(row.body)) for row in rows]
    traded = [*life.traded("hourly"), *life.traded("power")]
    ahead = [one for one in deliveries if one.interval.start - BEGIN >= HOUR]
    assert {"battery"} < {one.party for one in ahead}
    for one in ahead:
        energy = sum(t.signed * _shared(one.interval, t.interval) for t in traded
                     if t.party == one.party)  # fmt: skip
        assert one.position == energy
        assert one.deviation == one.delivered - one.position
    hourly = life.traded("hourly")
    assert any(t.party == "battery" and t.signed > 0 for t in hourly)  # for later cheap hours
    assert any(
        one.party == t.party and _shared(one.interval, t.interval) for one in ahead for t in hourly
    )


def _shared(one, other):
    """Milliseconds that both last."""
    return max(0, min(one.end, other.end) - max(one.start, other.start)) // MILLISECOND
