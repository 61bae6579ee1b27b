"""What the gateway finds under the entry point: keys ``map`` and ``sign``, devices from them."""

from collections.abc import Mapping

from drivers.modbus.device import MapDriver, Settings
from drivers.modbus.load import load
from drivers.modbus.map import RegisterMap
from gateway.model.device import Device
from gateway.model.errors import SettingsError
from gateway.ports.driver import Driver
from gateway.ports.line import Line


class ModbusPackage:
    """A ``DriverPackage``."""

    def parse(
        self, device: Device, mapping: Mapping[str, object]
    ) -> Settings | tuple[SettingsError, ...]:
        """Settings from ``map`` and ``sign``, or every error in them and in the map file."""
        unknown = tuple(
            SettingsError(path=(key,), found="an unknown key", allowed="map, sign")
            for key in mapping
            if key not in {"map", "sign"}
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
        sign = _sign(mapping.get("sign", 1), loaded)
        if isinstance(sign, SettingsError):
            return (*unknown, sign)
        return unknown or Settings(map=loaded, sign=sign)

    def json_schema(self) -> Mapping[str, object]:
        """JSON Schema properties of the own keys."""
        return {
            "map": {
                "type": "string",
                "description": "register map: a YAML file, or the name of a shipped one",
            },
            "sign": {
                "type": "number",
                "description": "-1: power counts the other way than the map says",
            },
        }

    def open(self, device: Device, settings: object, line: Line) -> Driver:
        """A driver for the device; does no I/O."""
        if not isinstance(settings, Settings):
            message = f"settings of the modbus driver, not {type(settings).__name__}"
            raise TypeError(message)
        return MapDriver(device, settings, line)


def _sign(given: object, known: RegisterMap) -> float | SettingsError:
    """Only a map that does not steer is turned: setpoints would go the old way."""
    if given in ((1,) if known.control else (1, -1)) and not isinstance(given, bool):
        return -1.0 if given == -1 else 1.0
    allowed = "1 (a map that steers is not turned)" if known.control else "1 or -1"
    return SettingsError(path=("sign",), found=repr(given), allowed=allowed)
