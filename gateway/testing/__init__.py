"""For tests, ours and others': virtual time, promises of drivers, mechanisms and agents."""

from gateway.testing.agents import (
    AgentBreaksPromises,
    AgentPromise,
    BrokenAgentPromise,
    check_agent,
)
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
    "AgentBreaksPromises",
    "AgentPromise",
    "Broken",
    "BrokenAgentPromise",
    "BrokenMechanismPromise",
    "BrokenPromises",
    "MechanismBreaksPromises",
    "MechanismPromise",
    "Promise",
    "VirtualClock",
    "VirtualLoop",
    "check_agent",
    "check_driver",
    "check_mechanism",
]
