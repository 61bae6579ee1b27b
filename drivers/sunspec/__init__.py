"""Devices that speak SunSpec: inverters, storages and meters."""

from drivers.sunspec.device import Settings, SunSpecDriver
from drivers.sunspec.entry import SunSpecPackage

package = SunSpecPackage()

__all__ = ["Settings", "SunSpecDriver", "SunSpecPackage", "package"]
