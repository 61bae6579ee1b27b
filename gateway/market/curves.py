"""Supply and demand as Fenwick trees over the places of a price grid.

A step changes O(log n) sums and the crossing is found by one descent, however many parties there
are.  Demand minus supply at a place is all that is bought minus all units, BUY or SELL, that a
rising price has passed; so one tree holds all units and a second only the SELL ones.

Source: P. Fenwick, A New Data Structure for Cumulative Frequency Tables, 1994.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple, Protocol

ABOVE = 1 << 62  # above every place


class Crossing(NamedTuple):
    """Where demand meets supply.

    Attributes:
        low: the last place a rising price has passed: the dearest SELL used or the dearest BUY
            not fully used, -1 if there is none.
        high: the first place it has not: the cheapest BUY used or the cheapest SELL not fully
            used, ``ABOVE`` if there is none.  ``low == high`` is a partly used place.
        partial: how much of a partly used place is filled.
        sold: quantity of the SELL steps filled.
    """

    low: int
    high: int
    partial: int
    sold: int


class Supply(Protocol):
    """Where demand meets supply: what ``Curves`` and ``SortedCurves`` can be asked."""

    def crossing(self, injected: int = 0) -> Crossing | None:
        """The crossing when ``injected`` (SELL +) is traded beside the curves in any case."""
        ...

    def before(self, place: int) -> int:
        """Units at places below ``place``."""
        ...

    def occupied_after(self, passed: int) -> int:
        """The place of the first unit after ``passed`` units in order of places, or ABOVE."""
        ...

    def occupied_before(self, place: int) -> int:
        """The nearest place below ``place`` where a step stands, or -1."""
        ...


class SortedCurves:
    """The same of steps that stay as they are: one sort, for a book that is cleared once.

    >>> SortedCurves([(20, 100), (61, 60)]).crossing()
    Crossing(low=20, high=20, partial=60, sold=60)
    """

    __slots__ = ("_bought", "_places", "_quantities", "_sold", "_units")

    def __init__(self, steps: Iterable[tuple[int, int]]) -> None:
        quantities: dict[int, int] = {}
        for place, quantity in steps:
            quantities[place] = quantities.get(place, 0) + quantity
        self._places = sorted(quantities)
        self._quantities = [quantities[place] for place in self._places]
        self._units = list(accumulate(self._quantities, initial=0))
        sells = (
            0 if place & 1 else quantity
            for place, quantity in zip(self._places, self._quantities, strict=True)
        )
        self._sold = list(accumulate(sells, initial=0))
        self._bought = self._units[-1] - self._sold[-1]

    def crossing(self, injected: int = 0) -> Crossing | None:
        """The crossing when ``injected`` (SELL +) is traded beside the curves in any case.

        None if the curves cannot balance it.
        """
        target = self._bought - injected
        if not 0 <= target <= self._units[-1]:
            return None
        if not target:
            return Crossing(-1, self.occupied_after(0), 0, 0)
        index = bisect_left(self._units, target)
        low, passed, sold = self._places[index - 1], self._units[index], self._sold[index]
        left = passed - target
        if not left:
            return Crossing(low, self.occupied_after(passed), 0, sold)
        if low & 1:
            return Crossing(low, low, left, sold)
        return Crossing(low, low, self._quantities[index - 1] - left, sold - left)

    def before(self, place: int) -> int:
        """Units at places below ``place``."""
        return self._units[bisect_left(self._places, place)]

    def occupied_after(self, passed: int) -> int:
        """The place of the first unit after ``passed`` units in order of places, or ABOVE."""
        index = bisect_right(self._units, passed)
        return self._places[index - 1] if index < len(self._units) else ABOVE

    def occupied_before(self, place: int) -> int:
        """The nearest place below ``place`` where a step stands, or -1."""
        index = bisect_left(self._places, place)
        return self._places[index - 1] if index else -1


class Curves:
    """Quantities of divisible steps by place.

    >>> curves = Curves(places=100)
    >>> curves.add(20, 100)  # SELL: even
    >>> curves.add(61, 60)   # BUY: odd
    >>> curves.crossing()
    Crossing(low=20, high=20, partial=60, sold=60)
    >>> curves.add(61, 40)
    >>> curves.crossing()
    Crossing(low=20, high=61, partial=0, sold=100)
    """

    __slots__ = ("_all", "_bought", "_sells", "_size", "_total")

    def __init__(self, places: int) -> None:
        # Two places, SELL and BUY, share a node.
        self._size = 1 << (places // 2).bit_length()
        self._all = [0] * (self._size + 1)
        self._sells = [0] * (self._size + 1)
        self._bought = self._total = 0

    def add(self, place: int, quantity: int) -> None:
        """Change the quantity at ``place`` by ``quantity``, which may be negative."""
        index, size, units = (place >> 1) + 1, self._size, self._all
        self._total += quantity
        if place & 1:
            self._bought += quantity
            while index <= size:
                units[index] += quantity
                index += index & -index
            return
        sells = self._sells
        while index <= size:
            units[index] += quantity
            sells[index] += quantity
            index += index & -index

    def crossing(self, injected: int = 0) -> Crossing | None:
        """The crossing when ``injected`` (SELL +) is traded beside the curves in any case.

        None if the curves cannot balance it.
        """
        target = self._bought - injected
        if not 0 <= target <= self._total:
            return None
        low, passed, sold, own = self._pass(target) if target else (-1, 0, 0, 0)
        left = passed - target
        if not left:
            return Crossing(low, self.occupied_after(passed), 0, sold)
        if low & 1:
            return Crossing(low, low, left, sold)
        return Crossing(low, low, own - left, sold - left)

    def before(self, place: int) -> int:
        """Units at places below ``place``."""
        index = place >> 1
        units = _value(self._sells, index + 1) if place & 1 else 0
        while index:
            units += self._all[index]
            index &= index - 1
        return units

    def occupied_after(self, passed: int) -> int:
        """The place of the first unit after ``passed`` units in order of places, or ABOVE."""
        return self._pass(passed + 1)[0] if passed < self._total else ABOVE

    def occupied_before(self, place: int) -> int:
        """The nearest place below ``place`` where a step stands, or -1."""
        units = self.before(place)
        return self._pass(units)[0] if units else -1

    def _pass(self, target: int) -> tuple[int, int, int, int]:
        """Go up the places until at least ``target`` > 0 units are passed.

        Returns:
            The place reached, units passed with it, SELL units passed with it, and its own.
        """
        units, sells = self._all, self._sells
        index = passed = sold = 0
        half = self._size >> 1
        while half:
            after = index + half
            reach = passed + units[after]
            if reach < target:
                index, passed = after, reach
                sold += sells[after]
            half >>= 1
        selling = _value(sells, index + 1)
        if passed + selling >= target:
            return 2 * index, passed + selling, sold + selling, selling
        own = _value(units, index + 1)
        return 2 * index + 1, passed + own, sold + selling, own - selling


def _value(tree: list[int], index: int) -> int:
    value, stop = tree[index], index & (index - 1)
    index -= 1
    while index != stop:
        value -= tree[index]
        index &= index - 1
    return value
