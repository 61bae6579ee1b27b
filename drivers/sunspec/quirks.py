"""What is known of a maker's devices, as data (``quirks.toml``), and what the owner says instead.

Rows are matched by model 1: maker, model, and a range of firmware.  Of two that name the same
key the more specific counts; what the owner wrote goes before all of them.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Literal, cast

from drivers.sunspec.dialect import PLAIN, Dialect
from drivers.sunspec.quirk_keys import KEYS
from drivers.sunspec.recipes import USUAL, Manner, Recipe
from gateway.model.device import Identity
from gateway.model.time import SECOND, Duration
from gateway.ports.line import MAX_READ, Pacing

_COMPARED = re.compile(r"(>=|<=|>|<|=)(\S+)")
_PARTS = re.compile(r"\d+|[a-z]+")
_SPOKEN = ("low_word_first", "bare_numbers", "signed_counters")
Version = tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that some devices want otherwise.

    Attributes:
        maker, model: patterns with ``*`` and ``?``; ``firmware``: a range, or ``*``.
        values: by key, as the code takes them.
        why: in one sentence; ``source``: who saw it.
    """

    maker: str
    model: str
    firmware: str
    values: Mapping[str, object]
    why: str
    source: str

    def fits(self, identity: Identity) -> bool:
        """Whether the device is one of these."""
        return (
            fnmatchcase(identity.maker.casefold(), self.maker.casefold())
            and fnmatchcase(identity.model.casefold(), self.model.casefold())
            and is_within(identity.version, self.firmware)
        )

    @property
    def specificity(self) -> tuple[bool, int, int]:
        """Grows with what it demands: a firmware, letters of the model, of the maker."""
        return self.firmware != "*", _letters(self.model), _letters(self.maker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """What holds for one device.

    Attributes:
        values: by key; ``told``: a sentence for each, with why and who says it.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    _dialect: Dialect = field(init=False, default=PLAIN)

    def __post_init__(self) -> None:
        """Made once: it is asked for at every poll."""
        spoken = {key: self.values.get(key) is True for key in _SPOKEN}
        object.__setattr__(self, "_dialect", Dialect(**spoken))

    @property
    def max_read(self) -> int:
        """Registers that one request may read."""
        return cast("int", self.values.get("max_read", MAX_READ))

    @property
    def sign(self) -> Literal["import", "export"] | None:
        """What a positive W of its meter means, where that is known."""
        return cast('Literal["import", "export"] | None', self.values.get("sign"))

    @property
    def dialect(self) -> Dialect:
        """How its words are decoded."""
        return self._dialect

    @property
    def pacing(self) -> Pacing:
        """How gently it is spoken to."""
        return Pacing(
            connect_delay=self._duration("connect_delay"),
            gap=self._duration("gap"),
            settle=self._duration("settle"),
            reset_close=self.values.get("reset_close") is True,
        )

    @property
    def manner(self) -> Manner:
        """How it is steered."""
        longest = self._duration("timer_max")
        return Manner(
            recipe=Recipe(cast("str", self.values.get("recipe", USUAL.recipe))),
            floor_pct=cast("float", self.values.get("floor_pct", USUAL.floor_pct)),
            wake_floor_pct=cast("float", self.values.get("wake_floor_pct", USUAL.wake_floor_pct)),
            timer_max_s=longest // SECOND if longest else None,
            low_word_first=self.dialect.low_word_first,
        )

    def _duration(self, key: str) -> Duration:
        return cast("Duration", self.values.get(key, Duration(0)))


Override = Mapping[str, object] | None
"""The owner's values by key, None to leave the table out."""


def quirks_of(identity: Identity, override: Override, rows: Sequence[Row] | None = None) -> Quirks:
    """What holds for the device, with the reason of each."""
    values: dict[str, object] = {}
    told: dict[str, str] = {}
    if override is not None:
        for row in sorted(table() if rows is None else rows, key=lambda row: row.specificity):
            if row.fits(identity):
                values |= row.values
                told |= {key: _sentence(row, key) for key in row.values}
    for key, value in (override or {}).items():
        values[key] = value
        told[key] = f"quirk {key} = {KEYS[key].shown(value)}: as configured"
    return Quirks(values=values, told=tuple(told.values()))


def table(text: str | None = None) -> tuple[Row, ...]:
    """The rows of ``quirks.toml``, read anew: once per connect.

    Raises:
        ValueError: a row is not as it should be; says which and why.
    """
    if text is None:
        text = (files("drivers.sunspec") / "quirks.toml").read_text(encoding="utf-8")
    return tuple(_row(number, raw) for number, raw in enumerate(tomllib.loads(text)["quirk"], 1))


def _row(number: int, raw: Mapping[str, object]) -> Row:
    texts = {name: str(raw.get(name, "*")) for name in ("maker", "model", "firmware")}
    rest = {key: value for key, value in raw.items() if key not in {*texts, "why", "source"}}
    errors = [f"{key}: {why}" for key, value in rest.items() if (why := _wrong(key, value))]
    errors += [f"{name} is missing" for name in ("why", "source") if not raw.get(name)]
    if not rest:
        errors.append("it says nothing")
    if texts["firmware"] != "*" and not list(_bounds(texts["firmware"])):
        errors.append(f"firmware {texts['firmware']!r} is no range such as '>=1.20 <1.35'")
    if errors:
        message = f"quirks.toml, row {number}: {'; '.join(errors)}"
        raise ValueError(message)
    values = {key: KEYS[key].read(value) for key, value in rest.items()}
    return Row(**texts, values=values, why=str(raw["why"]), source=str(raw["source"]))


def _wrong(key: str, value: object) -> str:
    if key not in KEYS:
        return f"no such key, there are {', '.join(KEYS)}"
    return "" if KEYS[key].takes(value) else f"{value!r} is not {KEYS[key].allowed}"


def _sentence(row: Row, key: str) -> str:
    if key == "advice":
        return f"{row.values[key]} ({row.why}; {row.source})"
    shown = KEYS[key].shown(row.values[key])
    return f"quirk {key} = {shown} of {row.maker} {row.model}: {row.why} ({row.source})"


def is_within(version: str, bounds: str) -> bool:
    """Whether a firmware lies in a range; an unknown one only in ``*``."""
    if bounds == "*":
        return True
    found = as_version(version)
    return bool(found) and all(_holds(found, sign, bound) for sign, bound in _bounds(bounds))


def _bounds(bounds: str) -> Iterator[tuple[str, Version]]:
    for part in bounds.split():
        match = _COMPARED.fullmatch(part)
        if match is None:
            return
        yield match[1], as_version(match[2])


def _holds(found: Version, sign: str, bound: Version) -> bool:
    match sign:
        case ">=":
            return found >= bound
        case "<=":
            return found <= bound
        case ">":
            return found > bound
        case "<":
            return found < bound
        case _:
            return found == bound


def as_version(text: str) -> Version:
    """``4.00.75.R`` for comparing: numbers by value, letters before them, no zeros at the end."""
    parts = _PARTS.findall(text.casefold().removeprefix("v"))
    found = [(1, int(p), "") if p.isdigit() else (0, 0, p) for p in parts]
    while found and found[-1] == (1, 0, ""):
        found.pop()
    return tuple(found) or (((1, 0, ""),) if parts else ())


def _letters(pattern: str) -> int:
    return len(pattern.replace("*", "").replace("?", ""))
