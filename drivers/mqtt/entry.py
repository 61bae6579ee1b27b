"""What the gateway finds under the entry point ``mqtt``."""

from collections.abc import Mapping

from drivers.mqtt.device import MqttDriver
from drivers.mqtt.parse import parse
from drivers.mqtt.settings import Settings
from drivers.mqtt.shapes import SHAPES
from gateway.model.device import Device
from gateway.model.errors import SettingsError
from gateway.ports.driver import Driver
from gateway.ports.line import Line
from gateway.ports.messages import Messages


class MqttPackage:
    """A ``DriverPackage``."""

    def parse(
        self, device: Device, mapping: Mapping[str, object]
    ) -> Settings | tuple[SettingsError, ...]:
        """Settings from the own keys, or every error in them."""
        settings = parse(device, mapping)
        # A connection that is meant so and is wrong in itself was told of already.
        schemes = {url.partition("://")[0] for url in (device.line, device.connection)}
        if not schemes & {"mqtt", "mqtts"}:
            wrong = SettingsError(
                path=("connection",),
                found=repr(device.connection),
                allowed="mqtt:// (the gateway's broker), mqtt://HOST:PORT or mqtts://HOST:PORT",
            )
            return (*(settings if isinstance(settings, tuple) else ()), wrong)
        return settings

    def json_schema(self) -> Mapping[str, object]:
        """JSON Schema properties of the own keys."""
        mapping = {"type": "object"}
        text, number = {"type": "string"}, {"type": "number"}
        return {
            "shape": {**text, "enum": list(SHAPES), "description": "a firmware's usual topics"},
            "topic": {**text, "description": "the device's own topic, with a shape"},
            "channel": {**number, "description": "of a shape with several channels; default 0"},
            "values": {**mapping, "description": "name: {topic, path, unit, on, off}"},
            "availability": {**mapping, "description": "{topic, path, online, offline}"},
            "expiry": {**text, "description": "how long a value counts as new; default 60s"},
            "time": {**text, "description": "path of the time in a payload"},
            "sign": {**number, "description": "-1: it counts positive what flows out of it"},
            "switch_w": {**number, "description": "of a switch: what it draws while on, W"},
            "control": {**mapping, "description": "topic, on/off, target or limit, state, release"},
        }

    def open(self, device: Device, settings: object, line: Line) -> Driver:
        """A driver for the device; does no I/O."""
        if not isinstance(settings, Settings):
            message = f"settings of the mqtt driver, not {type(settings).__name__}"
            raise TypeError(message)
        if not isinstance(line, Messages):
            message = f"a line of messages, not {type(line).__name__}"
            raise TypeError(message)
        return MqttDriver(device, settings, line)
