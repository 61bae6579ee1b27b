"""The price grid of a product as places in one falling order of eagerness.

Each price has four places, in the order in which a rising price passes them::

    place 4i+3   BUY that closes      just below price i: gives back a SELL at i
    place 4i+4   SELL
    place 4i+5   BUY
    place 4i+6   SELL that closes     just above price i: gives back a BUY at i

So a SELL trades with a BUY exactly when its place comes first, and a closing step never trades
at its own price with anyone who is as indifferent as itself.  SELL places are even, BUY odd.
"""

from dataclasses import dataclass

from gateway.model.product import Product
from gateway.model.tender import Side


@dataclass(frozen=True, slots=True)
class PriceGrid:
    """All prices a tender may have, numbered from 0 (the floor).

    >>> grid = PriceGrid(tick=5, lowest=-2, highest=4)
    >>> grid.floor, grid.cap, grid.steps
    (-10, 20, 7)
    >>> [grid.place(Side.SELL, 0), grid.place(Side.BUY, 0), grid.place(Side.SELL, 0, closing=True)]
    [12, 13, 14]
    >>> [grid.price(place) for place in (11, 12, 13, 14, 15)]
    [0, 0, 0, 0, 5]

    Attributes:
        tick: price of one step.
        lowest, highest: floor and cap in ticks, inside the product's terms.
    """

    tick: int
    lowest: int
    highest: int

    @classmethod
    def of(cls, product: Product) -> "PriceGrid":
        """The grid of the product's terms; floor and cap are drawn in to whole ticks."""
        return cls(
            tick=product.tick,
            lowest=-(-product.price_floor // product.tick),
            highest=product.price_cap // product.tick,
        )

    @property
    def steps(self) -> int:
        """Number of prices."""
        return self.highest - self.lowest + 1

    @property
    def floor(self) -> int:
        """The lowest price on the grid."""
        return self.lowest * self.tick

    @property
    def cap(self) -> int:
        """The highest price on the grid."""
        return self.highest * self.tick

    def place(self, side: Side, price: int, *, closing: bool = False) -> int:
        """Where a step at ``price`` stands."""
        first = 4 * (price // self.tick - self.lowest + 1)
        if side is Side.BUY:
            return first - 1 if closing else first + 1
        return first + 2 if closing else first

    def price(self, place: int) -> int:
        """The price of the steps at ``place``."""
        return ((place + 1) // 4 - 1 + self.lowest) * self.tick
