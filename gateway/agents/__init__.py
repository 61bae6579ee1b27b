"""Agents: they turn a snapshot of the site into what each party wants at each price.

Source: docs/economics.md.
"""

from gateway.agents.electric_vehicle import ElectricVehicle
from gateway.agents.generator import Generator
from gateway.agents.must_run import MUST_RUN, MustRun
from gateway.agents.roster import (
    agents_for,
    is_steered_load,
    looks_ahead,
    tenders_for_itself,
    wires,
)
from gateway.agents.shiftable_load import ShiftableLoad
from gateway.agents.solar import Solar
from gateway.agents.stepped_load import SteppedLoad
from gateway.agents.storage import Storage
from gateway.agents.utility import UTILITY, Utility

__all__ = [
    "MUST_RUN",
    "UTILITY",
    "ElectricVehicle",
    "Generator",
    "MustRun",
    "ShiftableLoad",
    "Solar",
    "SteppedLoad",
    "Storage",
    "Utility",
    "agents_for",
    "is_steered_load",
    "looks_ahead",
    "tenders_for_itself",
    "wires",
]
