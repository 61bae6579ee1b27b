"""What somebody outside foresees, instead of the house's own forecast, as far as it reaches."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, repeat

from gateway.forecast.spread import Spread
from gateway.model.forecast import Foreseen, OutsideForecast
from gateway.model.outlook import Outlook
from gateway.model.time import Duration, Instant

Told = tuple[float | None, ...]


def on_grid(
    values_w: Sequence[float], told: OutsideForecast, start: Instant, step: Duration, steps: int
) -> Told:
    """Means of each step from ``start``, W; None of a step that is not told as a whole."""
    return tuple(
        _mean(values_w, told, start + place * step, start + (place + 1) * step)
        for place in range(steps)
    )


def in_place(
    own: Spread | None, told: OutsideForecast, start: Instant, step: Duration, steps: int
) -> Spread | None:
    """The own forecast, and as far as the other reaches, that one.

    Quantiles that it does not tell lie about its mean as the own ones lie about theirs; without an
    own forecast they are its mean.  None where neither tells every step.
    """
    mean_w = on_grid(told.mean_w, told, start, step, steps)
    if own is None and None in mean_w:
        return None
    p10_w = on_grid(told.p10_w, told, start, step, steps) if told.p10_w else (None,) * steps
    p90_w = on_grid(told.p90_w, told, start, step, steps) if told.p90_w else (None,) * steps
    rows = [
        _step(_own(own, place), mean_w[place], p10_w[place], p90_w[place]) for place in range(steps)
    ]
    mean, p10, p50, p90 = zip(*rows, strict=True)
    return Spread(mean_w=mean, p10_w=p10, p50_w=p50, p90_w=p90)


def moved(outlook: Outlook, what: Foreseen, own_w: Sequence[float], told_w: Told) -> Outlook:
    """The residual of each scenario moved by what the other foresees more than the own one does.

    How far scenarios lie apart stays as the house's past tells it.
    """
    sign = 1.0 if what is Foreseen.LOAD else -1.0
    by_w = [
        0.0 if told is None else sign * (told - own)
        for own, told in zip(own_w, told_w, strict=False)
    ]
    scenarios = (
        replace(
            one,
            residual_w=tuple(
                w + by for w, by in zip(one.residual_w, chain(by_w, repeat(0.0)), strict=False)
            ),
        )
        for one in outlook.scenarios
    )
    return replace(outlook, scenarios=tuple(scenarios))


def _mean(values_w: Sequence[float], told: OutsideForecast, begin: int, end: int) -> float | None:
    """By the time that each of its steps has of the span."""
    first, last = (begin - told.start) // told.step, -((told.start - end) // told.step)
    if first < 0 or last > len(values_w):
        return None
    energy = 0.0
    for place in range(first, last):
        at = told.start + place * told.step
        energy += values_w[place] * (min(at + told.step, end) - max(at, begin))
    return energy / (end - begin)


def _own(own: Spread | None, place: int) -> tuple[float, float, float, float] | None:
    if own is None:
        return None
    return own.mean_w[place], own.p10_w[place], own.p50_w[place], own.p90_w[place]


def _step(
    own: tuple[float, float, float, float] | None,
    mean_w: float | None,
    p10_w: float | None,
    p90_w: float | None,
) -> tuple[float, float, float, float]:
    """Mean, P10, P50, P90, the quantiles in order and none below 0."""
    if mean_w is None:
        return own or (0.0, 0.0, 0.0, 0.0)
    was, low, middle, high = own or (mean_w, mean_w, mean_w, mean_w)
    low = max(mean_w + low - was, 0.0) if p10_w is None else p10_w
    high = max(mean_w + high - was, low) if p90_w is None else p90_w
    low = min(low, high)
    return mean_w, low, min(max(mean_w + middle - was, low), high), high
