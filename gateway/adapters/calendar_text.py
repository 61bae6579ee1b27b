"""The text of calendars: components, and their times; the only place that knows icalendar.

Source: RFC 5545; RFC 7265.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.model.errors import WrongInput
from gateway.model.time import MILLISECOND, SECOND, Instant

_FOLD: Final = re.compile(r"(?:\r?\n)+[ \t]")
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_TOLD: Final = 200  # characters of what the library says
_ODD: Final = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    IndexError,
    RecursionError,
)


class CalendarUnusable(WrongInput):
    """The calendar cannot be understood, or is beyond what is worked out here."""


@contextmanager
def understood() -> Iterator[None]:
    """Whatever the library or a date finds odd makes the calendar unusable.

    Raises:
        CalendarUnusable: with the reason.
    """
    try:
        yield
    except CalendarUnusable:
        raise
    except OSError as error:  # zones are looked for among files
        message = "a TZID names no zone such as Europe/Berlin"
        raise CalendarUnusable(message) from error
    except _ODD as error:
        message = f"the calendar cannot be understood: {str(error)[:_TOLD]}"
        raise CalendarUnusable(message) from error


def components(text: str, kind: str) -> list[Any]:
    """Those of a kind, from iCalendar text or jCal, in their order."""
    # Only who has a calendar needs the library: 3.5 MB.
    from icalendar import Calendar  # noqa: PLC0415

    jcal = text.lstrip().startswith("[")
    # As bytes: the library takes a text of one line for the name of a file, and reads it.
    calendar: Any = (
        Calendar.from_jcal(text) if jcal else Calendar.from_ical(zoneless(text).encode())
    )
    found: list[Any] = calendar.walk(kind)
    return found


def zoneless(text: str) -> str:
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


def length_of(text: str) -> timedelta:
    """A length such as PT5M.

    Raises:
        ValueError: it is none.
    """
    from icalendar import vDuration  # noqa: PLC0415 - heavy

    kind: Any = vDuration
    found: timedelta = kind.from_ical(text)
    return found


def times_of(
    component: Any,  # noqa: ANN401 - the library has no types
    name: str,
    zone: tzinfo | None = None,
) -> frozenset[datetime]:
    """All times of a property that may have many."""
    found = component.get(name, ())
    lists = found if isinstance(found, list) else [found] if found else []
    return frozenset(
        zoned(one.dt, name, _unless_named(several, zone))
        for several in lists
        for one in several.dts
    )


def time_of(component: Any, name: str, zone: tzinfo | None = None) -> datetime | None:  # noqa: ANN401
    """The time of a property; None without one."""
    found = component.get(name)
    return None if found is None else zoned(found.dt, name, _unless_named(found, zone))


def _unless_named(found: Any, zone: tzinfo | None) -> tzinfo | None:  # noqa: ANN401
    """The zone of what names none; one that is named and not known is not guessed."""
    return None if "TZID" in getattr(found, "params", ()) else zone


def zoned(found: object, name: str, zone: tzinfo | None = None) -> datetime:
    """A time in a zone; days and times without one are in ``zone``, or refused where that is None.

    Raises:
        CalendarUnusable: it is no such time.
    """
    if isinstance(found, datetime) and (found.tzinfo is UTC or isinstance(found.tzinfo, ZoneInfo)):
        return found
    if zone is not None and isinstance(found, datetime) and found.tzinfo is None:
        return found.replace(tzinfo=zone)
    if zone is not None and isinstance(found, date) and not isinstance(found, datetime):
        return datetime.combine(found, time(), zone)
    message = f"{name} is a time in UTC or with a TZID such as Europe/Berlin"
    raise CalendarUnusable(message)


def moment_of(instant: Instant) -> datetime:
    """As the library tells times."""
    return _EPOCH + timedelta(seconds=instant // SECOND)


def instant_of(moment: datetime) -> Instant:
    """The instant; a time that clocks skip is the moment in which they skip it."""
    before = moment.replace(fold=0) - _EPOCH
    after = moment.replace(fold=1) - _EPOCH
    if after < before and moment.fold == 0 and moment.tzinfo is not None:
        return _skip(moment.tzinfo, after // _SECOND, before // _SECOND)
    return Instant((moment - _EPOCH) // timedelta(milliseconds=1) * MILLISECOND)


_SECOND: Final = timedelta(seconds=1)


def _skip(zone: tzinfo, low: int, high: int) -> Instant:
    """When between two seconds of the epoch clocks go forward, by halving."""

    def offset(at: int) -> timedelta | None:
        return (_EPOCH + timedelta(seconds=at)).astimezone(zone).utcoffset()

    last = offset(high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if offset(middle) == last else (middle, high)
    return Instant(high * SECOND)
