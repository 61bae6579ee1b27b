"""For tests, ours and those of packages beside ours: virtual time, and a driver's promises."""

from gateway.testing.check import check_driver
from gateway.testing.promises import Broken, BrokenPromises, Promise
from gateway.testing.virtual import VirtualClock, VirtualLoop

__all__ = [
    "Broken",
    "BrokenPromises",
    "Promise",
    "VirtualClock",
    "VirtualLoop",
    "check_driver",
]
