"""Messages of devices that speak MQTT: a value picked from a payload, a command and its proof."""

import json
import math
import re
from dataclasses import dataclass

_INDEX = re.compile("[0-9]{1,3}")

Told = float | int | str | bool | None


def pick(payload: bytes, path: str) -> Told:
    """The value at ``path`` (``ENERGY.Power``, ``emeter.0.power``; empty: the whole payload).

    A payload that is no JSON is its own text.  None where there is nothing at the path, or
    something that is no single finite value; never raises.
    """
    try:
        value: object = json.loads(payload, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None if path else _text(payload)
    for step in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and _INDEX.fullmatch(step):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return _single(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A message that steers a device, and how the device shows that it took it.

    Attributes:
        topic, payload: what is published, not retained: it is meant for now.
        state, path, expected: the topic that shows it, where in its payload, and as what; a
            number within ``tolerance``, a word in any case.
        ask_topic, ask_payload: what makes the device tell its state; empty where it tells it
            by itself.
    """

    topic: str
    payload: str
    state: str
    path: str
    expected: str
    tolerance: float = 0.0
    ask_topic: str = ""
    ask_payload: str = ""

    def shown_by(self, payload: bytes) -> bool:
        """Whether the state says what was commanded."""
        value = pick(payload, self.path)
        if value is None:
            return False
        wanted, shown = number_of(self.expected), number_of(value)
        if wanted is not None and shown is not None:
            return abs(wanted - shown) <= self.tolerance
        return word_of(value) == word_of(self.expected)


def number_of(value: Told) -> float | None:
    """A finite number, also one written as text; None for words and truth values."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def word_of(value: Told) -> str:
    """In lower case; truth values as JSON writes them."""
    return "" if value is None else str(value).strip().casefold()


def _single(value: object) -> Told:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return value if number_of(value) is not None else None
    return None


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode().strip() or None
    except UnicodeDecodeError:
        return None
