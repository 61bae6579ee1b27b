"""What a roof should give: the shape of a clear sky times the best it was seen to make of it.

A day is 96 quarter hours of UTC, so that one of 23 or 25 hours needs no rule of its own.  Each is
learned as what it would have given with the sun in the zenith; in that number are the roof's tilt,
its neighbours' chimneys and its inverter.  Only quarter hours are learned and compared in which
the roof was read throughout and nothing held it back: a curtailed roof is no bad one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from gateway.model.roof import Compared, Expectation, Roof, YieldQuality
from gateway.model.time import MINUTE, Duration, Instant

QUARTER: Final = Duration(15 * MINUTE)
_QUARTERS_A_DAY: Final = 96
_DAYS_NEEDED: Final = 3
# Lower than this the sun says little of what a tilted roof gives.
_LEAST_SUN: Final = 0.05
# A day: the best is forgotten slowly, since the seasons move shadows, and a loss must not
# soon be the new measure; faster where the sun's place does not take the season out.
_FADE: Final = 0.99
_FADE_WITHOUT_SKY: Final = 0.97

Sky = Callable[[Instant], float]
"""Sine of the sun's elevation, at most 1; at most 0 at night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """A quarter hour that may be learned from.

    Attributes:
        wh: given in it, >= 0.
    """

    start: Instant
    wh: float


def learn(roof: Roof, quarter: Quarter, sky: Sky | None) -> Roof:
    """The roof with one more quarter hour of today."""
    height = _height(quarter.start, sky)
    if height is None:
        return roof
    return replace(roof, today={**roof.today, slot_of(quarter.start): quarter.wh / height})


def expect(roof: Roof, so_far: Expectation, quarter: Quarter, sky: Sky | None) -> Expectation:
    """The day with one more quarter hour, measured against the best of earlier days."""
    height, slot = _height(quarter.start, sky), slot_of(quarter.start)
    best = roof.best.get(slot)
    if height is None or best is None or roof.days < _DAYS_NEEDED:
        return so_far
    compared = Compared(expected_wh=best * height, given_wh=quarter.wh)
    return Expectation(
        quarters={**so_far.quarters, slot: compared},
        quality=YieldQuality.OWN_BEST if sky is None else YieldQuality.CLEAR_SKY,
    )


def close(roof: Roof, sky: Sky | None) -> Roof:
    """The roof after midnight: today joins the best, which fades; an empty day changes nothing."""
    if not roof.today:
        return roof
    fade = _FADE_WITHOUT_SKY if sky is None else _FADE
    best = {slot: fade * wh for slot, wh in roof.best.items()}
    for slot, wh in roof.today.items():
        best[slot] = max(wh, best.get(slot, 0.0))
    return Roof(days=roof.days + 1, best=best)


def held_back(given_w: float, available_w: float | None, limit_w: float | None) -> bool:
    """Whether a source gave less than it could: by its own word, else because a limit binds.

    Args:
        given_w: magnitude, W.
        available_w: what it says it could give, None where it does not say.
        limit_w: the most it was told to give, None where nothing stands.
    """
    if available_w is not None:
        return given_w < 0.95 * available_w
    return limit_w is not None and given_w >= 0.95 * limit_w


def slot_of(instant: Instant) -> str:
    """The quarter hour of the UTC day, 00..95."""
    return f"{instant // QUARTER % _QUARTERS_A_DAY:02}"


def _height(start: Instant, sky: Sky | None) -> float | None:
    """By what a quarter hour is scaled; None where the sun is too low to say."""
    if sky is None:
        return 1.0
    height = sky(Instant(start + QUARTER // 2))
    return height if height >= _LEAST_SUN else None
