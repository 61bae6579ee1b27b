"""Wall, scaled and virtual time."""

import asyncio
import time

from gateway.adapters.clock import (
    Scale,
    ScaledClock,
    WallClock,
    kernel_says_synchronised,
    real_now,
)
from gateway.model.time import HOUR, SECOND, Instant


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
