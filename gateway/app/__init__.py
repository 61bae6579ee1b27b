"""The house put together."""

from gateway.app.gateway import Gateway, World
from gateway.app.wiring import load_market, open_gateway

__all__ = ["Gateway", "World", "load_market", "open_gateway"]
