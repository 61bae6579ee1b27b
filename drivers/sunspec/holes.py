"""Registers that a device refuses inside a model: found once, asked around from then on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from drivers.sunspec.codec import HEADER, blank
from drivers.sunspec.discovery import Header
from drivers.sunspec.plan import Span, middle, spans
from gateway.model.errors import RequestRefused
from gateway.ports.line import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Holed:
    """A model that can be read in part.

    Attributes:
        spans: the stretches that are answered; ``holes``: those that are not.
    """

    header: Header
    spans: tuple[Span, ...]
    holes: tuple[Span, ...]

    @property
    def tells_more_than_its_header(self) -> bool:
        """Whether ID and length are answered, so that it can be recognised, and some point."""
        answered = {at for span in self.spans for at in range(span.address, span.end)}
        head = {*range(self.header.address, self.header.address + HEADER)}
        return head < answered

    def words(self, blocks: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
        """The model's words; what is refused is not implemented."""
        words = list(blank(self.header.model, self.header.length))
        for span in self.spans:
            at = span.address - self.header.address
            words[at : at + span.count] = blocks[span.address]
        return tuple(words)

    def __str__(self) -> str:
        """Which registers are missing."""
        holes = (f"{hole.address}-{hole.end - 1}" for hole in self.holes)
        return f"model {self.header.model}: registers {', '.join(holes)} cannot be read"


@dataclass(slots=True)
class Search:
    """Halves what is refused until single points are left.

    Attributes:
        ask: one request; RequestRefused where it is refused.
        most: registers that one request may read.
    """

    ask: Callable[[Span], Awaitable[Block]]
    most: int
    blocks: dict[int, Block] = field(default_factory=dict)
    holes: list[Span] = field(default_factory=list)
    _refusal: RequestRefused | None = None

    async def model(self, header: Header) -> Holed:
        """What can be read of a model, with its words in ``blocks``.

        Raises:
            RequestRefused: not its ID and length, or nothing but them.
        """
        began = len(self.holes)
        found: list[Span] = []
        for span in spans([header], most=self.most):
            found += await self._part(header, span)
        holed = Holed(header=header, spans=tuple(found), holes=tuple(self.holes[began:]))
        if holed.holes and not holed.tells_more_than_its_header:
            raise cast("RequestRefused", self._refusal)
        return holed

    async def _part(self, header: Header, span: Span) -> list[Span]:
        try:
            self.blocks[span.address] = await self.ask(span)
        except RequestRefused as refused:
            self._refusal = refused
            cut = middle(header, span)
            if cut is None:
                self.holes.append(span)
                return []
        else:
            return [span]
        lower = Span(span.address, cut - span.address)
        upper = Span(cut, span.end - cut)
        return [*await self._part(header, lower), *await self._part(header, upper)]
