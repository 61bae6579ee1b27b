"""A car on a charger: no power below its smallest current, and none once it is full."""

from dataclasses import dataclass
from typing import NamedTuple

from gateway.physics.inertia import ramp

_HOUR_S = 3600.0
_VOLTS = 230.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Charger:
    """What a charger and the car on it are.

    Attributes:
        room_wh: what the car takes until it is full, at the plug.
        phases: 1..3; ``min_a``, ``max_a``: current of each (IEC 61851-1: none below 6 A).
        ramp_w_per_s: fastest change.
    """

    room_wh: float
    phases: int = 3
    min_a: float = 6.0
    max_a: float = 16.0
    ramp_w_per_s: float = 3000.0

    def power_w(self, current_a: float) -> float:
        """What it draws at a current it is allowed; 0 below its smallest."""
        if current_a < self.min_a:
            return 0.0
        return min(current_a, self.max_a) * self.phases * _VOLTS


class ChargerState(NamedTuple):
    """Attributes: ``taken_wh`` since the car was plugged in; ``power_w`` into it."""

    taken_wh: float = 0.0
    power_w: float = 0.0


def step_charger(
    charger: Charger, state: ChargerState, *, allowed_a: float, dt_s: float
) -> ChargerState:
    """The car ``dt_s`` later; it stops by itself when it is full."""
    target_w = charger.power_w(allowed_a) if state.taken_wh < charger.room_wh else 0.0
    power_w = ramp(state.power_w, target_w, charger.ramp_w_per_s * dt_s)
    if not power_w:
        return state if not state.power_w else state._replace(power_w=0.0)
    return ChargerState(state.taken_wh + power_w * dt_s / _HOUR_S, power_w)
