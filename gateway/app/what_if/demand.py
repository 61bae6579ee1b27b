"""A party's demand as a curve: linear between its points, flat outside, two at one price a step.

Prices are places on a price grid, 0 for the floor.  Positive quantities are demand, negative ones
supply; a curve never rises.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

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

    def at(self, place: Fraction) -> tuple[Fraction, Fraction]:
        """(least, most) at a price: apart only where the price is that of a step."""
        first, after = bisect_left(self.places, place), bisect_right(self.places, place)
        if first < after:
            return self.quantities[after - 1], self.quantities[first]
        if first == 0:
            return self.quantities[0], self.quantities[0]
        if first == len(self.places):
            return self.quantities[-1], self.quantities[-1]
        left, right = self.places[first - 1], self.places[first]
        share = (place - left) / (right - left)
        fall = self.quantities[first - 1] - self.quantities[first]
        between = self.quantities[first - 1] - share * fall
        return between, between

    def pieces(self, cap: int) -> Iterator[tuple[Side, int, int]]:
        """(side, place, whole lots > 0): the steps on a grid from 0 to ``cap`` that come to it.

        Fractions of a lot are left out, so nothing is offered or wanted that is not there.
        """
        first, last = self.places[0], self.places[-1]
        sold = 0
        for place in sorted({0, *range(first, last + 1), cap}):
            least, most = self.at(Fraction(place))
            # What is wanted at this price and at no higher one.
            above = Fraction(0) if place == cap else self.at(Fraction(min(place + 1, cap)))[1]
            wanted = max(0, int(most)) - max(0, int(above))
            if wanted:
                yield Side.BUY, place, wanted
            offered = max(0, int(-least)) - sold
            if offered:
                yield Side.SELL, place, offered
            sold += offered

    def edges(self, cap: int) -> tuple[int, int]:
        """(highest place where it buys, lowest where it sells); -1 and ``cap`` + 1 for nowhere."""
        pieces = [*self.pieces(cap)]
        buys = (place for side, place, _ in pieces if side is Side.BUY)
        sells = (place for side, place, _ in pieces if side is Side.SELL)
        return max(buys, default=-1), min(sells, default=cap + 1)
