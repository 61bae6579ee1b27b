"""What roofs may give: the days before, each by how clear it is now beside how clear it was then.

The best of each time of day in a month is the shape of a clear sky over this roof.  What fell short
of it in the last day, the newest hours most, is the clearness; by its difference each day before is
moved along that shape, ever less the further ahead.  Source: docs/economics.md, "What is
foreseen".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.forecast.scenarios import scenarios
from gateway.model.outlook import Scenario

_HOURS_A_DAY: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How the past is weighed.

    Attributes:
        days: how far back to look.
        fresh: the weight of a measurement kept per hour of its age, 0..1.
        closeness: how fast the weight of a day falls with its difference in clearness.
        age: the weight of a day kept per day of its age, 0..1.
        lasts: how much of the difference in clearness is left after each hour, 0..1.
        compare_h: at least so many hours must be compared.
    """

    days: int = 30
    fresh: float = 0.8
    closeness: float = 1.5
    age: float = 0.95
    lasts: float = 0.95
    compare_h: int = 3


DEFAULT: Final = Weather()


def sunshine(
    past_w: Sequence[float], steps: int, steps_a_day: int, weather: Weather = DEFAULT
) -> tuple[Scenario, ...]:
    """What may follow ``past_w``, the mean of each step, W from 0 up, the newest last.

    Before there is a day to compare with: as scenarios of any other series.
    """
    back = min(steps_a_day, len(past_w) - steps_a_day)
    if back * _HOURS_A_DAY < weather.compare_h * steps_a_day:
        return scenarios(past_w, steps, steps_a_day)
    count = min((len(past_w) - back) // steps_a_day, weather.days)
    days = [_day(past_w, age, back, steps, steps_a_day) for age in range(1, count + 1)]
    clear = [max(0.0, *values) for values in zip(*days, strict=True)]
    fresh = [weather.fresh ** (k * _HOURS_A_DAY / steps_a_day) for k in range(back, 0, -1)]
    now = _clearness(past_w[-back:], clear, fresh)
    off = [now - _clearness(day, clear, fresh) for day in days]
    left = [weather.lasts ** ((k + 1) * _HOURS_A_DAY / steps_a_day) for k in range(steps)]
    ahead = clear[back:]
    return tuple(
        Scenario(weight=weight, residual_w=_moved(day[back:], ahead, by, left))
        for weight, day, by in zip(_weights(off, weather), days, off, strict=True)
    )


def _day(past_w: Sequence[float], age: int, back: int, steps: int, steps_a_day: int) -> list[float]:
    """So many days ago what was before this time of day, and what came after it."""
    now = len(past_w)
    first = now - age * steps_a_day - back
    places = (first + k for k in range(back + steps))
    # What a day ago has not come yet is taken from the day before.
    return [past_w[at if at < now else at - steps_a_day] for at in places]


def _clearness(day: Sequence[float], clear: Sequence[float], fresh: Sequence[float]) -> float:
    """The part of a clear sky, the newest steps most; 0 where no sun was."""
    most = sum(best * weight for best, weight in zip(clear, fresh, strict=False))
    had = sum(value * weight for value, weight in zip(day, fresh, strict=False))
    return had / most if most > 0 else 0.0


def _weights(off: Sequence[float], weather: Weather) -> list[float]:
    """By age and likeness; they sum to 1."""
    usual = sorted(by * by for by in off)[len(off) // 2] or 1.0
    weights = [
        math.exp(-weather.closeness * min(by * by / usual, 50.0)) * weather.age**age
        for age, by in enumerate(off, start=1)
    ]
    total = sum(weights)
    return [weight / total for weight in weights]


def _moved(
    day: Sequence[float], clear: Sequence[float], by: float, left: Sequence[float]
) -> tuple[float, ...]:
    """The day by the difference in clearness, never below nothing or above a clear sky."""
    return tuple(
        min(max(value + by * part * best, 0.0), best)
        for value, best, part in zip(day, clear, left, strict=True)
    )
