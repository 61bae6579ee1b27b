"""The shapes in which common firmware speaks: where each value stands, how a relay is switched.

``{t}`` stands for the device's topic, ``{n}`` for the number of its channel.  What the owner
writes beside a shape goes before it, key by key.

Sources: the projects' own descriptions of their topics: "MQTT Topics and Messages" of
Zigbee2MQTT, "MQTT" and "Commands" of Tasmota, "MQTT" and "Switch" of the Shelly Gen2+ device
API, "MQTT Client Component" of ESPHome.
"""

from collections.abc import Mapping
from typing import Final

Keys = Mapping[str, object]

_ZIGBEE2MQTT: Final[Keys] = {
    "values": {
        "power": {"topic": "{t}", "path": "power"},
        "energy": {"topic": "{t}", "path": "energy", "unit": "kWh"},
        "temperature": {"topic": "{t}", "path": "temperature"},
        "occupancy": {"topic": "{t}", "path": "occupancy", "on": "true", "off": "false"},
    },
    "availability": {
        "topic": "{t}/availability",
        "path": "state",
        "online": "online",
        "offline": "offline",
    },
    "time": "last_seen",
    "control": {
        "topic": "{t}/set",
        "on": '{"state": "ON"}',
        "off": '{"state": "OFF"}',
        "state": {"topic": "{t}", "path": "state", "on": "ON", "off": "OFF"},
        "ask": {"topic": "{t}/get", "payload": '{"state": ""}'},
    },
}

_TASMOTA: Final[Keys] = {
    "values": {
        "power": {"topic": "tele/{t}/SENSOR", "path": "ENERGY.Power"},
        "energy": {"topic": "tele/{t}/SENSOR", "path": "ENERGY.Total", "unit": "kWh"},
        "temperature": {"topic": "tele/{t}/SENSOR", "path": "DS18B20.Temperature"},
    },
    "availability": {"topic": "tele/{t}/LWT", "online": "Online", "offline": "Offline"},
    "control": {
        "topic": "cmnd/{t}/POWER",
        "on": "ON",
        "off": "OFF",
        "state": {"topic": "stat/{t}/POWER", "on": "ON", "off": "OFF"},
        "ask": {"topic": "cmnd/{t}/POWER", "payload": ""},
    },
}

# The relay counts down by itself: on, and off again when nobody said on meanwhile.
_SHELLY_ON: Final = (
    '{"id": 1, "src": "gridtender", "method": "Switch.Set", '
    '"params": {"id": {n}, "on": true, "toggle_after": {{timer_s}}}}'
)
_SHELLY_OFF: Final = (
    '{"id": 1, "src": "gridtender", "method": "Switch.Set", "params": {"id": {n}, "on": false}}'
)
_SHELLY: Final[Keys] = {
    "values": {
        "power": {"topic": "{t}/status/switch:{n}", "path": "apower"},
        "energy": {"topic": "{t}/status/switch:{n}", "path": "aenergy.total"},
        "temperature": {"topic": "{t}/status/temperature:{n}", "path": "tC"},
    },
    "availability": {"topic": "{t}/online", "online": "true", "offline": "false"},
    "control": {
        "topic": "{t}/rpc",
        "on": _SHELLY_ON,
        "off": _SHELLY_OFF,
        "timer_max": "24h",
        "state": {
            "topic": "{t}/status/switch:{n}",
            "path": "output",
            "on": "true",
            "off": "false",
        },
        "ask": {"topic": "{t}/command/switch:{n}", "payload": "status_update"},
    },
}

_ESPHOME: Final[Keys] = {
    "values": {
        "power": {"topic": "{t}/sensor/power/state"},
        "energy": {"topic": "{t}/sensor/energy/state", "unit": "kWh"},
        "temperature": {"topic": "{t}/sensor/temperature/state"},
        "occupancy": {"topic": "{t}/binary_sensor/occupancy/state", "on": "ON", "off": "OFF"},
    },
    "availability": {"topic": "{t}/status", "online": "online", "offline": "offline"},
    "control": {
        "topic": "{t}/switch/relay/command",
        "on": "ON",
        "off": "OFF",
        "state": {"topic": "{t}/switch/relay/state", "on": "ON", "off": "OFF"},
    },
}

SHAPES: Final[Mapping[str, Keys]] = {
    "zigbee2mqtt": _ZIGBEE2MQTT,
    "tasmota": _TASMOTA,
    "shelly": _SHELLY,
    "esphome": _ESPHOME,
}


def shaped(name: str, topic: str, channel: int) -> dict[str, object]:
    """The keys of a shape for one device."""
    return _filled(SHAPES[name], topic, channel)


def merged(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Both, ``over`` first; sections key by key."""
    both = {**under, **over}
    for key, value in over.items():
        below = under.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            both[key] = merged(below, value)
    return both


def _filled(keys: Keys, topic: str, channel: int) -> dict[str, object]:
    return {key: _fill(value, topic, channel) for key, value in keys.items()}


def _fill(value: object, topic: str, channel: int) -> object:
    if isinstance(value, Mapping):
        return _filled(value, topic, channel)
    text = str(value).replace("{n}", str(channel))
    return text.replace("{t}", topic)
