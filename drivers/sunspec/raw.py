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
        low_word_first: how this device orders the words of one number.
    """

    header: Header
    first: str
    last: str
    words: Words
    low_word_first: bool = False

    @classmethod
    def of(
        cls,
        header: Header,
        model: Sequence[int],
        first: str,
        last: str,
        *,
        low_word_first: bool = False,
    ) -> Self:
        """Out of the words of the whole model.

        Raises:
            KeyError: the device's model ends before one of the points.
        """
        words = dict(enumerate(model, header.address))
        found = cls(
            header=header, first=first, last=last, words=words, low_word_first=low_word_first
        )
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

    def lowest(self, name: str) -> int:
        """The register of the point's lowest word."""
        return self._ordered(name)[-1]

    def get(self, name: str) -> int | None:
        """The unscaled number, None where the point is not implemented, in either order."""
        point, words = self.point(name), [self.words[at] for at in self._ordered(name)]
        if self.low_word_first and raw(point, words[::-1]) is None:
            return None
        return raw(point, words)

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
                words |= zip(self._ordered(name), encoded, strict=True)
        return words

    def standing(self, *names: str) -> dict[int, int]:
        """Words by address of points as they stand, without those not implemented."""
        return self.put(**{name: self.get(name) for name in names})

    def _ordered(self, name: str) -> Sequence[int]:
        """The point's registers, the one of its highest word first."""
        found = self.addresses(name)
        return found[::-1] if self.low_word_first else found
