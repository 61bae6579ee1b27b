"""From scenarios to a mean and quantiles of every step, and the first day's forecast."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from gateway.model.outlook import Scenario
from gateway.model.time import Duration, Instant

Sky = Callable[[Instant], float]
_CLEAR: Final = 0.8  # of the rating: what a roof gives under a clear sky at noon in summer
_LONE: Final = (0.5, 1.0, 2.5)  # P10, mean, P90 of it
_FIRST_DAY: Final = (0.1, 0.5, 0.5, 0.9)  # P10, mean, P50, P90 of a clear sky


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Mean and quantiles of each step, W, never negative."""

    mean_w: tuple[float, ...]
    p10_w: tuple[float, ...]
    p50_w: tuple[float, ...]
    p90_w: tuple[float, ...]


def spread(told: Sequence[Scenario]) -> Spread:
    """Of scenarios whose weights sum to 1; below 0 nothing goes."""
    steps = [
        sorted((max(value, 0.0), one.weight) for value, one in zip(values, told, strict=True))
        for values in zip(*(one.residual_w for one in told), strict=True)
    ]
    return Spread(
        mean_w=tuple(sum(value * weight for value, weight in step) for step in steps),
        p10_w=tuple(_quantile(step, 0.1) for step in steps),
        p50_w=tuple(_quantile(step, 0.5) for step in steps),
        p90_w=tuple(_quantile(step, 0.9) for step in steps),
    )


def lone(told: Scenario) -> Spread:
    """Of the only way known, what is now or was yesterday: how sure it is is a guess."""
    way = [max(value, 0.0) for value in told.residual_w]
    p10, mean, p90 = (tuple(part * w for w in way) for part in _LONE)
    return Spread(mean_w=mean, p10_w=p10, p50_w=mean, p90_w=p90)


def under_the_sun(
    told: Sequence[Scenario], start: Instant, step: Duration, sky: Sky
) -> tuple[Scenario, ...]:
    """Scenarios of a roof by the place of the sun: nothing at night."""
    steps = len(told[0].residual_w) if told else 0
    day = [sky(Instant(start + k * step + step // 2)) > 0 for k in range(steps)]
    return tuple(
        Scenario(
            weight=one.weight,
            residual_w=tuple(w if up else 0.0 for w, up in zip(one.residual_w, day, strict=True)),
        )
        for one in told
    )


def clear_sky(rated_w: float, start: Instant, step: Duration, steps: int, sky: Sky) -> Spread:
    """Of a roof of which nothing is known but its rating: parts of a clear day."""
    clear = [
        _CLEAR * rated_w * max(sky(Instant(start + k * step + step // 2)), 0.0)
        for k in range(steps)
    ]
    p10, mean, p50, p90 = (tuple(part * w for w in clear) for part in _FIRST_DAY)
    return Spread(mean_w=mean, p10_w=p10, p50_w=p50, p90_w=p90)


def _quantile(step: Sequence[tuple[float, float]], part: float) -> float:
    """The least value that is not exceeded with this probability."""
    reached = accumulate(weight for _, weight in step)
    return next(
        (v for (v, _), sum_ in zip(step, reached, strict=True) if sum_ >= part), step[-1][0]
    )
