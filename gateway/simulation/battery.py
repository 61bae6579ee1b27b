"""The simulated battery: the physics of the demo house, over whole steps."""

from math import inf

from gateway.physics.inertia import Delayed
from gateway.physics.storage import Battery, BatteryState, step_battery
from gateway.simulation.scenario import HomeBattery

_HOUR_S = 3600.0


class Cells:
    """A battery that follows at once: steps are long against its ramp.

    Attributes:
        stored_wh: in the cells; ``power_w``: mean of the last step at the terminals, charging +.
    """

    def __init__(self, battery: HomeBattery, hours: float) -> None:
        store = battery.store
        self._battery = Battery(
            capacity_wh=store.capacity_wh,
            charge_w=store.charge_w,
            discharge_w=store.discharge_w,
            round_trip=store.eta_charge * store.eta_discharge,
            ramp_w_per_s=inf,
            dead_time_s=0.0,
        )
        self._dt_s = hours * _HOUR_S
        self._state = BatteryState(battery.stored_wh, 0.0, Delayed(0.0))

    @property
    def stored_wh(self) -> float:
        """In the cells."""
        return self._state.energy_wh

    @property
    def power_w(self) -> float:
        """Mean of the last step at the terminals, charging +."""
        return self._state.power_w

    @property
    def soc_pct(self) -> float:
        """State of charge, 0..100."""
        return min(100.0 * self.stored_wh / self._battery.capacity_wh, 100.0)

    def run(self, command_w: float) -> float:
        """Hold the command for a step, as far as the cells allow; what it came to, W."""
        self._state = step_battery(
            self._battery, self._state, command_w=command_w, reserve_wh=0.0, dt_s=self._dt_s
        )
        return self.power_w
