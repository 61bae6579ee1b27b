"""The documented rules of MQTT device discovery, as a checker; and what a template yields.

Source: home-assistant.io, pages MQTT, sensor.mqtt, binary_sensor.mqtt, number.mqtt, select.mqtt,
switch.mqtt, and the device class tables of Sensor, Binary sensor and Number.
"""

import json
import re

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

TOPIC = re.compile(r"[^/]+(?:/[^/]+)*/device/[a-zA-Z0-9_-]+/config")
ROOT = {"dev", "o", "cmps", "availability", "availability_mode"}
ROOT_OPTIONAL = {"state_topic", "command_topic", "qos", "encoding"}
DEVICE = {"ids", "cns", "name", "mf", "mdl", "mdl_id", "hw", "sw", "sn", "sa", "cu", "via_device"}
ORIGIN = {"name", "sw", "url"}
EVERY = {
    "p", "unique_id", "name", "availability", "availability_mode", "enabled_by_default", "encoding",
    "entity_category", "icon", "json_attributes_topic", "json_attributes_template", "qos",
}  # fmt: skip
OWN = {
    "sensor": {
        "state_topic", "value_template", "device_class", "state_class", "unit_of_measurement",
        "options", "expire_after", "force_update", "suggested_display_precision",
        "last_reset_value_template",
    },
    "binary_sensor": {
        "state_topic", "value_template", "device_class", "payload_on", "payload_off",
        "expire_after", "off_delay", "force_update",
    },
    "number": {
        "state_topic", "value_template", "command_topic", "command_template", "device_class",
        "unit_of_measurement", "min", "max", "step", "mode", "optimistic", "payload_reset",
        "retain",
    },
    "select": {
        "state_topic", "value_template", "command_topic", "command_template", "options",
        "optimistic", "retain",
    },
    "switch": {
        "state_topic", "value_template", "command_topic", "command_template", "device_class",
        "payload_on", "payload_off", "state_on", "state_off", "optimistic", "retain",
    },
}  # fmt: skip
NEEDED = {
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "number": {"command_topic"},
    "select": {"command_topic", "options"},
    "switch": {"command_topic"},
}
SENSOR_UNITS = {
    "power": {"mW", "W", "kW", "MW", "GW", "TW"},
    "energy": {"J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "cal", "kcal"},
    "battery": {"%"},
    "enum": {None},
    "timestamp": {None},
}
STATE_CLASSES = {
    None: {None, "measurement", "total", "total_increasing"},
    "power": {None, "measurement"},
    "energy": {None, "total", "total_increasing"},
    "battery": {None, "measurement"},
    "enum": {None},
    "timestamp": {None},
}
BINARY_CLASSES = {None, "problem", "connectivity", "running", "power"}
NUMBER_UNITS = {"power": {"mW", "W", "kW", "MW"}, "battery": {"%"}}


def entities(topic, payload):
    """Each entity's configuration with what it inherits, after every rule was checked."""
    assert TOPIC.fullmatch(topic), topic
    document = json.loads(payload)
    unknown = set(document) - ROOT - ROOT_OPTIONAL
    assert not unknown, unknown
    assert {"dev", "o", "cmps"} <= set(document)
    check_device(document["dev"])
    assert document["o"]["name"]
    assert set(document["o"]) <= ORIGIN
    assert document["availability_mode"] in {"all", "any", "latest"}
    shared = {k: v for k, v in document.items() if k not in {"dev", "o", "cmps"}}
    found = {id_: {**shared, **component} for id_, component in document["cmps"].items()}
    for entity in found.values():
        check_entity(entity)
    names = [entity["name"] for entity in found.values()]
    assert len(names) == len(set(names)), "two entities of one name"
    unique = [entity["unique_id"] for entity in found.values()]
    assert len(unique) == len(set(unique))
    return found


def check_device(device):
    assert device["ids"]
    assert set(device) <= DEVICE, set(device) - DEVICE
    assert all(device[key] and isinstance(device[key], str) for key in set(device) - {"ids"})


def check_entity(entity):
    platform = entity["p"]
    unknown = set(entity) - EVERY - OWN[platform]
    assert not unknown, (platform, unknown)
    assert NEEDED[platform] <= set(entity)
    assert entity["unique_id"]
    assert entity["name"]
    assert entity.get("entity_category") in {None, "config", "diagnostic"}
    assert entity.get("qos", 0) in {0, 1, 2}
    for key in ("state_topic", "command_topic"):
        if key in entity:
            assert entity[key]
            assert not set(entity[key]) & set("+#")
    for one in entity["availability"]:
        assert set(one) <= {
            "topic", "payload_available", "payload_not_available", "value_template"
        }  # fmt: skip
    CHECKS[platform](entity)


def check_sensor(entity):
    assert entity.get("entity_category") != "config"
    device_class, unit = entity.get("device_class"), entity.get("unit_of_measurement")
    if device_class is not None:
        assert unit in SENSOR_UNITS[device_class], (device_class, unit)
    assert entity.get("state_class") in STATE_CLASSES[device_class]
    assert ("options" in entity) == (device_class == "enum")
    if "expire_after" in entity:
        assert isinstance(entity["expire_after"], int)
        assert entity["expire_after"] > 0
    if "suggested_display_precision" in entity:
        assert entity["suggested_display_precision"] >= 0


def check_binary_sensor(entity):
    assert entity.get("entity_category") != "config"
    assert entity.get("device_class") in BINARY_CLASSES


def check_number(entity):
    assert entity["max"] > entity["min"]
    assert entity["step"] >= 0.001
    assert entity.get("mode", "auto") in {"auto", "box", "slider"}
    if "device_class" in entity:
        assert entity["unit_of_measurement"] in NUMBER_UNITS[entity["device_class"]]


def check_select(entity):
    assert entity["options"]
    assert len(entity["options"]) == len(set(entity["options"]))


def check_switch(entity):
    assert entity.get("device_class") in {None, "switch", "outlet"}


CHECKS = {
    "sensor": check_sensor,
    "binary_sensor": check_binary_sensor,
    "number": check_number,
    "select": check_select,
    "switch": check_switch,
}


# As Home Assistant renders: Jinja in a sandbox; a name that is not there is a mistake here.
JINJA = ImmutableSandboxedEnvironment(undefined=StrictUndefined)


def render(template, payload):
    """What a template makes of a payload, as text."""
    text = payload.decode()
    names = {"value": text}
    if text:
        names["value_json"] = json.loads(text)
    return JINJA.from_string(template).render(names)


def is_available(entity, retained):
    """Whether the entity is shown, given what is retained by topic."""
    verdicts = []
    for one in entity["availability"]:
        if one["topic"] not in retained:
            return False
        word = render(one["value_template"], retained[one["topic"]])
        verdicts.append(word == one.get("payload_available", "online"))
    return all(verdicts)
