"""From the keys of one device to its settings."""

from collections.abc import Mapping
from typing import Final

from drivers.mqtt.control import PLACES, kilowatts_or_watts, places_of, rendered
from drivers.mqtt.keys import Keys
from drivers.mqtt.settings import GENERATING, VALUES, Availability, Control, Settings, Value
from drivers.mqtt.shapes import SHAPES, merged, shaped
from gateway.model.device import Device, Role
from gateway.model.errors import SettingsError
from gateway.model.message import Command, word_of
from gateway.model.time import HOUR, MINUTE, SECOND, Duration

KEYS: Final = (
    "shape", "topic", "channel", "values", "availability",
    "expiry", "time", "sign", "switch_w", "control",
)  # fmt: skip
_UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "power": {"W": 1.0, "kW": 1e3, "MW": 1e6},
    "energy": {"Wh": 1.0, "kWh": 1e3, "MWh": 1e6},
    "soc": {"%": 1.0},
    "temperature": {"°C": 1.0, "°F": 5 / 9},
}
_FAHRENHEIT: Final = -32.0
_LONGEST: Final = Duration(24 * HOUR)
# What a limit at the connection rests on must be young.
_EXPIRY: Final = {Role.GRID: Duration(10 * SECOND), Role.SENSOR: Duration(HOUR)}
_LONGEST_EXPIRY: Final = {Role.GRID: Duration(30 * SECOND)}
_STEERED: Final = frozenset(Role) - {Role.GRID, Role.METER, Role.SENSOR}


def parse(device: Device, mapping: Mapping[str, object]) -> Settings | tuple[SettingsError, ...]:
    """The settings, or every error found."""
    given = Keys(mapping)
    given.only(KEYS)
    keys = Keys(_with_shape(given, mapping, device), errors=given.errors)
    expiry = keys.duration(
        "expiry",
        _EXPIRY.get(device.role, Duration(MINUTE)),
        _LONGEST_EXPIRY.get(device.role, _LONGEST),
    )
    values = _values(keys, device)
    usual = -1.0 if device.role in GENERATING else 1.0
    sign = keys.number("sign", usual)
    if abs(sign) != 1:
        keys.refuse("sign", f"{sign:g}", "1 or -1")
    settings = Settings(
        values=values,
        availability=_availability(keys),
        expiry=expiry,
        time=keys.steps("time"),
        sign=sign,
        control=_control(keys, device, sign),
    )
    return tuple(keys.errors) or settings


def _with_shape(given: Keys, mapping: Mapping[str, object], device: Device) -> Mapping[str, object]:
    """The keys of the shape under those of the owner."""
    if "shape" not in given:
        for key in ("topic", "channel"):
            if key in given:
                given.refuse(key, "it without a shape", "shape as well, or the topics one by one")
        return dict(mapping)
    name = given.choice("shape", tuple(SHAPES), "")
    topic = given.topic("topic")
    channel = int(given.number("channel", 0, least=0))
    if not name or not topic:
        return dict(mapping)
    under = shaped(name, topic, channel)
    if "switch_w" not in given and "control" not in given:
        under.pop("control")  # who does not say what it switches only reads it
    if device.role is not Role.SENSOR:
        # Temperatures inside of plugs are nobody's room.
        under["values"] = {
            key: value
            for key, value in dict(under["values"]).items()  # type: ignore[call-overload]
            if key not in {"temperature", "occupancy"}
        }
    return dict(merged(under, mapping))


def _values(keys: Keys, device: Device) -> tuple[Value, ...]:
    section = keys.section("values")
    if section is None:
        keys.refuse("values", "nothing", "a shape and its topic, or at least one of the values")
        return ()
    section.only(VALUES)
    found = tuple(_value(name, section) for name in VALUES if name in section)
    needed = {"temperature", "occupancy"} if device.role is Role.SENSOR else {"power"}
    if not needed & {value.name for value in found}:
        keys.refuse(
            "values", "none that this role needs", f"{' or '.join(sorted(needed))} among them"
        )
    return found


def _value(name: str, section: Keys) -> Value:
    keys = section.section(name) or Keys({}, errors=section.errors)
    keys.only(("topic", "path", "unit", "on", "off"))
    topic, path = keys.topic("topic"), keys.steps("path")
    if name == "occupancy":
        on, off = keys.text("on", "true"), keys.text("off", "false")
        return Value(name=name, topic=topic, path=path, on=word_of(on), off=word_of(off))
    units = _UNITS[name.partition("_")[0]]
    unit = keys.choice("unit", tuple(units), next(iter(units)))
    offset = _FAHRENHEIT if unit == "°F" else 0.0
    return Value(name=name, topic=topic, path=path, scale=units[unit], offset=offset)


def _availability(keys: Keys) -> Availability | None:
    section = keys.section("availability")
    if section is None:
        return None
    section.only(("topic", "path", "online", "offline"))
    return Availability(
        topic=section.topic("topic"),
        path=section.steps("path"),
        online=word_of(section.text("online", "online")),
        offline=word_of(section.text("offline", "offline")),
    )


def _control(keys: Keys, device: Device, sign: float) -> Control | None:
    section = keys.section("control")
    if section is None:
        return None
    section.only((
        "topic", "on", "off", "target", "limit", "sign", "state", "release", "ask", "timer_max",
    ))  # fmt: skip
    if device.role not in _STEERED:
        keys.refuse("control", f"control of a device of role {device.role}", "no control")
        return None
    kinds = [kind for kind in ("on", "target", "limit") if kind in section]
    if len(kinds) != 1:
        section.refuse("", f"{len(kinds)} of on, target and limit", "one of them")
        return None
    kind = "switch" if kinds == ["on"] else kinds[0]
    generates = device.role is Role.GENERATOR
    if not generates and (kind == "limit") != (device.role in GENERATING):
        section.refuse(
            kinds[0], f"it for role {device.role}", "limit for a source, else the others"
        )
    if kind == "switch":
        return _switch(keys, section, -1.0 if generates else 1.0)
    return _level(section, kind, sign)


def _switch(keys: Keys, section: Keys, sign: float) -> Control:
    topic, on, off = section.topic("topic"), section.text("on"), section.text("off")
    state = _state(section)
    on_word, off_word = state.text("on", "ON"), state.text("off", "OFF")
    asked = _ask(section)
    if word_of(on_word) == word_of(off_word):
        state.refuse("on", repr(on_word), "another word than that of off")
    if "release" in section:
        section.refuse("release", "it for a switch", "nothing: a switch is given back switched off")
    return Control(
        kind="switch",
        topic=topic,
        on=_template(section, "on", on, {"timer_s"}),
        off=_template(section, "off", off, set()),
        on_word=on_word,
        off_word=off_word,
        switch_w=_switch_w(keys),
        sign=sign,
        state=state.topic("topic"),
        path=state.steps("path"),
        release=Command(
            topic=topic,
            payload=off,
            state=state.topic("topic"),
            path=state.steps("path"),
            expected=off_word,
            ask_topic=asked[0],
            ask_payload=asked[1],
        ),
        ask_topic=asked[0],
        ask_payload=asked[1],
        timer_max_s=_timer_max_s(section, on),
    )


def _switch_w(keys: Keys) -> float:
    if "switch_w" in keys:
        return keys.number("switch_w", 1.0, least=1.0)
    keys.refuse("switch_w", "nothing", "what the device draws, or gives, while it is on, W")
    return 1.0


def _level(section: Keys, kind: str, sign: float) -> Control:
    template = section.text(kind)
    if not {"watts", "kilowatts"} & places_of(template):
        section.refuse(kind, repr(template)[:60], "a text with {{watts}} or {{kilowatts}} in it")
    state = _state(section)
    unit = state.choice("unit", ("W", "kW"), "W")
    asked = _ask(section)
    topic = section.topic("topic")
    way = section.number("sign", sign)
    if abs(way) != 1:
        section.refuse("sign", f"{way:g}", "1 or -1")
    return Control(
        kind=kind,
        topic=topic,
        template=_template(section, kind, template, set(PLACES)),
        sign=way,
        state=state.topic("topic"),
        path=state.steps("path"),
        scale=kilowatts_or_watts(unit),
        release=_release(section, topic, asked),
        ask_topic=asked[0],
        ask_payload=asked[1],
        timer_max_s=_timer_max_s(section, template),
    )


def _release(section: Keys, topic: str, asked: tuple[str, str]) -> Command:
    """The neutral command with what then shows, which nobody can guess."""
    keys = section.section("release")
    if keys is None:
        section.refuse("release", "nothing", "the payload that gives it back, and what then shows")
        keys = Keys({})
    keys.only(("topic", "payload", "state", "path", "shows"))
    state = _state(section)
    return Command(
        topic=keys.topic("topic") if "topic" in keys else topic,
        payload=_template(keys, "payload", keys.text("payload"), set()),
        state=keys.topic("state") if "state" in keys else state.topic("topic"),
        path=keys.steps("path") if "path" in keys else state.steps("path"),
        expected=keys.text("shows"),
        ask_topic=asked[0],
        ask_payload=asked[1],
    )


def _state(section: Keys) -> Keys:
    keys = section.section("state")
    if keys is None:
        section.refuse("state", "nothing", "the topic on which the device shows what it took")
        keys = Keys({"topic": "nowhere"})
    keys.only(("topic", "path", "unit", "on", "off"))
    return keys


def _ask(section: Keys) -> tuple[str, str]:
    keys = section.section("ask")
    if keys is None:
        return "", ""
    keys.only(("topic", "payload"))
    return keys.topic("topic"), keys.text("payload", "")


def _template(section: Keys, key: str, text: str, allowed: set[str]) -> str:
    """The text, refused where it has places that nothing fills."""
    if rest := places_of(text) - allowed:
        names = ", ".join(f"{{{{{name}}}}}" for name in sorted(allowed)) or "no {{places}}"
        section.refuse(key, f"{{{{{min(rest)}}}}}", names)
    elif "{{" in rendered(text, dict.fromkeys(allowed, "0")):
        section.refuse(key, repr(text)[:60], "{{ only around the name of a place")
    return text


def _timer_max_s(section: Keys, template: str) -> int:
    if "timer_s" not in places_of(template):
        return 0
    longest = section.duration("timer_max", Duration(0), _LONGEST)
    if not longest:
        section.refuse("timer_max", "nothing", "the longest {{timer_s}} that the device takes")
    return int(longest // SECOND)
