"""A programme out of a calendar: a sequence of intervals without a start, which a start places.

The earlier interval names the later by FINISHTOSTART, after a GAP if it likes; what one does not
say itself it has from its PARENT.

Source: RFC 9253, section 4; WS-Calendar 1.0 (sequence, gluon, inheritance).
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from gateway.adapters.calendar_intervals import HOW, Part, interval_of
from gateway.adapters.calendar_text import CalendarUnusable, components, understood
from gateway.model.programme import Programme, Stretch
from gateway.model.time import MILLISECOND, Duration

_MOST: Final = 200
_LONGEST: Final = timedelta(days=2)
_KINDS: Final = ("VTODO", "VEVENT")


def read_programme(text: str) -> Programme:
    """The programme in iCalendar text, or in jCal.

    Raises:
        CalendarUnusable: an interval with a time of its own, without length or power, in no order
            or in two, or what cannot be understood.
    """
    with understood():
        found = [one for kind in _KINDS for one in components(text, kind)]
        if len(found) > _MOST:
            message = f"the template has {len(found)} intervals; at most {_MOST} are taken"
            raise CalendarUnusable(message)
        parts = _by_uid([interval_of(one) for one in found])
        stretches = tuple(_stretches(parts))
        programme = Programme(stretches)
        _check(programme)
    return programme


def _by_uid(parts: list[Part]) -> Mapping[str, Part]:
    if not parts:
        message = "the template has no interval (VTODO or VEVENT)"
        raise CalendarUnusable(message)
    known = {one.uid: one for one in parts}
    if len(known) < len(parts):
        twice = next(one.uid for one in parts if known[one.uid] is not one)
        message = f"two intervals have the UID {twice!r}; each has its own"
        raise CalendarUnusable(message)
    for one in parts:
        for named in {one.parent, one.next} - {"", *known}:
            message = f"interval {one.uid!r} is related to {named!r}, which is not there"
            raise CalendarUnusable(message)
    return known


def _stretches(parts: Mapping[str, Part]) -> Iterator[Stretch]:
    """The intervals in their order, pauses between them."""
    sequences = {one.parent for one in parts.values()}
    intervals = {uid: one for uid, one in parts.items() if uid not in sequences}
    one: Part | None = _first(intervals)
    passed = set[str]()
    while one is not None:
        if one.uid in passed:
            message = f"interval {one.uid!r} comes after itself"
            raise CalendarUnusable(message)
        passed.add(one.uid)
        yield Stretch(_inherited_w(one, parts), _length(_inherited_lasts(one, parts)))
        if one.gap:
            yield Stretch(0.0, _length(one.gap))
        one = intervals[one.next] if one.next else None
    if left := [uid for uid in intervals if uid not in passed]:
        message = f"interval {left[0]!r} comes after none of those that begin with the first"
        raise CalendarUnusable(message)


def _first(intervals: Mapping[str, Part]) -> Part:
    """The one that follows none."""
    for one in intervals.values():
        if one.next and one.next not in intervals:
            message = f"interval {one.uid!r} is followed by {one.next!r}, which others are part of"
            raise CalendarUnusable(message)
    followed: dict[str, str] = {}
    for one in intervals.values():
        if one.next in followed:
            both = f"{followed[one.next]!r} and {one.uid!r}"
            message = f"{both} are both followed by {one.next!r}; a programme is one row"
            raise CalendarUnusable(message)
        followed |= {one.next: one.uid} if one.next else {}
    firsts = [one for uid, one in intervals.items() if uid not in followed]
    if len(firsts) == 1:
        return firsts[0]
    if not firsts:
        message = "no interval is the first: they follow each other in a ring"
    else:
        both = f"{firsts[0].uid!r} and {firsts[1].uid!r}"
        message = (
            f"{both} both follow no other; say RELATED-TO;RELTYPE=FINISHTOSTART in the earlier"
        )
    raise CalendarUnusable(message)


def _lineage(one: Part, parts: Mapping[str, Part]) -> Iterator[Part]:
    """Itself, and what it inherits from, the nearest first."""
    passed = set[str]()
    at: Part | None = one
    while at is not None:
        if at.uid in passed:
            message = f"{at.uid!r} is part of itself"
            raise CalendarUnusable(message)
        passed.add(at.uid)
        yield at
        at = parts[at.parent] if at.parent else None


def _inherited_w(one: Part, parts: Mapping[str, Part]) -> float:
    told = [each.power_w for each in _lineage(one, parts) if each.power_w is not None]
    if not told:
        message = f"interval {one.uid!r} says no power, nor does what it is part of: {HOW}"
        raise CalendarUnusable(message)
    return told[0]


def _inherited_lasts(one: Part, parts: Mapping[str, Part]) -> timedelta:
    told = [each.lasts for each in _lineage(one, parts) if each.lasts is not None]
    if not told:
        message = f"interval {one.uid!r} has no DURATION, nor has what it is part of"
        raise CalendarUnusable(message)
    return told[0]


def _length(lasts: timedelta) -> Duration:
    return Duration(lasts // timedelta(milliseconds=1) * MILLISECOND)


def _check(programme: Programme) -> None:
    if programme.lasts > _length(_LONGEST):
        message = f"the programme lasts longer than {_LONGEST.days} days"
        raise CalendarUnusable(message)
    if not programme.energy_wh(0, programme.lasts):
        message = "the programme draws nothing in any interval"
        raise CalendarUnusable(message)
