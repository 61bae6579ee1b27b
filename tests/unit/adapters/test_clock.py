"""Wall, scaled and virtual time."""

import asyncio
import time

import pytest

from gateway.adapters.clock import (
    Scale,
    ScaledClock,
    VirtualClock,
    VirtualLoop,
    WallClock,
    kernel_says_synchronised,
    real_now,
)
from gateway.model.time import HOUR, SECOND, Duration, Instant, parse_rfc3339


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


def test_scaled_time_runs_at_its_speed_from_its_epoch():
    scale = Scale(epoch_real=real_now(), epoch_sim=Instant(1_000 * SECOND), speed=100.0)
    clock = ScaledClock(scale)

    async def wait():
        await clock.sleep_until(Instant(1_005 * SECOND))
        return clock.now()

    began = time.monotonic()
    end = asyncio.run(wait())

    assert end >= 1_005 * SECOND
    assert time.monotonic() - began < 2


def test_two_processes_with_one_scale_agree():
    scale = Scale(epoch_real=real_now(), epoch_sim=Instant(0), speed=60.0)

    assert abs(ScaledClock(scale).now() - ScaledClock(scale).now()) < SECOND


def test_the_wall_clock_is_stepped_only_by_reanchoring():
    clock = WallClock()
    before = clock.now()
    clock._anchor -= HOUR  # what a system clock set forward by an hour looks like

    assert clock.now() < before
    step = clock.reanchor()
    assert step is not None
    assert abs(step.by - HOUR) < SECOND
    assert clock.now() >= before
    assert clock.reanchor() is None


def test_the_kernel_answers_whether_the_clock_is_synchronised():
    assert kernel_says_synchronised() in {True, False}
    assert WallClock(synchronised=lambda: False).synchronised is False
