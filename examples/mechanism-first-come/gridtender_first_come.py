"""One price; on the long side whoever came first is served first."""

from collections.abc import Iterator

from gateway.model.clearing import ClearingType
from gateway.model.product import Product
from gateway.model.tender import Side
from gateway.ports.mechanism import Matching, Outcome, Step


class FirstCome:
    """The mechanism ``first-come``."""

    name = "first-come"
    matching = Matching.GATE
    price_rules = ()

    def open_book(self, _product: Product) -> "FirstComeBook":
        """An empty book."""
        return FirstComeBook()


class FirstComeBook:
    """The steps of one instrument."""

    def __init__(self) -> None:
        self._steps: dict[Step, None] = {}

    def add(self, step: Step) -> None:
        """Take the step in."""
        self._steps[step] = None

    def remove(self, step: Step) -> None:
        """Take it out again."""
        del self._steps[step]

    def price(self) -> int | None:
        """The price ``clear`` would find now."""
        return self.clear().price

    def clear(self) -> Outcome:
        """The lowest price at which the most changes hands."""
        prices = sorted({step.price for step in self._divisible()})
        price = max(prices, key=self._volume, default=None)
        if price is None or not self._volume(price):
            return Outcome(price=None, low=None, high=None, quantity=0, type=ClearingType.EMPTY)
        volume = self._volume(price)
        return Outcome(
            price=price,
            low=price,
            high=price,
            quantity=volume,
            type=ClearingType.EXACT,
            fills=tuple(sorted(self._fills(price, volume), key=lambda fill: fill[0].sequence)),
        )

    def _divisible(self) -> Iterator[Step]:
        return (step for step in self._steps if not step.all_or_none)

    def _accepting(self, side: Side, price: int) -> list[Step]:
        """In order of arrival; what gives a position back serves beyond its price only."""
        found = [
            step
            for step in self._divisible()
            if step.side is side and side.sign * (step.price - price) >= int(step.closing)
        ]
        return sorted(found, key=lambda step: step.sequence)

    def _volume(self, price: int) -> int:
        return min(sum(s.quantity for s in self._accepting(side, price)) for side in Side)

    def _fills(self, price: int, volume: int) -> Iterator[tuple[Step, int]]:
        for side in Side:
            left = volume
            for step in self._accepting(side, price):
                if left:
                    yield step, min(left, step.quantity)
                    left -= min(left, step.quantity)


mechanism = FirstCome()
