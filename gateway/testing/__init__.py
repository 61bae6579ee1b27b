"""For tests, ours and others': virtual time, promises of drivers and of mechanisms."""

from gateway.testing.check import check_driver
from gateway.testing.mechanisms import (
    BrokenMechanismPromise,
    MechanismBreaksPromises,
    MechanismPromise,
    check_mechanism,
)
from gateway.testing.promises import Broken, BrokenPromises, Promise
from gateway.testing.virtual import VirtualClock, VirtualLoop

__all__ = [
    "Broken",
    "BrokenMechanismPromise",
    "BrokenPromises",
    "MechanismBreaksPromises",
    "MechanismPromise",
    "Promise",
    "VirtualClock",
    "VirtualLoop",
    "check_driver",
    "check_mechanism",
]
