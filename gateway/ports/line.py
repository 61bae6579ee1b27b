"""The line port: one Modbus connection, shared by the devices on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from gateway.model.time import Duration, Instant
from gateway.ports.clock import Clock

MAX_READ = 125
COILS, DISCRETE, HOLDING, INPUT = 1, 2, 3, 4  # functions that read, each a table of its own
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
MAX_WRITE = 123


@dataclass(frozen=True, slots=True)
class Block:
    """Register words of one read; ``at`` is when the last byte arrived."""

    words: tuple[int, ...]
    at: Instant


class Line(Protocol):
    """One connection, one request in flight, waiting writes before waiting reads.

    It connects by itself when first asked and reconnects with a capped back-off; while it is
    backing off every request fails at once.  Entered and left with ``async with``.

    Raises (of read and write):
        DeviceUnavailable: no connection, no answer in time.
        RequestRefused: the device answered with a Modbus exception (``code``).
        DeviceMisbehaves: an answer of the wrong shape.
    """

    async def read(
        self, unit: int, address: int, count: int, *, timeout: Duration, function: int = HOLDING
    ) -> Block:
        """Registers of one table, ``count`` <= 125, starting at protocol ``address``.

        A coil or a discrete input is a word of 0 or 1.
        """
        ...

    async def write(
        self,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int = WRITE_REGISTERS,
    ) -> None:
        """Function 16 or 15 (coils), <= 123 words; or 6 or 5 (a coil), which take one word."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How gently a device wants to be spoken to.

    Attributes:
        connect_delay: from a made connection to the first request.
        gap: from an answer to the next request.
        settle: the same after a write, so that what is read back is what stands.
        reset_close: a connection is ended by RST, since a FIN does not free its only session.
    """

    connect_delay: Duration = Duration(0)
    gap: Duration = Duration(0)
    settle: Duration = Duration(0)
    reset_close: bool = False

    def beside(self, other: "Pacing") -> "Pacing":
        """What suits both: the most cautious of each."""
        return Pacing(
            connect_delay=max(self.connect_delay, other.connect_delay),
            gap=max(self.gap, other.gap),
            settle=max(self.settle, other.settle),
            reset_close=self.reset_close or other.reset_close,
        )


@runtime_checkable
class Pacable(Protocol):
    """What a line may offer too: it slows down for a device that was recognised on it."""

    def pace(self, pacing: Pacing) -> None:
        """Keep to this too from the next request on; what the URL says is left as it is."""
        ...


@runtime_checkable
class Sharable(Protocol):
    """What a line may offer too: a way in for others that costs its owner next to nothing."""

    def for_guests(self) -> Line:
        """The same connection, whose requests wait behind all of its owner's.

        They have at most a quarter of its time, and what waits longer than its timeout for its
        turn is refused with ``DeviceBusy``.
        """
        ...


class LineFactory(Protocol):
    """Entry point group ``gridtender.lines``: URL scheme -> factory."""

    def __call__(self, url: str, clock: Clock) -> Line:
        """A line for ``scheme://host:port``, not yet connected.

        A query holds what belongs to the whole line (a serial port's speed), never the unit.
        """
        ...
