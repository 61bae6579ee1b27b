"""Offers of an app, as the tenders of a message."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.model.tender import Side
from gateway.model.time import Instant, Interval, iso_duration, rfc3339
from gateway.party.terms import Real, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One step: so much, at this price or better.

    Attributes:
        price: the most (BUY) or the least (SELL) per price unit.
        quantity: in the product's unit, not negative.
        all_or_none: whole or not at all.
        expiration: it takes part in clearings before this; None = until its interval's gate.
        warrants: that a SELL carries or a BUY asks for.
        instructions: CTS executionInstructions.
    """

    side: Side
    price: Real
    quantity: Real
    all_or_none: bool = False
    expiration: Instant | None = None
    warrants: tuple[str, ...] = ()
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What the market took.

    Attributes:
        orders: the market's id of each tender, by the tender's id; empty for a wish of nothing.
    """

    product: str
    interval: Interval
    orders: Mapping[str, str]


def buys(steps: Iterable[tuple[Real, Real]]) -> list[Offer]:
    """Offers to buy, of (price, quantity)."""
    return [Offer(side=Side.BUY, price=price, quantity=quantity) for price, quantity in steps]


def sells(steps: Iterable[tuple[Real, Real]]) -> list[Offer]:
    """Offers to sell, of (price, quantity)."""
    return [Offer(side=Side.SELL, price=price, quantity=quantity) for price, quantity in steps]


def write_interval(interval: Interval) -> dict[str, str]:
    """``{dtStart, duration}``."""
    return {"dtStart": rfc3339(interval.start), "duration": iso_duration(interval.duration)}


def write_offer(offer: Offer, id_: str, interval: Interval, terms: Terms) -> dict[str, Any] | None:
    """EiTenderType; None where the quantity is less than a lot."""
    quantity = terms.quantity(offer.quantity)
    if not quantity:
        return None
    tender: dict[str, Any] = {
        "tenderId": id_,
        "side": offer.side.value,
        "resourceDesignator": terms.resource,
        "priceScale": terms.price_scale,
        "quantityScale": terms.quantity_scale,
        "allOrNone": offer.all_or_none,
        "tenderDetail": {
            "interval": write_interval(interval),
            "price": terms.price(offer.price, offer.side),
            "quantity": quantity,
        },
    }
    if offer.expiration is not None:
        tender["expirationTime"] = rfc3339(offer.expiration)
    if offer.warrants:
        tender["warrants"] = list(offer.warrants)
    if offer.instructions:
        tender["executionInstructions"] = offer.instructions
    return tender
