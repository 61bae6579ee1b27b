"""Templates and commands: ``{{watts}}`` and its like are replaced, nothing is evaluated."""

import re
from collections.abc import Mapping
from typing import Final

from drivers.mqtt.settings import Control
from gateway.model.device import Capabilities, Device, Role, Timer
from gateway.model.device import Control as Kind
from gateway.model.message import Command
from gateway.model.resource import Resource

PLACES: Final = ("watts", "kilowatts", "timer_s")
_PLACE: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_KILO: Final = 1000.0
_ROUNDING_W: Final = 1e-6
_TOLERANCE_W: Final = 1.0


def places_of(template: str) -> set[str]:
    """The names in double braces."""
    return set(_PLACE.findall(template))


def rendered(template: str, texts: Mapping[str, str]) -> str:
    """The template with its places filled; an unknown one is left as it is."""
    return _PLACE.sub(lambda place: texts.get(place[1], place[0]), template)


def kilowatts_or_watts(unit: str) -> float:
    """W per unit."""
    return _KILO if unit == "kW" else 1.0


def capabilities(
    device: Device, control: Control | None, states: tuple[Resource, ...]
) -> Capabilities:
    """What the device can do, by its settings: on MQTT it tells nothing of that itself."""
    limits = device.limits
    if control is None:
        return Capabilities(states=states)
    timer = None
    if control.timer_max_s:
        # A switch that ends its countdown is off, which is the level 0 W as well.
        off = control.kind == "switch" and device.fallback.level_w == 0
        timer = Timer(max_s=control.timer_max_s, reaches_level=off)
    if control.kind == "switch":
        return Capabilities(
            control=Kind.TARGET,
            rating_w=control.switch_w,
            stages_w=(control.switch_w,),
            floor_w=control.switch_w,
            timer=timer,
        )
    return Capabilities(
        control=Kind.LIMIT if control.kind == "limit" else Kind.TARGET,
        rating_w=limits.max_w,
        charge_w=limits.charge_w if device.role is Role.STORAGE else None,
        discharge_w=limits.discharge_w if device.role is Role.STORAGE else None,
        capacity_wh=device.capacity_wh,
        round_trip=device.round_trip,
        timer=timer,
    )


def achieved_w(control: Control, quantity: float) -> float:
    """What the device will do for a quantity: a switch all or nothing, rounded down."""
    if control.kind != "switch":
        return float(round(quantity))
    on = quantity * control.sign + _ROUNDING_W >= control.switch_w
    return control.switch_w * control.sign if on else 0.0


def command(control: Control, quantity: float, timer_s: int) -> Command:
    """What is published for ``quantity`` (W into the device), and what shows it."""
    watts = achieved_w(control, quantity)
    # A timer that is to stay off runs as long as the device allows: it has no other way.
    lasts = min(timer_s, control.timer_max_s) if timer_s else control.timer_max_s
    expected, payload, tolerance = "", "", 0.0
    if control.kind == "switch":
        template, expected = (
            (control.on, control.on_word) if watts else (control.off, control.off_word)
        )
        payload = rendered(template, {"timer_s": str(lasts)})
    else:
        told = watts * control.sign + 0.0
        numbers = {"watts": f"{told:.0f}", "kilowatts": f"{told / _KILO:.3f}"}
        payload = rendered(control.template, {**numbers, "timer_s": str(lasts)})
        expected, tolerance = repr(told / control.scale), _TOLERANCE_W / control.scale
    return Command(
        topic=control.topic,
        payload=payload,
        state=control.state,
        path=control.path,
        expected=expected,
        tolerance=tolerance,
        ask_topic=control.ask_topic,
        ask_payload=control.ask_payload,
    )
