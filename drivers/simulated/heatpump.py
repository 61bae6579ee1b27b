"""A heat pump with two stages, not SunSpec: a handful of holding registers.

    100  R   0x4850 ("HP")                         what it is
    101  R   int16   W        electric power
    102  R   int16   0.1 C    room temperature
    103  R   uint16  0/1/2    running stage
    104  R   uint16  s        rest left before the compressor may start
    110  RW  uint16  0/1/2    commanded stage, 0xFFFF = own thermostat
    111  RW  uint16  s        command timeout, 0 = never; a rewritten command restarts it

When the timeout ends the command returns to 0xFFFF by itself.
"""

from collections.abc import Sequence

from drivers.simulated.countdown import Countdown
from drivers.sunspec.bank import ILLEGAL_ADDRESS, ILLEGAL_VALUE
from gateway.model.errors import RequestRefused
from gateway.physics.thermal import Building, HeatPump, HeatPumpState, step_heat_pump

KIND, POWER, TEMPERATURE, STAGE, REST = range(100, 105)
COMMAND, TIMEOUT = 110, 111
OWN_RULE = 0xFFFF
_HP = 0x4850


class Compressor:
    """The heat pump's registers and the house it warms."""

    def __init__(self, pump: HeatPump, building: Building, *, temperature_c: float) -> None:
        self.pump = pump
        self.state = HeatPumpState(temperature_c)
        self._building = building
        self._command: int | None = None
        self._timeout_s = 0
        self._now_s = 0.0
        self._timer = Countdown()

    @property
    def power_w(self) -> float:
        """Electric power into the device."""
        return self.pump.power_w(self.state.stage)

    def step(self, outside_c: float, now_s: float, dt_s: float) -> None:
        """Let ``dt_s`` pass; the command lapses by itself."""
        self._now_s = now_s
        if self._timer.ended(now_s):
            self._command = None
        self.state = step_heat_pump(
            self.pump,
            self._building,
            self.state,
            command=self._command,
            outside_c=outside_c,
            dt_s=dt_s,
        )

    def read(self, address: int, count: int) -> list[int]:
        """Holding registers; holes inside a block read as 0xFFFF."""
        if not KIND <= address <= address + count - 1 <= TIMEOUT:
            message = f"no registers {address}..{address + count - 1}, have {KIND}..{TIMEOUT}"
            raise RequestRefused(message, code=ILLEGAL_ADDRESS)
        words = self._words()
        return [words.get(at, 0xFFFF) for at in range(address, address + count)]

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take the command and its timeout, in one request or two."""
        wanted = dict(enumerate(words, address))
        if not wanted.keys() <= {COMMAND, TIMEOUT}:
            message = f"registers {COMMAND} and {TIMEOUT} are writable, not {sorted(wanted)}"
            raise RequestRefused(message, code=ILLEGAL_ADDRESS)
        stages = range(len(self.pump.stages_w) + 1)
        if COMMAND in wanted and wanted[COMMAND] not in {*stages, OWN_RULE}:
            message = f"stage {wanted[COMMAND]} is none of {[*stages, OWN_RULE]}"
            raise RequestRefused(message, code=ILLEGAL_VALUE)
        self._timeout_s = wanted.get(TIMEOUT, self._timeout_s)
        if COMMAND in wanted:
            stage = wanted[COMMAND]
            self._command = None if stage == OWN_RULE else stage
            self._timer.restart(0 if self._command is None else self._timeout_s, self._now_s)

    def _words(self) -> dict[int, int]:
        rest_s = 0.0 if self.state.stage else max(0.0, self.pump.min_off_s - self.state.off_s)
        return {
            KIND: _HP,
            POWER: round(self.power_w),
            TEMPERATURE: round(self.state.temperature_c * 10) & 0xFFFF,
            STAGE: self.state.stage,
            REST: round(rest_s),
            COMMAND: OWN_RULE if self._command is None else self._command,
            TIMEOUT: self._timeout_s,
        }
