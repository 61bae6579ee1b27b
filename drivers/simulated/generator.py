"""A generating set, not SunSpec: a handful of holding registers.

    300  R   0x4753 ("GS")                         what it is
    301  R   uint16  W        power out of it
    302  R   uint16  0/1/2    stands, starts, runs
    303  R   uint32  Wh       given, ever
    305  R   uint16           starts, ever
    310  RW  uint16  W        wanted, 0 and 0xFFFF = it stands
    311  RW  uint16  s        command timeout, 0 = never; a rewritten command restarts it

When the timeout ends the command returns to 0xFFFF by itself.
"""

from collections.abc import Mapping

from drivers.simulated.commanded import OWN_RULE, Commanded
from gateway.physics.generator import GeneratorSet, GeneratorState, step_generator

KIND, POWER, STATE, GIVEN, STARTS = 300, 301, 302, 303, 305
COMMAND = 310
_GS = 0x4753
_STANDS, _STARTS, _RUNS = range(3)


class Genset(Commanded):
    """The set's registers and the engine behind them."""

    def __init__(self, generator: GeneratorSet) -> None:
        super().__init__(KIND, COMMAND)
        self.generator = generator
        self.state = GeneratorState()

    @property
    def power_w(self) -> float:
        """Into the device: never positive."""
        return -self.state.power_w + 0.0

    def step(self, now_s: float, dt_s: float) -> None:
        """Let ``dt_s`` pass."""
        self.pass_time(now_s)
        asked_w = 0.0 if self.command == OWN_RULE else float(self.command)
        self.state = step_generator(self.generator, self.state, asked_w=asked_w, dt_s=dt_s)

    def words(self) -> Mapping[int, int]:
        """Power, state, what was given and how often it started."""
        given = round(self.state.given_wh)
        return {
            KIND: _GS,
            POWER: round(self.state.power_w),
            STATE: _RUNS if self.state.power_w else _STARTS if self.state.on_s else _STANDS,
            GIVEN: given >> 16,
            GIVEN + 1: given & 0xFFFF,
            STARTS: self.state.starts,
        }
