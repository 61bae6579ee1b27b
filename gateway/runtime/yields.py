"""What every roof gave in a day, beside what it should have given, and what it earned."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final

import structlog

from gateway.metering.expectation import Sky
from gateway.metering.harvest import next_day
from gateway.metering.shortfall import DAYS, likely_reason, low_days
from gateway.model.clearing import Clearing
from gateway.model.device import Device
from gateway.model.errors import GridtenderError
from gateway.model.event import Fact, FaultChanged
from gateway.model.harvest import DayYield, StringYield
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.roof import Expectation, Harvest, Kept, Source
from gateway.model.setpoint import SetpointStatus
from gateway.model.time import HOUR, MINUTE, Duration, Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.roof_meter import RoofMeter

LOW: Final = "YIELD_LOW"
_TELL_EVERY: Final = Duration(5 * MINUTE)
_KEEP_EVERY: Final = Duration(HOUR)


class Yields:
    """Hears readings and setpoints of solar devices, and prices.

    Args:
        product: whose price they earn: of power, in currency per kWh.
        counted: the total that a device gave by its counters, Wh; None where there is none.
        day_of: the day ``YYYYMMDD`` of an instant in the area's zone.
        sky: sine of the sun's elevation, None where the place is not known.
    """

    def __init__(
        self,
        *,
        devices: Iterable[Device],
        product: Product,
        counted: Callable[[str], float | None],
        day_of: Callable[[Instant], str],
        sky: Sky | None,
        load: Callable[[], Kept],
        store: Callable[[Kept], Awaitable[None]],
        clock: Clock,
        bus: Bus,
    ) -> None:
        self._log = structlog.get_logger()
        roofs = tuple(devices)
        self._kept = self._read(load) if roofs else Kept()
        known, self._day = self._kept.devices, self._kept.day
        self._roofs = {
            one.id: RoofMeter(known.get(one.id, Harvest()), one.poll, sky) for one in roofs
        }
        self._product, self._counted, self._day_of, self._sky = product, counted, day_of, sky
        self._store, self._clock, self._bus = store, clock, bus
        self._told = self._stored = clock.monotonic()
        if roofs:
            bus.listen(self._hear)

    def announce(self) -> None:
        """Tell the faults that stood when the gateway was stopped."""
        for device, roof in self._roofs.items():
            if roof.harvest.why:
                self._raise(device, roof.harvest.why, active=True)

    async def look(self) -> None:
        """Tell every five minutes, keep every hour; often."""
        now = self._clock.monotonic()
        if self._day and now - self._told >= _TELL_EVERY:
            self._told = now
            for device in self._roofs:
                self._tell(device, closed=False)
        if self._day and now - self._stored >= _KEEP_EVERY:
            self._stored = now
            await self.keep()

    async def keep(self) -> None:
        """Write what was learned and how today stands."""
        mine = {device: one.harvest for device, one in self._roofs.items()}
        # What belongs to no device any more is kept: it may come back.
        kept = Kept(day=self._day, devices={**self._kept.devices, **mine})
        if kept == self._kept:
            return
        try:
            await self._store(kept)
        except GridtenderError as fault:
            self._log.error("yield.not_kept", reason=str(fault))
            return
        self._kept = kept

    def _hear(self, fact: Fact) -> None:
        match fact:
            case Reading(device=device) if device in self._roofs:
                self._turn(fact.at)
                self._roofs[device].read(fact, self._counted(device))
            case SetpointStatus(device=device) if device in self._roofs:
                given = fact.commanded
                self._roofs[device].limit_w = None if given is None else max(0.0, -given)
            case Clearing(product=self._product.id, price=price) if price is not None:
                for roof in self._roofs.values():
                    roof.price = price * 10.0**self._product.price_scale
            case _:
                pass

    def _turn(self, now: Instant) -> None:
        """Close the day that is over, of all roofs at once: they are judged by each other."""
        day = self._day_of(now)
        if day == self._day:
            return
        if self._day:
            for roof in self._roofs.values():
                roof.close_quarter(Instant(0))
            self._judge()
            for device in self._roofs:
                self._tell(device, closed=True)
        self._day = day
        for device, roof in self._roofs.items():
            roof.harvest = next_day(roof.harvest, self._counted(device), self._sky)

    def _judge(self) -> None:
        days = {device: roof.harvest.whole.today for device, roof in self._roofs.items()}
        for device, roof in self._roofs.items():
            sisters = [one for other, one in days.items() if other != device]
            count = low_days(roof.harvest.low_days, days[device], sisters)
            roof.harvest = replace(roof.harvest, low_days=count)
            if count >= DAYS and not roof.harvest.why:
                self._begin(device, roof, sisters)
            elif not count and roof.harvest.why:
                roof.harvest = replace(roof.harvest, why="")
                self._raise(device, "", active=False)

    def _begin(self, device: str, roof: RoofMeter, sisters: list[Expectation]) -> None:
        whole = roof.harvest.whole.today
        strings = {name: one.today for name, one in roof.harvest.strings.items()}
        why = (
            f"on {roof.harvest.low_days} sunny days in a row it gave less than it should, "
            f"{100 * (whole.ratio or 0.0):.0f} % on the last; "
            f"{likely_reason(whole, strings, sisters)}"
        )
        roof.harvest = replace(roof.harvest, why=why)
        seen = roof.harvest.whole.today
        given = (seen.expected_wh or 0.0) * (seen.ratio or 0.0)
        self._raise(device, why, active=True, expected=seen.expected_wh, observed=given)

    def _raise(
        self,
        device: str,
        text: str,
        *,
        active: bool,
        expected: float | None = None,
        observed: float | None = None,
    ) -> None:
        self._bus.publish(
            FaultChanged(
                device=device,
                code=LOW,
                active=active,
                at=self._clock.now(),
                text=text,
                expected=expected,
                observed=observed,
            )
        )

    def _tell(self, device: str, *, closed: bool) -> None:
        harvest = self._roofs[device].harvest
        seen = harvest.whole.today
        self._bus.publish(
            DayYield(
                device=device,
                at=self._clock.now(),
                day=self._day,
                actual_wh=round(harvest.actual_wh),
                expected_wh=_whole(seen.expected_wh),
                ratio=seen.ratio,
                quality=seen.quality.value,
                earned=harvest.earned,
                currency=self._product.currency,
                closed=closed,
                strings=tuple(_string(name, one) for name, one in sorted(harvest.strings.items())),
            )
        )

    def _read(self, load: Callable[[], Kept]) -> Kept:
        try:
            return load()
        except GridtenderError as fault:
            self._log.error("yield.unreadable", reason=str(fault))
            return Kept()


def _string(name: str, source: Source) -> StringYield:
    seen = source.today
    return StringYield(
        name=name,
        actual_wh=round(source.given_wh),
        expected_wh=_whole(seen.expected_wh),
        ratio=seen.ratio,
    )


def _whole(wh: float | None) -> int | None:
    return None if wh is None else round(wh)
