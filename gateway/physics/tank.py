"""A tank of hot water with a heater rod: one temperature, standing losses, and what people draw."""

from dataclasses import dataclass
from typing import NamedTuple

from gateway.physics.inertia import ramp

_WH_PER_LITRE_K = 1.163
_HOUR_S = 3600.0
_COLD_C = 12.0
_DRAWN = ((7.0, 7.3, 200.0), (19.0, 19.5, 240.0))
"""From and to which hour, litres an hour: showers in the morning, a bath in the evening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tank:
    """What it is.

    Attributes:
        litres: of water; ``rod_w``: its heater at most; ``hottest_c``: where its own switch opens.
        loses_w_per_k: through its walls, above ``around_c``.
        from_c, to_c: its own thermostat.
    """

    litres: float = 300.0
    rod_w: float = 3000.0
    hottest_c: float = 75.0
    loses_w_per_k: float = 2.5
    around_c: float = 20.0
    from_c: float = 48.0
    to_c: float = 55.0
    ramp_w_per_s: float = 3000.0

    @property
    def wh_per_k(self) -> float:
        """Heat by degree."""
        return self.litres * _WH_PER_LITRE_K


class TankState(NamedTuple):
    """Attributes: ``power_w`` of the rod; ``heats``: whether its own thermostat calls for it."""

    water_c: float
    power_w: float = 0.0
    heats: bool = False


def step_tank(
    tank: Tank, state: TankState, *, allowed_w: float | None, drawn_l: float, dt_s: float
) -> TankState:
    """The water ``dt_s`` later; ``allowed_w`` None: by its own thermostat, else at most so much.

    ``drawn_l`` is replaced by cold water.
    """
    heats = state.water_c < (tank.to_c if state.heats else tank.from_c)
    asked_w = (tank.rod_w if heats else 0.0) if allowed_w is None else min(allowed_w, tank.rod_w)
    target_w = asked_w if state.water_c < tank.hottest_c else 0.0
    power_w = ramp(state.power_w, target_w, tank.ramp_w_per_s * dt_s)
    flow_w = power_w - tank.loses_w_per_k * (state.water_c - tank.around_c)
    warmed_c = state.water_c + flow_w * dt_s / _HOUR_S / tank.wh_per_k
    mixed_c = warmed_c - (warmed_c - _COLD_C) * min(drawn_l / tank.litres, 1.0)
    return TankState(mixed_c, power_w, heats)


def drawn_l(at_s: float, dt_s: float) -> float:
    """What people draw in ``dt_s`` from ``at_s``, s since 1970 (UTC)."""
    hour = at_s / _HOUR_S % 24
    litres_an_hour = sum(litres for begin, end, litres in _DRAWN if begin <= hour < end)
    return litres_an_hour * dt_s / _HOUR_S
