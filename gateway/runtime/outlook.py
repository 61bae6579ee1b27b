"""What may come: every quarter of an hour, forecasts of load and sun, and an outlook to plan by.

``Outlooks.latest`` is what gates bring to the agents; the forecasts go over the bus to MQTT.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from gateway.forecast.accuracy import LEADS, lead_errors
from gateway.forecast.condensed import condensed
from gateway.forecast.outside import Told, in_place, moved, on_grid
from gateway.forecast.spread import (
    Sky,
    Spread,
    clear_sky,
    lone,
    spread,
    under_the_sun,
)
from gateway.forecast.sunshine import sunshine
from gateway.forecast.track import A_DAY, DAYS, STEP, Offset, Track, no_offset
from gateway.model.errors import GridtenderError
from gateway.model.forecast import Forecast, Foreseen, OutsideForecast
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR, Duration, Instant, Interval
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.history import Entry, History
from gateway.runtime.expected import as_kept, fresh
from gateway.runtime.outside import OutsideForecasts
from gateway.runtime.prices import Prices, Steps
from gateway.runtime.quarters import Quarter, Quarters

HORIZON: Final = 36 * HOUR // STEP
_KEEP_EVERY: Final = 4  # quarters
_RESIDUAL: Final = "residual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roofs:
    """What is known of the roofs: whether there are any, the rating of all, W, and the sky.

    ``rated_w`` is 0 where neither the device nor the configuration tells it.
    """

    present: bool
    rated_w: Callable[[], float]
    sky: Sky | None


class Outlooks:
    """Looks back by quarters, ahead by their likes.

    Args:
        offset: local time ahead of UTC: loads follow people's clocks.
        sunny: whether outlooks tell the sun apart, for what is traded ahead.
        beside: runs what takes long, away from the loop.
    """

    def __init__(
        self,
        *,
        quarters: Quarters,
        prices: Prices,
        roofs: Roofs,
        offset: Offset,
        history: History,
        beside: Callable[[Callable[[], None]], Awaitable[None]],
        clock: Clock,
        bus: Bus,
        sunny: bool = False,
    ) -> None:
        self._sunny = sunny
        self._log = structlog.get_logger()
        self._quarters, self._prices, self._roofs = quarters, prices, roofs
        self._offset, self._history, self._beside = offset, history, beside
        self._clock, self._bus = clock, bus
        self._tracks: dict[str, Track] = {name: Track() for name in _series()}
        self._waiting: list[Entry] = []
        self._since_kept = 0
        self._read = False
        self._outlook: Outlook | None = None
        self.outside = OutsideForecasts()

    def latest(self) -> Outlook | None:
        """The newest outlook, as the journal keeps it, unless it is stale.

        None in the first day, without a grid meter or a tariff.
        """
        return fresh(self._outlook, self._clock.now())

    async def look(self) -> None:
        """Close the quarter that is over, and look ahead; often.

        After a start, or once a tariff is known, at once.
        """
        if not self._read:
            self._read = True
            await self._beside(self._recall)
        now = self._clock.now()
        quarter = self._quarters.look(now)
        if quarter is None:
            await self._between(Instant(now - now % STEP))
            return
        self._take(quarter)
        start = Instant(quarter.at + STEP)
        await self._tell(start, told_before=False)
        self._since_kept += 1
        if self._since_kept >= _KEEP_EVERY:
            await self.keep()

    async def _between(self, start: Instant) -> None:
        """Within a quarter: what somebody outside foresees counts at once."""
        if self.outside.heard:
            await self._tell(start, told_before=True)
        elif self.latest() is None and self._tracks[_RESIDUAL].looks_back:
            await self._beside(lambda: self._renew(start))

    async def _tell(self, start: Instant, *, told_before: bool) -> None:
        made: list[tuple[Forecast, Spread | None]] = []
        await self._beside(lambda: made.extend(self._ahead(start)))
        for forecast, own in made:
            if not told_before:
                self._remember(forecast, own)
            self._bus.publish(forecast)

    async def keep(self) -> None:
        """Write what has come since the last batch."""
        batch, self._waiting, self._since_kept = tuple(self._waiting), [], 0
        if batch:
            await self._beside(lambda: self._store(batch))

    def _store(self, batch: Sequence[Entry]) -> None:
        try:
            self._history.add(batch)
        except GridtenderError as fault:
            self._log.error("history.not_kept", reason=str(fault))

    def _recall(self) -> None:
        """What is of a later time than forecasts reach was written while the clock was wrong."""
        now = self._clock.now()
        since, until = now - DAYS * A_DAY * STEP, now + HORIZON * STEP
        try:
            for one in self._history.past(tuple(self._tracks), Instant(since)):
                if one.at <= until:
                    self._tracks[one.series].put(one.at, one.value)
        except GridtenderError as fault:
            self._log.error("history.unreadable", reason=str(fault))

    def _put(self, series: str, at: Instant, value: float | None) -> None:
        if value is None:
            return
        if series in self._tracks:
            self._tracks[series].put(at, value)
        self._waiting.append(Entry(series=series, at=at, value=value))

    def _take(self, quarter: Quarter) -> None:
        load_w, sun_w, at = quarter.load_w, quarter.sun_w, quarter.at
        self._put(Foreseen.LOAD, at, load_w)
        self._put(Foreseen.SUN, at, sun_w)
        if load_w is not None and (sun_w is not None or not self._roofs.present):
            self._put(_RESIDUAL, at, load_w - (sun_w or 0.0))
        for device, mean_w in quarter.devices.items():
            self._put(f"device/{device}", at, mean_w)
        buys, sells = self._prices.now(at)
        self._put("import_price", at, buys)
        self._put("export_price", at, sells)

    def _remember(self, forecast: Forecast, own: Spread | None) -> None:
        """What was said of the step that begins so long after, to be held against what comes.

        The own forecast and the other one apart, whichever of them counted.
        """
        what = forecast.what
        other = self.outside.of(what, forecast.made)
        others = () if other is None else self._on_grid(other, forecast.start)
        for lead in LEADS:
            step = lead // STEP
            at = Instant(forecast.start + step * STEP)
            self._put(_told(what, lead), at, None if own is None else own.p50_w[step])
            self._put(_others(what, lead), at, others[step] if others else None)

    def _ahead(self, start: Instant) -> Iterator[tuple[Forecast, Spread | None]]:
        """Of load and sun what is told, and the house's own beside it."""
        self._renew(start)
        now = self._clock.now()
        for what in Foreseen:
            own, other = self._own(what, start), self.outside.of(what, now)
            likely = own if other is None else in_place(own, other, start, STEP, HORIZON)
            if likely is None:
                continue
            told = {lead: self._tracks[_told(what, lead)] for lead in LEADS}
            others = {lead: self._tracks[_others(what, lead)] for lead in LEADS}
            forecast = Forecast(
                what=what,
                made=now,
                start=start,
                step=STEP,
                mean_w=likely.mean_w,
                p10_w=likely.p10_w,
                p50_w=likely.p50_w,
                p90_w=likely.p90_w,
                errors=lead_errors(self._tracks[what], told, others, start),
                outside_until=None if other is None else other.until,
            )
            yield forecast, own

    def _on_grid(self, told: OutsideForecast, start: Instant) -> Told:
        return on_grid(told.mean_w, told, start, STEP, HORIZON)

    def _own(self, what: Foreseen, start: Instant) -> Spread | None:
        return self._load(start) if what is Foreseen.LOAD else self._sun(start)

    def _load(self, start: Instant) -> Spread | None:
        told = self._tracks[Foreseen.LOAD].ahead(start, HORIZON, self._offset)
        return _spread(told)

    def _sun(self, start: Instant) -> Spread | None:
        sky, rated_w = self._roofs.sky, self._roofs.rated_w()
        told = self._tracks[Foreseen.SUN].ahead(start, HORIZON, no_offset, sunshine)
        if sky and rated_w > 0 and not self._tracks[Foreseen.SUN].looks_back:
            return clear_sky(rated_w, start, STEP, HORIZON, sky)
        return _spread(under_the_sun(told, start, STEP, sky) if sky else told)

    def _renew(self, start: Instant) -> None:
        outlook = self._look_ahead(start)
        if outlook is not None:
            outlook = self._told_outside(outlook)
        if outlook is not None and self._sunny:
            sun = self._likely(Foreseen.SUN, start)
            sun_w = () if sun is None else tuple(sun.mean_w[: outlook.steps])
            outlook = replace(outlook, sun_w=sun_w)
        self._outlook = None if outlook is None else as_kept(condensed(outlook))

    def _likely(self, what: Foreseen, start: Instant) -> Spread | None:
        """The forecast that counts."""
        own, other = self._own(what, start), self.outside.of(what, self._clock.now())
        return own if other is None else in_place(own, other, start, STEP, HORIZON)

    def _told_outside(self, outlook: Outlook) -> Outlook:
        """The outlook by what somebody outside foresees of load and sun, where somebody does."""
        for what in Foreseen:
            other = self.outside.of(what, self._clock.now())
            if other is None:
                continue
            own = self._own(what, outlook.start)
            if own is not None:
                told_w = self._on_grid(other, outlook.start)
                outlook = moved(outlook, what, own.mean_w, told_w)
        return outlook

    def _look_ahead(self, start: Instant) -> Outlook | None:
        end = Instant(start + HORIZON * STEP)
        buys, sells = self._prices.ahead(Interval(start, end))
        buy, sell = _by_step(buys, start), _by_step(sells, start)
        steps = min(len(buy), len(sell))
        if not steps or not self._tracks[_RESIDUAL].looks_back:
            return None
        told = self._tracks[_RESIDUAL].ahead(start, steps, self._offset)
        return Outlook(
            start=start,
            step=Duration(STEP),
            import_price=buy[:steps],
            export_price=sell[:steps],
            scenarios=told,
        )


def _spread(told: Sequence[Scenario]) -> Spread | None:
    if len(told) == 1:
        return lone(told[0])
    return spread(told) if told else None


def _series() -> tuple[str, ...]:
    told = (name(what, lead) for name in (_told, _others) for what in Foreseen for lead in LEADS)
    return (Foreseen.LOAD.value, Foreseen.SUN.value, _RESIDUAL, *told)


def _told(what: Foreseen, lead: Duration) -> str:
    return f"{what}/{lead // HOUR}h"


def _others(what: Foreseen, lead: Duration) -> str:
    return f"{what}/outside/{lead // HOUR}h"


def _by_step(prices: Steps, start: Instant) -> tuple[float, ...]:
    """The price at the begin of each step, as far as it is known."""
    found: list[float] = []
    for step in range(HORIZON):
        at = start + step * STEP
        price = next((price for begin, price in reversed(prices) if begin <= at), None)
        if price is None:
            break
        found.append(price)
    return tuple(found)
