"""The house put together."""

from gateway.app.wiring import Gateway, World, load_market, open_gateway

__all__ = ["Gateway", "World", "load_market", "open_gateway"]
