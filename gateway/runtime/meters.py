"""The meter of one party: what flowed through its device in each interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.market.settlement import Flow as Told
from gateway.market.settlement import energy
from gateway.metering.flow import Flow, Grain, corrected, rounded
from gateway.model.energy import Metered
from gateway.model.position import Position
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.settlement import DeliveryQuality
from gateway.model.time import HOUR, MILLISECOND, SECOND, Duration, Instant, Interval

_MS_PER_H: Final = HOUR // MILLISECOND
_SHORTEST_GAP: Final = Duration(30 * SECOND)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where the device's counter and the integrated power stood at one reading, flow x ms."""

    at: Instant
    counted: float
    integrated: float


@dataclass(slots=True, kw_only=True)
class Meter:
    """Follows one device for one product.

    Attributes:
        party: whose delivery it is; ``sign`` -1 where the party stands behind the device.
        counters: what the device's energy counters came to, of POWER only.
    """

    party: str
    device: str
    product: Product
    poll: Duration
    sign: int = 1
    counters: Callable[[], Metered | None]
    _flow: Flow = field(init=False)
    _grain: Grain = field(default_factory=Grain)
    _base: _Mark | None = None
    _mark: _Mark | None = None
    _filled: float = 0.0
    told: bool = False

    def __post_init__(self) -> None:
        self._flow = Flow(
            step=self.product.interval,
            offset=self.product.offset,
            longest_gap=max(Duration(3 * self.poll), _SHORTEST_GAP),
        )

    def see(self, reading: Reading) -> None:
        """One reading of the device."""
        flow = reading.flows.get(self.product.resource)
        if reading.quality is not Quality.GOOD:
            flow = None
        self.told |= flow is not None
        self._flow.see(reading.at, flow)
        self._grain.see(reading.counted_in_wh)
        self._grain.see(reading.counted_out_wh)
        counted = self.counters()
        if counted is not None and counted.at == reading.at:
            self._look(counted)

    def _look(self, counted: Metered) -> None:
        into, out = counted.into, counted.out
        if into.raw_wh is None and out.raw_wh is None:
            return
        total = (into.total_wh - out.total_wh) * _MS_PER_H
        self._mark = _Mark(counted.at, total, self._flow.total + self._filled)
        if self._base is None:
            self._base = self._mark

    def over(self, window: Interval, position: Position) -> Told:
        """What flowed in the window; what nobody measured counts as traded."""
        length = self.product.interval // MILLISECOND
        bins = self._flow.over(window)
        missing = round(sum(max(0.0, length - one.known_ms) for one in bins))
        apart = self._apart(window)
        if apart is None:
            nets = self._as_traded(window, position)
        else:
            beyond = abs(apart) > self._grain.wh * _MS_PER_H
            nets = corrected(bins, length, apart) if beyond else [one.net for one in bins]
            self._settled(apart if beyond else 0.0)
        self._flow.forget_before(window.end)
        return Told(
            party=self.party,
            meter=self.device,
            quantities=self._integers(nets, length),
            counted=None if apart is None else self._scaled(apart),
            missing=missing,
            quality=_quality(missing, counted=apart is not None),
        )

    def _apart(self, window: Interval) -> float | None:
        """By how much the counter went further than the power since it was last believed."""
        if self._mark is None or self._base is None:
            return None
        # One that was first seen, or last seen, at another time says nothing of this window.
        if self._mark.at < window.start or self._base.at > window.start:
            return None
        counted = self._mark.counted - self._base.counted
        return counted - (self._mark.integrated - self._base.integrated)

    def _settled(self, correction: float) -> None:
        """What was corrected is not corrected again."""
        if correction:
            self._filled += correction
            self._base = self._mark and _Mark(
                self._mark.at, self._mark.counted, self._mark.integrated + correction
            )

    def _as_traded(self, window: Interval, position: Position) -> list[float]:
        """Nets with the position in place of what was not measured."""
        length, nets = self.product.interval // MILLISECOND, []
        starts = range(window.start, window.end, self.product.interval)
        for start, held in zip(starts, self._flow.over(window), strict=True):
            part = Interval(Instant(start), Instant(start + self.product.interval))
            lacking = max(0.0, 1 - held.known_ms / length)
            fill = self.sign * energy(position.steps, part) / self._per_unit * lacking
            self._filled += fill
            nets.append(held.net + fill)
        return nets

    def _integers(self, nets: Sequence[float], length: int) -> tuple[int, ...]:
        return rounded([self.sign * net / length * self._per_unit for net in nets])

    def _scaled(self, amount: float) -> int:
        return round(self.sign * amount * self._per_unit)

    @property
    def _per_unit(self) -> float:
        return float(10.0**-self.product.quantity_scale)


def _quality(missing: int, *, counted: bool) -> DeliveryQuality:
    if counted:
        return DeliveryQuality.COUNTED
    return DeliveryQuality.ESTIMATED if missing else DeliveryQuality.MEASURED
