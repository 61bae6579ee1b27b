"""Wishes: what the owner wants of a load, and what of it is still to be done.

A wish is said once (YAML, command, topic); an errand is a wish under way: its deadline is an
instant, and what the device has had is taken off.  Agents see errands, never clocks of walls.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.model.errors import SettingsError
from gateway.model.time import Instant, parse_rfc3339

ALLOWED: Final = (
    "an amount (30 kWh or 80 %), a deadline (by 07:00), the most it may cost (at most 0.25) and "
    "one of cheapest, surplus, now; e.g. 30 kWh by 07:00, at most 0.25; of a programme also "
    "start at 14:00"
)
NOW: Final = "now"
_KEYS: Final = ("energy", "soc", "start", "by", "price_cap", "mode")
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_ENERGY: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) *(kWh|Wh)", re.IGNORECASE)
_NUMBER: Final = r"(-?[0-9]+(?:\.[0-9]+)?)"
_WORDS: Final = (
    ("energy", re.compile(r"([0-9]+(?:\.[0-9]+)? *k?Wh)", re.IGNORECASE)),
    ("soc", re.compile(r"([0-9]+(?:\.[0-9]+)?) *%")),
    ("start", re.compile(r"\bstart\b(?:(?: at)? ([0-9][0-9T:.+Z-]*)|(?: now)?)", re.IGNORECASE)),
    ("by", re.compile(r"by ([0-9T:.+Z-]+)", re.IGNORECASE)),
    ("price_cap", re.compile(rf"(?:at most|up to) {_NUMBER}(?: *(?:[A-Z]{{3}})(?:/kWh)?)?")),
    ("mode", re.compile(r"(cheapest|surplus|now)(?: only)?", re.IGNORECASE)),
)
_LARGEST_WH: Final = 1e9
_MOST_WORDS: Final = 200  # characters: who searches a long run of digits searches long


class WishMode(StrEnum):
    """How it is to be had."""

    CHEAPEST = "cheapest"  # when it costs least, at any price up to the cap once time is short
    SURPLUS = "surplus"  # only of what would be fed in; the deadline is a hope
    NOW = "now"  # at once, at any price up to the cap


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the owner wants of a load.

    Attributes:
        energy_wh: how much into the device; None = as much as it takes.
        soc_pct: up to which state of charge, for one that tells it; None = not said.
        start: when a programme begins, at any price up to its cap: ``now``, or as ``by``; empty =
            when it costs least.
        by: ``07:00`` in the area's time, every day where it is configured; or an RFC 3339 instant,
            once; empty = no deadline.
        price_cap: real price it pays at most; None = the device's own cap.
    """

    energy_wh: float | None = None
    soc_pct: float | None = None
    by: str = ""
    price_cap: float | None = None
    mode: WishMode = WishMode.CHEAPEST
    start: str = ""

    def __str__(self) -> str:
        """In the words that ``wish_of`` takes."""
        parts = (
            "" if self.energy_wh is None else f"{self.energy_wh / 1000:g} kWh",
            "" if self.soc_pct is None else f"{self.soc_pct:g} %",
            ("start" if self.start == NOW else f"start at {self.start}") if self.start else "",
            f"by {self.by}" if self.by else "",
            "" if self.price_cap is None else f"at most {self.price_cap:g}",
            "" if self.start else self.mode.value,
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A wish under way.

    Attributes:
        made: when it began.
        by: its deadline, None without one.
        start: when it begins, not before; None = not said.
        left_wh: what the device has not had of it yet, Wh >= 0; None = no amount.
        started: when the device first ran for it, None = not yet.
    """

    wish: Wish
    made: Instant
    by: Instant | None = None
    left_wh: float | None = None
    started: Instant | None = None
    start: Instant | None = None

    @property
    def done(self) -> bool:
        """Whether all of the amount was had."""
        return self.left_wh is not None and self.left_wh <= 0


def wish_of(said: object) -> Wish:
    """A wish from a mapping with the keys energy, soc, by, price_cap, mode, or plain words.

    Raises:
        SettingsError: what was found and what is allowed.
    """
    if isinstance(said, str):
        return wish_of(_from_words(said))
    if not isinstance(said, Mapping) or not said:
        raise SettingsError(path=(), found=repr(said), allowed=ALLOWED)
    for key in said:
        if key not in _KEYS:
            found = f"the unknown key {key!r}"
            raise SettingsError(path=(), found=found, allowed=", ".join(_KEYS))
    wish = Wish(
        energy_wh=_energy(said.get("energy")),
        soc_pct=_number(said, "soc", 0.0, 100.0),
        start=_time(said, "start"),
        by=_time(said, "by"),
        price_cap=_number(said, "price_cap", -1000.0, 1000.0),
        mode=_mode(said.get("mode", WishMode.CHEAPEST)),
    )
    if wish.energy_wh is not None and wish.soc_pct is not None:
        allowed = "an amount of energy or a state of charge"
        raise SettingsError(path=("soc",), found="both energy and soc", allowed=allowed)
    others = {key for key, value in said.items() if value} - {"start", "price_cap"}
    if wish.start and others:
        found = "a start and " + ", ".join(sorted(others))
        allowed = "a start, and the most it may cost; the programme says the rest"
        raise SettingsError(path=("start",), found=found, allowed=allowed)
    return wish


def clock_of(by: str) -> tuple[int, int] | None:
    """Hour and minute of a deadline of every day; None of one that is an instant."""
    match = _CLOCK.fullmatch(by)
    return (int(match[1]), int(match[2])) if match else None


def _from_words(said: str) -> dict[str, object]:
    """The parts of a sentence, by key."""
    if len(said) > _MOST_WORDS:
        begun = f"{said[:20]!r} and so on, {len(said)} characters"
        raise SettingsError(path=(), found=begun, allowed=f"{ALLOWED}; {_MOST_WORDS} characters")
    rest, found = said, dict[str, object]()
    for key, pattern in _WORDS:
        match = pattern.search(rest)
        if match:
            found[key] = match[1].lower() if key == "mode" else match[1] or NOW
            rest = f"{rest[: match.start()]} {rest[match.end() :]}"
    for key in {"soc", "price_cap"} & found.keys():
        found[key] = float(str(found[key]))
    left = rest.replace(",", " ").split()
    if left or not found:
        raise SettingsError(path=(), found=repr(" ".join(left) or said), allowed=ALLOWED)
    return found


def _energy(said: object) -> float | None:
    if said is None:
        return None
    match = _ENERGY.fullmatch(said.strip()) if isinstance(said, str) else None
    scale = 1000.0 if match and match[2].lower() == "kwh" else 1.0
    amount = round(float(match[1]) * scale, 3) if match else 0.0
    if not 0 < amount <= _LARGEST_WH:
        raise SettingsError(path=("energy",), found=repr(said), allowed="an energy such as 30kWh")
    return amount


def _number(said: Mapping[str, object], key: str, least: float, most: float) -> float | None:
    value = said.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        allowed = f"a number from {least:g} to {most:g}"
        raise SettingsError(path=(key,), found=repr(value), allowed=allowed)
    return float(value)


def _time(found: Mapping[str, object], key: str) -> str:
    said = found.get(key)
    if said is None or said == "":
        return ""
    if isinstance(said, str) and (clock_of(said) or (key == "start" and said == NOW)):
        return said
    try:
        parse_rfc3339(str(said))
    except ValueError:
        allowed = 'a time such as "07:00", in quotes, or 2026-06-21T07:00:00Z'
        raise SettingsError(path=(key,), found=repr(said), allowed=allowed) from None
    return str(said)


def _mode(said: object) -> WishMode:
    try:
        return WishMode(str(said))
    except ValueError:
        allowed = ", ".join(WishMode)
        raise SettingsError(path=("mode",), found=repr(said), allowed=allowed) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaking:
    """An errand as the disk keeps it, so that a restart forgets nothing.

    Attributes:
        words: the wish, as ``wish_of`` takes it.
        said: by command or topic, so for once; else it is the configured one.
        from_wh: what the device had ever taken when it was made, None while nothing tells that.
    """

    device: str
    words: str
    made: Instant
    by: Instant | None = None
    start: Instant | None = None
    said: bool = False
    from_wh: float | None = None
    started: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWishes:
    """All of them, by device.

    Attributes:
        heard: when the newest command about a device was given that was taken in.
        events: of the calendar, that were taken in, and how long that is worth knowing.
    """

    undertakings: Mapping[str, Undertaking] = field(default_factory=dict)
    heard: Mapping[str, Instant] = field(default_factory=dict)
    events: Mapping[str, Instant] = field(default_factory=dict)
    v: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command left for the gateway: ``words``, empty = what was said before ends."""

    device: str
    at: Instant
    words: str
    v: int = 1
