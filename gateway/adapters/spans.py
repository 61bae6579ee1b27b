"""Spans of time, from one instant to another, cut by a range and joined."""

from collections.abc import Iterable, Iterator

Span = tuple[int, int]
"""Begin and end, ns."""


def outside(spans: Iterable[Span], range_: Span) -> list[Span]:
    """What of the spans lies outside the range."""
    begin, end = range_
    pieces = [piece for a, b in spans for piece in ((a, min(b, begin)), (max(a, end), b))]
    return [(a, b) for a, b in pieces if a < b]


def inside(spans: Iterable[Span], range_: Span) -> list[Span]:
    """What of the spans lies in the range."""
    begin, end = range_
    return [(max(a, begin), min(b, end)) for a, b in spans if max(a, begin) < min(b, end)]


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """In order; those that touch are one."""
    begin = end = None
    for a, b in sorted(spans):
        if end is not None and begin is not None and a <= end:
            end = max(end, b)
            continue
        if begin is not None and end is not None:
            yield begin, end
        begin, end = a, b
    if begin is not None and end is not None:
        yield begin, end
