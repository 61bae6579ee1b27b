"""The same connection for those who ask for somebody else: behind everybody, but not for ever."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from drivers.transport.gate import PriorityGate
from gateway.model.errors import DeviceBusy
from gateway.model.time import Duration, in_seconds
from gateway.ports.line import HOLDING, WRITE_REGISTERS, Block

Turn = Callable[[], Awaitable[None]]
_BUSY = 6


class Gated(Protocol):
    """A line whose requests wait for a turn of their own."""

    gate: PriorityGate

    async def read_in(
        self, turn: Turn, unit: int, address: int, count: int, *, timeout: Duration, function: int
    ) -> Block:
        """A read that enters the gate by ``turn``."""
        ...

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
        """A write that enters the gate by ``turn``."""
        ...


class GuestLine:
    """A ``Line`` behind the line's own requests.

    A request waits for its turn for at most its timeout and is then refused as busy; once sent it
    has the timeout again, since cutting off a slow device makes its answer somebody else's.
    """

    def __init__(self, line: Gated) -> None:
        self._line = line

    async def read(
        self, unit: int, address: int, count: int, *, timeout: Duration, function: int = HOLDING
    ) -> Block:
        """Registers of one table."""
        return await self._line.read_in(
            self._turn(timeout), unit, address, count, timeout=timeout, function=function
        )

    async def write(
        self,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int = WRITE_REGISTERS,
    ) -> None:
        """Consecutive registers or coils."""
        await self._line.write_in(
            self._turn(timeout), unit, address, words, timeout=timeout, function=function
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the connection to its owner."""

    def _turn(self, timeout: Duration) -> Turn:
        async def wait() -> None:
            try:
                async with asyncio.timeout(in_seconds(timeout)):
                    await self._line.gate.enter_as_guest()
            except TimeoutError:
                message = "the connection is taken up by others; ask less often"
                raise DeviceBusy(message, code=_BUSY) from None

        return wait
