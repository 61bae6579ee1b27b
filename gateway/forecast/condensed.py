"""An outlook made small: what is far ahead by the hour, and scenarios that are alike as one.

A plan earns the same by it, and it is what the journal keeps.  Source: docs/economics.md,
"Storage".
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import sqrt
from typing import Final

from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR

FINE: Final = 4 * HOUR
"""So long ahead every step is told; later ones of an hour as their mean."""
MOST: Final = 12
ALIKE: Final = 0.15
"""Of the usual size of the residual: scenarios that differ by less are one."""


def condensed(outlook: Outlook, most: int = MOST, alike: float = ALIKE) -> Outlook:
    """The same prices, and at most ``most`` scenarios in whole watts that say nearly the same.

    The sun is told as coarsely as they are, or load and sun would not add up.
    """
    by_hour = [
        Scenario(weight=one.weight, residual_w=_by_hour(one.residual_w, outlook.step))
        for one in outlook.scenarios
    ]
    sun_w = _by_hour(outlook.sun_w, outlook.step)
    return replace(outlook, scenarios=tuple(_merged(by_hour, most, alike)), sun_w=sun_w)


def _by_hour(residual_w: Sequence[float], step: int) -> tuple[float, ...]:
    """The steps of the first hours, and of each later hour its mean; whole watts."""
    fine, at_once = FINE // step, max(HOUR // step, 1)
    told = [float(round(value)) for value in residual_w[:fine]]
    for first in range(fine, len(residual_w), at_once):
        part = residual_w[first : first + at_once]
        told += [float(round(sum(part) / len(part)))] * len(part)
    return tuple(told)


def _merged(scenarios: Iterable[Scenario], most: int, alike: float) -> list[Scenario]:
    """From the heaviest down, each added to the nearest of those kept, or kept itself."""
    kept: list[Scenario] = []
    for one in sorted(scenarios, key=lambda scenario: -scenario.weight):
        near = min(enumerate(kept), key=lambda other: _apart(one, other[1]), default=None)
        if near is not None and (len(kept) == most or _apart(one, near[1]) < alike * _size(one)):
            kept[near[0]] = _joined(near[1], one)
        else:
            kept.append(one)
    return kept


def _joined(one: Scenario, other: Scenario) -> Scenario:
    """Their mean by weight."""
    weight = one.weight + other.weight
    share = other.weight / weight
    pairs = zip(one.residual_w, other.residual_w, strict=True)
    mean_w = tuple(float(round(own + (others - own) * share)) for own, others in pairs)
    return Scenario(weight=weight, residual_w=mean_w)


def _apart(one: Scenario, other: Scenario) -> float:
    """The root of the mean square of their difference, W."""
    pairs = zip(one.residual_w, other.residual_w, strict=True)
    return sqrt(sum((own - others) ** 2 for own, others in pairs) / len(one.residual_w))


def _size(one: Scenario) -> float:
    return sqrt(sum(value * value for value in one.residual_w) / len(one.residual_w))
