"""Intervals of a template: each says how long it lasts and what it draws, not when.

A length is DURATION; a power is ``X-RMF-POWER`` in W, else the only number with W or kW in SUMMARY.

Source: RFC 5545; RFC 9253, section 4.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any, Final

from gateway.adapters.calendar_text import CalendarUnusable, length_of

HOW: Final = "X-RMF-POWER:2000 (W), or one power in SUMMARY such as Heating 2000 W"
_TIMES: Final = ("DTSTART", "DTEND", "DUE", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
_ORDERS: Final = ("FINISHTOFINISH", "STARTTOSTART", "STARTTOFINISH")
_POWER: Final = re.compile(r"(?<![\w.,])([0-9]+(?:[.,][0-9]+)?) *(k?W)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An interval, or a sequence that intervals inherit from.

    Attributes:
        parent: UID of what it inherits from; empty: nothing.
        next: UID of what follows, empty: nothing; ``gap`` lies between.
    """

    uid: str
    lasts: timedelta | None
    power_w: float | None
    parent: str
    next: str
    gap: timedelta


def interval_of(component: Any) -> Part:  # noqa: ANN401 - the library has no types
    """What an interval, or what intervals are part of, says itself.

    Raises:
        CalendarUnusable: it has times of its own, or what it says is odd.
    """
    uid = str(component.get("UID", ""))
    if not uid:
        message = f"a {component.name} has no UID; others are related to it by that"
        raise CalendarUnusable(message)
    if component.errors:
        message = f"interval {uid!r}: {component.errors[0]}"
        raise CalendarUnusable(message)
    for name in _TIMES:
        if name in component:
            message = (
                f"interval {uid!r} has {name}; a template has lengths alone, DURATION, and is "
                "placed by a start"
            )
            raise CalendarUnusable(message)
    parents, nexts = _relations(component, uid)
    return Part(
        uid=uid,
        lasts=_lasts(component, uid),
        power_w=_power_w(component, uid),
        parent=parents[0] if parents else "",
        next=nexts[0][0] if nexts else "",
        gap=nexts[0][1] if nexts else timedelta(0),
    )


def _relations(
    component: Any,  # noqa: ANN401
    uid: str,
) -> tuple[list[str], list[tuple[str, timedelta]]]:
    """Its parents, and what follows it after which gap; at most one of each."""
    found = component.get("RELATED-TO", [])
    parents, nexts = list[str](), list[tuple[str, timedelta]]()
    for one in found if isinstance(found, list) else [found]:
        kind = str(one.params.get("RELTYPE", "PARENT")).upper()
        if kind in _ORDERS:
            message = f"interval {uid!r} is related by {kind}; taken is FINISHTOSTART"
            raise CalendarUnusable(message)
        if kind == "FINISHTOSTART":
            nexts.append((str(one), _gap(one.params.get("GAP"), uid)))
        elif kind == "PARENT":
            parents.append(str(one))
    for what, several in (("is followed by", [n for n, _ in nexts]), ("is part of", parents)):
        if len(several) > 1:
            message = f"interval {uid!r} {what} {several[0]!r} and {several[1]!r}; one is taken"
            raise CalendarUnusable(message)
    return parents, nexts


def _gap(said: object, uid: str) -> timedelta:
    if said is None:
        return timedelta(0)
    try:
        gap = length_of(str(said))
    except ValueError:
        gap = timedelta(-1)
    if gap < timedelta(0):
        message = f"interval {uid!r}: GAP={said}: allowed is a length such as PT5M, 0 or more"
        raise CalendarUnusable(message)
    return gap


def _lasts(component: Any, uid: str) -> timedelta | None:  # noqa: ANN401
    found = component.get("DURATION")
    if found is None:
        return None
    lasts: timedelta = found.dt
    if lasts <= timedelta(0):
        message = f"interval {uid!r}: DURATION is more than 0"
        raise CalendarUnusable(message)
    return lasts


def _power_w(component: Any, uid: str) -> float | None:  # noqa: ANN401
    """What it says of its power; None: nothing."""
    said = component.get("X-RMF-POWER")
    told = [(str(said), "W")] if said is not None else _POWER.findall(str(_summary(component)))
    if not told:
        return None
    try:
        ((number, unit),) = told
        power_w = float(number.replace(",", ".")) * (1000.0 if unit.upper() == "KW" else 1.0)
    except ValueError:
        power_w = float("nan")
    if isfinite(power_w) and power_w >= 0:
        return power_w
    message = f"interval {uid!r}: its power is {'; '.join(n for n, _ in told)}; allowed: {HOW}"
    raise CalendarUnusable(message)


def _summary(component: Any) -> object:  # noqa: ANN401
    found = component.get("SUMMARY", "")
    return found[0] if isinstance(found, list) else found
