"""A heat pump with two stages, not SunSpec: two blocks of holding registers.

    100  R   uint16  W        electric power
    101  R   uint16           0 off, 1 running, 2 resting
    102  R   int16   0.1 C    room temperature
    103  R   int16   0.1 C    water temperature
    104  R   uint32  Wh       electric energy since commissioning
    110  R   string  8 words  serial number
    200  RW  uint16           commanded stage 0, 1, 2; 65535 = own thermostat
    201  RW  uint16  s        command timeout 0..3600, 0 = never; writing 200 starts it

When the timeout ends the command returns to 65535 by itself.
"""

import struct
from collections.abc import Sequence

from drivers.simulated.bank import ILLEGAL_ADDRESS, ILLEGAL_VALUE
from drivers.simulated.countdown import Countdown
from gateway.model.errors import RequestRefused
from gateway.physics.thermal import Building, HeatPump, HeatPumpState, step_heat_pump

POWER = 100
COMMAND, TIMEOUT = 200, 201
OWN_RULE = 0xFFFF
LONGEST_S = 3600
_OFF, _RUNNING, _RESTING = range(3)
_SERIAL = b"SIM-HEATPUMP"
# power, state, room, water, energy, four words unused, serial
_MEASURED = struct.Struct(">HHhhI8x16s")
_WATER_K_PER_W = 0.0015  # of heat: how much warmer than the room the floor's water is
_BEFORE_WH = 7_455_000.0
_HOUR_S = 3600.0


class Compressor:
    """The heat pump's registers and the house it warms."""

    def __init__(self, pump: HeatPump, building: Building, *, temperature_c: float) -> None:
        self.pump = pump
        self.state = HeatPumpState(temperature_c)
        self._building = building
        self._command: int | None = None
        self._timeout_s = 0
        self._energy_ws = _BEFORE_WH * _HOUR_S
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
        self._energy_ws += self.power_w * dt_s

    def read(self, address: int, count: int) -> list[int]:
        """Holding registers of one block."""
        for start, words in ((POWER, self._measured()), (COMMAND, self._commanded())):
            if start <= address <= address + count <= start + len(words):
                return list(words[address - start : address - start + count])
        message = f"no registers {address}..{address + count - 1}, have 100..117 and 200..201"
        raise RequestRefused(message, code=ILLEGAL_ADDRESS)

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take the command and its timeout, in one request or two."""
        wanted = dict(enumerate(words, address))
        if not wanted.keys() <= {COMMAND, TIMEOUT}:
            message = f"registers {COMMAND} and {TIMEOUT} are writable, not {sorted(wanted)}"
            raise RequestRefused(message, code=ILLEGAL_ADDRESS)
        stages = {*range(len(self.pump.stages_w) + 1), OWN_RULE}
        if wanted.get(COMMAND, OWN_RULE) not in stages or wanted.get(TIMEOUT, 0) > LONGEST_S:
            message = f"a stage is one of {sorted(stages)}, a timeout 0..{LONGEST_S}: not {wanted}"
            raise RequestRefused(message, code=ILLEGAL_VALUE)
        self._timeout_s = wanted.get(TIMEOUT, self._timeout_s)
        if COMMAND in wanted:
            stage = wanted[COMMAND]
            self._command = None if stage == OWN_RULE else stage
            self._timer.restart(0 if self._command is None else self._timeout_s, self._now_s)

    def _commanded(self) -> tuple[int, ...]:
        return (OWN_RULE if self._command is None else self._command, self._timeout_s)

    def _measured(self) -> tuple[int, ...]:
        room_c = self.state.temperature_c
        water_c = room_c + _WATER_K_PER_W * self.pump.cop * self.power_w
        data = _MEASURED.pack(
            round(self.power_w),
            self._status(),
            round(10 * room_c),
            round(10 * water_c),
            round(self._energy_ws / _HOUR_S),
            _SERIAL,
        )
        return struct.unpack(f">{len(data) // 2}H", data)

    def _status(self) -> int:
        if self.state.stage:
            return _RUNNING
        return _RESTING if self.state.off_s < self.pump.min_off_s else _OFF
