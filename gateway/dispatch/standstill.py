"""A steered device that shows the same whatever it is told is not telling what it does.

A data logger that lost its inverter goes on answering with the last values.  The commands may
still arrive, so nothing is known of its flow: it is not believed, and gets its fall-back level.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from gateway.model.device import Limits
from gateway.model.reading import PointValue, Reading
from gateway.model.time import MINUTE, SECOND, Duration, Instant

LONGEST = Duration(10 * SECOND)
TOLD_W = 200.0
# A word that is taken back sooner need not have moved anything.
OBEYED = Duration(3 * SECOND)
# A device that may move again only when it is told to is believed again for a while.
ONCE_MORE = Duration(5 * MINUTE)
_EDGE_PCT = 1.0
# SunSpec models whose points our own writes move.
_CONTROLS = frozenset({"123", "124", "704"})

Shown = Mapping[str, PointValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """What a device has shown all the while, and what it was told meanwhile.

    Attributes:
        least, most: of the flows it was told, W, passive; None = none yet.
        told_at: when these had come to differ by 200 W; None = they have not.
    """

    shown: Shown
    least: float | None = None
    most: float | None = None
    told_at: Instant | None = None

    def lasts(self, now: Instant, longest: Duration) -> bool:
        """Whether nothing has moved for so long after it should have."""
        return self.told_at is not None and now - self.told_at >= longest

    def shifted(self, by: int) -> "Standstill":
        """The wall clock was stepped."""
        if self.told_at is None:
            return self
        return replace(self, told_at=Instant(self.told_at + by))


def next_standstill(
    old: Standstill | None, shown: Shown, told_w: float | None, at: Instant
) -> Standstill:
    """After a newer reading ``at``; ``told_w`` is what it was told last, None = nothing."""
    over = old is not None and old.lasts(at, ONCE_MORE)
    if old is None or over or old.shown != shown:
        return Standstill(shown=shown, least=told_w, most=told_w)
    if told_w is None:
        return old
    least = told_w if old.least is None else min(old.least, told_w)
    most = told_w if old.most is None else max(old.most, told_w)
    told_at = at if old.told_at is None and most - least >= TOLD_W else old.told_at
    return replace(old, least=least, most=most, told_at=told_at)


def expected(told_w: float, soc_pct: float | None, limits: Limits) -> float | None:
    """The flow that a command should bring; None for an empty storage to give, a full one to take.

    There nobody knows: it may, a little longer.
    """
    if soc_pct is None:
        return told_w
    empty = soc_pct <= limits.min_soc_pct + _EDGE_PCT and told_w < 0
    full = soc_pct >= limits.max_soc_pct - _EDGE_PCT and told_w > 0
    return None if empty or full else told_w


def everything(reading: Reading) -> Shown:
    """All that it shows, its controls too; nothing where they are not read along."""
    if not any(_is_control(point) for point in reading.points):
        return {}
    return reading.points


def measured(reading: Reading) -> Shown:
    """What our own writes do not move, and no state of charge, which stands among the controls."""
    shown = {name: value for name, value in reading.points.items() if not _is_control(name)}
    return {**shown, "power_w": reading.power_w}


@cache
def _is_control(point: str) -> bool:
    return point.partition(".")[0] in _CONTROLS
