"""A meter that shows the same for ever is not measuring.

A gateway box that lost its meter often goes on answering with the last values.  Nobody can tell
from the values alone; but when our own devices moved and no point of the meter did, it is so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.reading import PointValue, Reading
from gateway.model.time import SECOND, Duration, Instant

# Some meters renew their registers only every 10 s.
LONGEST = Duration(30 * SECOND)
MOVED_W = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stillness:
    """Since when the meter shows the same.

    Attributes:
        shown: its power and every other point.
        steered: flow of each steered device then, W, passive.
    """

    shown: tuple[float | None, Mapping[str, PointValue]]
    since: Instant
    steered: Mapping[str, float]


def next_stillness(
    old: Stillness | None, meter: Reading, steered: Mapping[str, float]
) -> Stillness:
    """After a newer reading of the meter."""
    shown = (meter.power_w, meter.points)
    if old is not None and old.shown == shown:
        return old
    return Stillness(shown=shown, since=meter.at, steered=steered)


def is_frozen(still: Stillness, now: Instant, steered: Mapping[str, float]) -> bool:
    """Whether it showed nothing of what some steered device did, for too long.

    Devices that move against each other leave the sum alone, but never exactly and all the time.
    """
    moved = any(abs(w - still.steered.get(d, w)) > MOVED_W for d, w in steered.items())
    return moved and now - still.since > LONGEST
