"""Devices that speak SunSpec: inverters, storages and meters."""

from drivers.sunspec.device import SunSpecDriver
from drivers.sunspec.entry import SunSpecPackage
from drivers.sunspec.settings import Settings

package = SunSpecPackage()

__all__ = ["Settings", "SunSpecDriver", "SunSpecPackage", "package"]
