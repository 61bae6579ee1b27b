"""Intents: what people write into the calendar that they already use, as the house takes it.

``car: 30 kWh``, ``EV 80 % by 07:00, at most 0.25``: a wish of a load; ``dishwasher: start``: its
programme begins with the event.  ``no interruptions``,
``heatpump: no interruptions``: all loads, or one, are left alone while the event lasts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.model.device import Device, Role
from gateway.model.errors import SettingsError
from gateway.model.wish import NOW, Wish, wish_of

_REST: Final = re.compile(r"(?:(\S+?)\s*:\s*)?no interruptions?\b.*", re.IGNORECASE)
_TO: Final = re.compile(r"(\S+?)(\s*:\s*|\s+)(.+)")
_AMOUNT: Final = re.compile(
    r".*(\d\s*(?:k?Wh|%)|\bby \d|\b(?:cheapest|surplus|now|start)\b).*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What an event means: a wish of one device, or no interruptions (``wish`` None) of some."""

    devices: tuple[str, ...]
    wish: Wish | None = None


def intent_of(words: str, devices: Iterable[Device]) -> Intent | None:
    """What the name of an event means for these loads; None: nothing to do with them.

    Raises:
        SettingsError: it names a load, and what it wants of it is not understood.
    """
    known = {device.id.lower(): device for device in devices}
    rest = _REST.fullmatch(words.strip())
    if rest is not None:
        named = known if rest[1] is None else _named(rest[1], known)
        return Intent(devices=tuple(one.id for one in named.values())) if named else None
    said = _TO.fullmatch(words.strip())
    if said is None:
        return None
    name, between, wanted = said.groups()
    named = _named(name, known)
    # "Car to the garage" is about the car and wishes nothing of it; "car: garage" is a mistake.
    if not named or (":" not in between and not _AMOUNT.fullmatch(wanted)):
        return None
    wish = wish_of(wanted)
    if wish.start not in {"", NOW}:
        allowed = "start; the event begins when the programme is to begin"
        raise SettingsError(path=("start",), found=f"start at {wish.start}", allowed=allowed)
    return Intent(devices=tuple(one.id for one in named.values()), wish=wish)


def _named(name: str, known: dict[str, Device]) -> dict[str, Device]:
    """The device of that id; ``EV`` and ``car`` are the only car there is."""
    if name.lower() in known:
        return {name.lower(): known[name.lower()]}
    cars = {id_: device for id_, device in known.items() if device.role is Role.EV}
    return cars if name.lower() in {"ev", "car"} and len(cars) == 1 else {}
