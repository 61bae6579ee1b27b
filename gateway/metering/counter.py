"""An energy total that never falls, from a device's counter that may do anything.

The counter is believed where it can be true: never more than the device's rating allows since
it last moved.  Where it is missing, the measured power is integrated instead, and the counter's
next step is owed that much less.  A counter that stands elsewhere than before (reset, exchanged
device, garbage) becomes the new base only when it is seen there several times in a row, and
what it jumped is never counted.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from gateway.model.energy import SLACK_WH, Counter

CONFIRMED: Final = 3
"""A counter that stands elsewhere is believed when it was seen there so often in a row."""

# A 32-bit counter in tenths, hundreds, ... of a Wh begins again at these, Wh.
_ROLLS_OVER_AT = tuple(2**32 * 10.0**exponent for exponent in range(-3, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one reading says of one direction.

    Attributes:
        raw_wh: the device's counter, None where it tells none.
        power_wh: measured power over the time since the sample before, Wh >= 0; 0 where unknown.
        most_wh: what the rating allows over that time, Wh >= 0.
    """

    raw_wh: float | None
    power_wh: float = 0.0
    most_wh: float = 0.0


def count(counter: Counter, sample: Sample) -> Counter:
    """The counter after one more sample.

    In any sequence of samples the total never falls, and grows by at most ``SLACK_WH`` plus
    the sum of ``most_wh``.
    """
    counter = replace(counter, room_wh=counter.room_wh + sample.most_wh)
    raw_wh = sample.raw_wh
    if raw_wh is None or _is_nothing(counter, raw_wh):
        return _lend(replace(counter, elsewhere_wh=None, seen=0), sample)
    step_wh = _step(counter, raw_wh)
    if step_wh is not None:
        return _follow(counter, raw_wh, step_wh)
    counter = _lend(_seen_elsewhere(counter, raw_wh, sample.most_wh), sample)
    if counter.seen < CONFIRMED:
        return counter
    return replace(counter, raw_wh=raw_wh, lent_wh=0.0, elsewhere_wh=None, seen=0)


def forget_base(counter: Counter) -> Counter:
    """Another device stands in its place: the total stays, its counter is a new one."""
    return replace(counter, raw_wh=None, lent_wh=0.0, elsewhere_wh=None, seen=0)


def _is_nothing(counter: Counter, raw_wh: float) -> bool:
    """Many inverters read 0 by night: that is no reset."""
    return not math.isfinite(raw_wh) or raw_wh < 0 or (raw_wh == 0 and bool(counter.raw_wh))


def _step(counter: Counter, raw_wh: float) -> float | None:
    """How far the counter moved on, Wh; None where it cannot have."""
    if counter.raw_wh is None:
        return None
    moved = raw_wh - counter.raw_wh
    if 0 <= moved <= counter.room_wh + counter.lent_wh:
        return moved
    over = (moved + end for end in _ROLLS_OVER_AT if counter.raw_wh < end)
    return next((wh for wh in over if 0 <= wh <= counter.room_wh + counter.lent_wh), None)


def _follow(counter: Counter, raw_wh: float, step_wh: float) -> Counter:
    """Count the step, less what was lent; of the room that had gathered the slack is left."""
    owed_wh = max(0.0, step_wh - counter.lent_wh)
    room_wh = counter.room_wh - owed_wh
    return replace(
        counter,
        total_wh=counter.total_wh + owed_wh,
        raw_wh=raw_wh,
        lent_wh=max(0.0, counter.lent_wh - step_wh),
        room_wh=min(room_wh, SLACK_WH) if step_wh > 0 else room_wh,
        elsewhere_wh=None,
        seen=0,
    )


def _lend(counter: Counter, sample: Sample) -> Counter:
    """Count the measured power, as far as the rating allows."""
    wh = max(0.0, min(sample.power_wh, sample.most_wh, counter.room_wh))
    return replace(
        counter,
        total_wh=counter.total_wh + wh,
        lent_wh=0.0 if counter.raw_wh is None else counter.lent_wh + wh,
        room_wh=counter.room_wh - wh,
    )


def _seen_elsewhere(counter: Counter, raw_wh: float, most_wh: float) -> Counter:
    """Whether it stands where it stood a sample ago, or a plausible step on."""
    before = counter.elsewhere_wh
    again = before is not None and 0 <= raw_wh - before <= most_wh + SLACK_WH
    return replace(counter, elsewhere_wh=raw_wh, seen=counter.seen + 1 if again else 1)
