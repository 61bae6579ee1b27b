"""Registers in this process: what a line speaks to when there is no wire."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from drivers.transport.gate import PriorityGate, check_read, check_write
from drivers.transport.guest import GuestLine, Turn
from drivers.transport.pacing import Pauses
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.time import Duration, in_seconds
from gateway.ports.clock import Clock
from gateway.ports.line import HOLDING, WRITE_REGISTERS, Block, Pacing
from gateway.ports.served import Registers

ILLEGAL_ADDRESS = 2
NO_SUCH_UNIT = 0x0B


class RegisterMemory:
    """Sparse words that keep what is written; unit -> address -> word."""

    def __init__(self, units: Mapping[int, Mapping[int, int]]) -> None:
        self.units = {unit: dict(words) for unit, words in units.items()}

    def read(self, unit: int, address: int, count: int) -> list[int]:
        """Return the words, or refuse with code 2 (hole) or 0x0B (unknown unit)."""
        words = self._unit(unit)
        self._check(unit, address, range(address, address + count))
        return [words[at] for at in range(address, address + count)]

    def write(self, unit: int, address: int, words: Sequence[int]) -> None:
        """Overwrite existing words; a hole refuses the whole request."""
        memory = self._unit(unit)
        self._check(unit, address, range(address, address + len(words)))
        memory.update(enumerate(words, address))

    def _unit(self, unit: int) -> dict[int, int]:
        if unit not in self.units:
            message = f"no unit {unit} here, have {sorted(self.units)}"
            raise RequestRefused(message, code=NO_SUCH_UNIT)
        return self.units[unit]

    def _check(self, unit: int, address: int, wanted: Iterable[int]) -> None:
        for at in wanted:
            if at not in self.units[unit]:
                message = f"unit {unit} has no register {at} (asked from {address})"
                raise RequestRefused(message, code=ILLEGAL_ADDRESS)


class MemLine:
    """A ``Line`` straight onto ``Registers``, in the clock's time.

    One request at a time, waiting writes before waiting reads.  A silent device costs its
    timeout on the running loop, so on virtual time it costs nothing real.
    """

    def __init__(self, registers: Registers, clock: Clock) -> None:
        self._registers = registers
        self._clock = clock
        self.gate = PriorityGate()
        self._pauses = Pauses()

    def pace(self, pacing: Pacing) -> None:
        """Keep to this too."""
        self._pauses.keep(pacing)

    async def read(
        self, unit: int, address: int, count: int, *, timeout: Duration, function: int = HOLDING
    ) -> Block:
        """Registers, stamped when the answer is complete; all tables are the same here."""
        return await self.read_in(
            self.gate.enter_reading, unit, address, count, timeout=timeout, function=function
        )

    async def read_in(
        self, turn: Turn, unit: int, address: int, count: int, *, timeout: Duration, function: int
    ) -> Block:
        """The same, entering by ``turn``."""
        del function
        check_read(count)
        await turn()
        try:
            await self._pauses.over()
            words = self._registers.read(unit, address, count)
            if len(words) != count:
                message = f"unit {unit} answered {len(words)} words to {count} from {address}"
                raise DeviceMisbehaves(message)
            return Block(tuple(words), self._clock.now())
        except DeviceUnavailable:
            await asyncio.sleep(in_seconds(timeout))
            raise
        finally:
            self._pauses.answered(written=False)
            self.gate.leave()

    async def write(
        self,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int = WRITE_REGISTERS,
    ) -> None:
        """Consecutive registers; a coil is a register of 0 or 1 here."""
        await self.write_in(
            self.gate.enter_writing, unit, address, words, timeout=timeout, function=function
        )

    async def write_in(
        self,
        turn: Turn,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int,
    ) -> None:
        """The same, entering by ``turn``."""
        check_write(words, function)
        await turn()
        try:
            await self._pauses.over()
            self._registers.write(unit, address, words)
        except DeviceUnavailable:
            await asyncio.sleep(in_seconds(timeout))
            raise
        finally:
            self._pauses.answered(written=True)
            self.gate.leave()

    def for_guests(self) -> GuestLine:
        """The same registers for others, behind all requests of its own."""
        return GuestLine(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to close."""
