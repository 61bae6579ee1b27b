"""Events of a calendar: what each is called, and when it is.

One that has the UID of another and a RECURRENCE-ID stands in the place of that occurrence; one
that is cancelled is not.  Days, and times without a zone, are in the zone of the house.

Source: RFC 5545, sections 3.6.1 and 3.8.4.4.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.adapters.calendar_moved import Moved, moved_in, without_moved
from gateway.adapters.calendar_text import (
    CalendarUnusable,
    components,
    understood,
)
from gateway.adapters.calendar_windows import Window, window_of
from gateway.adapters.spans import Span
from gateway.model.time import Interval

_MOST_EVENTS: Final = 1000
_MOST_RULES: Final = 50
_MOST_COUNTS: Final = 10  # rules with COUNT: their days are walked
_MOST_DATES: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A VEVENT.

    Attributes:
        said: its properties that begin with X-, in capitals, and CATEGORIES.
    """

    uid: str
    name: str
    window: Window
    said: Mapping[str, str] = field(default_factory=dict)

    def spans(self, interval: Interval) -> Iterator[Span]:
        """When it is; those that may touch the interval."""
        return (span for span in self.window.spans(interval) if span[0] < span[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """A calendar, understood as far as it goes; ``odd``: events that are not, and why."""

    good: tuple[Event, ...]
    odd: tuple[tuple[str, str], ...] = ()


def read_events(text: str, zone: tzinfo) -> Events:
    """The events of a calendar; one that is wrong does not lose the others.

    Raises:
        CalendarUnusable: the whole cannot be understood, or is beyond what is worked out here.
    """
    with understood():
        found = components(text, "VEVENT")
        _check_size(found)
    moved = moved_in(found, zone)
    good, odd = list[Event](), list[tuple[str, str]]()
    for one in found:
        try:
            with understood():
                event = _event(one, zone, moved)
        except CalendarUnusable as error:
            odd.append((_name(one), str(error)))
        else:
            good += [] if event is None else [event]
    return Events(good=tuple(good), odd=tuple(odd))


def odd_events(text: str, zone: str) -> tuple[tuple[str, str], ...]:
    """Events that are not understood, and why.

    Raises:
        CalendarUnusable: the whole cannot be understood.
    """
    try:
        here: tzinfo = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        here = UTC  # what is wrong with the zone is told where it stands
    return read_events(text, here).odd


def _check_size(found: list[Any]) -> None:
    rules = [one for one in found if "RRULE" in one]
    counts = sum("COUNT" in str(one.get("RRULE")).upper() for one in rules)
    sizes = (
        (len(found), _MOST_EVENTS, "events"),
        (len(rules), _MOST_RULES, "events with RRULE"),
        (counts, _MOST_COUNTS, "RRULE with COUNT (UNTIL does the same)"),
        (sum(_dates(one) for one in found), _MOST_DATES, "dates in RDATE and EXDATE"),
    )
    for count, most, what in sizes:
        if count > most:
            message = f"the calendar has {count} {what}; at most {most} are taken"
            raise CalendarUnusable(message)


def _dates(component: Any) -> int:  # noqa: ANN401 - the library has no types
    lists = [component.get(name) for name in ("RDATE", "EXDATE") if name in component]
    several = [one for found in lists for one in (found if isinstance(found, list) else [found])]
    return sum(len(getattr(one, "dts", ())) for one in several)


def _event(
    component: Any,  # noqa: ANN401
    zone: tzinfo,
    moved: Moved,
) -> Event | None:
    """The event; None of one that is cancelled."""
    # By the clock also with DURATION: hour after hour has no gap where clocks change.
    window = replace(window_of(component, zone), by_clock=True)
    window = without_moved(component, window, moved, zone)
    if str(component.get("STATUS", "")).upper() == "CANCELLED":
        return None
    own = {str(n).upper(): v for n, v in component.items() if str(n).upper().startswith("X-")}
    said = {name: str(value) for name, value in own.items() if not isinstance(value, list)}
    uid = str(component.get("UID", ""))
    return Event(uid=uid, name=_name(component), window=window, said=said)


def _name(component: Any) -> str:  # noqa: ANN401
    summary = component.get("SUMMARY")
    if isinstance(summary, list):
        summary = summary[0]
    return str(summary or component.get("UID") or "an event without a name")
