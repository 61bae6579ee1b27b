"""The keys of the quirks table: what each may be, and what it changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from drivers.sunspec.recipes import Recipe
from gateway.model.time import HOUR, SECOND, Duration, parse_duration, short_duration
from gateway.ports.line import MAX_READ

_LEAST_READ = 16  # a name or a serial number


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One thing that a device may want otherwise.

    Attributes:
        allowed: for a person; ``schema``: the same as JSON Schema.
        takes: whether it may have the value as written; ``read``: the value as the code takes it.
        shown: the value for a person.
        owner: whether it may be set in the configuration too.
    """

    allowed: str
    schema: Mapping[str, object]
    takes: Callable[[object], bool]
    description: str
    read: Callable[[object], object] = lambda value: value
    shown: Callable[[object], str] = str
    owner: bool = True


def _one_of(*names: str, description: str, owner: bool = True) -> Key:
    return Key(
        allowed=" | ".join(names),
        schema={"enum": list(names)},
        takes=lambda value: value in names,
        description=description,
        owner=owner,
    )


def _number(low: float, high: float, unit: str, description: str) -> Key:
    return Key(
        allowed=f"a number from {low:g} to {high:g}{unit}",
        schema={"type": "number", "minimum": low, "maximum": high},
        takes=lambda v: isinstance(v, int | float) and not isinstance(v, bool) and low <= v <= high,
        read=lambda value: float(cast("float", value)),
        shown=lambda value: f"{value:g}{unit}",
        description=description,
    )


def _whole(low: int, high: int, description: str) -> Key:
    return Key(
        allowed=f"a whole number from {low} to {high}",
        schema={"type": "integer", "minimum": low, "maximum": high},
        takes=lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high,
        description=description,
    )


def _flag(description: str) -> Key:
    return Key(
        allowed="true | false",
        schema={"type": "boolean"},
        takes=lambda value: isinstance(value, bool),
        shown=lambda value: str(value).lower(),
        description=description,
    )


def _pause(least: Duration, most: Duration, description: str) -> Key:
    def takes(value: object) -> bool:
        try:
            return least <= parse_duration(cast("str", value)) <= most
        except (ValueError, TypeError):
            return False

    return Key(
        allowed=f"a duration from {short_duration(least)} to {short_duration(most)}",
        schema={"type": "string", "pattern": "^[0-9]+(ms|s|min|h)$"},
        takes=takes,
        read=lambda value: parse_duration(cast("str", value)),
        shown=lambda value: short_duration(cast("Duration", value)),
        description=description,
    )


_NONE, _LONG = Duration(0), Duration(60 * SECOND)

KEYS: Final[Mapping[str, Key]] = {
    "recipe": _one_of(
        *Recipe,
        description="how models 123 and 704 are written: value and enable together, the enable "
        "off and on around a changed value, or the enable only where it does not stand",
    ),
    "floor_pct": _number(0.1, 100, " %", "the smallest limit on generation but 0"),
    "wake_floor_pct": _number(0, 100, " %", "the same while the device does not produce yet"),
    "timer_max": _pause(
        Duration(SECOND), Duration(18 * HOUR), "the longest countdown that the device keeps to"
    ),
    "max_read": _whole(_LEAST_READ, MAX_READ, "registers that one request may read"),
    "connect_delay": _pause(_NONE, _LONG, "from a made connection to the first request"),
    "gap": _pause(_NONE, _LONG, "from an answer to the next request"),
    "settle": _pause(_NONE, _LONG, "from a write to the next request"),
    "reset_close": _flag("connections are ended by RST"),
    "low_word_first": _flag("numbers of several registers have their lowest word first"),
    "bare_numbers": _flag("a number whose scale factor is missing counts as it stands"),
    "signed_counters": _flag("energy counters come as the complement of a negative number"),
    "sign": _one_of(
        "import", "export", description="what a positive W of a meter means", owner=False
    ),
    "advice": Key(
        allowed="a sentence",
        schema={"type": "string"},
        takes=lambda value: isinstance(value, str) and bool(value),
        description="what to do about it; changes nothing",
        owner=False,
    ),
}

OWNERS: Final[Mapping[str, Key]] = {name: key for name, key in KEYS.items() if key.owner}
"""Those that may be set in the configuration too."""
