"""Rules of clearing by name."""

from gateway.market.mechanisms.order_book import OrderBook
from gateway.market.mechanisms.pay_as_bid import PayAsBid
from gateway.market.mechanisms.uniform_price import UniformPrice
from gateway.ports.mechanism import Mechanism

__all__ = ["OrderBook", "PayAsBid", "UniformPrice", "built_in"]


def built_in() -> dict[str, Mechanism]:
    """The mechanisms of this project by name."""
    every = (UniformPrice(), PayAsBid(), OrderBook())
    return {mechanism.name: mechanism for mechanism in every}
