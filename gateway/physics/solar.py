"""Sun, clouds and a solar inverter."""

from dataclasses import dataclass
from math import pi, sin
from typing import NamedTuple

from gateway.physics.inertia import Delayed, delay, ramp
from gateway.physics.noise import between, uniform

DAY_S = 86_400
SLOT_S = 240.0
_SUNRISE_S = 6 * 3600
_SUNSET_S = 20 * 3600
# Air mass makes the shoulders of a clear day flatter than a sine.
_SHOULDER = 1.2
_CLOUDY = 0.7  # share of slots with a passage
_SHORTEST_S, _LONGEST_S = 10.0, 120.0
_DARKEST, _BRIGHTEST = 0.2, 0.5
_WHETHER, _LENGTH, _START, _DEPTH = range(101, 105)


def clear_sky(at_s: float) -> float:
    """Share of the peak (0..1) under a clear sky, ``at_s`` seconds since the epoch (UTC)."""
    day = (at_s % DAY_S - _SUNRISE_S) / (_SUNSET_S - _SUNRISE_S)
    return sin(pi * day) ** _SHOULDER if 0.0 < day < 1.0 else 0.0


class Passage(NamedTuple):
    """A cloud with sharp edges: the sun shines with ``factor`` in [start_s, end_s)."""

    start_s: float
    end_s: float
    factor: float

    def shade(self, at_s: float) -> float:
        """The factor under the cloud, else 1."""
        return self.factor if self.start_s <= at_s < self.end_s else 1.0


def passage(seed: int, slot: int) -> Passage | None:
    """The cloud of the slot [slot, slot + 1) x ``SLOT_S``, which it does not leave.

    Lasts 10..120 s and leaves 20..50 % of the sun; about two slots of three have one.
    """
    if uniform(seed, _WHETHER, slot) >= _CLOUDY:
        return None
    length_s = between(_SHORTEST_S, _LONGEST_S, seed=seed, stream=_LENGTH, index=slot)
    offset_s = between(0.0, SLOT_S - length_s, seed=seed, stream=_START, index=slot)
    factor = between(_DARKEST, _BRIGHTEST, seed=seed, stream=_DEPTH, index=slot)
    start_s = slot * SLOT_S + offset_s
    return Passage(start_s, start_s + length_s, factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverter:
    """What an inverter is.

    Attributes:
        rated_w: most it puts out.
        ramp_w_per_s: fastest change of its own making; a cloud is faster.
        dead_time_s: from a new limit to the first movement.
    """

    rated_w: float
    ramp_w_per_s: float
    dead_time_s: float = 0.5


class InverterState(NamedTuple):
    """Attributes: ``output_w`` generation, positive; ``limit`` in W, on its way."""

    output_w: float
    limit: Delayed


def step_inverter(
    inverter: Inverter,
    state: InverterState,
    *,
    available_w: float,
    limit_w: float,
    dt_s: float,
) -> InverterState:
    """The inverter ``dt_s`` later; never above what the sun gives."""
    limit = delay(state.limit, limit_w, dead_time_s=inverter.dead_time_s, dt_s=dt_s)
    ceiling_w = max(0.0, min(available_w, inverter.rated_w))
    wanted_w = min(ceiling_w, limit.value)
    output_w = ramp(state.output_w, wanted_w, inverter.ramp_w_per_s * dt_s)
    return InverterState(min(output_w, ceiling_w), limit)
