"""Whether a device that does not answer sleeps: some leave the network with the sun.

Silence alone tells nothing.  It is sleep where the device itself was heard to sleep, or gave
nothing unasked, not longer ago than a night lasts; or where it lives by the sun and that is down.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.model.device import Role
from gateway.model.reading import Reading
from gateway.model.time import HOUR, Duration, Instant

Sun = Callable[[Instant], float]
"""Elevation of the sun at the site, degrees above the horizon, negative below it."""

LONGEST_NIGHT: Final = Duration(20 * HOUR)
"""What was heard longer ago says nothing about now."""

DOWN_DEG: Final = 3.0
"""No inverter is missed while the sun stands lower."""

LATE_DEG: Final = 12.0
"""Above this every inverter that slept is up: its silence is something else."""

_QUIET: Final = 0.01  # of the rating


@dataclass(frozen=True, slots=True, kw_only=True)
class LastHeard:
    """The last that was heard of a device.

    Attributes:
        reading: of this life, None before the first.
        slept_at: when an earlier life heard it sleep, None if it did not.
        rating_w: nameplate, None where unknown.
        held: whether we hold its flow down.
    """

    reading: Reading | None
    slept_at: Instant | None
    rating_w: float | None
    held: bool


def sleeps(role: Role, last: LastHeard, sun: Sun | None, now: Instant) -> str:
    """Why a silent device is taken to sleep, for a person; empty: it is offline.

    ``sun``: None where the site's place is not known.
    """
    elevation = sun(now) if sun is not None and role is Role.SOLAR else None
    if elevation is not None and elevation >= LATE_DEG:
        return ""
    if evidence := _heard(role, last, now):
        return evidence
    if elevation is not None and elevation < DOWN_DEG:
        return "the sun is down"
    return ""


def _heard(role: Role, last: LastHeard, now: Instant) -> str:
    reading = last.reading
    if reading is None:
        slept = last.slept_at is not None and 0 <= now - last.slept_at < LONGEST_NIGHT
        return "it slept when it was last heard, before this start" if slept else ""
    if now - reading.at >= LONGEST_NIGHT:
        return ""
    if reading.asleep:
        return "it slept when it was last heard"
    quiet = reading.power_w is not None and abs(reading.power_w) <= _QUIET * (last.rating_w or 0.0)
    if role is Role.SOLAR and quiet and not last.held:
        return "it gave nothing when it was last heard"
    return ""
