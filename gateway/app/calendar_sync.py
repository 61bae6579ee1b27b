"""Keeps a calendar on a server and the house level with each other, beside everything else."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from gateway.app.wishes import LOADS
from gateway.model.commitment import Commitment, commitments
from gateway.model.errors import GridtenderError
from gateway.model.event import FaultChanged
from gateway.model.resource import POWER
from gateway.model.site import CalDavSettings, Site
from gateway.model.time import HOUR, Instant, Interval
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.marketplace import Marketplace

if TYPE_CHECKING:
    from gateway.adapters.mirror import Mirror

SYNCED: Final = "calendar.ics"
"""What people wrote, in the state folder; intents read it."""

CODE: Final = "CALENDAR_UNREACHABLE"
_AHEAD: Final = 48 * HOUR


class CalendarSync:
    """Syncs every so often; what cannot be reached changes nothing.

    Attributes:
        fault: why the last sync failed, empty after one that did not.
    """

    def __init__(
        self,
        settings: CalDavSettings,
        *,
        site: Site,
        folder: Path,
        marketplace: Marketplace,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._site = site
        self._folder = folder
        self._marketplace = marketplace
        self._bus = bus
        self._clock = clock
        self._mirror: Mirror | None = None
        self._log = structlog.get_logger()
        self.fault = ""

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self.sync()
                await self._clock.sleep(self._settings.every)
        finally:
            if self._mirror is not None:
                self._mirror.leave()

    async def sync(self) -> None:
        """Once, in a thread."""
        now = self._clock.now()
        wanted = list(self.commitments(now))
        fault = ""
        try:
            await asyncio.to_thread(self._sync, wanted, now)
        except GridtenderError as error:
            fault = str(error)
            self._mirror = None  # the password may be another by then
        self._tell(fault, now)

    def _tell(self, fault: str, now: Instant) -> None:
        if fault == self.fault:
            return
        self.fault = fault
        if fault:
            self._log.warning("calendar.unreachable", reason=fault)
        else:
            self._log.info("calendar.reached", url=self._settings.url)
        self._bus.publish(
            FaultChanged(device="gateway", code=CODE, active=bool(fault), at=now, text=fault)
        )

    def commitments(self, now: Instant) -> Iterator[Commitment]:
        """What loads have bought ahead."""
        around = Interval(now, Instant(now + _AHEAD))
        loads = [d.device.id for d in self._site.devices if d.device.role in LOADS]
        for product in self._marketplace.products:
            if product.ahead is None or product.resource != POWER:
                continue
            positions = self._marketplace.market(product.id).positions
            for load in loads:
                held = positions.steps(load, around).steps
                signs = [
                    (one.interval, 1 if one.quantity > 0 else -1, one.quantity) for one in held
                ]
                power_w = [(at, s * product.real_quantity(abs(lots))) for at, s, lots in signs]
                yield from commitments(load, power_w, now)

    def _sync(self, wanted: list[Commitment], now: Instant) -> None:
        if self._mirror is None:
            # Only who has a calendar on a server pays for speaking with it.
            from gateway.adapters.mirror import open_mirror  # noqa: PLC0415

            self._mirror = open_mirror(self._settings, self._folder / SYNCED, self._site.area)
        self._mirror.sync(wanted, now)
