"""The calendar adapter: a party's availability out of iCalendar; the door of icalendar.

A VAVAILABILITY makes its party busy over its range but in its AVAILABLE windows; one of higher
priority overrides the lower ones in its range; where none reaches, the party is available.

Source: RFC 7953; RFC 5545.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.adapters.recurrence import Rule, RuleUnusable, read_rule
from gateway.adapters.spans import Span, inside, joined, outside
from gateway.model.errors import WrongInput
from gateway.model.time import HOUR, MILLISECOND, SECOND, Instant, Interval

_MOST_PARTS: Final = 200
_MOST_COUNTS: Final = 10  # rules with COUNT: their days are walked
_MOST_BLOCKS: Final = 64
_LONGEST: Final = timedelta(days=7)  # of a window that comes again
_LOWEST_PRIORITY: Final = 10
_FOLD: Final = re.compile(r"(?:\r?\n)+[ \t]")
_DAY: Final = 24 * HOUR
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_ALWAYS: Final[Span] = (-(2**63), 2**63)


class CalendarUnusable(WrongInput):
    """The calendar cannot be understood, or is beyond what is worked out here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """An AVAILABLE: the first window, and on which days it comes again."""

    start: datetime
    length: timedelta
    by_clock: bool
    rule: Rule | None
    until: Instant | None
    left_out: frozenset[datetime]
    fixed: tuple[Span, ...] = ()  # those that follow no rule

    def spans(self, interval: Interval) -> Iterator[Span]:
        """Those that may touch the interval."""
        if self.rule is not None:
            yield from self._repeated(self.rule, interval)
        yield from self.fixed

    def _repeated(self, rule: Rule, interval: Interval) -> Iterator[Span]:
        zone = self.start.tzinfo
        day = (_moment(interval.start).astimezone(zone) - self.length).date()
        last = _moment(interval.end).astimezone(zone).date()
        while day <= last:
            one = datetime.combine(day, self.start.timetz())
            if rule.happens(day) and one not in self.left_out:
                span = self.span(one)
                if self.until is None or span[0] <= self.until:
                    yield span
            day += timedelta(days=1)

    def span(self, start: datetime) -> Span:
        """By the clock on the wall, 17:00 to 21:00 stays so when summer time begins."""
        begin = _instant(start)
        length = self.length // timedelta(milliseconds=1) * MILLISECOND
        return begin, _instant(start + self.length) if self.by_clock else begin + length


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A VAVAILABILITY."""

    product: str
    priority: int
    range: Span
    windows: tuple[_Window, ...]


@dataclass(frozen=True, slots=True)
class Availabilities:
    """One calendar, understood; lowest priority first.  Implements ports.calendar."""

    parts: tuple[_Part, ...]
    _free: dict[tuple[str, Interval], tuple[Span, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

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
    # Only parties with a calendar need the library: 3.5 MB.
    from icalendar import Calendar  # noqa: PLC0415

    try:
        jcal = text.lstrip().startswith("[")
        # As bytes: the library takes a text of one line for the name of a file, and reads it.
        calendar: Any = (
            Calendar.from_jcal(text) if jcal else Calendar.from_ical(_zoneless(text).encode())
        )
        found = calendar.walk("VAVAILABILITY")
        _check_size(found)
        parts = [_part(one) for one in found]
    except CalendarUnusable:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        IndexError,
        RecursionError,
    ) as error:
        message = f"the calendar cannot be understood: {error}"
        raise CalendarUnusable(message) from error
    if not parts:
        message = "the calendar has no VAVAILABILITY"
        raise CalendarUnusable(message)
    return Availabilities(tuple(sorted(parts, key=lambda one: one.priority)))


def _zoneless(text: str) -> str:
    """Without VTIMEZONE: the library keeps them for every later calendar, of anybody."""
    kept, inside = list[str](), False
    for line in _FOLD.sub("", text).split("\n"):
        word = line.strip().upper()
        zone = word.endswith("VTIMEZONE")
        if zone and word.startswith("BEGIN"):
            inside = True
        if not inside:
            kept.append(line)
        if zone and word.startswith("END"):
            inside = False
    return "\n".join(kept)


def _check_size(found: Sequence[Any]) -> None:
    """What is worked out for every tender of its party has to be little."""
    windows = [window for one in found for window in one.walk("AVAILABLE")]
    dates = sum(len(_times(window, "RDATE")) for window in windows)
    if len(found) > _MOST_PARTS or len(windows) + dates > _MOST_PARTS:
        message = f"at most {_MOST_PARTS} VAVAILABILITY, AVAILABLE and RDATE are taken"
        raise CalendarUnusable(message)
    if sum("COUNT" in (_rules(window) or ()) for window in windows) > _MOST_COUNTS:
        message = f"at most {_MOST_COUNTS} RRULE with COUNT are taken; UNTIL does the same"
        raise CalendarUnusable(message)


def _part(component: Any) -> _Part:  # noqa: ANN401 - the library has no types
    if component.errors:
        message = f"VAVAILABILITY: {component.errors[0]}"
        raise CalendarUnusable(message)
    start = _time(component, "DTSTART")
    length = component.get("DURATION")
    end = _time(component, "DTEND")
    if end is None and length is not None and start is not None:
        end = start + length.dt
    priority = int(component.get("PRIORITY", 0))
    return _Part(
        product=str(component.get("X-RMF-PRODUCT", "")),
        # 1 is the highest, 9 the lowest, and 0 is lower still; higher ones come later.
        priority=-priority if priority else -_LOWEST_PRIORITY,
        range=(
            _ALWAYS[0] if start is None else _instant(start),
            _ALWAYS[1] if end is None else _instant(end),
        ),
        windows=tuple(_window(one) for one in component.walk("AVAILABLE")),
    )


def _window(component: Any) -> _Window:  # noqa: ANN401
    if component.errors:
        message = f"AVAILABLE: {component.errors[0]}"
        raise CalendarUnusable(message)
    if "RECURRENCE-ID" in component:
        message = "RECURRENCE-ID is not worked out here; send the windows as they are"
        raise CalendarUnusable(message)
    start, end = _time(component, "DTSTART"), _time(component, "DTEND")
    if start is None:
        message = "AVAILABLE has no DTSTART"
        raise CalendarUnusable(message)
    length, by_clock = _length(component, start, end)
    rules = _rules(component)
    extra = _times(component, "RDATE")
    if (rules is not None or extra) and length > _LONGEST:
        message = f"a window that comes again lasts at most {_LONGEST.days} days"
        raise CalendarUnusable(message)
    window = _Window(
        start=start,
        length=length,
        by_clock=by_clock,
        rule=None if rules is None else _rule(rules, start),
        until=None if rules is None else _until(rules, start),
        left_out=_times(component, "EXDATE"),
    )
    fixed = extra if rules is not None else {start, *extra}
    return replace(window, fixed=tuple(window.span(one) for one in fixed))


def _rules(component: Any) -> Mapping[str, Sequence[object]] | None:  # noqa: ANN401
    """The parts of its rule; jCal gives single values bare, and instants as text."""
    found = component.get("RRULE")
    if found is None:
        return None
    if isinstance(found, list):
        message = "AVAILABLE has several RRULE; one is taken"
        raise CalendarUnusable(message)
    parts = {str(name).upper(): value for name, value in found.items()}
    return {n: v if isinstance(v, list | tuple) else [v] for n, v in parts.items()}


def _length(
    component: Any,  # noqa: ANN401
    start: datetime,
    end: datetime | None,
) -> tuple[timedelta, bool]:
    if end is not None:
        local = end.astimezone(start.tzinfo)
        length = local.replace(tzinfo=None) - start.replace(tzinfo=None)
    elif "DURATION" in component:
        length = component.get("DURATION").dt
    else:
        message = "AVAILABLE has neither DTEND nor DURATION"
        raise CalendarUnusable(message)
    if length <= timedelta(0):
        message = "AVAILABLE ends before it begins"
        raise CalendarUnusable(message)
    return length, end is not None


def _rule(rules: Mapping[str, Sequence[object]], start: datetime) -> Rule:
    try:
        return read_rule(rules, start.date())
    except RuleUnusable as error:
        message = f"RRULE: {error}"
        raise CalendarUnusable(message) from error


def _until(rules: Mapping[str, Sequence[object]], start: datetime) -> Instant | None:
    ends = rules.get("UNTIL")
    if not ends:
        return None
    end = datetime.fromisoformat(ends[0]) if isinstance(ends[0], str) else ends[0]
    if isinstance(end, datetime):
        return _instant(end if end.tzinfo else end.replace(tzinfo=start.tzinfo))
    if isinstance(end, date):
        return _instant(datetime.combine(end, start.timetz()))
    message = f"UNTIL {end!r} is no time"
    raise CalendarUnusable(message)


def _times(component: Any, name: str) -> frozenset[datetime]:  # noqa: ANN401
    found = component.get(name, ())
    lists = found if isinstance(found, list) else [found] if found else []
    return frozenset(_zoned(one.dt, name) for several in lists for one in several.dts)


def _time(component: Any, name: str) -> datetime | None:  # noqa: ANN401
    found = component.get(name)
    return None if found is None else _zoned(found.dt, name)


def _zoned(found: object, name: str) -> datetime:
    if isinstance(found, datetime) and (found.tzinfo is UTC or isinstance(found.tzinfo, ZoneInfo)):
        return found
    message = f"{name} is a time in UTC or with a TZID such as Europe/Berlin"
    raise CalendarUnusable(message)


def _moment(instant: Instant) -> datetime:
    return _EPOCH + timedelta(seconds=instant // SECOND)


def _instant(moment: datetime) -> Instant:
    return Instant((moment - _EPOCH) // timedelta(milliseconds=1) * MILLISECOND)
