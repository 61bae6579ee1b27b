"""Calendars that are written: an event of ours, and many people's events as one file.

Source: RFC 5545, sections 3.1 (folding), 3.4, 3.6.1.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.model.time import SECOND, Instant, Interval, rfc3339

_HEAD: Final = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//gridtender//EN")
_SPECIAL: Final = re.compile(r"([\\;,])")
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_EVENT: Final = re.compile(r"(?ims)^BEGIN:VEVENT[ \t]*$.*?^END:VEVENT[ \t]*$")


def event_text(uid: str, name: str, interval: Interval, now: Instant) -> str:
    """A calendar with one event that takes nobody's time."""
    return _calendar(
        [
            "BEGIN:VEVENT",
            f"UID:{uid}",
            f"DTSTAMP:{_time(now)}",
            f"DTSTART:{_time(interval.start)}",
            f"DTEND:{_time(interval.end)}",
            _summary(name),
            "CATEGORIES:GRIDTENDER",
            "STATUS:CONFIRMED",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    )


def says_same(text: str, name: str, interval: Interval) -> bool:
    """Whether an event is what we wrote, however the server lays it out."""
    lines = _FOLD.sub("", text).replace("\r\n", "\n").split("\n")
    start, end = f"DTSTART:{_time(interval.start)}", f"DTEND:{_time(interval.end)}"
    return {start, end, _summary(name)} <= {*lines}


def merged(texts: Iterable[str]) -> str:
    """The events of many calendars as one."""
    return _calendar(line for text in texts for line in _events(text))


def _events(text: str) -> Iterator[str]:
    unfolded = _FOLD.sub("", text).replace("\r\n", "\n")
    for found in _EVENT.findall(unfolded):
        yield from found.split("\n")


def _summary(name: str) -> str:
    said = _SPECIAL.sub(r"\\\1", name)
    return f"SUMMARY:{said}"


def _calendar(lines: Iterable[str]) -> str:
    return "".join(f"{line}\r\n" for line in (*_HEAD, *lines, "END:VCALENDAR"))


def _time(instant: Instant) -> str:
    """UTC, whole seconds: 20261123T150000Z."""
    text = rfc3339(Instant(instant - instant % SECOND))
    return re.sub(r"[-:]|\.\d+", "", text)
