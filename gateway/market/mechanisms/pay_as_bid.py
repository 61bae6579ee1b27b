"""Each pair trades at a price of its own; who trades is found as under one price for all.

Source: docs/mechanisms/pay-as-bid.md.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from gateway.market import price_rules
from gateway.market.mechanisms.uniform_price import UniformPriceBook
from gateway.model.clearing import ClearingType
from gateway.model.product import Product
from gateway.model.tender import Side
from gateway.ports.mechanism import ClearingBook, Matching, Outcome, Step

# As it is called: the buyer pays what he bid.
PRICE_RULES: Final = (
    "marginal-buyer",
    *(rule for rule in price_rules.RULES if rule != "marginal-buyer"),
)


class PayAsBid:
    """The mechanism ``pay-as-bid``."""

    name = "pay-as-bid"
    matching = Matching.GATE
    price_rules = PRICE_RULES

    def open_book(self, product: Product) -> "PayAsBidBook":
        """An empty book under the product's terms.

        Raises:
            ValueError: a price rule that is none of ``PRICE_RULES``.
        """
        price_rules.check(product, PRICE_RULES)
        return PayAsBidBook(product)


class PayAsBidBook:
    """The steps of one instrument; the best buyer meets the best seller, and so on down.

    The price of a pair is taken by the product's rule between what the seller asks and what the
    buyer bids.  That of the clearing is the price of the last pair, the nearest one another.
    """

    def __init__(self, product: Product) -> None:
        self._steps: ClearingBook = UniformPriceBook(replace(product, price_rule="midpoint"))
        self._rule = price_rules.RULES[product.price_rule]
        self._tick = product.tick

    def add(self, step: Step) -> None:
        """Take the step in."""
        self._steps.add(step)

    def remove(self, step: Step) -> None:
        """Take out exactly the step that was added."""
        self._steps.remove(step)

    def price(self) -> int | None:
        """The price ``clear`` would find now."""
        return self.clear().price

    def clear(self) -> Outcome:
        """The outcome for the steps that are in.

        Raises:
            InvariantBroken: bought and sold differ.
        """
        found = self._steps.clear()
        if found.type is ClearingType.EMPTY or not found.fills:
            return found
        parts: dict[tuple[Step, int], int] = {}
        price = 0
        for buy, sell, quantity in _pairs(found.fills):
            price = self._rule(sell.price, buy.price, self._tick)
            for step in (buy, sell):
                parts[step, price] = parts.get((step, price), 0) + quantity
        ordered = sorted(parts, key=lambda part: (part[0].sequence, part[0].closing))
        return replace(
            found,
            price=price,
            low=min(price for _, price in ordered),
            high=max(price for _, price in ordered),
            fills=tuple((step, parts[step, price]) for step, price in ordered),
            prices=tuple(price for _, price in ordered),
        )


def _pairs(fills: tuple[tuple[Step, int], ...]) -> Iterator[tuple[Step, Step, int]]:
    """(buy, sell, quantity): the dearest BUY with the cheapest SELL first, earlier ones before."""
    buys = deque(sorted(_of(Side.BUY, fills), key=lambda one: (-one[0].price, one[0].sequence)))
    sells = deque(sorted(_of(Side.SELL, fills), key=lambda one: (one[0].price, one[0].sequence)))
    while buys:
        (buy, wanted), (sell, offered) = buys.popleft(), sells.popleft()
        quantity = min(wanted, offered)
        yield buy, sell, quantity
        if wanted > quantity:
            buys.appendleft((buy, wanted - quantity))
        if offered > quantity:
            sells.appendleft((sell, offered - quantity))


def _of(side: Side, fills: Iterable[tuple[Step, int]]) -> list[tuple[Step, int]]:
    return [one for one in fills if one[0].side is side]
