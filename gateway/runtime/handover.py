"""Giving the devices back: when the owner leaves act, at a stop, and again until it is done."""

import asyncio
from collections.abc import Callable, Collection, Mapping

import structlog

from gateway.model.site import ControlMode
from gateway.model.time import MINUTE, SECOND, Duration
from gateway.ports.armory import Armory
from gateway.ports.clock import Clock
from gateway.runtime.dispatcher import Dispatcher
from gateway.runtime.release import ATTEMPTS, OpenLine, let_go
from gateway.runtime.station import Station

# A device that was dead when it should be released is tried again, ever slower.
_FIRST = Duration(10 * SECOND)
_MOST = Duration(5 * MINUTE)


class Handover:
    """Drives nothing itself: it stops the stations' writing and releases by arming record."""

    def __init__(
        self,
        *,
        armory: Armory,
        stations: Mapping[str, Station],
        dispatcher: Dispatcher,
        open_line: OpenLine,
        clock: Clock,
        mode: Callable[[], ControlMode],
    ) -> None:
        self._armory = armory
        self._stations = stations
        self._dispatcher = dispatcher
        self._open_line = open_line
        self._clock = clock
        self._mode = mode
        self._left: frozenset[str] = frozenset()
        self._one_at_a_time = asyncio.Lock()

    async def follow(self, mode: ControlMode) -> None:
        """Leaving act lets go of every device; entering it starts from nothing held."""
        if mode is not ControlMode.ACT:
            await self.release()
            return
        async with self._one_at_a_time:
            self._left = frozenset()
            self._dispatcher.forget()

    async def adopt_or_release(self) -> None:
        """After a crash: what is armed is adopted when the owner still says act, else let go."""
        if self._armory.all() and self._mode() is not ControlMode.ACT:
            await self.release()

    async def release(self) -> None:
        """Bring every armed device to its fall-back level over the lines that are open."""
        async with self._one_at_a_time:
            async with asyncio.TaskGroup() as tasks:
                for name, station in self._stations.items():
                    tasks.create_task(station.silence(), name=f"silence[{name}]")
            self._dispatcher.forget()
            await self._let_go(None, ATTEMPTS)

    async def run(self) -> None:
        """Try again with devices that could not be released, until they are or act is said."""
        pause = _FIRST
        while True:
            await self._clock.sleep(pause)
            async with self._one_at_a_time:
                if not self._left or self._mode() is ControlMode.ACT:
                    pause = _FIRST
                    continue
                await self._let_go(self._left, 1)
            pause = min(_MOST, Duration(2 * pause))

    async def _let_go(self, devices: Collection[str] | None, attempts: int) -> None:
        log = structlog.get_logger()
        self._left = await let_go(
            self._armory,
            self._open_line,
            devices=devices,
            restore=False,
            say=lambda text: log.info("device.released", text=text),
            complain=lambda text: log.error("device.not_released", text=text),
            attempts=attempts,
        )
