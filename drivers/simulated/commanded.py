"""What takes one command in one register, with a time after which it lapses in the next."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from drivers.simulated.countdown import Countdown
from drivers.sunspec.bank import ILLEGAL_ADDRESS
from gateway.model.errors import RequestRefused

OWN_RULE = 0xFFFF


class Commanded(ABC):
    """Holding registers from ``first`` up to its command and, behind that, its timeout in s.

    Attributes:
        command: the newest, 0xFFFF = its own rule; timeout 0 = for good.
    """

    def __init__(self, first: int, command_at: int) -> None:
        self._first, self._command_at, self._timeout_at = first, command_at, command_at + 1
        self._timeout_s = 0
        self._now_s = 0.0
        self._timer = Countdown()
        self.command = OWN_RULE

    @abstractmethod
    def words(self) -> Mapping[int, int]:
        """What it measures, by register."""

    def pass_time(self, now_s: float) -> None:
        """The command lapses by itself; a rewritten one starts its time anew."""
        self._now_s = now_s
        if self._timer.ended(now_s):
            self.command = OWN_RULE

    def read(self, address: int, count: int) -> list[int]:
        """Holding registers; holes inside a block read as 0xFFFF."""
        last = self._timeout_at
        if not self._first <= address <= address + count - 1 <= last:
            message = f"no registers {address}..{address + count - 1}, have {self._first}..{last}"
            raise RequestRefused(message, code=ILLEGAL_ADDRESS)
        held = {self._command_at: self.command, self._timeout_at: self._timeout_s}
        words = {**self.words(), **held}
        return [words.get(at, 0xFFFF) for at in range(address, address + count)]

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take the command and its timeout, in one request or two."""
        wanted, writable = dict(enumerate(words, address)), (self._command_at, self._timeout_at)
        if not wanted.keys() <= set(writable):
            message = (
                f"registers {writable[0]} and {writable[1]} are writable, not {sorted(wanted)}"
            )
            raise RequestRefused(message, code=ILLEGAL_ADDRESS)
        self._timeout_s = wanted.get(self._timeout_at, self._timeout_s)
        if self._command_at in wanted:
            self.command = wanted[self._command_at]
            own = self.command == OWN_RULE
            self._timer.restart(0 if own else self._timeout_s, self._now_s)
