"""The system clock is set, by seconds or by hours, while the house is steered and traded in."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import house_factories
from gateway.agents import agents_for
from gateway.app import load_market
from gateway.model.clearing import Clearing
from gateway.model.event import Accepted, Cancelled, ClockStepped, Refused
from gateway.model.request import SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import HOUR, MINUTE, SECOND, Duration, Instant, parse_rfc3339, seconds
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay
from gateway.runtime.rows import Happened, read_body
from gateway.testing import VirtualClock
from tests.chaos.extent import RUNS
from tests.simulation.harness import open_home

pytestmark = [pytest.mark.chaos, pytest.mark.patient]

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
YEAR = 8766 * HOUR
FULL = {"load_w": 300, "temperature_c": 21.2, "battery_soc_pct": 100, "solar_w": 6000}
SITE = {
    "grid": {"export_limit_w": 0},
    "devices": {"heatpump": None},
    "parties": {"anna": {}},
}
LEASE_S = 60.0


class ShakyClock(VirtualClock):
    """The system's clock is set by ``by`` at each ``when``, seconds of true time."""

    def __init__(self, epoch, steps=(), synchronised_from_s=0.0):
        super().__init__(epoch)
        self.steps, self.offset, self.stepped = sorted(steps), 0, []
        self._synchronised_from = seconds(synchronised_from_s)

    @property
    def synchronised(self):
        return self.monotonic() >= self._synchronised_from

    def now(self):
        return Instant(super().now() + self.offset)

    def reanchor(self):
        due = [by for when, by in self.steps if self.monotonic() >= seconds(when)]
        self.steps = self.steps[len(due) :]
        if not sum(due):
            return None
        self.offset += sum(due)
        self.stepped.append(Duration(sum(due)))
        return ClockStepped(at=self.now(), by=sum(due))


class Writes:
    """A device's registers, and when (true time) they were written."""

    def __init__(self, box, clock):
        self.box, self.clock, self.at_s = box, clock, []

    def read(self, address, count):
        return self.box.read(address, count)

    def write(self, address, words):
        self.at_s.append(self.clock.monotonic() / SECOND)
        self.box.write(address, words)


def buys(home, number, dice):
    product = home.gateway.marketplace.market("power").product
    now = home.clock.now()
    interval = product.interval_at(Instant(now + product.gate_lead + product.interval))
    expiration = Instant(now + 4 * SECOND) if dice.random() < 0.3 else None
    one = Tender(
        id=f"t{number}", side=Side.BUY, price=5000, quantity=100 + number, expiration=expiration
    )
    given = TenderSet(party="anna", product="power", interval=interval, tenders=(one,))
    return SubmitTenders(party="anna", request_id=f"r{number}", tenders=given)


class Day:
    """A house at its limit under a clock that is set; what came of it."""

    def __init__(self, folder):
        self.folder = folder
        self.grid, self.facts, self.accepted, self.refused = [], [], {}, []

    async def live(self, clock, duration_s, dice, first=0):
        # The house lives in true time: it knows nothing of the gateway's clock.
        house = house_factories()["demo"](VirtualClock(NOON), FULL)
        self.battery = Writes(house._outlets["battery"]._box, clock)
        house._outlets["battery"]._box = self.battery
        began = clock.monotonic()
        async with open_home(self.folder, NOON, {}, house, clock=clock, **SITE) as home:
            number = first
            while clock.monotonic() < began + seconds(duration_s):
                await clock.sleep(seconds(0.2))
                self.grid.append(((clock.monotonic() - began) / SECOND, house.truth()["grid_w"]))
                if dice.random() < 0.04:
                    number += 1
                    await self.ask(home, buys(home, number, dice))
            self.facts += home.facts
            self.standing = home.gateway.marketplace.market("power").live_sets("anna")

    async def ask(self, home, request):
        (answer,) = (await home.gateway.handle(request)).outcomes
        if isinstance(answer, Accepted):
            tender = request.tenders.tenders[0]
            self.accepted[tender.id] = tender
        else:
            self.refused.append(answer)

    def of(self, kind):
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def rows(self):
        return list(read_journal(self.folder / "state" / "journal.sqlite"))

    @property
    def refused_agents(self):
        bodies = (read_body(Happened, row) for row in self.rows if row.kind == "event")
        events = [event for body in bodies for event in body.events]
        return [e for e in events if isinstance(e, Refused) and e.party != "anna"]

    # -- what must hold whatever the clock did --

    def check(self):
        self.the_limit_is_held()
        self.the_lease_is_renewed()
        self.nothing_is_lost_or_doubled()
        self.the_journal_lives_again()

    def the_limit_is_held(self):
        assert min(grid_w for at_s, grid_w in self.grid if at_s > 40) > -120

    def the_lease_is_renewed(self):
        """The battery counts down by itself; the roof's limit has no timer and only stands."""
        gaps = [after - before for before, after in pairwise(self.battery.at_s)]
        assert max(gaps) <= LEASE_S / 2 + 2

    def nothing_is_lost_or_doubled(self):
        assert not self.refused_agents
        sequences = [c.sequence for c in self.of(Clearing)]
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
        matches = self.of(Transaction)
        assert len({match.id for match in matches}) == len(matches)
        for sequence in sequences:
            assert not sum(m.signed for m in matches if m.clearing == sequence)
        bought = Counter()
        for match in matches:
            if match.party == "anna":
                bought[match.tender] += match.quantity
        for tender, quantity in bought.items():
            assert quantity <= self.accepted[tender].quantity

    def the_journal_lives_again(self):
        rows = self.rows
        replayed = Replay(load_market)
        assert list(replayed.run(rows)) == rows
        assert replayed.difference is None

    def clearings_per_interval(self):
        return Counter(c.interval.start for c in self.of(Clearing) if c.scheduled)


@pytest.fixture
def day(tmp_path):
    return Day(tmp_path)


@pytest.mark.parametrize("seed", range(6 * RUNS))
def test_steps_of_up_to_12_hours_both_ways_break_no_limit_lose_and_double_nothing(
    day, virtual, seed
):
    print(f"seed {seed}")
    dice = random.Random(seed)
    steps = [(dice.uniform(20, 160), dice.randrange(-12 * HOUR, 12 * HOUR)) for _ in range(3)]

    async def main():
        clock = ShakyClock(NOON, steps)
        await day.live(clock, 240, dice)
        return clock.stepped

    stepped = virtual(main())
    print([by / HOUR for by in stepped])
    day.check()
    assert len(day.of(ClockStepped)) == len(stepped) >= 1
    # Ten minutes' worth of gates of ten seconds: none of them was long in coming.
    assert len([c for c in day.of(Clearing) if c.scheduled]) >= 24 - 3 * len(stepped)
    assert day.accepted


@pytest.mark.parametrize("seed", range(6 * RUNS))
def test_steps_within_an_interval_clear_none_twice_and_refuse_no_own_tender(day, virtual, seed):
    print(f"seed {seed}")
    dice = random.Random(100 + seed)
    steps = [(20 + 15 * number, dice.randrange(-9 * SECOND, 9 * SECOND)) for number in range(10)]

    async def main():
        await day.live(ShakyClock(NOON, steps), 200, dice)

    virtual(main())
    day.check()
    assert max(day.clearings_per_interval().values()) == 1


def test_a_second_more_or_less_every_10_s_is_no_event_for_the_house(day, virtual):
    steps = [(10 * number, (-1) ** number * SECOND) for number in range(2, 18)]

    async def main():
        await day.live(ShakyClock(NOON, steps), 200, random.Random(1))

    virtual(main())
    day.check()
    assert max(day.clearings_per_interval().values()) == 1
    assert len(day.of(ClockStepped)) == 16


def test_an_auction_after_the_clock_went_back_hears_the_gateways_own_agents(day, virtual):
    """Their newest revision is from a time that has not come yet."""
    own = {"utility", "roof", "battery", "must-run"}

    async def main():
        clock = ShakyClock(NOON, [(41, -8 * SECOND)])
        house = house_factories()["demo"](VirtualClock(NOON), FULL)
        async with open_home(day.folder, NOON, {}, house, clock=clock, **SITE) as home:
            await clock.sleep(seconds(48.3))
            assert home.gateway.marketplace.auction("power", "before the step")
            house.set_load(900)
            await clock.sleep(seconds(2.7))
            assert clock.stepped
            called = clock.now()
            assert home.gateway.marketplace.auction("power", "a test")
            await clock.sleep(seconds(1))
            return called, [c for c in home.clearings if c.at >= called and not c.scheduled]

    called, clearings = virtual(main())
    assert clearings
    assert not day.refused_agents
    submitted = [r for r in day.rows if r.kind == "submit" and r.now == called]
    assert len(submitted) >= len(own) - 1


def test_before_the_clock_is_set_only_the_next_interval_is_traded_and_then_all_is(day, virtual):
    """Booted at 1970 without a battery-backed clock; a time server is heard after a minute."""
    epoch = Instant(90 * SECOND)

    async def main():
        clock = ShakyClock(epoch, [(60, NOON - epoch)], synchronised_from_s=60)
        house = house_factories()["demo"](VirtualClock(NOON), FULL)
        async with open_home(day.folder, epoch, {}, house, clock=clock, **SITE) as home:
            product = home.gateway.marketplace.market("power").product

            def ahead(number, intervals):
                start = product.interval_at(clock.now()).start + intervals * product.interval
                given = buys(home, number, random.Random(1))
                tenders = TenderSet(
                    party="anna",
                    product="power",
                    interval=product.interval_at(Instant(start)),
                    tenders=given.tenders.tenders,
                )
                return SubmitTenders(party="anna", request_id=f"r{number}", tenders=tenders)

            async def told(request):
                return (await home.gateway.handle(request)).outcomes[0]

            await clock.sleep(seconds(31))
            before = [await told(ahead(1, 30)), await told(ahead(2, 1))]
            await clock.sleep(seconds(60))
            after = await told(ahead(3, 30))
            await clock.sleep(seconds(60))
            day.facts += home.facts
            return before, after, house.truth()["grid_w"]

    (far, near), after, grid_w = virtual(main())
    assert isinstance(far, Refused)
    assert "not synchronised" in far.description
    assert isinstance(near, Accepted)
    assert isinstance(after, Accepted)
    assert grid_w > -60
    assert day.of(Clearing)[-1].at > NOON
    assert not day.refused_agents
    day.the_journal_lives_again()


def test_tenders_for_a_year_that_was_none_are_cancelled_and_told(day, virtual):
    """The clock was a year ahead: what was offered then can never be delivered."""
    dice = random.Random(2)

    async def main():
        clock = ShakyClock(NOON, [(60, -YEAR)])
        house = house_factories()["demo"](VirtualClock(NOON), FULL)
        async with open_home(day.folder, NOON, {}, house, clock=clock, **SITE) as home:
            await clock.sleep(seconds(55))
            await day.ask(home, buys(home, 1, dice))
            await clock.sleep(seconds(60))
            await day.ask(home, buys(home, 2, dice))
            await clock.sleep(seconds(30))
            market = home.gateway.marketplace.market("power")
            day.facts += home.facts
            return market.live_sets("anna"), market.parties_with_tenders, list(market._books)

    standing, parties, books = virtual(main())
    assert not standing
    assert "anna" not in parties
    assert all(book.interval.start < NOON for book in books)
    assert {"t1", "t2"} <= set(day.accepted)
    ended = {c.tender for c in day.of(Cancelled)} | {m.tender for m in day.of(Transaction)}
    assert {"t1", "t2"} <= ended
    assert day.refused == []


@pytest.mark.parametrize("ahead", [-YEAR, -HOUR, HOUR, 20 * YEAR])
def test_a_life_with_a_wrong_clock_leaves_a_journal_that_the_next_one_goes_on_from(
    day, virtual, ahead
):
    dice = random.Random(3)

    async def main():
        await day.live(ShakyClock(Instant(NOON + ahead)), 90, dice)
        first = [c.sequence for c in day.of(Clearing)]
        await day.live(ShakyClock(NOON), 120, dice, first=1000)
        return first

    first = virtual(main())
    assert first
    day.the_limit_is_held()
    day.nothing_is_lost_or_doubled()
    day.the_journal_lives_again()
    later = [c for c in day.of(Clearing) if c.sequence > first[-1] and c.scheduled]
    assert len(later) >= 10
    assert all(NOON <= c.at < NOON + 5 * MINUTE for c in later)
    assert [a for a in day.accepted if int(a[1:]) > 1000]


def test_a_clock_that_was_wrong_for_minutes_makes_the_journal_forget_nothing(day, virtual):
    async def main():
        clock = ShakyClock(NOON, [(1800, 10 * YEAR), (2400, -10 * YEAR)])
        house = house_factories()["demo"](VirtualClock(NOON), FULL)
        async with open_home(day.folder, NOON, {}, house, clock=clock, **SITE):
            await clock.sleep(seconds(4600))

    virtual(main())
    rows = day.rows
    assert rows[0].seq == 1
    # Checkpoints go on by the hour of true time, whatever the clock says.
    points = [row for row in rows if row.kind == "checkpoint"]
    assert len(points) >= 2


def test_the_replay_of_a_day_with_steps_restates_the_agents_tenders_too(day, virtual):
    steps = [(45, -7 * SECOND), (80, -2 * HOUR), (120, 3 * HOUR)]

    async def main():
        clock = ShakyClock(NOON, steps)
        house = house_factories()["demo"](VirtualClock(NOON), FULL)
        async with open_home(day.folder, NOON, {}, house, clock=clock, **SITE) as home:
            await clock.sleep(seconds(160))
            return home.gateway.settings

    settings = virtual(main())
    replayed = Replay(load_market, agents=agents_for(settings))
    rows = day.rows
    assert list(replayed.run(rows)) == rows
    assert replayed.difference is None
