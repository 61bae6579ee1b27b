"""A connection shared with other programs: their requests, behind the gateway's own.

The words that the gateway reads and writes on it are seen on the way, so that most questions are
answered without asking the device again, and nobody else writes what the gateway steers.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

import structlog

from gateway.model.device import Device
from gateway.model.errors import (
    DeviceBusy,
    DeviceMisbehaves,
    DeviceUnavailable,
    RequestRefused,
)
from gateway.model.setpoint import TakenWrite
from gateway.model.share import ShareMode, ShareSettings
from gateway.model.time import Duration, Instant
from gateway.ports.armory import Armory
from gateway.ports.clock import Clock
from gateway.ports.line import (
    HOLDING,
    WRITE_REGISTER,
    WRITE_REGISTERS,
    Block,
    Line,
    Pacable,
    Pacing,
)
from gateway.ports.served import Asked

NO_FUNCTION: Final = 1
NO_ADDRESS: Final = 2
FAILURE: Final = 4
AWAY: Final = 0x0B
_REGISTERS: Final = frozenset({WRITE_REGISTER, WRITE_REGISTERS})
_EVERYBODY: Final = frozenset({0, 255})  # all on a bus, or whoever is at the other end

Table = tuple[int, int]


class WatchedLine:
    """The gateway's own way to a shared connection, which remembers what passes.

    Attributes:
        written: registers that the gateway wrote, by unit.
        away: units whose newest request had no answer.
    """

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._words: dict[Table, dict[int, tuple[int, Instant]]] = defaultdict(dict)
        self.written: dict[int, set[int]] = defaultdict(set)
        self.away: set[int] = set()

    def newest(
        self, unit: int, function: int, address: int, count: int, max_age: Duration
    ) -> tuple[int, ...] | None:
        """The words where all of them were read so lately."""
        known, since = self._words.get((unit, function), {}), self._clock.now() - max_age
        found = [known.get(at) for at in range(address, address + count)]
        words = tuple(one[0] for one in found if one is not None and one[1] >= since)
        return words if len(words) == count else None

    def keep(self, unit: int, function: int, address: int, block: Block) -> None:
        """Words that were read."""
        self.away.discard(unit)
        stamped = ((at, (word, block.at)) for at, word in enumerate(block.words, address))
        self._words[unit, function].update(stamped)

    def forget(self, unit: int) -> None:
        """The unit was written to: what it showed before may not stand any more."""
        for table in [one for one in self._words if one[0] == unit]:
            del self._words[table]

    async def read(
        self, unit: int, address: int, count: int, *, timeout: Duration, function: int = HOLDING
    ) -> Block:
        """Read and remember."""
        try:
            block = await self._line.read(unit, address, count, timeout=timeout, function=function)
        except DeviceBusy:
            raise
        except DeviceUnavailable:
            self.away.add(unit)
            raise
        self.keep(unit, function, address, block)
        return block

    async def write(
        self,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int = WRITE_REGISTERS,
    ) -> None:
        """Write, and forget what stood there."""
        self.written[unit].update(range(address, address + len(words)))
        try:
            await self._line.write(unit, address, words, timeout=timeout, function=function)
        finally:
            self.forget(unit)

    def pace(self, pacing: Pacing) -> None:
        """Passed on."""
        if isinstance(self._line, Pacable):
            self._line.pace(pacing)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The connection is closed by who opened it."""


class SharedLine:
    """Answers other programs from a connection.  Implements ``Desk``.

    Args:
        settings: of the share.
        own: the gateway's way to the connection; ``guests``: everybody else's.
        devices: configured ones on it, by unit.
        armory: which of them the gateway has control of.
        note: called with the id of a device and the requests it took from others.
    """

    def __init__(
        self,
        *,
        settings: ShareSettings,
        own: WatchedLine,
        guests: Line,
        devices: Mapping[int, Device],
        armory: Armory,
        note: Callable[[str, Sequence[TakenWrite]], None],
    ) -> None:
        self._settings = settings
        self._own = own
        self._guests = guests
        self._devices = devices
        self._armory = armory
        self._note = note
        # A unit that is not configured is given the time of the device whose share it is.
        self._usual = next(d.timeout for d in devices.values() if d.id == settings.device)
        self._log = structlog.get_logger().bind(device=settings.device)

    async def answer(self, asked: Asked) -> Sequence[int]:
        """Words, or nothing for a write; the device's own refusals as they are.

        Raises:
            RequestRefused: 1 for a client that may not write, 2 for registers it may not, 4 for
                those that the gateway steers; 0x0B where the device does not answer.
        """
        try:
            if asked.words:
                await self._write(asked)
                return ()
            return await self._read(asked)
        except DeviceBusy as busy:
            code = AWAY if asked.unit in self._own.away else busy.code
            raise RequestRefused(str(busy), code=code) from None
        except (DeviceUnavailable, DeviceMisbehaves) as fault:
            self._own.away.add(asked.unit)
            raise RequestRefused(str(fault), code=AWAY) from None

    async def _read(self, asked: Asked) -> Sequence[int]:
        unit, function, address = asked.unit, asked.function, asked.address
        if self._settings.mode is ShareMode.CACHED:
            max_age = self._settings.max_age
            words = self._own.newest(unit, function, address, asked.count, max_age)
            if words is not None:
                return words
        block = await self._guests.read(
            unit, address, asked.count, timeout=self._timeout(unit), function=function
        )
        self._own.keep(unit, function, address, block)
        return block.words

    async def _write(self, asked: Asked) -> None:
        taken = TakenWrite(address=asked.address, count=asked.count)
        registers = taken.block
        if (code := self._why_not(asked)) is not None:
            told = {FAILURE: "the gateway steers it", NO_FUNCTION: "this client may not write"}
            reason = told.get(code, "this client may not write these registers")
            self._log.warning(
                "share.write_refused",
                client=asked.client,
                unit=asked.unit,
                registers=registers,
                reason=reason,
            )
            raise RequestRefused(reason, code=code)
        try:
            await self._guests.write(
                asked.unit,
                asked.address,
                asked.words,
                timeout=self._timeout(asked.unit),
                function=asked.function,
            )
        finally:
            self._own.forget(asked.unit)
        self._log.info("share.written", client=asked.client, unit=asked.unit, registers=registers)
        if asked.unit in self._devices:
            self._note(self._devices[asked.unit].id, (taken,))

    def _why_not(self, asked: Asked) -> int | None:
        rules = [rule for rule in self._settings.writes if rule.concerns(asked.client)]
        if not rules or asked.function not in _REGISTERS:
            return NO_FUNCTION
        if not any(rule.covers(asked.unit, asked.address, asked.count) for rule in rules):
            return NO_ADDRESS
        wanted = range(asked.address, asked.address + asked.count)
        return FAILURE if self._steered(asked.unit).intersection(wanted) else None

    def _steered(self, unit: int) -> set[int]:
        """Registers of the unit that are the gateway's while it has control of the device."""
        if unit in _EVERYBODY and unit not in self._devices:
            return set().union(*map(self._steered, self._devices))
        device = self._devices.get(unit)
        arming = None if device is None else self._armory.get(device.id)
        if arming is None:
            return set()
        of_record = {
            at
            for write in (*arming.found, *arming.level)
            for at in range(write.address, write.address + len(write.words))
        }
        return of_record | self._own.written[unit]

    def _timeout(self, unit: int) -> Duration:
        return self._devices[unit].timeout if unit in self._devices else self._usual
