"""The line of a trial: every request is noted, and may be struck by the weather."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from gateway.model.device import Device
from gateway.model.errors import DeviceUnavailable
from gateway.model.time import MILLISECOND, Duration
from gateway.ports.clock import Clock
from gateway.ports.line import (
    COILS,
    DISCRETE,
    HOLDING,
    INPUT,
    MAX_READ,
    MAX_WRITE,
    WRITE_COIL,
    WRITE_COILS,
    WRITE_REGISTER,
    WRITE_REGISTERS,
    Block,
)
from gateway.ports.served import Registers
from gateway.testing.weather import FAIR, Fault, Weather

_ANSWER = Duration(20 * MILLISECOND)
_WORD = 0xFFFF
_READING = (COILS, DISCRETE, HOLDING, INPUT)
_WRITING = {  # function -> most words of one request
    WRITE_COIL: 1,
    WRITE_REGISTER: 1,
    WRITE_COILS: MAX_WRITE,
    WRITE_REGISTERS: MAX_WRITE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request; ``words`` are those of a write."""

    address: int
    count: int
    words: tuple[int, ...] = ()

    def __str__(self) -> str:
        doing = "writing" if self.words else "reading"
        return f"{doing} {self.count} registers from {self.address}"


class BenchLine:
    """A ``Line`` to one fake device, in the clock's time.

    Attributes:
        weather: what strikes its requests.
        deaf: whether writes are taken and do nothing.
        asked: every request so far; ``struck``: those that the weather struck.
        outside: what was asked that no line may be asked, for a person.
    """

    def __init__(self, registers: Registers, device: Device, clock: Clock) -> None:
        self._registers, self._device, self._clock = registers, device, clock
        self._one_at_a_time = asyncio.Lock()
        self.weather: Weather = FAIR
        self.deaf = False
        self.asked: list[Asked] = []
        self.struck: list[Asked] = []
        self.outside: list[str] = []

    async def read(
        self, unit: int, address: int, count: int, *, timeout: Duration, function: int = HOLDING
    ) -> Block:
        """As ``Line.read``; all tables are the same here."""
        asked = Asked(address=address, count=count)
        self._check_function(asked, function, _READING)
        fault = self._note(asked, unit, MAX_READ)
        async with self._one_at_a_time:
            await self._answer(asked, fault, timeout)
            true = self._registers.read(unit, address, count)
            words = fault.garbled(address, true) if fault else tuple(true)
            bits = function in {COILS, DISCRETE}
            return Block(tuple(word & 1 for word in words) if bits else words, self._clock.now())

    async def write(
        self,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int = WRITE_REGISTERS,
    ) -> None:
        """As ``Line.write``."""
        asked = Asked(address=address, count=len(words), words=tuple(words))
        self._check_function(asked, function, _WRITING)
        if not all(0 <= word <= _WORD for word in words):
            self.outside.append(f"{asked}: {list(words)} are not all words of 16 bits")
        fault = self._note(asked, unit, _WRITING.get(function, MAX_WRITE))
        async with self._one_at_a_time:
            await self._answer(asked, fault, timeout)
            if not self.deaf:
                self._registers.write(unit, address, words)

    def _check_function(self, asked: Asked, function: int, known: Collection[int]) -> None:
        if function not in known:
            self.outside.append(f"{asked} with function {function}")

    def _note(self, asked: Asked, unit: int, most: int) -> Fault | None:
        if not 1 <= asked.count <= most:
            self.outside.append(f"{asked}: a request has 1 to {most}")
        if unit != self._device.unit:
            self.outside.append(f"{asked} of unit {unit}: the device's is {self._device.unit}")
        fault = self.weather.at(len(self.asked))
        self.asked.append(asked)
        if fault is not None:
            self.struck.append(asked)
        return fault

    async def _answer(self, asked: Asked, fault: Fault | None, timeout: Duration) -> None:
        error = None if fault is None else fault.error(str(asked))
        silent = isinstance(error, DeviceUnavailable)
        await self._clock.sleep(timeout if silent else _ANSWER)
        if error is not None:
            raise error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to close."""
