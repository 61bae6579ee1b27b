"""A market's demand as one falling curve: what everybody together would draw at a price."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Net demand A(p) as steps; the product's integers, drawing positive.

    Attributes:
        above: at prices above every step: minus all that is offered, at most 0.
        steps: (price, quantity > 0) by falling price: so much more at and below the price.

    >>> curve = Demand(above=-100, steps=((200, 60), (50, 100)))
    >>> [curve.at(price) for price in (201, 200, 50)]
    [-100, -40, 60]
    """

    above: int
    steps: tuple[tuple[int, int], ...]

    def at(self, price: int) -> int:
        """What is drawn at the price; at that of a step the most that satisfies everybody."""
        return self.above + sum(quantity for limit, quantity in self.steps if limit >= price)

    def below(self, price: int) -> int:
        """The least that satisfies everybody at the price."""
        return self.above + sum(quantity for limit, quantity in self.steps if limit > price)
