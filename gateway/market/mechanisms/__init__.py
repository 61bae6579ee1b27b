"""Rules of clearing by name."""

from gateway.market.mechanisms.uniform_price import UniformPrice
from gateway.ports.mechanism import Mechanism

__all__ = ["UniformPrice", "built_in"]


def built_in() -> dict[str, Mechanism]:
    """The mechanisms of this project by name."""
    return {UniformPrice.name: UniformPrice()}
