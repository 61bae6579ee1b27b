"""Instants, durations and half-open intervals; and how they are written on the wire.

Inside, an ``Instant`` is integer nanoseconds UTC since 1970 and a ``Duration`` integer
nanoseconds.  Local time is only for people.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NewType

Instant = NewType("Instant", int)
Duration = NewType("Duration", int)

MILLISECOND = Duration(1_000_000)
SECOND = Duration(1_000_000_000)
MINUTE = Duration(60 * SECOND)
HOUR = Duration(60 * MINUTE)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = (1000, 9000)
_SHORT = re.compile(r"(\d+)(ms|s|min|h|d)")
_SHORT_UNITS = {"ms": MILLISECOND, "s": SECOND, "min": MINUTE, "h": HOUR, "d": 24 * HOUR}
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,3}))?S)?)?")


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The half-open span [start, end)."""

    start: Instant
    end: Instant

    def __post_init__(self) -> None:
        if self.end <= self.start:
            message = f"an interval ends after it starts: {self.start}..{self.end}"
            raise ValueError(message)

    @property
    def duration(self) -> Duration:
        """Length in nanoseconds, always positive."""
        return Duration(self.end - self.start)

    def __contains__(self, instant: Instant) -> bool:
        return self.start <= instant < self.end

    def overlap(self, other: "Interval") -> "Interval | None":
        """The common part, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Interval(start, end) if start < end else None


def seconds(value: float) -> Duration:
    """Turn seconds into a Duration, rounded to the nearest nanosecond."""
    return Duration(round(value * SECOND))


def in_seconds(duration: int) -> float:
    """Turn a Duration (or a difference of Instants) into seconds."""
    return duration / SECOND


def rfc3339(instant: Instant) -> str:
    """RFC 3339 in UTC with ``Z`` and exactly three decimals (rounded down)."""
    whole, rest = divmod(instant, SECOND)
    return f"{_whole_second(whole)}.{rest // MILLISECOND:03d}Z"


@lru_cache(maxsize=256)
def _whole_second(since_epoch: int) -> str:
    """Most instants of a house are of the same few seconds."""
    return (_EPOCH + timedelta(seconds=since_epoch)).strftime("%Y-%m-%dT%H:%M:%S")


def parse_rfc3339(text: str) -> Instant:
    """Any RFC 3339 instant with an offset.

    Raises:
        ValueError: not RFC 3339, without an offset, or so far off that what is reckoned from it
            may have no date any more.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"{text!r} has no offset; write it with Z or +hh:mm"
        raise ValueError(message)
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        message = f"{text!r} is not in the years {_YEARS[0]} to {_YEARS[1]}"
        raise ValueError(message)
    past = moment - _EPOCH
    return Instant(
        (past.days * 86_400 + past.seconds) * SECOND + past.microseconds * 1_000,
    )


def topic_time(instant: Instant) -> str:
    """``YYYYMMDDTHHMMSSZ``, the START of an MQTT topic."""
    return _compact(instant // SECOND)


@lru_cache(maxsize=256)
def _compact(since_epoch: int) -> str:
    return (_EPOCH + timedelta(seconds=since_epoch)).strftime("%Y%m%dT%H%M%SZ")


def parse_duration(text: str) -> Duration:
    """A short duration as in the configuration: ``500ms``, ``10s``, ``15min``, ``1h``, ``30d``.

    Raises:
        ValueError: anything else.
    """
    match = _SHORT.fullmatch(text)
    if match is None:
        message = f"{text!r} is not a duration; write 500ms, 10s, 15min, 1h or 30d"
        raise ValueError(message)
    return Duration(int(match[1]) * _SHORT_UNITS[match[2]])


def short_duration(duration: Duration) -> str:
    """The inverse of ``parse_duration``: the largest unit that divides evenly."""
    for unit in ("h", "min", "s"):
        if duration and duration % _SHORT_UNITS[unit] == 0:
            return f"{duration // _SHORT_UNITS[unit]}{unit}"
    return f"{duration // MILLISECOND}ms"


def iso_duration(duration: Duration) -> str:
    """ISO 8601 for the wire, e.g. ``PT10S``, ``PT1M30S``, ``PT0.500S``; never days."""
    hours, rest = divmod(duration, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    whole, part = divmod(rest, SECOND)
    text = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if part:
        text += f"{whole}.{part // MILLISECOND:03d}S"
    elif whole or not text:
        text += f"{whole}S"
    return "PT" + text


def parse_iso_duration(text: str) -> Duration:
    """ISO 8601 durations of days, hours, minutes and seconds.

    Raises:
        ValueError: anything else (months and years have no fixed length).
    """
    match = _ISO.fullmatch(text)
    if match is None or text in {"P", "PT"} or text.endswith("T"):
        message = f"{text!r} is not an ISO 8601 duration such as PT10S"
        raise ValueError(message)
    days, hours, minutes, whole = (int(match[i] or 0) for i in range(1, 5))
    milliseconds = int((match[5] or "0").ljust(3, "0"))
    return Duration(
        ((days * 24 + hours) * 60 + minutes) * MINUTE + whole * SECOND + milliseconds * MILLISECOND,
    )
