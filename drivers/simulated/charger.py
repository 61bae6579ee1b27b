"""A charger with a car on it, not SunSpec: a handful of holding registers.

    200  R   0x4556 ("EV")                         what it is
    201  R   uint16  W        power
    202  R   uint16  0/1/2    idle, charging, full
    203  R   uint32  Wh       charged, ever
    210  RW  uint16  0.1 A    allowed on each phase, 0xFFFF = own rule: all it can
    211  RW  uint16  s        command timeout, 0 = never; a rewritten command restarts it

When the timeout ends the command returns to 0xFFFF by itself.
"""

from collections.abc import Mapping
from dataclasses import replace

from drivers.simulated.commanded import OWN_RULE, Commanded
from gateway.physics.charger import Charger, ChargerState, step_charger

KIND, POWER, STATE, CHARGED = 200, 201, 202, 203
COMMAND = 210
_EV = 0x4556
_IDLE, _CHARGING, _FULL = range(3)


class Plug(Commanded):
    """The charger's registers and the car behind them."""

    def __init__(self, charger: Charger) -> None:
        super().__init__(KIND, COMMAND)
        self.charger = charger
        self.state = ChargerState()

    @property
    def power_w(self) -> float:
        """Into the car."""
        return self.state.power_w

    def receive(self, takes_wh: float) -> None:
        """Another car comes, which takes so much; what was ever charged goes on."""
        self.charger = replace(self.charger, room_wh=self.state.taken_wh + takes_wh)

    def step(self, now_s: float, dt_s: float) -> None:
        """Let ``dt_s`` pass."""
        self.pass_time(now_s)
        allowed_a = self.charger.max_a if self.command == OWN_RULE else self.command / 10
        self.state = step_charger(self.charger, self.state, allowed_a=allowed_a, dt_s=dt_s)

    def words(self) -> Mapping[int, int]:
        """Power, state and what was charged."""
        full = self.state.taken_wh >= self.charger.room_wh
        charged = round(self.state.taken_wh)
        return {
            KIND: _EV,
            POWER: round(self.power_w),
            STATE: _FULL if full else _CHARGING if self.power_w else _IDLE,
            CHARGED: charged >> 16,
            CHARGED + 1: charged & 0xFFFF,
        }
