"""Devices described by register maps."""

from drivers.modbus.device import MapDriver, Settings
from drivers.modbus.entry import ModbusPackage
from drivers.modbus.load import load
from drivers.modbus.map import RegisterMap

package = ModbusPackage()

__all__ = ["MapDriver", "ModbusPackage", "RegisterMap", "Settings", "load", "package"]
