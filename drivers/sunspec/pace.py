"""Which models are read at every poll, and which only now and then.

A dongle takes tens of milliseconds for each request, and some fall over when asked too much.  So
a model that only tells something beside the reading (who is connected, each string's voltage, a
limit that nobody has set) is read every ten seconds, unless the device is steered: then all are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zlib import crc32

from drivers.sunspec.discovery import Header
from drivers.sunspec.measure import Measurer
from drivers.sunspec.roles import (
    CAPACITY,
    CONTROLS,
    DER_CONTROLS,
    ENTER,
    MPPT,
    STATUS,
    STORAGE,
    Points,
)
from gateway.model.device import Device, Role
from gateway.model.reading import Reading
from gateway.model.time import SECOND, Duration, Instant

SELDOM = Duration(10 * SECOND)
_TELLING = frozenset({STATUS, CONTROLS, STORAGE, MPPT, CAPACITY, ENTER, DER_CONTROLS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The models of a device: ``all`` of them, and those that every reading rests on."""

    all: tuple[Header, ...]
    vital: tuple[Header, ...]

    @classmethod
    def of(cls, headers: tuple[Header, ...], role: Role) -> "Pace":
        """As far as the models' ids tell; ``learned`` knows better."""
        seldom = _TELLING - {STORAGE} if role is Role.STORAGE else _TELLING
        vital = tuple(header for header in headers if header.model not in seldom)
        return cls(all=headers, vital=vital or headers)

    def learned(self, measurer: Measurer, points: Points) -> "Pace":
        """After all were read: what the reading was seen to rest on is vital from now on."""
        seldom = [header for header in self.all if header not in self.vital]
        whole = _without(measurer, points, ())
        if not seldom or _without(measurer, points, seldom) == whole:
            return self
        found = [header for header in seldom if _without(measurer, points, [header]) != whole]
        vital = (*self.vital, *(found or seldom))
        return replace(self, vital=tuple(header for header in self.all if header in vital))

    def among(self, readable: tuple[Header, ...]) -> "Pace":
        """Without the models that refuse to be read."""
        vital = tuple(header for header in self.vital if header in readable)
        return Pace(all=readable, vital=vital or readable)


def first(device: Device, at: Instant) -> Instant:
    """When all models count as last read at a connect: devices take turns, by their names."""
    return Instant(at - crc32(device.id.encode()) % SELDOM)


def is_due(last: Instant | None, read_at: Instant, poll: Duration) -> bool:
    """Whether all models are read at the poll after ``read_at``; also when the clock went back."""
    return last is None or not 0 <= read_at - last < SELDOM - poll


def _without(measurer: Measurer, points: Points, headers: Sequence[Header]) -> Reading:
    """What would be read without these models."""
    heads = tuple(f"{header.model}." for header in headers)
    left = {name: value for name, value in points.items() if not name.startswith(heads)}
    return replace(measurer.reading(Instant(0), left if heads else points), points={})
