"""A building as one thermal node, and a heat pump with stages that keeps it warm or cool."""

from dataclasses import dataclass
from math import exp
from typing import Final, NamedTuple

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """C dT/dt = (T_out - T) / R + heat.

    Attributes:
        capacity_wh_per_k: C.
        resistance_k_per_w: R.
    """

    capacity_wh_per_k: float = 8000.0
    resistance_k_per_w: float = 0.006


def warm(
    building: Building, temperature_c: float, *, outside_c: float, heat_w: float, dt_s: float
) -> float:
    """The temperature ``dt_s`` later: the exact solution for constant heat and weather."""
    end_c = outside_c + building.resistance_k_per_w * heat_w
    time_constant_h = building.resistance_k_per_w * building.capacity_wh_per_k
    return end_c + (temperature_c - end_c) * exp(-dt_s / _HOUR_S / time_constant_h)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatPump:
    """What a heat pump is.

    Attributes:
        stages_w: electric power of stage 1, 2, ...; stage 0 is off.
        cop: heat per electric power, brought or, where it is ``cooling``, taken out.
        wish_c: what its own thermostat keeps, within +-``hysteresis_k``.
        min_off_s: the compressor's rest before it starts again.
        furthest_c: beyond it stops, whoever commands: above, or below where it is cooling.
    """

    stages_w: tuple[float, ...] = (1500.0, 3000.0)
    cop: float = 3.0
    wish_c: float = 20.5
    hysteresis_k: float = 0.5
    min_off_s: float = 180.0
    furthest_c: float = 24.0
    cooling: bool = False

    def power_w(self, stage: int) -> float:
        """Electric power of a stage."""
        return self.stages_w[stage - 1] if stage else 0.0

    def heat_w(self, stage: int) -> float:
        """Heat into the building; negative = out of it."""
        return (-self.cop if self.cooling else self.cop) * self.power_w(stage)

    def lacks_k(self, temperature_c: float, target_c: float) -> float:
        """How far it would have to bring the room on to the target; negative = it went beyond."""
        return temperature_c - target_c if self.cooling else target_c - temperature_c


AIR_CONDITIONER: Final = HeatPump(wish_c=24.0, furthest_c=18.0, cooling=True)


class HeatPumpState(NamedTuple):
    """Attributes: room temperature, running stage, and for how long it has been off."""

    temperature_c: float
    stage: int = 0
    off_s: float = float("inf")


def thermostat(pump: HeatPump, state: HeatPumpState) -> int:
    """The stage its own rule wants: full before the band, off beyond it, else as it is."""
    lacks_k = pump.lacks_k(state.temperature_c, pump.wish_c)
    if lacks_k > 2 * pump.hysteresis_k:
        return len(pump.stages_w)
    if lacks_k > pump.hysteresis_k:
        return max(state.stage, 1)
    if lacks_k < -pump.hysteresis_k:
        return 0
    return state.stage


def step_heat_pump(
    pump: HeatPump,
    building: Building,
    state: HeatPumpState,
    *,
    command: int | None,
    outside_c: float,
    dt_s: float,
) -> HeatPumpState:
    """Pump and building ``dt_s`` later; without a command (None) its own thermostat rules."""
    wanted = thermostat(pump, state) if command is None else command
    beyond = pump.lacks_k(state.temperature_c, pump.furthest_c) < 0
    if beyond or (state.stage == 0 and state.off_s < pump.min_off_s):
        wanted = 0
    heat_w = pump.heat_w(wanted)
    temperature_c = warm(
        building, state.temperature_c, outside_c=outside_c, heat_w=heat_w, dt_s=dt_s
    )
    off_s = 0.0 if wanted or state.stage else state.off_s
    return HeatPumpState(temperature_c, wanted, 0.0 if wanted else off_s + dt_s)
