"""A party's demand as a curve: linear between its points, flat outside, two at one price a step.

Prices are places on a price grid, 0 for the floor.  Positive quantities are demand, negative ones
supply; a curve never rises.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from itertools import pairwise
from operator import itemgetter

from gateway.model.tender import Side


@dataclass(frozen=True, slots=True)
class Demand:
    """Points by rising price and falling quantity.

    >>> demand = Demand((2, 6, 6), (Fraction(10), Fraction(4), Fraction(-3)))
    >>> [demand.at(Fraction(place)) for place in (0, 4, 6, 9)] == [
    ...     (10, 10), (7, 7), (-3, 4), (-3, -3)
    ... ]
    True

    Attributes:
        places: of the points, never falling.
        quantities: in lots, never rising.
    """

    places: Sequence[int]
    quantities: Sequence[Fraction]

    @classmethod
    def step(cls, side: Side, place: int, quantity: Fraction) -> "Demand":
        """That of a single tender: all of it up to, or from, its price."""
        nothing = Fraction(0)
        ends = (quantity, nothing) if side is Side.BUY else (nothing, -quantity)
        return cls((place, place), ends)

    def at(self, place: Fraction | int) -> tuple[Fraction, Fraction]:
        """(least, most) at a price: apart only where the price is that of a step."""
        first, after = bisect_left(self.places, place), bisect_right(self.places, place)
        if first < after:
            return self.quantities[after - 1], self.quantities[first]
        if first == 0:
            return self.quantities[0], self.quantities[0]
        if first == len(self.places):
            return self.quantities[-1], self.quantities[-1]
        left, right = self.places[first - 1], self.places[first]
        share = Fraction(place - left, right - left)
        fall = self.quantities[first - 1] - self.quantities[first]
        between = self.quantities[first - 1] - share * fall
        return between, between

    def pieces(self, cap: int) -> Iterator[tuple[Side, int, int]]:
        """(side, place, whole lots > 0): the steps on a grid from 0 to ``cap`` that come to it.

        Fractions of a lot are left out, so nothing is offered or wanted that is not there.
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
        if len(self.places) != 2 or self.places[0] != self.places[1] or all(self.quantities):  # noqa: PLR2004
            return None
        before, after = self.quantities
        side = Side.SELL if after else Side.BUY
        return side, self.places[0], int(before - after)

    def _wanted(self, place: int) -> int:
        """The most whole lots that it buys."""
        return max(0, int(self.at(place)[1]))

    def _offered(self, place: int) -> int:
        """The most whole lots that it sells."""
        return max(0, int(-self.at(place)[0]))


def _levels(lots: Callable[[int], int], cap: int) -> Iterator[tuple[int, int]]:
    """(last place, lots) of each run of places with the same lots, which only rise or only fall."""
    grid, first = range(cap + 1), 0
    while first <= cap:
        level, after = lots(first), first + 1
        if after <= cap and lots(after) == level:
            after = bisect_left(grid, 1, lo=after, key=lambda at, level=level: lots(at) != level)  # type: ignore[misc]
        yield after - 1, level
        first = after
