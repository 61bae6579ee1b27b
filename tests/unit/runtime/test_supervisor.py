"""A station that fails is started again, ever slower."""

import asyncio

import pytest

from gateway.model.time import SECOND, Duration
from gateway.runtime.supervisor import supervise


class Station:
    def __init__(self, clock, lives):
        self.clock, self.lives, self.starts = clock, list(lives), []

    async def run(self):
        self.starts.append(self.clock.now())
        lives_s = self.lives.pop(0)
        if lives_s is None:
            return
        await self.clock.sleep(Duration(lives_s * SECOND))
        raise ZeroDivisionError

    def gaps(self):
        return [(b - a) // SECOND for a, b in zip(self.starts, self.starts[1:], strict=False)]


def test_the_pause_doubles_up_to_a_minute(virtual, clock):
    station = Station(clock, [0] * 9 + [None])
    virtual(supervise("s", station.run, clock))
    assert station.gaps() == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_after_a_minute_of_health_the_pause_starts_over(virtual, clock):
    station = Station(clock, [0, 0, 0, 61, 0, None])
    virtual(supervise("s", station.run, clock))
    assert station.gaps() == [1, 2, 4, 62, 2]


def test_a_station_that_ends_is_not_started_again(virtual, clock):
    station = Station(clock, [None])
    virtual(supervise("s", station.run, clock))
    assert len(station.starts) == 1


def test_cancelled_is_cancelled(virtual, clock):
    station = Station(clock, [3600])

    async def main():
        async with asyncio.timeout(5):
            await supervise("s", station.run, clock)

    with pytest.raises(TimeoutError):
        virtual(main())
