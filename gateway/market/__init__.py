"""The market of one product: tenders in, clearings and transactions out.  Pure."""

from gateway.market.market import Market

__all__ = ["Market"]
