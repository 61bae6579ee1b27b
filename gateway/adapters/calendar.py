"""The calendar adapter: a party's availability out of iCalendar.

A VAVAILABILITY makes its party busy over its range but in its AVAILABLE windows; one of higher
priority overrides the lower ones in its range; where none reaches, the party is available.

Source: RFC 7953; RFC 5545.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.adapters.calendar_moved import moved_in, without_moved
from gateway.adapters.calendar_text import (
    CalendarUnusable,
    components,
    instant_of,
    time_of,
    times_of,
    understood,
)
from gateway.adapters.calendar_windows import Window, rules_of, window_of
from gateway.adapters.spans import Span, inside, joined, outside
from gateway.model.time import HOUR, Instant, Interval

__all__ = ["Availabilities", "CalendarUnusable", "read_calendar"]

_MOST_PARTS: Final = 200
_MOST_COUNTS: Final = 10  # rules with COUNT: their days are walked
_MOST_BLOCKS: Final = 64
_LOWEST_PRIORITY: Final = 10
_DAY: Final = 24 * HOUR
_ALWAYS: Final[Span] = (-(2**63), 2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A VAVAILABILITY."""

    product: str
    priority: int
    range: Span
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Availabilities:
    """One calendar, understood; lowest priority first.  Implements ports.calendar."""

    parts: tuple[_Part, ...]
    _free: dict[tuple[str, Interval], tuple[Span, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def products(self) -> frozenset[str]:
        """Those that it names; a VAVAILABILITY that names none is about all."""
        return frozenset(part.product for part in self.parts) - {""}

    def covers(self, product: str, interval: Interval) -> bool:
        """Whether the interval lies wholly inside availability for the product."""
        # A stream asks for a thousand intervals: the days they lie in are worked out once.
        first, last = interval.start // _DAY, -(-interval.end // _DAY)
        days = Interval(Instant(first * _DAY), Instant(last * _DAY))
        free = self._free.get((product, days))
        if free is None:
            if len(self._free) >= _MOST_BLOCKS:
                self._free.clear()
            free = self._free[product, days] = self._worked_out(product, days)
        return any(a <= interval.start and interval.end <= b for a, b in free)

    def _worked_out(self, product: str, interval: Interval) -> tuple[Span, ...]:
        free: list[Span] = [_ALWAYS]
        for part in self.parts:
            if part.product in {"", product}:
                spans = [span for one in part.windows for span in one.spans(interval)]
                free = [*joined(outside(free, part.range) + inside(spans, part.range))]
        return tuple(free)


def read_calendar(text: str) -> Availabilities:
    """The availability in iCalendar text, or in jCal (RFC 7265).

    Raises:
        CalendarUnusable: no VAVAILABILITY, a floating time, a zone that is not in the IANA
            database, a rule below days, too many parts.
    """
    with understood():
        found = components(text, "VAVAILABILITY")
        _check_size(found)
        parts = [_part(one) for one in found]
    if not parts:
        message = "the calendar has no VAVAILABILITY"
        raise CalendarUnusable(message)
    return Availabilities(tuple(sorted(parts, key=lambda one: one.priority)))


def _check_size(found: Sequence[Any]) -> None:
    """What is worked out for every tender of its party has to be little."""
    windows = [window for one in found for window in one.walk("AVAILABLE")]
    dates = sum(len(times_of(window, "RDATE")) for window in windows)
    if len(found) > _MOST_PARTS or len(windows) + dates > _MOST_PARTS:
        message = f"at most {_MOST_PARTS} VAVAILABILITY, AVAILABLE and RDATE are taken"
        raise CalendarUnusable(message)
    if sum("COUNT" in (rules_of(window) or ()) for window in windows) > _MOST_COUNTS:
        message = f"at most {_MOST_COUNTS} RRULE with COUNT are taken; UNTIL does the same"
        raise CalendarUnusable(message)


def _part(component: Any) -> _Part:  # noqa: ANN401 - the library has no types
    if component.errors:
        message = f"VAVAILABILITY: {component.errors[0]}"
        raise CalendarUnusable(message)
    start = time_of(component, "DTSTART")
    length = component.get("DURATION")
    end = time_of(component, "DTEND")
    if end is None and length is not None and start is not None:
        end = start + length.dt
    priority = int(component.get("PRIORITY", 0))
    found = component.walk("AVAILABLE")
    moved = moved_in(found)
    return _Part(
        product=str(component.get("X-RMF-PRODUCT", "")),
        # 1 is the highest, 9 the lowest, and 0 is lower still; higher ones come later.
        priority=-priority if priority else -_LOWEST_PRIORITY,
        range=(
            _ALWAYS[0] if start is None else instant_of(start),
            _ALWAYS[1] if end is None else instant_of(end),
        ),
        windows=tuple(without_moved(one, window_of(one), moved) for one in found),
    )
