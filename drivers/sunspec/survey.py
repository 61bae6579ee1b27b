"""Reading a whole chain, around whatever the device refuses or leaves unanswered."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from drivers.sunspec.codec import HEADER, known
from drivers.sunspec.discovery import BASES, Chain, Header, walk
from drivers.sunspec.plan import Span, middle, spans
from gateway.model.device import Device
from gateway.model.errors import (
    DeviceMisbehaves,
    DeviceUnavailable,
    GridtenderError,
    RequestRefused,
)
from gateway.model.time import in_seconds
from gateway.ports.line import MAX_READ, Line

_END = 0xFFFF
_LAST_ADDRESS = 0xFFFF
_TO_THE_LAST = 2 * MAX_READ  # halvings, even if each cuts off one register only


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Registers that could not be read.

    Attributes:
        code: the exception they were refused with, None = no answer, or one that was none.
        text: what the line said of it.
    """

    span: Span
    code: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What stands in a device.

    Attributes:
        words: by address, without holes.
        holes: inside models; ``outside``: where a map or a header was looked for.
        answers_s: how long each answer took, seconds.
        end: how the chain ends where that is not with the end model; empty if it is.
    """

    chain: Chain
    words: dict[int, int]
    holes: tuple[Hole, ...]
    outside: tuple[Hole, ...]
    end: str
    answers_s: tuple[float, ...]

    @property
    def headers(self) -> tuple[Header, ...]:
        """Every model of the chain in its order."""
        return tuple(header for part in self.chain.parts for header in part)

    def model(self, header: Header) -> tuple[int | None, ...]:
        """A model's words, its ID first."""
        return tuple(self.words.get(at) for at in range(header.address, header.end))

    def holes_in(self, header: Header) -> tuple[Hole, ...]:
        """Those that touch the model."""
        return tuple(
            hole
            for hole in self.holes
            if hole.span.address < header.end and header.address < hole.span.end
        )


class Surveyor:
    """One look at one device.  Every request that has no answer is made once more.

    Attributes:
        deep: whether a refused block is halved down to single registers, else once.
    """

    def __init__(self, device: Device, line: Line, *, deep: bool = False) -> None:
        self._device = device
        self._line = line
        self._deep = deep
        self._words: dict[int, int] = {}
        self._holes: list[Hole] = []
        self._outside: list[Hole] = []
        self._answers_s: list[float] = []

    async def survey(self, bases: Sequence[int] = BASES) -> Survey:
        """Walk the chain and read all of it.

        Raises:
            DeviceUnavailable: it does not answer, or stopped answering on the way.
            DeviceMisbehaves: it answers, but there is no SunSpec map.
        """
        chain = await self._walk(bases)
        headers = [header for part in chain.parts for header in part]
        for header in headers:
            await self._model(header, chain.base)
        end = await self._end(headers) if headers and chain.broken_at is None else ""
        return Survey(
            chain=chain,
            words=dict(sorted(self._words.items())),
            holes=tuple(self._holes),
            outside=tuple(self._outside),
            end=end,
            answers_s=tuple(self._answers_s),
        )

    async def _walk(self, bases: Sequence[int]) -> Chain:
        """Some devices are silent where no map stands, so silence at one base is no end."""
        try:
            return await walk(self._header, bases)
        except DeviceUnavailable:
            for base in bases[1:]:
                with suppress(DeviceUnavailable, DeviceMisbehaves):
                    return await walk(self._header_once, (base,))
            raise

    async def _header(self, address: int, count: int) -> tuple[int, ...]:
        return await self._kept(Span(address, count), self._ask)

    async def _header_once(self, address: int, count: int) -> tuple[int, ...]:
        return await self._kept(Span(address, count), self._once)

    async def _kept(
        self, span: Span, ask: Callable[[Span], Awaitable[tuple[int, ...]]]
    ) -> tuple[int, ...]:
        """The words, remembered; or the fault, remembered too."""
        try:
            words = await ask(span)
        except (RequestRefused, DeviceUnavailable) as fault:
            self._outside.append(_hole(span, fault))
            raise
        self._words |= enumerate(words, span.address)
        return words

    async def _model(self, header: Header, base: int) -> None:
        silent = False
        for span in _blocks(header):
            missed = await self._block(header, span, halvings=_TO_THE_LAST if self._deep else 1)
            silent |= any(hole.code is None for hole in missed)
            self._holes += missed
        if silent:
            await self._ask(Span(base, HEADER))  # raises where the device is gone altogether

    async def _block(self, header: Header, span: Span, halvings: int) -> list[Hole]:
        """Read it, or halve it; what was missed.  Silence costs time, so it is halved once."""
        try:
            self._words |= enumerate(await self._ask(span), span.address)
        except (RequestRefused, DeviceUnavailable, DeviceMisbehaves) as fault:
            left = halvings if isinstance(fault, RequestRefused) else min(halvings, 1)
            cut = middle(header, span, anywhere=self._deep) if left else None
            if cut is None:
                return [_hole(span, fault)]
        else:
            return []
        lower = Span(span.address, cut - span.address)
        upper = Span(cut, span.end - cut)
        return [
            *await self._block(header, lower, left - 1),
            *await self._block(header, upper, left - 1),
        ]

    async def _ask(self, span: Span) -> tuple[int, ...]:
        try:
            return await self._once(span)
        except DeviceUnavailable:
            await asyncio.sleep(in_seconds(self._device.timeout))
            return await self._once(span)

    async def _once(self, span: Span) -> tuple[int, ...]:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        block = await self._line.read(
            self._device.unit, span.address, span.count, timeout=self._device.timeout
        )
        self._answers_s.append(loop.time() - began_s)
        return block.words

    async def _end(self, headers: Sequence[Header]) -> str:
        """What stands where the chain is over."""
        address = headers[-1].end
        if address >= _LAST_ADDRESS:
            return "the chain reaches the last register there is"
        try:
            words = await self._header(address, HEADER)
        except RequestRefused as refused:
            return f"no end model: exception {refused.code} at register {address}"
        except DeviceUnavailable:
            return f"no end model: no answer at register {address}"
        if words[0] == _END:
            return ""
        return f"no end model: {words[0]:04X} {words[1]:04X} at register {address}"


def _hole(span: Span, fault: GridtenderError) -> Hole:
    code = fault.code if isinstance(fault, RequestRefused) else None
    return Hole(span=span, code=code, text=str(fault))


def _blocks(header: Header) -> Iterator[Span]:
    """Requests for the whole model, cut between points where these are known."""
    if known(header.model):
        yield from spans([header])
        return
    for start in range(header.address, header.end, MAX_READ):
        yield Span(start, min(MAX_READ, header.end - start))
