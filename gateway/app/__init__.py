"""The house put together."""

from gateway.app.gateway import Gateway, World
from gateway.app.wiring import load_market, open_gateway, rules_of

__all__ = ["Gateway", "World", "load_market", "open_gateway", "rules_of"]
