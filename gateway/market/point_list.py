"""A party's demand as a list of points: linear between them, flat outside, two at one price a step.

Prices are places on a price grid, 0 for the floor.  Positive quantities are demand, negative ones
supply; a list never rises.  Quantities are whole numbers of a part of a lot, so that any decimal
quantity has an exact form.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import pairwise
from math import lcm
from operator import itemgetter

from gateway.model.tender import Side

_STEP = 2  # points at one price


@dataclass(frozen=True, slots=True)
class PointList:
    """Points by rising price and falling quantity.

    >>> points = PointList((2, 6, 6), (10, 4, -3))
    >>> [points.at(place) for place in (0, 4, 6, 9)]
    [(10, 10, 1), (28, 28, 4), (-3, 4, 1), (-3, -3, 1)]

    Attributes:
        places: of the points, never falling.
        quantities: in parts of a lot, never rising.
        parts: how many parts a lot has.
    """

    places: Sequence[int]
    quantities: Sequence[int]
    parts: int = 1

    @classmethod
    def step(cls, side: Side, place: int, lots: int) -> "PointList":
        """That of a single tender: all of it up to, or from, its price."""
        return cls((place, place), (lots, 0) if side is Side.BUY else (0, -lots))

    def at(self, place: int, over: int = 1) -> tuple[int, int, int]:
        """(least, most, of): least/of to most/of lots at place/over.

        They are apart only where the price is that of a step.
        """
        first = bisect_left(self.places, place, key=lambda point: point * over)
        after = bisect_right(self.places, place, key=lambda point: point * over)
        if first < after:
            return self.quantities[after - 1], self.quantities[first], self.parts
        if first in (0, len(self.places)):
            edge = self.quantities[first and -1]
            return edge, edge, self.parts
        left, right = self.places[first - 1], self.places[first]
        fall = self.quantities[first - 1] - self.quantities[first]
        of = (right - left) * over
        between = self.quantities[first - 1] * of - (place - left * over) * fall
        return between, between, of * self.parts

    @property
    def common(self) -> int:
        """A number of parts of a lot in which the demand is whole at every place."""
        return self.parts * lcm(*(b - a for a, b in pairwise(self.places) if b > a))

    def pieces(self, cap: int) -> Iterator[tuple[Side, int, int]]:
        """(side, place, whole lots > 0): the steps on a grid from 0 to ``cap`` that come to it.

        Parts of a lot are left out, so nothing is offered or wanted that is not there.
        """
        if (single := self._single()) is not None:
            if single[2]:
                yield single
            return
        wanted = [*_levels(self._wanted, cap), (cap, 0)]
        # What is wanted at this price and at no higher one, and offered at this and at no lower.
        buys = [(last, Side.BUY, more - less) for (last, more), (_, less) in pairwise(wanted)]
        offered = [(-1, 0), *_levels(self._offered, cap)]
        sells = [
            (last + 1, Side.SELL, more - less) for (last, less), (_, more) in pairwise(offered)
        ]
        for place, side, lots in merge(buys, sells, key=itemgetter(0)):
            if lots:
                yield side, place, lots

    def edges(self, cap: int) -> tuple[int, int]:
        """(highest place where it buys, lowest where it sells); -1 and ``cap`` + 1 for nowhere."""
        if (single := self._single()) is not None:
            side, place, lots = single
            buys, sells = side is Side.BUY and lots, side is Side.SELL and lots
            return place if buys else -1, place if sells else cap + 1
        grid = range(cap + 1)
        unwanted = bisect_left(grid, 1, key=lambda place: not self._wanted(place))
        return unwanted - 1, bisect_left(grid, 1, key=self._offered)

    def _single(self) -> tuple[Side, int, int] | None:
        """As a single tender, whole lots; None where it is more than one."""
        places = self.places
        if len(places) != _STEP or places[0] != places[1] or all(self.quantities):
            return None
        before, after = self.quantities
        side = Side.SELL if after else Side.BUY
        return side, places[0], (before - after) // self.parts

    def _wanted(self, place: int) -> int:
        """The most whole lots that it buys."""
        _, most, of = self.at(place)
        return max(0, most // of)

    def _offered(self, place: int) -> int:
        """The most whole lots that it sells."""
        least, _, of = self.at(place)
        return max(0, -least // of)


def _levels(lots: Callable[[int], int], cap: int) -> Iterator[tuple[int, int]]:
    """(last place, lots) of each run of places with the same lots, which only rise or only fall."""
    grid, first = range(cap + 1), 0
    while first <= cap:
        level, after = lots(first), first + 1
        if after <= cap and lots(after) == level:
            after = bisect_left(grid, 1, lo=after, key=lambda at, level=level: lots(at) != level)  # type: ignore[misc]
        yield after - 1, level
        first = after
