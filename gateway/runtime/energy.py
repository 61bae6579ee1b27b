"""Energy of every device: its counters, its measured power, and what the disk keeps.

What is told was kept before, so a total never falls, not even by a power cut.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from gateway.metering.meter import Passed, identify, observe
from gateway.model.device import Capabilities, Device
from gateway.model.energy import Metered
from gateway.model.errors import GridtenderError
from gateway.model.event import Described, EnergyCounted, Fact
from gateway.model.reading import Quality, Reading
from gateway.model.time import HOUR, MINUTE, SECOND, Duration, Instant, in_seconds
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock

KEEP_EVERY = Duration(5 * MINUTE)
"""Between two writes to the disk: 288 small files a day."""

# A look costs more than a reading, and no counter tells more in a second than in ten.
_LOOK_EVERY = Duration(10 * SECOND)
# Longer than this, or than three polls, two readings do not tell what flowed between them.
_LONGEST_GAP = Duration(30 * SECOND)
# Without a synchronised clock nobody knows how long we were away; so long it is waited for.
_WAIT_FOR_CLOCK = Duration(10 * MINUTE)

Meters = Mapping[str, Metered]


@dataclass(slots=True)
class _Entry:
    """One device.

    Attributes:
        last: when its last reading came, monotonic; None before the first of this run.
        power_w: at that reading where it was good, passive.
        looked: when its counters were last looked at, monotonic.
        in_wh, out_wh: by measured power since then.
        left_at: its last reading of an earlier run, until the time since then is allowed for.
    """

    device: Device
    metered: Metered | None = None
    told: Capabilities | None = None
    last: Duration | None = None
    power_w: float | None = None
    looked: Duration | None = None
    in_wh: float = 0.0
    out_wh: float = 0.0
    left_at: Instant | None = None


class Energy:
    """Counts while readings come; every five minutes keeps and tells the totals.

    ``load`` reads what was kept, ``store`` keeps it (and may take its time).
    """

    def __init__(
        self,
        *,
        devices: tuple[Device, ...],
        load: Callable[[], Meters],
        store: Callable[[Meters], Awaitable[None]],
        clock: Clock,
        bus: Bus,
    ) -> None:
        self._entries = {device.id: _Entry(device=device) for device in devices}
        self._store = store
        self._clock = clock
        self._bus = bus
        self._began = clock.monotonic()
        self._log = structlog.get_logger()
        self._kept = self._read(load)
        for device, metered in self._kept.items():
            if device in self._entries:
                entry = self._entries[device]
                entry.metered, entry.left_at = metered, metered.at
        bus.listen(self._hear)

    def metered(self, device: str) -> Metered | None:
        """What is counted of a device now, kept or not."""
        return self._entries[device].metered

    async def run(self) -> None:
        """Tell what was kept, then keep and tell, until cancelled."""
        self._tell()
        wait = Duration(MINUTE)
        while True:
            await self._clock.sleep(wait)
            await self.keep()
            wait = KEEP_EVERY

    async def keep(self) -> None:
        """Write the totals; only what is on the disk is told."""
        counted = {d: e.metered for d, e in self._entries.items() if e.metered is not None}
        if all(self._kept.get(device) == metered for device, metered in counted.items()):
            return
        # What belongs to no device any more is kept: it may come back.
        meters = {**self._kept, **counted}
        try:
            await self._store(meters)
        except GridtenderError as fault:
            self._log.error("energy.not_kept", reason=str(fault))
            return
        self._kept = meters
        self._tell()

    def _tell(self) -> None:
        now = self._clock.now()
        for device in self._entries:
            metered = self._kept.get(device)
            if metered is not None:
                self._bus.publish(
                    EnergyCounted(
                        device=device,
                        at=now,
                        in_wh=int(metered.into.total_wh),
                        out_wh=int(metered.out.total_wh),
                    )
                )

    def _hear(self, fact: Fact) -> None:
        match fact:
            case Reading():
                self._count(self._entries[fact.device], fact)
            case Described():
                self._identify(self._entries[fact.device], fact)
            case _:
                pass

    def _identify(self, entry: _Entry, described: Described) -> None:
        entry.told = described.description.capabilities
        serial = described.description.identity.serial
        before = entry.metered or Metered(at=self._clock.now())
        entry.metered = identify(before, serial)
        if before.serial and entry.metered.serial != before.serial:
            self._log.info("energy.device_exchanged", device=described.device, serial=serial)

    def _count(self, entry: _Entry, reading: Reading) -> None:
        """Integrate the power of each reading; look at the counters now and then."""
        now = self._clock.monotonic()
        power_w = reading.power_w if reading.quality is Quality.GOOD else None
        if entry.last is not None and entry.power_w is not None and power_w is not None:
            self._integrate(entry, power_w, now - entry.last)
        entry.last, entry.power_w = now, power_w
        if entry.looked is None or now - entry.looked >= _LOOK_EVERY:
            self._look(entry, reading, now)

    @staticmethod
    def _integrate(entry: _Entry, power_w: float, elapsed: int) -> None:
        """By the mean of two powers; not over a gap, which they do not speak for."""
        before_w = entry.power_w or 0.0
        if elapsed > max(3 * entry.device.poll, _LONGEST_GAP):
            return
        half_hours = elapsed / (2 * HOUR)
        entry.in_wh += (max(before_w, 0.0) + max(power_w, 0.0)) * half_hours
        entry.out_wh += (max(-before_w, 0.0) + max(-power_w, 0.0)) * half_hours

    def _look(self, entry: _Entry, reading: Reading, now: Duration) -> None:
        elapsed_s = 0.0 if entry.looked is None else in_seconds(now - entry.looked)
        away_s, unsure = self._away_s(entry)
        passed = Passed(elapsed_s=elapsed_s + away_s, in_wh=entry.in_wh, out_wh=entry.out_wh)
        metered = entry.metered or Metered(at=reading.at)
        entry.metered = observe(metered, reading, passed, _rating_w(entry), unsure=unsure)
        entry.looked, entry.in_wh, entry.out_wh = now, 0.0, 0.0

    def _away_s(self, entry: _Entry) -> tuple[float, bool]:
        """How long the gateway was away, once; and whether that is still unknown."""
        if entry.left_at is None:
            return 0.0, False
        running = self._clock.monotonic() - self._began
        if not self._clock.synchronised:
            return 0.0, running < _WAIT_FOR_CLOCK
        began = self._clock.now() - running
        away_s = max(0.0, in_seconds(began - entry.left_at))
        entry.left_at = None
        return away_s, False

    def _read(self, load: Callable[[], Meters]) -> Meters:
        """What was kept; counting begins anew where that cannot be read."""
        try:
            return load()
        except GridtenderError as fault:
            self._log.error("energy.unreadable", reason=str(fault))
            return {}


def _rating_w(entry: _Entry) -> float | None:
    """The most the device may move, by its own word and the owner's."""
    told, own = entry.told, entry.device.limits
    known = () if told is None else (told.rating_w, told.charge_w, told.discharge_w, *told.stages_w)
    return max((w for w in known if w), default=own.max_w)
