"""Rules of clearing by name."""

from gateway.market.mechanisms.equilibrium import Equilibrium
from gateway.market.mechanisms.order_book import OrderBook
from gateway.market.mechanisms.pay_as_bid import PayAsBid
from gateway.market.mechanisms.posted_price import PostedPrice
from gateway.market.mechanisms.quoted import Negotiated, QuoteDriven
from gateway.market.mechanisms.uniform_price import UniformPrice
from gateway.ports.mechanism import Mechanism

__all__ = [
    "Equilibrium",
    "Negotiated",
    "OrderBook",
    "PayAsBid",
    "PostedPrice",
    "QuoteDriven",
    "UniformPrice",
    "built_in",
]


def built_in() -> dict[str, Mechanism]:
    """The mechanisms of this project by name."""
    every: tuple[Mechanism, ...] = (
        UniformPrice(),
        PayAsBid(),
        OrderBook(),
        Equilibrium(),
        PostedPrice(),
        QuoteDriven(),
        Negotiated(),
    )
    return {mechanism.name: mechanism for mechanism in every}
