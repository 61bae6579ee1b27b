"""What is traded and metered: resource designators of CTS 1.0 and our extensions.

Source: OASIS CTS 1.0 ResourceDesignatorType; ``x-`` tokens as EMIX extension tokens.
"""

from typing import Final, NewType

Resource = NewType("Resource", str)

POWER: Final = Resource("POWER")  # W, average active power
ENERGY: Final = Resource("ENERGY")  # Wh
WATER_FLOW: Final = Resource("WATER_FLOW")  # l/min
GAS_FLOW: Final = Resource("GAS_FLOW")  # l/min
BANDWIDTH: Final = Resource("BANDWIDTH")  # bit/s
HEAT: Final = Resource("x-HEAT")  # W of heat
COOLING: Final = Resource("x-COOLING")  # W of cold
CAPACITY: Final = Resource("x-CAPACITY")  # W, the right to draw
TEMPERATURE: Final = Resource("x-TEMPERATURE")  # degrees Celsius, a state, never summed
OCCUPANCY: Final = Resource("x-OCCUPANCY")  # 1 somebody is there, 0 nobody; a state, never summed

STANDARD: Final = frozenset(
    {
        "POWER",
        "ENERGY",
        "TRANSPORT",
        "WATER_PRESSURE",
        "WATER_FLOW",
        "GAS_PRESSURE",
        "GAS_FLOW",
        "BANDWIDTH",
    },
)


def is_resource(token: str) -> bool:
    """Whether the token is a CTS designator or an ``x-`` extension."""
    return token in STANDARD or (token.startswith("x-") and len(token) > len("x-"))
