"""Occurrences of what comes again, in whose place something else stands.

A component with the UID of another and a RECURRENCE-ID stands in the place of that occurrence.

Source: RFC 5545, section 3.8.4.4; RFC 7953, section 3.1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from gateway.adapters.calendar_text import CalendarUnusable, time_of, times_of, understood
from gateway.adapters.calendar_windows import Window, rules_of

Moved = Mapping[str, frozenset[datetime]]
"""By UID, the occurrences in whose place another component stands."""


def moved_in(found: Iterable[Any], zone: tzinfo | None = None) -> Moved:
    """Those of some components; one that is odd is told where it is read itself."""
    moved = dict[str, frozenset[datetime]]()
    for one in found:
        try:
            with understood():
                at = time_of(one, "RECURRENCE-ID", zone)
        except CalendarUnusable:
            continue
        if at is not None:
            uid = str(one.get("UID", ""))
            moved[uid] = moved.get(uid, frozenset()) | {at}
    return moved


def without_moved(
    component: Any,  # noqa: ANN401 - the library has no types
    window: Window,
    moved: Moved,
    zone: tzinfo | None = None,
) -> Window:
    """The component's window, without the occurrences that are moved or left out.

    Raises:
        CalendarUnusable: it stands in the place of more than one occurrence.
    """
    if time_of(component, "RECURRENCE-ID", zone) is None:
        elsewhere = moved.get(str(component.get("UID", "")), frozenset())
        return _without(window, elsewhere | times_of(component, "EXDATE", zone))
    if "RANGE" in component.get("RECURRENCE-ID").params or rules_of(component):
        message = "RECURRENCE-ID is taken for one occurrence, without RANGE and RRULE"
        raise CalendarUnusable(message)
    return window


def _without(window: Window, left_out: frozenset[datetime]) -> Window:
    """Without some occurrences, however they come to be."""
    gone = {window.span(one)[0] for one in left_out}
    fixed = tuple(span for span in window.fixed if span[0] not in gone)
    return replace(window, left_out=left_out, fixed=fixed)
