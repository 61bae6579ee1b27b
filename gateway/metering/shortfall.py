"""Whether a roof gave less than it should although the sun shone, and why it may be.

Under clouds every roof gives less, so a day counts only when the sun is known to have shone: by
the roof itself, whose share of the expected then hardly changes from one quarter hour to the next,
or by another roof of the site, which came to what it should.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from gateway.model.roof import Compared, Expectation

LOW: Final = 0.80
"""Of what is expected; a day below it is a low one."""
WELL: Final = 0.90
"""Of what is expected; a day above it is a good one."""
DAYS: Final = 3
"""So many low days in a row, cloudy ones not counted, are a fault."""

_STEADY: Final = 0.08  # of the share, from one quarter hour to the next
_MOSTLY: Final = 0.75
# Fog and snow are steady too; nothing at all is neither.
_FOG: Final = 0.30
_DEAD: Final = 0.01
_LEAST_QUARTERS: Final = 12
_MATTERS: Final = 0.25  # of the best quarter hour of the day
_NOTHING: Final = 0.05
_IDLE_QUARTERS: Final = 3


def sunny(day: Expectation, sisters: Sequence[Expectation]) -> bool:
    """Whether the sun shone, by the roof itself or by another one."""
    return _clear(day) or any((one.ratio or 0.0) >= WELL for one in sisters)


def low_days(before: int, day: Expectation, sisters: Sequence[Expectation]) -> int:
    """How many low days in a row there are after this one."""
    ratio = day.ratio
    if ratio is None or not sunny(day, sisters):
        return before
    if ratio >= WELL:
        return 0
    return before + 1 if ratio < LOW else before


def likely_reason(
    day: Expectation, strings: Mapping[str, Expectation], sisters: Sequence[Expectation]
) -> str:
    """What would look like this, for a person."""
    shares = _shares(day)
    low = {name: one.ratio for name, one in strings.items() if (one.ratio or 1.0) < LOW}
    if low and len(low) < len(strings):
        told = ", ".join(f"string {name} gave {100 * (r or 0):.0f} %" for name, r in low.items())
        return f"{told} of what it should and the other strings more: its modules, fuse or plugs"
    idle = sum(share < _NOTHING for _, share in shares)
    if idle >= _IDLE_QUARTERS:
        return f"it gave nothing for {idle} quarter hours by day: it switches off or trips"
    if sisters and all((one.ratio or 1.0) < LOW for one in sisters):
        return "the other roofs gave less too: haze, dust or snow on all of them"
    return _by_shape(day, shares)


def _by_shape(day: Expectation, shares: Sequence[tuple[Compared, float]]) -> str:
    """From when in the day it is missing."""
    weak = [one for one, share in shares if share < LOW]
    well = [one for one, share in shares if share >= WELL]
    if well and weak and min(o.expected_wh for o in weak) > max(o.expected_wh for o in well):
        most_w = 4 * max(one.given_wh for one in day.quarters.values())
        return f"it never gave more than {most_w:.0f} W: a limit of its own, or heat, holds it"
    if well:
        return "it is missing in a part of the day only: something shades it"
    return "the whole day alike: dirt or snow, or a part of its modules gives nothing"


def _shares(day: Expectation) -> list[tuple[Compared, float]]:
    """In the order of time, of the quarter hours that matter."""
    found = [one for _, one in sorted(day.quarters.items())]
    most = max((one.expected_wh for one in found), default=0.0)
    return [
        (one, one.given_wh / one.expected_wh) for one in found if one.expected_wh > _MATTERS * most
    ]


def _clear(day: Expectation) -> bool:
    """Whether the share was steady in most of the day."""
    shares = [share for _, share in _shares(day)]
    if len(shares) < _LEAST_QUARTERS or _DEAD < median(shares) < _FOG:
        return False
    steady = sum(abs(a - b) <= _STEADY * max(a, b) for a, b in pairwise(shares))
    return steady >= _MOSTLY * (len(shares) - 1)
