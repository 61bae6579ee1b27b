"""Prices stated against another: what they come to when the tender is taken.

The base is the last clearing price of the named product.  The result is rounded to the tick and
drawn into the price range on the side that is safe for the tender's party: a BUY never pays more
than it said, a SELL never gets less.

Source: EMIX 1.0, priceRelative and priceMultiplier.
"""

from dataclasses import replace
from typing import Final

from gateway.market.grid import PriceGrid
from gateway.model.product import Product
from gateway.model.tender import Side, Tender
from gateway.model.terms import PriceBase, PriceKind

MILLION: Final = 10**6


def comparable(product: Product, other: Product) -> bool:
    """Whether a price of ``other`` says anything about ``product``: same money, same unit."""
    return (product.currency, product.price_unit) == (other.currency, other.price_unit)


def resolve(tender: Tender, product: Product, other: Product, last: int) -> Tender:
    """The tender with its price as a number of the product's own scale.

    Args:
        tender: with a base.
        product: that it is for.
        other: whose price the base names.
        last: its last clearing price, in its own scale.
    """
    base = tender.base
    if base is None:
        return tender
    part, parts = _exact(base, last, other.price_scale - product.price_scale)
    grid, unit = PriceGrid.of(product), parts * product.tick
    if tender.side is Side.BUY:
        price = min(part // unit * product.tick, grid.cap)
    else:
        price = max(-(-part // unit) * product.tick, grid.floor)
    return replace(tender, price=price, base=replace(base, found=last))


def _exact(base: PriceBase, last: int, shift: int) -> tuple[int, int]:
    """The price as a fraction; ``shift`` brings ``last`` to the own scale."""
    up, down = 10 ** max(0, shift), 10 ** max(0, -shift)
    if base.kind is PriceKind.MULTIPLIER:
        return last * up * base.value, down * MILLION
    return last * up + base.value * down, down
