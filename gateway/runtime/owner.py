"""The owner is in charge: which control mode is in force, until when, and who said so."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from gateway.model.errors import GridtenderError
from gateway.model.event import ControlChanged
from gateway.model.site import ControlMode, OwnerControl
from gateway.model.time import SECOND
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.keeping import Keeping


class Owner:
    """The mode in force: what was said last, while it lasts, else what is configured.

    ``stored`` reads what topic or command left in the state directory; ``store`` keeps it.
    Where that cannot be read at the start it is hands-off: nobody knows that it was not said.
    ``on_change`` is awaited after the mode in force changed; ``on_look`` is called whenever
    commands of the state directory are looked for, so that nobody else need wake for it.  What is
    said is stored in a thread if ``threaded``: a slow disk holds up neither control nor others.
    """

    def __init__(
        self,
        *,
        configured: ControlMode,
        stored: Callable[[], OwnerControl | None],
        store: Callable[[OwnerControl | None], None],
        clock: Clock,
        bus: Bus,
        on_change: Callable[[ControlMode], Awaitable[None]],
        threaded: bool = False,
    ) -> None:
        self._configured = configured
        self._stored = stored
        self._store = store
        self._clock = clock
        self._bus = bus
        self._on_change = on_change
        self._announced: OwnerControl | None = None
        self._changing = asyncio.Lock()
        self._threaded = threaded
        self._keeping = Keeping(self._keep, self._not_kept)
        self.on_look: Callable[[], None] = lambda: None
        self._log = structlog.get_logger()
        self._readable = True
        self._said = self._seen = self._read(OwnerControl(mode=ControlMode.HANDS_OFF))

    def mode(self) -> ControlMode:
        """The mode in force now; act only once every earlier change was carried out."""
        mode = self._in_force().mode
        if mode is ControlMode.ACT and self._changing.locked():
            return ControlMode.HANDS_OFF
        return mode

    def _in_force(self) -> OwnerControl:
        said = self._said
        if said is None or (said.until is not None and said.until <= self._clock.now()):
            return OwnerControl(mode=self._configured)
        return said

    async def configure(self, mode: ControlMode) -> None:
        """Take the mode of a changed configuration; what the owner said since goes before it."""
        self._configured = mode
        await self._announce("configuration")

    async def say(self, control: OwnerControl | None, by: str) -> None:
        """Take a mode from topic or command; it outlives a restart until its end.

        None takes up what is configured.
        It holds even when the disk cannot keep it.
        """
        self._said = control
        self._keeping.keep(control)
        await self._announce(by)

    async def _keep(self, control: OwnerControl | None) -> None:
        if self._threaded:
            await asyncio.to_thread(self._store, control)
        else:
            self._store(control)
        self._seen = control

    def _not_kept(self, why: str) -> None:
        self._log.error("control.not_kept", mode=self.mode().value, reason=why)

    async def run(self) -> None:
        """Notice ends, and commands given through the state directory, within a second."""
        await self._announce("configuration")
        while True:
            await self._clock.sleep(SECOND)
            self.on_look()
            await self._announce("command" if self._heard_command() else "end")

    def _heard_command(self) -> bool:
        """Take what another process left in the state directory."""
        if self._keeping.busy:  # what stands there may be of ours, and older than what holds
            return False
        stored = self._read(self._seen)
        if stored == self._seen:
            return False
        self._said = self._seen = stored
        return True

    def _read(self, otherwise: OwnerControl | None) -> OwnerControl | None:
        """What is stored; ``otherwise``, said once in the log, while that cannot be read."""
        try:
            stored = self._stored()
        except GridtenderError as fault:
            if self._readable:
                mode = self._configured if otherwise is None else otherwise.mode
                self._log.error("control.unreadable", mode=mode.value, reason=str(fault))
            self._readable = False
            return otherwise
        self._readable = True
        return stored

    async def _announce(self, by: str) -> None:
        async with self._changing:
            control = self._in_force()
            if control == self._announced:
                return
            before, self._announced = self._announced, control
            self._log.info("control.changed", mode=control.mode.value, by=by)
            self._bus.publish(ControlChanged(control=control, at=self._clock.now(), by=by))
            if before is not None and before.mode is not control.mode:
                await self._on_change(control.mode)
