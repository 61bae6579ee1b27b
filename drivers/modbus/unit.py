"""The device on its line: reads, writes, and who answers there."""

from collections.abc import Iterable

from drivers.modbus.map import RegisterMap
from drivers.modbus.registers import Words
from drivers.modbus.requests import FUNCTIONS, Request, together
from drivers.modbus.steps import Step
from gateway.model.device import Device
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.setpoint import RegisterWrite
from gateway.model.time import Instant
from gateway.ports.line import Block, Line, Pacable

_NOT_REACHED = (0x0A, 0x0B)  # a gateway speaks for a unit that does not


class Unit:
    """One unit of a line, described by a map."""

    def __init__(self, device: Device, known: RegisterMap, line: Line) -> None:
        self.device = device
        self._map = known
        self._line = line

    def __str__(self) -> str:
        return f"{self.device.id} ({self.device.line} unit {self.device.unit})"

    def slow_down(self) -> None:
        """Keep the pauses that the map says."""
        if self._map.pauses is not None and isinstance(self._line, Pacable):
            self._line.pace(self._map.pauses.pacing)

    async def block(self, table: str, address: int, count: int) -> Block:
        """Registers of one table."""
        try:
            return await self._line.read(
                self.device.unit,
                address,
                count,
                timeout=self.device.timeout,
                function=FUNCTIONS[table],
            )
        except RequestRefused as refused:
            if refused.code in _NOT_REACHED:
                raise DeviceUnavailable(str(refused)) from refused
            raise

    async def words(self, requests: Iterable[Request]) -> tuple[Words, Instant]:
        """All registers of the requests, and when the first of them came."""
        words: dict[tuple[str, int], int] = {}
        at: Instant | None = None
        for table, address, count in requests:
            block = await self.block(table, address, count)
            words |= {(table, n): word for n, word in enumerate(block.words, address)}
            at = at or block.at
        if at is None:
            message = f"{self}: its map has nothing to read"
            raise DeviceMisbehaves(message)
        return words, at

    async def registers(self, steps: Iterable[Step]) -> tuple[Words, Instant]:
        """What stands in the registers of a recipe."""
        wanted = {(step.table, step.address, step.size) for step in steps}
        return await self.words(together(wanted, gap=0, most=self._map.together))

    async def put(self, write: RegisterWrite) -> None:
        """One write request."""
        await self._line.write(
            self.device.unit,
            write.address,
            write.words,
            timeout=self.device.timeout,
            function=write.function,
        )

    async def check_mark(self) -> None:
        """See that it is the map's kind of device."""
        mark = self._map.identity
        if mark is None:
            return
        words = (await self.block("holding", mark.address, len(mark.words))).words
        if words != mark.words:
            message = (
                f"{self}: registers from {mark.address} read {list(words)}, its map says "
                f"{list(mark.words)}: another device, or another map is needed"
            )
            raise DeviceMisbehaves(message)

    async def identity(self) -> tuple[RegisterWrite, ...]:
        """The map's mark, and the serial number where it can be seen again by a release."""
        await self.check_mark()  # what answers now may be another than at the connect
        marks: list[RegisterWrite] = []
        if self._map.identity is not None:
            mark = self._map.identity
            marks.append(RegisterWrite(address=mark.address, words=mark.words))
        point = self._map.points.get("serial")
        if point is not None and point.table == "holding":
            block = await self.block(point.table, point.address, point.size)
            marks.append(RegisterWrite(address=point.address, words=block.words))
        return tuple(marks)
