"""A tank of hot water with a rod that takes any power, not SunSpec: a handful of registers.

    400  R   0x4857 ("HW")                         what it is
    401  R   uint16  W        into the rod
    402  R   uint16  0.1 C    of the water
    403  R   uint32  Wh       into the rod, ever
    410  RW  uint16  W        at most, 0xFFFF = own thermostat
    411  RW  uint16  s        command timeout, 0 = never; a rewritten command restarts it

When the timeout ends the command returns to 0xFFFF by itself.
"""

from collections.abc import Mapping

from drivers.simulated.commanded import OWN_RULE, Commanded
from gateway.physics.tank import Tank, TankState, drawn_l, step_tank

KIND, POWER, WATER, TAKEN = 400, 401, 402, 403
COMMAND = 410
_HW = 0x4857
_HOUR_S = 3600.0


class Boiler(Commanded):
    """The registers and the water behind them."""

    def __init__(self, tank: Tank, *, water_c: float) -> None:
        super().__init__(KIND, COMMAND)
        self.tank = tank
        self.state = TankState(water_c)
        self._taken_wh = 0.0

    @property
    def power_w(self) -> float:
        """Into the rod."""
        return self.state.power_w

    def step(self, at_s: float, now_s: float, dt_s: float) -> None:
        """Let ``dt_s`` pass; ``at_s`` since 1970, ``now_s`` since the house began."""
        self.pass_time(now_s)
        allowed_w = None if self.command == OWN_RULE else float(self.command)
        litres = drawn_l(at_s, dt_s)
        self.state = step_tank(
            self.tank, self.state, allowed_w=allowed_w, drawn_l=litres, dt_s=dt_s
        )
        self._taken_wh += self.power_w * dt_s / _HOUR_S

    def words(self) -> Mapping[int, int]:
        """Power, temperature and what was taken."""
        taken = round(self._taken_wh)
        return {
            KIND: _HW,
            POWER: round(self.power_w),
            WATER: round(self.state.water_c * 10),
            TAKEN: taken >> 16,
            TAKEN + 1: taken & 0xFFFF,
        }
