"""Parties outside are told until they know: in virtual time, over a journal and a bus."""

import asyncio
import contextlib
import json
from dataclasses import replace
from itertools import pairwise

import pytest

from gateway.model.event import Cancelled, CancelReason, Push
from gateway.model.tender import Side
from gateway.model.time import HOUR, SECOND, Instant, Interval
from gateway.model.transaction import Transaction
from gateway.ports.journal import Row
from gateway.runtime.bus import LocalBus
from gateway.runtime.pushes import Pushes
from gateway.runtime.recorder import Recorder
from gateway.runtime.rows import Start
from gateway.runtime.unread import UnreadRows
from tests.conftest import NOON

OWN = ("battery", "utility")
MATCH = Transaction(
    id="home-tx-1-1",
    product="power",
    party="anna",
    counter_party="home",
    tender="t-1",
    side=Side.BUY,
    price=800,
    quantity=500,
    interval=Interval(Instant(NOON), Instant(NOON + 10 * SECOND)),
    clearing=1,
)
WITHDRAWN = Cancelled(
    party="anna",
    product="power",
    tender="t-2",
    order="home-o-1-2",
    reason=CancelReason.SUPERVISORY,
    remaining=500,
)


class Rows:
    """A journal in memory, read back as rows."""

    def __init__(self):
        self.rows = []

    def append(self, now, kind, body):
        self.rows.append(
            Row(seq=len(self.rows) + 1, now=now, kind=kind, body=json.dumps(body), hash="")
        )
        return len(self.rows)


class Told:
    """Pushes on a bus, and all that leaves."""

    def __init__(self, clock, journal=None, unread=(), epoch=1):
        self.journal = journal or Rows()
        self.recorder = Recorder(self.journal)
        self.bus, self.clock = LocalBus(), clock
        self.left = []
        self.pushes = Pushes(
            own=OWN,
            recorder=self.recorder,
            epoch=epoch,
            bus=self.bus,
            clock=clock,
            unread=unread,
        )
        self.bus.listen(self.pushes.listen)
        self.bus.listen(self._hear)

    def _hear(self, fact):
        if isinstance(fact, Push):
            self.left.append((self.clock.now() - NOON, fact))

    def happen(self, *events):
        self.recorder.events(self.clock.now(), "power", events)
        for event in events:
            self.bus.publish(event)

    def restarted(self):
        rows = UnreadRows(OWN, self.clock.now())
        for row in self.journal.rows:
            rows.take(row)
        return Told(self.clock, self.journal, rows.pushes, epoch=2)

    @property
    def seconds(self):
        return [round(after / SECOND) for after, _ in self.left]


@contextlib.asynccontextmanager
async def running(told):
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(told.pushes.run())
        yield told
        task.cancel()


@pytest.fixture
def told(virtual, clock):
    """Run a scenario: ``told(scenario)`` with a ``Told`` whose pushes run."""

    def run(scenario):
        async def main():
            async with running(Told(clock)) as one:
                return await scenario(one)

        return virtual(main())

    return run


def test_unacknowledged_match_is_told_again_with_growing_pauses(told):
    async def scenario(one):
        one.happen(MATCH)
        await one.clock.sleep(120 * SECOND)
        return one.seconds, {push.seq for _, push in one.left}

    seconds, numbers = told(scenario)
    assert seconds[0] == 0
    pauses = [after - before for before, after in pairwise(seconds)]
    assert len(pauses) >= 3
    assert all(later >= 1.8 * earlier for earlier, later in pairwise(pauses))
    assert numbers == {1}


def test_acknowledged_match_is_told_once_and_the_second_acknowledgement_counts_nothing(told):
    async def scenario(one):
        one.happen(MATCH)
        assert one.pushes.acknowledge("anna", MATCH.id)
        assert not one.pushes.acknowledge("anna", MATCH.id)
        await one.clock.sleep(60 * SECOND)
        return one.seconds, [row.kind for row in one.journal.rows]

    seconds, kinds = told(scenario)
    assert seconds == [0]
    assert kinds.count("ack") == 1


def test_nobody_acknowledges_for_somebody_else(told):
    async def scenario(one):
        one.happen(MATCH)
        assert not one.pushes.acknowledge("bob", MATCH.id)
        return one.pushes.unread

    assert [push.id for push in told(scenario)] == [MATCH.id]


def test_own_agents_and_asked_cancellations_are_not_told(told):
    async def scenario(one):
        asked = replace(WITHDRAWN, reason=CancelReason.REQUESTED)
        one.happen(replace(MATCH, party="battery"), asked)
        return one.left, one.pushes.unread

    assert told(scenario) == ([], ())


def test_numbers_run_per_party_over_matches_and_withdrawals(told):
    async def scenario(one):
        one.happen(MATCH, replace(MATCH, id="home-tx-1-2", party="bob"), WITHDRAWN)
        return [(push.party, push.seq) for _, push in one.left]

    assert told(scenario) == [("anna", 1), ("bob", 1), ("anna", 2)]


def test_party_that_is_back_is_told_at_once(told):
    async def scenario(one):
        one.happen(MATCH, WITHDRAWN)
        await one.clock.sleep(2 * SECOND)
        one.pushes.again("anna")
        return one.seconds

    assert told(scenario) == [0, 0, 2, 2]


def test_while_the_broker_is_away_nothing_is_repeated(told):
    async def scenario(one):
        one.pushes.reached = lambda: False
        one.happen(MATCH)
        await one.clock.sleep(300 * SECOND)
        away = len(one.left)
        one.pushes.reached = lambda: True
        await one.clock.sleep(2 * SECOND)
        return away, len(one.left)

    assert told(scenario) == (1, 2)


def test_after_a_day_the_gateway_gives_up(told):
    async def scenario(one):
        one.happen(MATCH)
        await one.clock.sleep(24 * HOUR + 5 * SECOND)
        return one.pushes.unread, len(one.left)

    unread, times = told(scenario)
    assert unread == ()
    assert 100 < times < 200


def test_party_that_never_acknowledges_costs_a_bounded_place(told):
    async def scenario(one):
        one.happen(*(replace(MATCH, id=f"home-tx-1-{n}") for n in range(700)))
        return [push.id for push in one.pushes.unread]

    unread = told(scenario)
    assert len(unread) == 500
    assert unread[-1] == "home-tx-1-699"


def test_restart_tells_what_was_unread_and_nothing_that_was_acknowledged(virtual, clock):
    async def main():
        async with running(Told(clock)) as first:
            first.happen(MATCH, WITHDRAWN)
            first.pushes.acknowledge("anna", MATCH.id)
        async with running(first.restarted()) as second:
            await clock.sleep(SECOND)
            return [(push.id, push.epoch, push.seq) for _, push in second.left]

    assert virtual(main()) == [(WITHDRAWN.order, 2, 1)]


def test_match_recorded_but_not_yet_told_when_it_died_is_told_after_the_restart(virtual, clock):
    async def main():
        first = Told(clock)
        first.recorder.events(clock.now(), "power", [MATCH])
        async with running(first.restarted()) as second:
            await clock.sleep(SECOND)
            return [push.id for _, push in second.left]

    assert virtual(main()) == [MATCH.id]


def test_checkpoint_carries_the_unread_so_older_rows_may_be_forgotten(virtual, clock):
    async def main():
        one = Told(clock)
        one.happen(MATCH)
        start = _start()
        one.recorder.start(clock.now(), start, {"power": {}})
        newest = max(n for n, row in enumerate(one.journal.rows) if row.kind == "checkpoint")
        one.journal.rows = one.journal.rows[newest:]
        return [push.id for push in one.restarted().pushes.unread]

    assert virtual(main()) == [MATCH.id]


def _start():
    return Start(epoch=1, area="home", products=(), parties=(), rules={})
