"""What only parties outside need wakes nobody where there are none."""

import asyncio

from gateway.testing import VirtualClock
from tests.conftest import NOON
from tests.simulation.harness import open_home


class Watched(VirtualClock):
    """Knows which tasks slept on it."""

    slept: set[str]

    async def sleep(self, duration):
        self.slept.add(asyncio.current_task().get_name())
        await super().sleep(duration)


def test_a_house_without_parties_is_not_woken_for_them(tmp_path, virtual):
    clock = Watched(NOON)
    clock.slept = set()

    async def main():
        async with open_home(tmp_path, NOON, {}, clock=clock, remember=False) as home:
            await home.pass_time(5)

    virtual(main())
    assert "owner" in clock.slept
    assert not clock.slept & {"pushes", "reception", "quotes"}
