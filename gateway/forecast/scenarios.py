"""Scenarios: what came after hours like these on the days before.

A mean forecast hides that a surplus may not come; a plan over several ways it went earns more.
Source: docs/economics.md, "Storage".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.outlook import Scenario

_HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """How the past is weighed.

    Attributes:
        days: how far back to look.
        keep: at most so many scenarios, the heaviest.
        compare_h: so many of the newest hours are compared with those of each day.
        closeness: how fast the weight falls with the distance; 0 = all alike.
        age: the weight kept per day of age, 0..1.
        decay: how much of the present deviation is left after each hour, 0..1.
    """

    days: int = 60
    keep: int = 20
    compare_h: int = 3
    closeness: float = 2.5
    age: float = 0.95
    decay: float = 0.6


DEFAULT = Recall()


def scenarios(
    past_w: Sequence[float], steps: int, steps_a_day: int, recall: Recall = DEFAULT
) -> tuple[Scenario, ...]:
    """What may follow ``past_w``, the mean residual of each step, W, the newest last.

    Before there is a day to look back on, what is now goes on.  Empty without any past.
    """
    if not past_w:
        return ()
    days = _weighed_days(past_w, steps_a_day, recall)
    if not days:
        return (Scenario(weight=1.0, residual_w=(past_w[-1],) * steps),)
    total = sum(weight for weight, _ in days)
    return tuple(
        Scenario(
            weight=weight / total,
            residual_w=_from_there(past_w, there, steps, steps_a_day, recall),
        )
        for weight, there in days
    )


def _weighed_days(
    past_w: Sequence[float], steps_a_day: int, recall: Recall
) -> list[tuple[float, int]]:
    """Weight and index of this time of day on the days before, the heaviest first."""
    last = len(past_w) - 1
    span = max(recall.compare_h * steps_a_day // _HOURS_A_DAY, 1)
    days = [
        (day, last - day * steps_a_day)
        for day in range(1, recall.days + 1)
        if last - day * steps_a_day >= span - 1
    ]
    if not days:
        return []
    distances = [
        sum((past_w[last - back] - past_w[there - back]) ** 2 for back in range(span))
        for _, there in days
    ]
    usual = sorted(distances)[len(distances) // 2] or 1.0
    weighed = (
        (math.exp(-recall.closeness * distance / usual) * recall.age**day, there)
        for (day, there), distance in zip(days, distances, strict=True)
    )
    return [one for one in sorted(weighed, reverse=True)[: recall.keep] if one[0] > 0]


def _from_there(
    past_w: Sequence[float], there: int, steps: int, steps_a_day: int, recall: Recall
) -> tuple[float, ...]:
    """What followed, shifted by how much the present differs, ever less."""
    last = len(past_w) - 1
    fade = recall.decay ** (_HOURS_A_DAY / steps_a_day)
    deviation = past_w[last] - past_w[there]
    told = []
    for _ in range(steps):
        deviation *= fade
        there = there + 1 if there < last else there + 1 - steps_a_day
        told.append(past_w[there] + deviation)
    return tuple(told)
