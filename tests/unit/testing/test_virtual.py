"""Virtual time."""

import asyncio
import time

import pytest

from gateway.model.time import HOUR, SECOND, Duration, Instant, parse_rfc3339
from gateway.testing import VirtualClock, VirtualLoop


def test_virtual_time_passes_a_day_at_once():
    async def day():
        clock = VirtualClock(parse_rfc3339("2026-06-21T00:00:00Z"))
        await clock.sleep(Duration(24 * HOUR))
        return clock.now()

    began = time.monotonic()
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        end = runner.run(day())

    assert end == parse_rfc3339("2026-06-22T00:00:00Z")
    assert time.monotonic() - began < 5


def test_virtual_time_wakes_tasks_in_order_of_their_deadlines():
    async def race():
        clock, order = VirtualClock(Instant(0)), []

        async def wait(name, seconds):
            await clock.sleep_until(Instant(seconds * SECOND))
            order.append((name, clock.now()))

        async with asyncio.TaskGroup() as tasks:
            for name, seconds in (("late", 7), ("early", 3), ("middle", 5)):
                tasks.create_task(wait(name, seconds))
        return order

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        order = runner.run(race())

    assert order == [("early", 3 * SECOND), ("middle", 5 * SECOND), ("late", 7 * SECOND)]


def test_virtual_time_that_waits_for_nothing_says_so():
    async def for_ever():
        await asyncio.get_running_loop().create_future()

    loop = VirtualLoop()
    with pytest.raises(RuntimeError, match="virtual time stands still"):
        loop.run_until_complete(for_ever())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
