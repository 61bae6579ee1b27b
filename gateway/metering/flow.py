"""What flowed in each interval of a product's grid, from measured power and energy counters.

Power is integrated between readings; a counter that moved by more than its own grain differently
is believed instead, over the whole of the time it speaks for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.model.time import MILLISECOND, Duration, Instant, Interval

_COARSEST_WH: Final = 1000.0
_FINEST_WH: Final = 0.1
# Further than this from both neighbours a number is not whole.
_WHOLE: Final = 0.4999


@dataclass(slots=True)
class Bin:
    """One interval.

    Attributes:
        into, out: flow x milliseconds, both >= 0.
        known_ms: how much of the interval was measured.
    """

    into: float = 0.0
    out: float = 0.0
    known_ms: float = 0.0

    @property
    def net(self) -> float:
        """Flow x milliseconds, passive sign."""
        return self.into - self.out


@dataclass(slots=True, kw_only=True)
class Flow:
    """One meter's flow of one resource, by interval.

    Attributes:
        step: length of an interval; ``offset``: of the grid from the epoch.
        longest_gap: two readings further apart do not tell what flowed between them.
        total: all that was integrated, flow x milliseconds, passive sign.
    """

    step: Duration
    offset: Duration = Duration(0)
    longest_gap: Duration
    bins: dict[int, Bin] = field(default_factory=dict)
    total: float = 0.0
    _at: Instant | None = None
    _flow: float | None = None

    def see(self, at: Instant, flow: float | None) -> None:
        """One reading; ``flow`` None where it is not known.  Readings come in order of time."""
        before_at, before = self._at, self._flow
        self._at, self._flow = at, flow
        if before_at is None or before is None or flow is None:
            return
        if 0 < at - before_at <= self.longest_gap:
            self._integrate(before_at, before, at, flow)

    def over(self, window: Interval) -> list[Bin]:
        """Its intervals in order; whole ones only."""
        return [self.bins.get(start, Bin()) for start in range(window.start, window.end, self.step)]

    def forget_before(self, instant: Instant) -> None:
        """Drop the intervals that start earlier."""
        for start in [start for start in self.bins if start < instant]:
            del self.bins[start]

    def _integrate(self, since: Instant, first: float, until: Instant, last: float) -> None:
        """A straight line between two readings, cut where intervals and signs change."""
        slope, start = (last - first) / (until - since), int(since)
        while start < until:
            of = start - (start - self.offset) % self.step
            end = min(int(until), of + self.step)
            held = self.bins.setdefault(of, Bin())
            a, b = first + slope * (start - since), first + slope * (end - since)
            into, out = _split(a, b)
            milliseconds = (end - start) / MILLISECOND
            held.into += into * milliseconds
            held.out += out * milliseconds
            held.known_ms += milliseconds
            self.total += (into - out) * milliseconds
            start = end


def _split(first: float, last: float) -> tuple[float, float]:
    """Mean flow into and out of a device along a straight line, both >= 0."""
    if first * last >= 0:
        mean = (first + last) / 2
        return max(mean, 0.0), max(-mean, 0.0)
    high, low = max(first, last), min(first, last)
    return high * high / (2 * (high - low)), low * low / (2 * (high - low))


@dataclass(slots=True)
class Grain:
    """The unit in which a counter counts: the coarsest power of ten that divides all it said."""

    wh: float = _COARSEST_WH

    def see(self, raw_wh: float | None) -> None:
        """One value of the counter."""
        while raw_wh and self.wh > _FINEST_WH and abs(raw_wh / self.wh % 1 - 0.5) < _WHOLE:
            self.wh = round(self.wh / 10, 1)


def corrected(bins: Sequence[Bin], length_ms: int, more: float) -> list[float]:
    """Each interval's net with ``more`` (flow x milliseconds, passive sign) spread over them.

    It goes where nothing was measured; else in proportion to what flowed in its direction, and
    evenly where nothing did.
    """
    gaps = [max(0.0, length_ms - one.known_ms) for one in bins]
    weights = gaps if sum(gaps) >= 1 else [abs(one.net) for one in bins]
    total = sum(weights)
    shares = [w / total for w in weights] if total else [1 / len(bins)] * len(bins)
    return [one.net + more * share for one, share in zip(bins, shares, strict=True)]


def rounded(values: Sequence[float]) -> tuple[int, ...]:
    """Whole numbers whose sum stays within half of one of the values' sum at every place."""
    found: list[int] = []
    rest = 0.0
    for value in values:
        whole = round(value + rest)
        rest += value - whole
        found.append(whole)
    return tuple(found)
