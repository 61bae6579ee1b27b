"""Which device refused its last write, kept for whoever asks what is wrong."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from gateway.model.errors import GridtenderError
from gateway.model.event import Fact
from gateway.model.refusal import Refusal
from gateway.model.setpoint import Outcome, SetpointStatus
from gateway.model.time import MINUTE, Duration
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock

Refusals = Mapping[str, Refusal]
PAUSE: Final = Duration(10 * MINUTE)
"""Between two writes of the file: a device that refuses now and then must not wear the disk."""
_TAKEN = frozenset({Outcome.ACCEPTED, Outcome.EFFECTIVE})


class LastRefusals:
    """Listens to what became of setpoints.

    ``load`` reads what was kept, ``store`` keeps it (and may take its time).
    """

    def __init__(
        self,
        load: Callable[[], Refusals],
        store: Callable[[Refusals], Awaitable[None]],
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._known = dict(load())
        self._store = store
        self._clock = clock
        self._stored_at: Duration | None = None
        self._changed = False
        self._log = structlog.get_logger()
        bus.listen(self._hear)

    async def keep(self) -> None:
        """Store what changed since the last time; a disk that fails is tried again."""
        now = self._clock.monotonic()
        worn = self._stored_at is not None and now - self._stored_at < PAUSE
        if not self._changed or worn:
            return
        self._changed = False
        try:
            await self._store(self._known)
        except GridtenderError as fault:
            self._changed = True
            self._log.warning("refusals.not_kept", reason=str(fault))
        else:
            self._stored_at = now

    def _hear(self, fact: Fact) -> None:
        if not isinstance(fact, SetpointStatus):
            return
        known = self._known.get(fact.device)
        if fact.outcome is Outcome.REFUSED and (known is None or known.why != fact.detail):
            refusal = Refusal(device=fact.device, at=fact.at, why=fact.detail)
            self._known[fact.device] = refusal
            self._changed = True
        elif fact.outcome in _TAKEN and known is not None:
            del self._known[fact.device]
            self._changed = True
