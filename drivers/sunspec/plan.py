"""Few requests: which registers are read together, and the words of each model back."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drivers.sunspec.codec import HEADER, known, layout
from drivers.sunspec.discovery import Header
from gateway.ports.line import MAX_READ

GAP = 32
"""Registers of unwanted models that are read along rather than asked around."""


@dataclass(frozen=True, slots=True)
class Span:
    """One request: ``count`` registers from ``address``."""

    address: int
    count: int

    @property
    def end(self) -> int:
        """The first register after it."""
        return self.address + self.count


def spans(headers: Iterable[Header], gap: int = GAP, most: int = MAX_READ) -> tuple[Span, ...]:
    """Requests of so many registers, cut between models, or between points of a long one."""
    merged: list[Span] = []
    for piece in sorted(_pieces(headers, most), key=lambda span: span.address):
        if merged and _fits(merged[-1], piece, gap, most):
            first = merged[-1].address
            merged[-1] = Span(first, piece.address + piece.count - first)
        else:
            merged.append(piece)
    return tuple(merged)


def _fits(block: Span, piece: Span, gap: int, most: int) -> bool:
    between = piece.address - (block.address + block.count)
    return between <= gap and piece.address + piece.count - block.address <= most


def _pieces(headers: Iterable[Header], most: int) -> Iterator[Span]:
    for header in headers:
        start = 0
        size = HEADER + header.length
        while size - start > most:
            cut = max(
                (
                    p.offset
                    for p in layout(header.model, header.length).points
                    if start < p.offset <= start + most
                ),
                default=start + most,
            )
            yield Span(header.address + start, cut - start)
            start = cut
        yield Span(header.address + start, size - start)


def middle(header: Header, span: Span, *, anywhere: bool = False) -> int | None:
    """Where to halve a request: between points if it has any, None where it is not to be halved.

    Args:
        header: of the model that the request lies in.
        span: the request.
        anywhere: whether a point may be cut.
    """
    half = span.address + span.count // 2
    if not known(header.model):
        return half if span.count > 1 else None
    edges = [
        header.address + point.offset
        for point in layout(header.model, header.length).points
        if span.address < header.address + point.offset < span.end
    ]
    if not edges:
        return half if anywhere and span.count > 1 else None
    after = bisect_left(edges, half)
    return min(edges[max(0, after - 1) : after + 1], key=lambda edge: abs(edge - half))


def words_of(header: Header, blocks: Mapping[int, Sequence[int]]) -> tuple[int, ...] | None:
    """The model's words out of blocks by address, None unless all of them were read."""
    start, end = header.address, header.end
    for address, block in blocks.items():
        if address <= start and end <= address + len(block):
            return tuple(block[start - address : end - address])
    words: list[int] = []
    for address in sorted(blocks):
        block = blocks[address]
        at = start + len(words)
        if address <= at < address + len(block):
            words.extend(block[at - address : end - address])
        if start + len(words) == end:
            return tuple(words)
    return None
