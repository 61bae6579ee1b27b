"""A charger with a car on it, not SunSpec: a handful of holding registers.

    200  R   0x4556 ("EV")                         what it is
    201  R   uint16  W        power
    202  R   uint16  0/1/2    idle, charging, full
    203  R   uint32  Wh       charged, ever
    210  RW  uint16  0.1 A    allowed on each phase, 0xFFFF = own rule: all it can
    211  RW  uint16  s        command timeout, 0 = never; a rewritten command restarts it

When the timeout ends the command returns to 0xFFFF by itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from drivers.simulated.countdown import Countdown
from drivers.sunspec.bank import ILLEGAL_ADDRESS
from gateway.model.errors import RequestRefused
from gateway.physics.charger import Charger, ChargerState, step_charger

KIND, POWER, STATE, CHARGED = 200, 201, 202, 203
COMMAND, TIMEOUT = 210, 211
OWN_RULE = 0xFFFF
_EV = 0x4556
_IDLE, _CHARGING, _FULL = range(3)


class Plug:
    """The charger's registers and the car behind them."""

    def __init__(self, charger: Charger) -> None:
        self.charger = charger
        self.state = ChargerState()
        self._command = OWN_RULE
        self._timeout_s = 0
        self._now_s = 0.0
        self._timer = Countdown()

    @property
    def power_w(self) -> float:
        """Into the car."""
        return self.state.power_w

    def receive(self, takes_wh: float) -> None:
        """Another car comes, which takes so much; what was ever charged goes on."""
        self.charger = replace(self.charger, room_wh=self.state.taken_wh + takes_wh)

    def step(self, now_s: float, dt_s: float) -> None:
        """Let ``dt_s`` pass; the command lapses by itself."""
        self._now_s = now_s
        if self._timer.ended(now_s):
            self._command = OWN_RULE
        own = self._command == OWN_RULE
        allowed_a = self.charger.max_a if own else self._command / 10
        self.state = step_charger(self.charger, self.state, allowed_a=allowed_a, dt_s=dt_s)

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
        self._timeout_s = wanted.get(TIMEOUT, self._timeout_s)
        if COMMAND in wanted:
            self._command = wanted[COMMAND]
            own = self._command == OWN_RULE
            self._timer.restart(0 if own else self._timeout_s, self._now_s)

    def _words(self) -> dict[int, int]:
        full = self.state.taken_wh >= self.charger.room_wh
        charged = round(self.state.taken_wh)
        return {
            KIND: _EV,
            POWER: round(self.power_w),
            STATE: _FULL if full else _CHARGING if self.power_w else _IDLE,
            CHARGED: charged >> 16,
            CHARGED + 1: charged & 0xFFFF,
            COMMAND: self._command,
            TIMEOUT: self._timeout_s,
        }
