"""What Home Assistant shows of each device: entities as components of MQTT discovery.

Templates stay in what Jinja and Python have in common.  ``value`` is the payload as text: it is
empty when a topic is cleared, and then nothing of ``value_json`` may be touched.  A template
that yields ``none`` makes the entity unknown: a missing value is missing.

Source: the pages "MQTT", "MQTT sensor", "MQTT number" of the Home Assistant documentation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.model.device import Capabilities, Control, Device, DeviceState, Role
from gateway.model.limit import CONNECTION, LimitKey, Range, Ranges, device_ranges
from gateway.model.product import Product
from gateway.model.reading import Quality
from gateway.model.resource import OCCUPANCY, TEMPERATURE
from gateway.model.setpoint import Outcome
from gateway.model.site import ControlMode
from gateway.model.time import SECOND
from gateway.wire.text import number
from gateway.wire.topics import Topics

Component = dict[str, object]
Components = dict[str, Component]

# Three polls, and at least so long: one late message is no outage.
_SHORTEST_EXPIRY_S = 10
_POLLS_TO_EXPIRY = 3
# The longest state that Home Assistant takes.
_LONGEST_STATE = 255

_GENERATING = frozenset({Role.SOLAR, Role.GENERATOR})
_STORING = frozenset({Role.STORAGE, Role.EV})
_ENERGY: Mapping[Role, Mapping[str, str]] = {
    Role.GRID: {"in": "Energy imported", "out": "Energy exported"},
    Role.TIE: {"in": "Energy imported", "out": "Energy exported"},
    Role.METER: {"in": "Energy in", "out": "Energy out"},
    Role.AGGREGATE: {"in": "Energy in", "out": "Energy out"},
    Role.SOLAR: {"out": "Energy produced"},
    Role.GENERATOR: {"out": "Energy produced"},
    Role.STORAGE: {"in": "Energy charged", "out": "Energy discharged"},
    Role.EV: {"in": "Energy charged", "out": "Energy discharged"},
    Role.LOAD: {"in": "Energy consumed"},
    Role.HEAT: {"in": "Energy consumed"},
}
_LIMITS: Mapping[LimitKey, str] = {
    LimitKey.MAX_W: "Power limit",
    LimitKey.CHARGE_W: "Charge limit",
    LimitKey.DISCHARGE_W: "Discharge limit",
    LimitKey.MIN_SOC_PCT: "Reserve",
    LimitKey.MAX_SOC_PCT: "Charge up to",
    LimitKey.IMPORT_LIMIT_W: "Import limit",
    LimitKey.EXPORT_LIMIT_W: "Export limit",
}
_WATTS: Component = {
    "device_class": "power",
    "unit_of_measurement": "W",
    "suggested_display_precision": 0,
}
_CHARGE: Component = {
    "device_class": "battery",
    "unit_of_measurement": "%",
    "suggested_display_precision": 0,
}
_DIAGNOSTIC: Component = {"entity_category": "diagnostic"}
_HIDDEN: Component = {**_DIAGNOSTIC, "enabled_by_default": False}  # until somebody looks for it
_IN_PERCENT = frozenset({LimitKey.MIN_SOC_PCT, LimitKey.MAX_SOC_PCT})


def where(expression: str) -> str:
    """A template that yields the expression, and nothing for a cleared topic."""
    return "{{ (" + expression + ") if value else none }}"


@dataclass(frozen=True, slots=True)
class Entities:
    """Components of the devices of one area.

    Attributes:
        gateway_only: availability of what stands while the device itself is away.
    """

    topics: Topics
    gateway_only: list[dict[str, str]]

    def of_device(self, device: Device, told: Capabilities) -> Components:
        """What is measured, what it was told, what may be limited."""
        return {
            **self._measured(device),
            **self._states(device, told),
            **self._energy(device),
            **(self._steered(device) if told.control is not Control.NONE else {}),
            **self._condition(device.id),
            **self._limits(device.id, device_ranges(device, told)),
        }

    def of_gateway(
        self, currency: str, products: tuple[Product, ...], ranges: Ranges
    ) -> Components:
        """The owner's mode, the limits of the connection, the prices, the gateway's health."""
        return {
            **self._control(),
            **self._limits(CONNECTION, ranges),
            **self._prices(currency, products),
            **self._gateway_health(),
        }

    def _measured(self, device: Device) -> Components:
        topic = self.topics.reading(device.id)
        expiry_s = max(_SHORTEST_EXPIRY_S, _POLLS_TO_EXPIRY * -(-device.poll // SECOND))
        good = "if value_json.quality == 'good' else none"
        power = f"value_json.flows.get('POWER') {good}"
        if device.role in _GENERATING:
            power = f"none if ({power}) is none else 0 - value_json.flows.POWER"
        name = "Production" if device.role in _GENERATING else "Power"
        now: Component = {"state_class": "measurement", "expire_after": expiry_s}
        found = {"power": {**_sensor(name, topic, power), **_WATTS, **now}}
        if device.role in _STORING:
            charge = _sensor("State of charge", topic, f"value_json.get('soc_pct') {good}")
            found["soc"] = {**charge, **_CHARGE, **now}
        if device.role in _GENERATING:
            could = _sensor("Available power", topic, f"value_json.get('available_w') {good}")
            found["available"] = {**could, **_WATTS, **now, **_HIDDEN}
        found["quality"] = {
            **_enum("Reading quality", topic, "value_json.quality", Quality),
            "expire_after": expiry_s,
            "enabled_by_default": False,
        }
        return found

    def _states(self, device: Device, told: Capabilities) -> Components:
        """A temperature and an occupancy, where the device tells them."""
        topic = self.topics.reading(device.id)
        good = "if value_json.quality == 'good' else none"
        found: Components = {}
        if TEMPERATURE in told.states:
            celsius = f"value_json.flows.get('{TEMPERATURE}') {good}"
            found["temperature"] = {
                **_sensor("Temperature", topic, celsius),
                "device_class": "temperature",
                "state_class": "measurement",
                "unit_of_measurement": "°C",
            }
        if OCCUPANCY in told.states:
            there = f"value_json.flows.get('{OCCUPANCY}') {good}"
            word = f"none if ({there}) is none else 'ON' if ({there}) else 'OFF'"
            found["occupancy"] = {
                **_binary("Occupancy", topic, word),
                "device_class": "occupancy",
            }
        return found

    def _energy(self, device: Device) -> Components:
        topic = self.topics.energy(device.id)
        return {
            f"energy_{way}": {
                **_sensor(name, topic, f"value_json.{way}_wh"),
                "device_class": "energy",
                "state_class": "total_increasing",
                "unit_of_measurement": "Wh",
                "suggested_display_precision": 0,
                "availability": self.gateway_only,
            }
            for way, name in _ENERGY.get(device.role, {}).items()
        }

    def _steered(self, device: Device) -> Components:
        topic = self.topics.setpoint(device.id)
        reached = "value_json.commanded if value_json.accepted is none else value_json.accepted"
        return {
            "setpoint": {
                **_sensor("Setpoint", topic, reached),
                **_WATTS,
                **_DIAGNOSTIC,
            },
            "outcome": _enum("Setpoint outcome", topic, "value_json.outcome", Outcome),
            "because": {
                **_sensor("Setpoint reason", topic, f"value_json.because[:{_LONGEST_STATE}]"),
                **_HIDDEN,
            },
            "falls_back": {
                **_sensor("Falls back at", topic, "value_json.timerUntil"),
                "device_class": "timestamp",
                **_HIDDEN,
            },
        }

    def _condition(self, device: str) -> Components:
        state = self.topics.state(device)
        return {
            "state": {
                **_enum("State", state, "value_json.state", DeviceState),
                "availability": self.gateway_only,
            },
            "reason": {
                **_sensor("State reason", state, f"value_json.reason[:{_LONGEST_STATE}] or 'none'"),
                **_HIDDEN,
                "availability": self.gateway_only,
            },
            **self._faults(device),
        }

    def _faults(self, device: str) -> Components:
        topic = self.topics.health(device)
        return {
            "problem": {
                **_binary("Problem", topic, "'ON' if value_json.faults else 'OFF'"),
                "device_class": "problem",
                **_DIAGNOSTIC,
                "availability": self.gateway_only,
            },
            "faults": {
                **_sensor(
                    "Faults",
                    topic,
                    f"', '.join(value_json.faults)[:{_LONGEST_STATE}]"
                    " if value_json.faults else 'none'",
                ),
                **_DIAGNOSTIC,
                "availability": self.gateway_only,
            },
        }

    def _limits(self, device: str, ranges: Ranges) -> Components:
        return {key.value: self._limit(device, key, ranges[key]) for key in ranges}

    def _limit(self, device: str, key: LimitKey, allowed: Range) -> Component:
        percent = key in _IN_PERCENT
        return {
            "p": "number",
            "name": _LIMITS[key],
            "state_topic": self.topics.limits(device),
            "value_template": where(f"value_json.limits.get('{key.value}')"),
            "command_topic": self.topics.owner_limit(device, key.value),
            "device_class": "battery" if percent else "power",
            "unit_of_measurement": "%" if percent else "W",
            "min": number(allowed.least),
            "max": number(allowed.most),
            "step": 1,
            "mode": "slider" if percent else "box",
            "entity_category": "config",
            "availability": self.gateway_only,
            "qos": 1,
        }

    def _control(self) -> Components:
        shared = {
            "state_topic": self.topics.control,
            "command_topic": self.topics.owner_control,
            "qos": 1,
        }
        return {
            "control": {
                "p": "select",
                "name": "Control",
                "value_template": where("value_json.mode"),
                "options": [mode.value for mode in ControlMode],
                **shared,
            },
            "hands_off": {
                "p": "switch",
                "name": "Hands off",
                "value_template": where("'ON' if value_json.mode == 'hands-off' else 'OFF'"),
                "state_on": "ON",
                "state_off": "OFF",
                "payload_on": "hands-off",
                "payload_off": "configured",
                **shared,
            },
        }

    def _prices(self, currency: str, products: tuple[Product, ...]) -> Components:
        several = len(products) > 1
        return dict(
            entity
            for product in products
            for entity in self._market(currency, product, f" {product.id}" if several else "")
        )

    def _market(
        self, currency: str, product: Product, suffix: str
    ) -> Iterator[tuple[str, Component]]:
        topic = self.topics.clearing(product.id)
        known = "value_json.referencePrice if value_json.price is none else value_json.price"
        real = f"none if ({known}) is none else ({known}) / 10 ** (0 - value_json.priceScale)"
        yield (
            f"price_{product.id}",
            {
                **_sensor(f"Price{suffix}", topic, real),
                "state_class": "measurement",
                "unit_of_measurement": f"{currency}/{product.price_unit}",
                "suggested_display_precision": 4,
            },
        )
        yield (
            f"why_{product.id}",
            {
                **_sensor(f"Price reason{suffix}", topic, f"value_json.because[:{_LONGEST_STATE}]"),
                **_HIDDEN,
            },
        )

    def _gateway_health(self) -> Components:
        return {
            "connected": {
                **_binary(
                    "Gateway",
                    self.topics.status,
                    "'ON' if value_json.status == 'online' else 'OFF'",
                ),
                "device_class": "connectivity",
                **_DIAGNOSTIC,
                # It tells the very thing that would make it unavailable.
                "availability": [],
            },
            **self._faults(CONNECTION),
        }


def _sensor(name: str, topic: str, expression: str) -> Component:
    return {
        "p": "sensor",
        "name": name,
        "state_topic": topic,
        "value_template": where(expression),
    }


def _binary(name: str, topic: str, expression: str) -> Component:
    return {**_sensor(name, topic, expression), "p": "binary_sensor"}


def _enum(
    name: str, topic: str, expression: str, words: type[DeviceState | Outcome | Quality]
) -> Component:
    return {
        **_sensor(name, topic, expression),
        "device_class": "enum",
        "options": [word.value for word in words],
        "entity_category": "diagnostic",
    }
