"""The write budget: when it runs low, changes that only save money are made less often.

Nothing that keeps a limit waits: the guard's own bounds are asked whether what stands may stay.
"""

import math
from dataclasses import dataclass
from typing import Final

from gateway.dispatch.guard import Guarded, Held
from gateway.model.device import Control
from gateway.model.time import MINUTE, SECOND, Duration, Instant, in_seconds

DAY: Final = Duration(24 * 60 * MINUTE)
# Half of the budget is spent as it comes; the rest is spread over what is left of the day.
_FREE_SHARE: Final = 0.5
_DEAD_BAND_W: Final = 100.0
_SAME_W: Final = 1.0
# Also without any budget left a house must be able to change its mind.
_RAREST: Final = Duration(15 * MINUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thrift:
    """What changes of one device must be worth now.

    Attributes:
        dead_band_w: smaller changes are not written.
        free_at: no change before.
        used: ``300 of 500 writes today``.
    """

    dead_band_w: float
    free_at: Instant
    used: str


def utc_day(now: Instant) -> int:
    """Days since 1970."""
    return now // DAY


def thrift(used: int, per_day: int | None, changed_at: Instant, now: Instant) -> Thrift | None:
    """None while there is enough.

    Args:
        used: requests of this UTC day, to registers that keep their value.
        per_day: the budget for them; None = none.
        changed_at: when the device's setpoint last took another value.
        now: the moment.
    """
    if per_day is None or used < _FREE_SHARE * per_day:
        return None
    left_s, left = in_seconds(DAY - now % DAY), per_day - used
    spacing_s = left_s / left if left > 0 else math.inf
    spacing = min(_RAREST, Duration(int(min(spacing_s, in_seconds(DAY)) * SECOND)))
    return Thrift(
        dead_band_w=_DEAD_BAND_W,
        free_at=Instant(changed_at + spacing),
        used=f"{used} of {per_day} writes today",
    )


def spared(  # noqa: PLR0917 - each argument is one fact the decision rests on
    wanted: Guarded,
    allowed: Guarded,
    held: Held | None,
    control: Control,
    rule: Thrift,
    now: Instant,
) -> Guarded:
    """What stands instead of a change that may wait, else the change.

    Args:
        wanted: the setpoint after the guard.
        allowed: what the guard makes of the setpoint that stands.
        held: the setpoint that stands.
        control: what it means to the device.
        rule: of the day's budget.
        now: the moment.
    """
    if held is None or held.quantity is None or wanted.quantity is None:
        return wanted
    if allowed.quantity is None or abs(allowed.quantity - held.quantity) > _SAME_W:
        return wanted  # what stands is against a bound
    change = wanted.quantity - held.quantity
    if control is Control.LIMIT and change > 0:
        return wanted  # less generation: it may keep a limit at the connection point
    if abs(change) > rule.dead_band_w and now >= rule.free_at:
        return wanted
    reason = f"write budget ({rule.used}): a change of {change:.0f} W waits"
    return Guarded(quantity=held.quantity, reasons=(*wanted.reasons, reason))
