"""Gates on time, auctions between them, and facts in order."""

import asyncio

import pytest

from gateway.model.event import Clearing, SessionChanged
from gateway.model.request import CancelTenders
from gateway.model.tender import Side
from gateway.model.time import MILLISECOND, SECOND, Duration, seconds
from gateway.model.transaction import Transaction


@pytest.fixture
def gates(virtual, clock, fakes, exchange):
    """``gates(seconds, script, *agents)`` returns the exchange after script and seconds."""

    def run(lasting_s, script=None, *agents):
        async def main():
            floor = exchange(fakes.site(), *agents)
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(floor.marketplace.run())
                if script is not None:
                    await script(floor)
                await clock.sleep(seconds(lasting_s))
                running.cancel()
            return floor

        return virtual(main())

    return run


def test_each_gate_closes_its_lead_before_the_interval(gates):
    floor = gates(25)
    cleared = [f for f in floor.bus if isinstance(f, Clearing)]
    assert [c.instrument.start - c.at for c in cleared] == [500 * MILLISECOND] * 2
    assert [t.clearing for t in floor.traded] == cleared
    opened = [f for f in floor.bus if isinstance(f, SessionChanged)]
    assert [o.interval for o in opened[:2]] == [c.instrument for c in cleared]


def test_an_auction_between_gates_covers_the_rest_of_the_running_interval(gates, clock, tenderer):
    async def call(floor):
        await clock.sleep(seconds(12.3))
        assert floor.marketplace.auction("power", "a test")

    cleared = gates(1, call, tenderer("load", Side.BUY, 20_000, 700)).traded[-1].clearing
    assert not cleared.scheduled
    assert cleared.instrument.end == cleared.interval.end
    assert cleared.interval.start - cleared.at == 700 * MILLISECOND


def test_no_auction_is_held_when_hardly_anything_is_left(gates, clock):
    async def call(floor):
        await clock.sleep(seconds(19.2))
        assert not floor.marketplace.auction("power", "a test")

    assert all(t.clearing.scheduled for t in gates(0, call).traded)


def test_an_agents_whole_requirement_is_cleared_against_what_it_has(gates, clock, tenderer):
    async def call_twice(floor):
        await clock.sleep(seconds(2))
        for _ in range(2):
            floor.marketplace.auction("power", "a test")
            await clock.sleep(seconds(2))

    floor = gates(0, call_twice, tenderer("load", Side.BUY, 20_000, 700))
    bought = [f.quantity for f in floor.bus if isinstance(f, Transaction) and f.party == "load"]
    assert bought == [700]


@pytest.mark.parametrize(("party", "checkpoints"), [("anna", 1), ("stranger", 0)])
def test_many_requests_that_leave_rows_make_one_checkpoint_at_the_next_gate(
    gates, clock, party, checkpoints
):
    async def ask(floor):
        await clock.sleep(seconds(12))
        for number in range(250):
            wanted = CancelTenders(
                party=party, request_id=f"r{number}", product="power", tenders=("t",)
            )
            await floor.marketplace.handle(wanted)

    floor = gates(30, ask)
    kinds = [kind for _, kind in floor.journal if kind in {"checkpoint", "advance"}]
    assert kinds == ["advance", *["checkpoint"] * checkpoints, "advance", "advance", "advance"]


def test_the_dispatcher_hears_of_a_clearing_before_the_disk_does(gates, clock):
    async def hang(floor):
        async def never(_seq):
            await clock.sleep(Duration(3600 * SECOND))

        floor.journal.durable = never

    floor = gates(12, hang)
    assert len(floor.traded) == 1
    assert [f for f in floor.bus if isinstance(f, Clearing)] == []


def test_an_agent_that_fails_does_not_tender_and_the_others_do(gates, tenderer):
    broken, load = tenderer("broken", Side.BUY, 20_000, 1), tenderer("load", Side.BUY, 20_000, 700)
    broken.tenders = None  # calling it fails

    floor = gates(12, None, broken, load)
    bought = [f.party for f in floor.bus if isinstance(f, Transaction) and f.party != "utility"]
    assert set(bought) == {"load"}


def test_sessions_are_halted_while_the_journal_fails_and_open_again_after_it(gates, clock):
    async def fail_and_mend(floor):
        await clock.sleep(seconds(3))
        floor.journal.failed = "the disk is full"
        await clock.sleep(seconds(2))
        floor.journal.failed = None
        await clock.sleep(seconds(2))

    told = [f for f in gates(0, fail_and_mend).bus if isinstance(f, SessionChanged)]
    assert [f.status.value for f in told] == ["OPEN", "HALTED", "OPEN"]
    assert len({f.interval for f in told}) == 1
    assert told[1].at - told[0].at <= seconds(4)
