"""A generating set: it cranks and warms up, runs between its least and its most, burns fuel."""

from dataclasses import dataclass
from typing import NamedTuple

from gateway.physics.inertia import ramp

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorSet:
    """What it is.

    Attributes:
        least_w, most_w: while it runs, W; less is asked for in vain.
        warm_s: from the command to the first power.
        ramp_w_per_s: fastest change.
    """

    least_w: float = 1500.0
    most_w: float = 5000.0
    warm_s: float = 8.0
    ramp_w_per_s: float = 1000.0


class GeneratorState(NamedTuple):
    """Attributes: ``on_s`` since it was started, 0 while it stands; ``power_w`` out of it."""

    on_s: float = 0.0
    power_w: float = 0.0
    given_wh: float = 0.0
    starts: int = 0


def step_generator(
    generator: GeneratorSet, state: GeneratorState, *, asked_w: float, dt_s: float
) -> GeneratorState:
    """The set ``dt_s`` later; below its least power it is stopped."""
    if asked_w < generator.least_w:
        return state if not state.on_s else state._replace(on_s=0.0, power_w=0.0)
    on_s = state.on_s + dt_s
    target_w = min(asked_w, generator.most_w) if on_s > generator.warm_s else 0.0
    power_w = ramp(state.power_w, target_w, generator.ramp_w_per_s * dt_s)
    given_wh = state.given_wh + power_w * dt_s / _HOUR_S
    return GeneratorState(on_s, power_w, given_wh, state.starts + (not state.on_s))
