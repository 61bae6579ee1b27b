"""Why a clearing's price is what it is, in words for a person."""

from typing import assert_never

from gateway.model.clearing import Clearing, ClearingType, MarginalTender
from gateway.model.product import Product
from gateway.model.tender import Side


def because(clearing: Clearing, product: Product) -> str:
    """One or two sentences naming the tender that set the price and what would change it."""
    if clearing.quote:
        return _negotiated(clearing, product)
    sentences = [_reason(clearing, product), *_neighbours(clearing, product)]
    if clearing.congestion:
        moved = _price(clearing.congestion, product)
        sentences.append(f"A limit of the grid binds: the price is {moved} off the tariff.")
    return " ".join(sentences)


def _negotiated(clearing: Clearing, product: Product) -> str:
    quoted, accepting = clearing.marginal
    traded = f"{product.real_quantity(clearing.quantity):g} {product.unit}"
    said = f"{quoted.party} quoted {_at(clearing, product)} ({clearing.quote})"
    if clearing.undone:
        return f"{said}; that {accepting.party} accepted {traded} is taken back: no disk."
    return f"{said} and {accepting.party} accepted {traded}."


def _reason(clearing: Clearing, product: Product) -> str:
    marginal = _partly_used_first(clearing.marginal)
    match clearing.type:
        case ClearingType.EMPTY:
            return _empty(clearing, product)
        case ClearingType.SHORTAGE:
            return f"Demand that must be met finds no more supply at {_at(clearing, product)}."
        case ClearingType.SURPLUS:
            return f"Supply that must be taken finds no more demand at {_at(clearing, product)}."
        case ClearingType.MARGINAL_BUYER | ClearingType.MARGINAL_SELLER if marginal:
            return f"{_step(marginal[0], product)} sets the price of {_at(clearing, product)}."
        case ClearingType.MARGINAL_BUYER | ClearingType.MARGINAL_SELLER:
            side = "buyer" if clearing.type is ClearingType.MARGINAL_BUYER else "seller"
            return f"A {side} sets the price of {_at(clearing, product)}."
        case ClearingType.EXACT:
            return _exact(clearing, product)
        case _:
            assert_never(clearing.type)


def _empty(clearing: Clearing, product: Product) -> str:
    if clearing.reference_price is None:
        return "Nobody buys at a price at which somebody sells."
    last = _price(clearing.reference_price, product)
    return f"Nobody buys at a price at which somebody sells; the last price was {last}."


def _exact(clearing: Clearing, product: Product) -> str:
    low, high = clearing.low, clearing.high
    if low is None or high is None or low == high:
        return f"Demand meets supply exactly at {_at(clearing, product)}."
    span = f"{product.real_price(low)} to {_price(high, product)}"
    return (
        f"Any price from {span} clears the same volume; "
        f"{_at(clearing, product)} is taken ({product.price_rule})."
    )


def _neighbours(clearing: Clearing, product: Product) -> list[str]:
    named = ("Next cheaper", clearing.next_cheaper), ("Next dearer", clearing.next_dearer)
    return [f"{name}: {_step(step, product)}." for name, step in named if step is not None]


def _step(step: MarginalTender, product: Product) -> str:
    verb = "buying" if step.side is Side.BUY else "selling"
    quantity = f"{product.real_quantity(step.quantity):g} {product.unit}"
    if 0 < step.filled < step.quantity:
        quantity = f"{product.real_quantity(step.filled):g} of {quantity}"
    return f"{step.party} {verb} {quantity} at {_price(step.price, product)}"


def _partly_used_first(marginal: tuple[MarginalTender, ...]) -> list[MarginalTender]:
    return sorted(marginal, key=lambda step: not 0 < step.filled < step.quantity)


def _at(clearing: Clearing, product: Product) -> str:
    price = clearing.price if clearing.price is not None else clearing.reference_price
    return "no price" if price is None else _price(price, product)


def _price(price: int, product: Product) -> str:
    return f"{product.real_price(price)} {product.currency}/{product.price_unit}"
