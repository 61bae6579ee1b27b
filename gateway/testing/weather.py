"""What may go wrong with one request, and with all that come after it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.errors import (
    DeviceMisbehaves,
    DeviceUnavailable,
    GridtenderError,
    RequestRefused,
)

_MULTIPLIER = 40_503  # spreads neighbouring addresses over all words (Knuth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way of not being answered rightly.

    Attributes:
        text: what happened to the request, for a person.
        code: of a Modbus exception; ``silent`` and ``malformed``: the line's other errors.
        words: that come instead of the true ones, over and over; ``seed``: words that look like
            any, by address.
        may_last: whether it is tried for good too, and not only for one request.
    """

    text: str
    code: int = 0
    silent: bool = False
    malformed: bool = False
    words: tuple[int, ...] = ()
    seed: int = 0
    may_last: bool = False

    @property
    def garbles(self) -> bool:
        """Whether an answer comes, with wrong words."""
        return bool(self.words or self.seed)

    def error(self, asked: str) -> GridtenderError | None:
        """What the line raises instead of an answer; None where wrong words come."""
        if self.silent:
            return DeviceUnavailable(f"{asked}: no answer")
        if self.malformed:
            return DeviceMisbehaves(f"{asked}: an answer of the wrong shape")
        if self.code:
            return RequestRefused(f"{asked}: exception {self.code}", code=self.code)
        return None

    def garbled(self, address: int, true: Sequence[int]) -> tuple[int, ...]:
        """The words that come instead of the true ones from ``address`` on."""
        places = range(address, address + len(true))
        if self.words:
            return tuple(self.words[at % len(self.words)] for at in places)
        return tuple((at * _MULTIPLIER * self.seed + self.seed) & 0xFFFF for at in places)


SILENT = Fault(text="was not answered", silent=True, may_last=True)
FAILURES = (
    SILENT,
    Fault(text="was answered in the wrong shape", malformed=True),
    Fault(text="was refused with exception 2", code=2, may_last=True),
    Fault(text="was refused with exception 4", code=4),
    Fault(text="was refused with exception 0x0B", code=0x0B),
)
GARBAGE = (
    Fault(text="was answered with zeros", words=(0,), may_last=True),
    Fault(text="was answered with all ones", words=(0xFFFF,), may_last=True),
    Fault(text="was answered with 0x8000 throughout", words=(0x8000,)),
    Fault(text="was answered with NaN", words=(0x7FC0,)),
    Fault(text="was answered with an infinite float32", words=(0x7F80, 0)),
    Fault(text="was answered with an infinite float32, words swapped", words=(0, 0x7F80)),
    Fault(text="was answered with the largest float32", words=(0xFF7F, 0xFFFF)),
    Fault(text="was answered with words that mean nothing", seed=7),
    Fault(text="was answered with other words that mean nothing", seed=11),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """A fault that strikes one request, or that one and all after it.

    Attributes:
        fault: None = fair weather.
        begins: index of the request it strikes first.
        lasting: whether it stays.
    """

    fault: Fault | None = None
    begins: int = 0
    lasting: bool = False

    @property
    def fails(self) -> bool:
        """Whether what it strikes gets no answer at all."""
        return self.fault is not None and not self.fault.garbles

    def at(self, index: int) -> Fault | None:
        """What strikes the request of this index."""
        struck = index >= self.begins if self.lasting else index == self.begins
        return self.fault if struck else None


FAIR = Weather()
