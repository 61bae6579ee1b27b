"""A stretch of one model as raw words: what stands in its points, and the words for others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from drivers.sunspec.codec import Point, exponent, layout, raw, words_for
from drivers.sunspec.discovery import Header
from drivers.sunspec.plan import Span

Words = Mapping[int, int]
"""Register words by protocol address."""

Plan = tuple[Words, ...]
"""Words to write, in groups that are written one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The registers of a model from one point to another.

    Attributes:
        first, last: names of the points where the stretch begins and ends.
        words: what stands there; others may be in it too.
    """

    header: Header
    first: str
    last: str
    words: Words

    @classmethod
    def of(cls, header: Header, model: Sequence[int], first: str, last: str) -> Self:
        """Out of the words of the whole model.

        Raises:
            KeyError: the device's model ends before one of the points.
        """
        words = dict(enumerate(model, header.address))
        found = cls(header=header, first=first, last=last, words=words)
        span = found.span
        return found.renewed({at: words[at] for at in range(span.address, span.end)})

    @property
    def span(self) -> Span:
        """The registers to read."""
        first, last = self.point(self.first), self.point(self.last)
        return Span(self.header.address + first.offset, last.offset + last.size - first.offset)

    def renewed(self, words: Words) -> Self:
        """The same stretch with what stands there now."""
        return replace(self, words=words)

    def point(self, name: str) -> Point:
        """The point's definition.

        Raises:
            KeyError: the device's model ends before it.
        """
        point = layout(self.header.model, self.header.length).point(name)
        if point is None:
            raise KeyError(name)
        return point

    def addresses(self, name: str) -> range:
        """The point's registers."""
        point = self.point(name)
        start = self.header.address + point.offset
        return range(start, start + point.size)

    def get(self, name: str) -> int | None:
        """The unscaled number, None where the point is not implemented."""
        return raw(self.point(name), [self.words[at] for at in self.addresses(name)])

    def has(self, *names: str) -> bool:
        """Whether all of the points are implemented."""
        return all(self.get(name) is not None for name in names)

    def power(self, name: str) -> int | None:
        """The power of ten in a scale factor point, None where it means nothing."""
        return exponent(self.words[self.addresses(name)[0]])

    def put(self, **values: int | None) -> dict[int, int]:
        """Words by address for unscaled numbers, without points that are not implemented."""
        words: dict[int, int] = {}
        for name, value in values.items():
            if value is not None and self.has(name):
                encoded = words_for(self.point(name), value)
                words |= zip(self.addresses(name), encoded, strict=True)
        return words

    def standing(self, *names: str) -> dict[int, int]:
        """Words by address of points as they stand, without those not implemented."""
        return self.put(**{name: self.get(name) for name in names})
