"""A battery behind its own inverter: power at the AC side, energy in the cells."""

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from gateway.physics.inertia import Delayed, delay, ramp

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What a battery is.

    Attributes:
        capacity_wh: usable energy in the cells.
        charge_w, discharge_w: limits at the AC side, positive.
        round_trip: AC to AC, 0..1; each way costs its square root.
        ramp_w_per_s: fastest change.
        dead_time_s: from a new command to the first movement.
    """

    capacity_wh: float
    charge_w: float
    discharge_w: float
    round_trip: float = 0.9
    ramp_w_per_s: float = 5000.0
    dead_time_s: float = 0.3

    @property
    def one_way(self) -> float:
        """Efficiency of charging, and of discharging."""
        return sqrt(self.round_trip)


class BatteryState(NamedTuple):
    """Attributes: ``energy_wh`` in the cells; ``power_w`` AC, charging +; ``command`` in W."""

    energy_wh: float
    power_w: float
    command: Delayed


def step_battery(
    battery: Battery,
    state: BatteryState,
    *,
    command_w: float,
    reserve_wh: float,
    dt_s: float,
) -> BatteryState:
    """The battery ``dt_s`` later; it stops by itself at full, at empty and at the reserve."""
    command = delay(state.command, command_w, dead_time_s=battery.dead_time_s, dt_s=dt_s)
    if command.value == 0.0 == state.power_w:
        return state._replace(command=command) if command is not state.command else state
    one_way, hours = battery.one_way, dt_s / _HOUR_S
    room_w = max(0.0, battery.capacity_wh - state.energy_wh) / (one_way * hours)
    stock_w = max(0.0, state.energy_wh - reserve_wh) * one_way / hours
    power_w = ramp(state.power_w, command.value, battery.ramp_w_per_s * dt_s)
    power_w = min(power_w, battery.charge_w, room_w)
    power_w = max(power_w, -battery.discharge_w, -stock_w)
    stored_w = power_w * one_way if power_w > 0.0 else power_w / one_way
    energy_wh = min(battery.capacity_wh, max(0.0, state.energy_wh + stored_w * hours))
    return BatteryState(energy_wh, power_w, command)
