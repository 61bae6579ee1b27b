"""One series of the past on an even grid of steps, and what may follow it."""

from array import array
from collections.abc import Callable, Sequence
from math import isnan, nan
from typing import Final

from gateway.forecast.scenarios import DEFAULT, scenarios
from gateway.model.outlook import Scenario
from gateway.model.time import HOUR, MINUTE, Duration, Instant

STEP: Final = Duration(15 * MINUTE)
A_DAY: Final = 24 * HOUR // STEP
DAYS: Final = 61
_HOURS_A_DAY: Final = 24
Offset = Callable[[Instant], Duration]
"""By how much local time is ahead of UTC at an instant."""

Follow = Callable[[Sequence[float], int, int], tuple[Scenario, ...]]
"""What may follow a past, in so many steps, of which so many are a day."""


def no_offset(_at: Instant) -> Duration:
    """UTC: the sun knows no summer time."""
    return Duration(0)


class Track:
    """Means of steps since the epoch, W; the newest DAYS days."""

    def __init__(self) -> None:
        self._first = 0
        self._values = array("f")

    def put(self, at: Instant, value: float) -> None:
        """The mean of the step that began at ``at``; of what is older than the oldest, nothing.

        What is far off the others begins anew: the clock was wrong, then or now.
        """
        index = at // STEP
        if not self._values or abs(index - self._first) > 2 * DAYS * A_DAY:
            self._first, self._values = index, array("f")
        place = index - self._first
        if place < 0:
            return
        self._values.extend([nan] * (place + 1 - len(self._values)))
        self._values[place] = value
        if len(self._values) > DAYS * A_DAY:
            surplus = len(self._values) - DAYS * A_DAY
            self._first, self._values = self._first + surplus, self._values[surplus:]

    def at(self, at: Instant) -> float | None:
        """The mean of the step that began then, None where it was not measured."""
        place = at // STEP - self._first
        if not 0 <= place < len(self._values) or isnan(self._values[place]):
            return None
        return self._values[place]

    @property
    def looks_back(self) -> bool:
        """Whether there is a day before to compare the present with."""
        return len(self._values) >= A_DAY * (1 + DEFAULT.compare_h / _HOURS_A_DAY)

    def ahead(
        self, start: Instant, steps: int, offset: Offset, follow: Follow = scenarios
    ) -> tuple[Scenario, ...]:
        """What may follow from ``start``, where local hours repeat; empty without any past."""
        past = self._local(start, offset)
        last = _index(Instant(start - STEP), offset)
        coming = [_index(Instant(start + k * STEP), offset) - last - 1 for k in range(steps)]
        told = follow(past, max(coming) + 1, A_DAY) if past else ()
        # The hour that comes twice in autumn is foreseen like its first time.
        return tuple(
            Scenario(weight=one.weight, residual_w=tuple(one.residual_w[max(k, 0)] for k in coming))
            for one in told
        )

    def _local(self, end: Instant, offset: Offset) -> list[float]:
        """All that was before ``end``, by local time; a gap is as the day before, or as before."""
        seen: dict[int, float] = {}
        for place, value in enumerate(self._values):
            begin = Instant((self._first + place) * STEP)
            if begin < end and not isnan(value):
                seen[_index(begin, offset)] = value
        if not seen:
            return []
        first, last = min(seen), _index(Instant(end - STEP), offset)
        for index in range(first, last + 1):
            if index not in seen:
                seen[index] = seen.get(index - A_DAY, seen[index - 1])
        return [seen[index] for index in range(first, last + 1)]


def _index(at: Instant, offset: Offset) -> int:
    return (at + offset(at)) // STEP
