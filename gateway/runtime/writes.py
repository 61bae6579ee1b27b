"""How often each device was written to: counted as it happens, kept on disk now and then.

A crash loses at most what was counted since the file was last written.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import structlog

from gateway.dispatch.thrift import Thrift, thrift, utc_day
from gateway.model.device import Device
from gateway.model.errors import GridtenderError
from gateway.model.setpoint import TakenWrite
from gateway.model.time import MINUTE, Duration, Instant
from gateway.model.wear import WriteCount
from gateway.ports.clock import Clock

KEPT_EVERY: Final = Duration(15 * MINUTE)
_LOOK_EVERY: Final = MINUTE

Store = Callable[[Sequence[WriteCount]], None]


class Writes:
    """Counts of every device that is steered, and what their budgets leave.

    Attributes:
        on_day: called when a UTC day has ended and every count is at nothing again.

    ``kept``: what an earlier life counted; ``store`` keeps all of them, beside the loop where
    ``threaded``.
    """

    def __init__(
        self,
        devices: Mapping[str, Device],
        clock: Clock,
        *,
        kept: Iterable[WriteCount] = (),
        store: Store = lambda _: None,
        threaded: bool = False,
    ) -> None:
        self._devices = devices
        self._clock = clock
        self._store = store
        self._threaded = threaded
        self._counts = {count.device: count for count in kept}
        self._changed = False
        self.on_day: Callable[[], None] = lambda: None
        self._log = structlog.get_logger()

    def note(self, device: str, taken: Iterable[TakenWrite]) -> None:
        """The device took these requests."""
        volatile = self._devices[device].writes.volatile
        before = self.of(device)
        after = before.after(taken, volatile=volatile)
        if after == before:
            return
        self._counts[device], self._changed = after, True
        budget = self._devices[device].writes.per_day
        if budget is not None and before.today < budget <= after.today:
            self._log.warning("writes.budget_used", device=device, per_day=budget)

    def of(self, device: str) -> WriteCount:
        """The count as of now."""
        day = utc_day(self._clock.now())
        count = self._counts.get(device, WriteCount(device=device, day=day))
        return count.on(day)

    def thrift(self, device: str, changed_at: Instant, now: Instant) -> Thrift | None:
        """What its changes must be worth, None while the budget is ample."""
        per_day = self._devices[device].writes.per_day
        return thrift(self.of(device).today, per_day, changed_at, now)

    async def run(self) -> None:
        """Keep the counts every quarter of an hour, and tell those of the day at its end."""
        day, kept_at = utc_day(self._clock.now()), self._clock.monotonic()
        while True:
            await self._clock.sleep(_LOOK_EVERY)
            today = utc_day(self._clock.now())
            if today != day:
                self._tell_day(day)
                day = today
                self.on_day()
            if self._clock.monotonic() - kept_at >= KEPT_EVERY:
                kept_at = self._clock.monotonic()
                await self.keep()

    async def keep(self) -> None:
        """Bring what was counted to the disk; a disk that fails is tried again."""
        if not self._changed:
            return
        counts = [self._counts[device] for device in sorted(self._counts)]
        self._changed = False
        try:
            if self._threaded:
                await asyncio.to_thread(self._store, counts)
            else:
                self._store(counts)
        except GridtenderError as fault:
            self._changed = True
            self._log.error("writes.not_kept", reason=str(fault))

    def _tell_day(self, day: int) -> None:
        for device, count in sorted(self._counts.items()):
            if count.day == day and (count.today or count.volatile_today):
                per_day = self._devices[device].writes.per_day if device in self._devices else None
                self._log.info(
                    "writes.day_ended",
                    device=device,
                    writes=count.today,
                    per_day=per_day,
                    volatile=count.volatile_today,
                )
