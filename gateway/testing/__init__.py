"""For tests of packages that stand beside the gateway: virtual time, and what a driver promises."""

from gateway.testing.virtual import VirtualClock, VirtualLoop

__all__ = ["VirtualClock", "VirtualLoop"]
