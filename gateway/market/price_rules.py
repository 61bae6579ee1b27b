"""Which price of a range is taken: the rules by name.

``low`` is the price of the marginal seller and ``high`` that of the marginal buyer, and may be
called so.
"""

from collections.abc import Callable, Collection
from typing import Final

from gateway.model.product import Product

Rule = Callable[[int, int, int], int]
"""(low, high, tick) -> price; low and high are whole ticks."""


def _midpoint(low: int, high: int, tick: int) -> int:
    """Rounded down to a tick."""
    return (low + high) // (2 * tick) * tick


def _low(low: int, _high: int, _tick: int) -> int:
    return low


def _high(_low: int, high: int, _tick: int) -> int:
    return high


RULES: Final[dict[str, Rule]] = {
    "midpoint": _midpoint,
    "low": _low,
    "marginal-seller": _low,
    "high": _high,
    "marginal-buyer": _high,
}


def check(product: Product, known: Collection[str]) -> None:
    """Nothing, where the product's rule is known.

    Raises:
        ValueError: it is not; names those that are.
    """
    if product.price_rule not in known:
        message = (
            f"product {product.id}: price rule {product.price_rule!r} is not one of "
            f"{', '.join(known)}"
        )
        raise ValueError(message)
