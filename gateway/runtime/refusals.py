"""Which device refused its last write, kept for whoever asks what is wrong."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from gateway.model.device import DeviceState
from gateway.model.errors import GridtenderError
from gateway.model.event import Fact, StateChanged
from gateway.model.refusal import Refusal
from gateway.model.setpoint import Outcome, SetpointStatus
from gateway.model.time import MINUTE, SECOND, Duration
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock

Refusals = Mapping[str, Refusal]
PAUSE: Final = Duration(10 * MINUTE)
"""Between two writes of the file: a device that refuses now and then must not wear the disk."""
_GOING: Final = Duration(MINUTE)
_SURE: Final = Duration(10 * SECOND)
_AWAY = frozenset({DeviceState.OFFLINE, DeviceState.SLEEPING})
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
        self._away: set[str] = set()
        self._heard_at: dict[str, Duration] = {}
        self._stored_at: Duration | None = None
        self._changed = False
        self._log = structlog.get_logger()
        bus.listen(self._hear)

    async def keep(self) -> None:
        """Store what changed since the last time; a disk that fails is tried again."""
        now = self._clock.monotonic()
        worn = self._stored_at is not None and now - self._stored_at < PAUSE
        # One that is about to be away seems to refuse first.
        unsure = any(now - heard < _SURE for heard in self._heard_at.values())
        if not self._changed or worn or unsure:
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
        if isinstance(fact, StateChanged):
            self._turned(fact)
        elif isinstance(fact, SetpointStatus) and fact.device not in self._away:
            self._written(fact)

    def _turned(self, fact: StateChanged) -> None:
        """What an absent device did not answer is no refusal, nor what it had begun to miss."""
        if fact.state not in _AWAY:
            self._away.discard(fact.device)
            return
        self._away.add(fact.device)
        known = self._known.get(fact.device)
        if known is not None and fact.since - known.at < _GOING:
            self._forget(fact.device)

    def _written(self, fact: SetpointStatus) -> None:
        known = self._known.get(fact.device)
        if fact.outcome is Outcome.REFUSED and (known is None or known.why != fact.detail):
            refusal = Refusal(device=fact.device, at=fact.at, why=fact.detail)
            self._known[fact.device] = refusal
            self._heard_at.setdefault(fact.device, self._clock.monotonic())
            self._changed = True
        elif fact.outcome in _TAKEN and known is not None:
            self._forget(fact.device)

    def _forget(self, device: str) -> None:
        del self._known[device]
        self._heard_at.pop(device, None)
        self._changed = True
