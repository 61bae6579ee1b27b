"""Simulated devices with physics behind real registers: the house of ``demo``."""

from collections.abc import Mapping

from drivers.simulated.house import DemoHouse
from gateway.ports.clock import Clock

__all__ = ["DemoHouse", "open_house"]


def open_house(clock: Clock, settings: Mapping[str, object]) -> DemoHouse:
    """A house at rest at ``clock.now()``; for the settings see ``HouseSettings``.

    Raises:
        SettingsError: a key or value that is wrong.
    """
    return DemoHouse(clock, settings)
