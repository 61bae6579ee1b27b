"""Reading a device's models in few requests, around what it refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.sunspec.discovery import Header
from drivers.sunspec.holes import Holed, Search
from drivers.sunspec.plan import Span, spans, words_of
from gateway.model.device import Device
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.setpoint import RegisterWrite
from gateway.model.time import Instant
from gateway.ports.line import MAX_READ, Block, Line

# A gateway or a shared port speaks for a unit that does not (Fronius: 0x0B for a wrong unit).
_NOT_REACHED = (0x0A, 0x0B)

Blocks = Mapping[int, tuple[int, ...]]
"""Words by the address of their first register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What could be read when a block was refused: models one by one.

    Attributes:
        at: when the first block, which has the power, was complete.
        cuts: the models that answered, with the requests that they answer; ``refused``:
            sentences about what did not.
    """

    blocks: Blocks
    at: Instant
    cuts: Mapping[Header, Holed]
    refused: tuple[str, ...]


class Unit:
    """One device's registers at the far end of a line.

    Attributes:
        most: registers that one request may read.
    """

    def __init__(self, device: Device, line: Line, most: int = MAX_READ) -> None:
        self._device = device
        self._line = line
        self.most = most

    @property
    def name(self) -> str:
        """The device and where it is, for messages."""
        return f"{self._device.id} ({self._device.line} unit {self._device.unit})"

    async def ask(self, span: Span) -> Block:
        """One request."""
        try:
            return await self._line.read(
                self._device.unit, span.address, span.count, timeout=self._device.timeout
            )
        except RequestRefused as refused:
            if refused.code in _NOT_REACHED:
                raise DeviceUnavailable(str(refused)) from refused
            raise

    async def put(self, write: RegisterWrite) -> None:
        """One write request."""
        await self._line.write(
            self._device.unit, write.address, write.words, timeout=self._device.timeout
        )

    async def words(self, address: int, count: int) -> tuple[int, ...]:
        """The words of one request."""
        return (await self.ask(Span(address, count))).words

    async def windows(self, wanted: Sequence[Span]) -> tuple[dict[int, int], Instant]:
        """Words by address out of several stretches, and when the first was complete."""
        most = self.most
        pieces = [
            Span(at, min(most, span.end - at))
            for span in wanted
            for at in range(span.address, span.end, most)
        ]
        blocks, at = await self.read(pieces)
        return {a: w for start, block in blocks.items() for a, w in enumerate(block, start)}, at

    async def read(self, wanted: Sequence[Span]) -> tuple[Blocks, Instant]:
        """The words by block, and when the first block was complete."""
        blocks: dict[int, tuple[int, ...]] = {}
        at: Instant | None = None
        for span in wanted:
            block = await self.ask(span)
            blocks[span.address] = block.words
            at = at or block.at
        if at is None:
            message = f"{self.name}: nothing to read"
            raise DeviceMisbehaves(message)
        return blocks, at

    async def model(self, header: Header) -> tuple[int, ...]:
        """All words of a model."""
        blocks, _ = await self.read(spans([header], most=self.most))
        words = words_of(header, blocks)
        if words is None:
            message = f"{self.name}: model {header.model} at {header.address} came in pieces"
            raise DeviceMisbehaves(message)
        return words

    async def around(self, headers: Sequence[Header], needed: int | None) -> Around:
        """Every model by itself and as far as it is answered, without those that refuse.

        Raises:
            RequestRefused: the model that is needed refuses.
        """
        search = Search(ask=self.ask, most=self.most)
        cuts: dict[Header, Holed] = {}
        refusals: list[str] = []
        for header in headers:
            try:
                cuts[header] = await search.model(header)
            except RequestRefused as refused:
                if header.model == needed:
                    raise
                refusals.append(f"model {header.model} cannot be read: {refused}")
        if not cuts:
            message = f"{self.name}: none of its models can be read"
            raise DeviceMisbehaves(message)
        refusals += [str(holed) for holed in cuts.values() if holed.holes]
        return Around(
            blocks={address: block.words for address, block in search.blocks.items()},
            at=next(iter(search.blocks.values())).at,
            cuts=cuts,
            refused=tuple(refusals),
        )
