"""What the gateway finds under the entry point: the key ``map``, and devices from it."""

from collections.abc import Mapping

from drivers.modbus.device import MapDriver, Settings
from drivers.modbus.load import load
from gateway.model.device import Device
from gateway.model.errors import SettingsError
from gateway.ports.driver import Driver
from gateway.ports.line import Line


class ModbusPackage:
    """A ``DriverPackage``."""

    def parse(
        self, device: Device, mapping: Mapping[str, object]
    ) -> Settings | tuple[SettingsError, ...]:
        """Settings from ``map``, or every error in the key and in the map file."""
        unknown = tuple(
            SettingsError(path=(key,), found="an unknown key", allowed="map")
            for key in mapping
            if key != "map"
        )
        name = mapping.get("map")
        if not isinstance(name, str):
            found = "nothing" if name is None else repr(name)
            allowed = "a register map: a YAML file, or the name of a shipped one"
            return (*unknown, SettingsError(path=("map",), found=found, allowed=allowed))
        loaded = load(name)
        if isinstance(loaded, tuple):
            return (*unknown, *loaded)
        if loaded.roles and device.role not in loaded.roles:
            allowed = f"a map for role {device.role} ({name} is for {', '.join(loaded.roles)})"
            return (*unknown, SettingsError(path=("map",), found=repr(name), allowed=allowed))
        return unknown or Settings(map=loaded)

    def json_schema(self) -> Mapping[str, object]:
        """JSON Schema properties of the own keys."""
        return {
            "map": {
                "type": "string",
                "description": "register map: a YAML file, or the name of a shipped one",
            },
        }

    def open(self, device: Device, settings: object, line: Line) -> Driver:
        """A driver for the device; does no I/O."""
        if not isinstance(settings, Settings):
            message = f"settings of the modbus driver, not {type(settings).__name__}"
            raise TypeError(message)
        return MapDriver(device, settings, line)
