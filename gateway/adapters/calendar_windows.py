"""Windows of a calendar: the first one, and on which days it comes again.

Source: RFC 5545, sections 3.3.10 and 3.8.5.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from gateway.adapters.calendar_text import (
    CalendarUnusable,
    instant_of,
    moment_of,
    time_of,
    times_of,
)
from gateway.adapters.recurrence import Rule, RuleUnusable, read_rule
from gateway.adapters.spans import Span
from gateway.model.time import MILLISECOND, Instant, Interval

_LONGEST: Final = timedelta(days=7)  # of a window that comes again
_YEAR: Final = timedelta(days=365)
_LAST_YEAR: Final = 9000  # what comes after 9999 has no date


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
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
        day = (moment_of(interval.start).astimezone(zone) - self.length).date()
        last = moment_of(interval.end).astimezone(zone).date()
        while day <= last:
            one = datetime.combine(day, self.start.timetz())
            if rule.happens(day) and one not in self.left_out:
                span = self.span(one)
                if self.until is None or span[0] <= self.until:
                    yield span
            day += timedelta(days=1)

    def span(self, start: datetime) -> Span:
        """By the clock on the wall, 17:00 to 21:00 stays so when summer time begins."""
        begin = instant_of(start)
        length = self.length // timedelta(milliseconds=1) * MILLISECOND
        return begin, instant_of(start + self.length) if self.by_clock else begin + length


def window_of(
    component: Any,  # noqa: ANN401 - the library has no types
    zone: tzinfo | None = None,
) -> Window:
    """When a component is, by its DTSTART, its end and its rule.

    Args:
        component: an AVAILABLE or a VEVENT.
        zone: of days and of times without one; None: those are refused.

    Raises:
        CalendarUnusable: what of it is not worked out here.
    """
    if component.errors:
        message = f"{component.name}: {component.errors[0]}"
        raise CalendarUnusable(message)
    start, end = time_of(component, "DTSTART", zone), time_of(component, "DTEND", zone)
    if start is None:
        message = f"{component.name} has no DTSTART"
        raise CalendarUnusable(message)
    length, by_clock = _length(component, start, end)
    if start.year + length / _YEAR > _LAST_YEAR:
        message = f"{component.name} ends after the year {_LAST_YEAR}"
        raise CalendarUnusable(message)
    rules = rules_of(component)
    extra = times_of(component, "RDATE", zone)
    if (rules is not None or extra) and length > _LONGEST:
        message = f"a window that comes again lasts at most {_LONGEST.days} days"
        raise CalendarUnusable(message)
    window = Window(
        start=start,
        length=length,
        by_clock=by_clock,
        rule=None if rules is None else _rule(rules, start),
        until=None if rules is None else _until(rules, start),
        left_out=times_of(component, "EXDATE", zone),
    )
    fixed = extra if rules is not None else {start, *extra}
    return replace(window, fixed=tuple(window.span(one) for one in fixed))


def rules_of(component: Any) -> Mapping[str, Sequence[object]] | None:  # noqa: ANN401
    """The parts of its rule; jCal gives single values bare, and instants as text."""
    found = component.get("RRULE")
    if found is None:
        return None
    if isinstance(found, list):
        message = f"{component.name} has several RRULE; one is taken"
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
    elif _is_day(component):
        return timedelta(days=1), True
    else:
        message = f"{component.name} has neither DTEND nor DURATION"
        raise CalendarUnusable(message)
    if length <= timedelta(0):
        message = f"{component.name} ends before it begins"
        raise CalendarUnusable(message)
    return length, end is not None or _is_day(component)


def _is_day(component: Any) -> bool:  # noqa: ANN401
    """Whether it is a whole day, not a time."""
    return not isinstance(component.get("DTSTART").dt, datetime)


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
        return instant_of(end if end.tzinfo else end.replace(tzinfo=start.tzinfo))
    if isinstance(end, date):
        return instant_of(datetime.combine(end, start.timetz()))
    message = f"UNTIL {end!r} is no time"
    raise CalendarUnusable(message)
