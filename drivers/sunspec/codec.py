"""SunSpec models as compiled decoders: one ``struct`` and one generated function per layout.

The definitions are the JSON files of the SunSpec Alliance in the pysunspec2 package; none of
its objects is used.  Raw words are compared with their type's "not implemented" value before
anything is scaled, and a scale factor always comes from the same read as its value.

Source: SunSpec Device Information Model Specification, sections on point types and scaling.
"""

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from operator import itemgetter
from typing import Any

from drivers.sunspec.dialect import PLAIN, Dialect
from gateway.model.reading import PointValue

HEADER = 2
"""Registers of a model's ID and L, which come before its body."""

_TYPES = {  # struct code and the raw value that means "not implemented"
    "int16": ("h", -0x8000),
    "uint16": ("H", 0xFFFF),
    "count": ("H", 0xFFFF),
    "acc16": ("H", 0),
    "enum16": ("H", 0xFFFF),
    "bitfield16": ("H", 0xFFFF),
    "sunssf": ("h", -0x8000),
    "pad": ("h", -0x8000),
    "int32": ("i", -0x8000_0000),
    "uint32": ("I", 0xFFFF_FFFF),
    "acc32": ("I", 0),
    "enum32": ("I", 0xFFFF_FFFF),
    "bitfield32": ("I", 0xFFFF_FFFF),
    "int64": ("q", -0x8000_0000_0000_0000),
    "uint64": ("Q", 0xFFFF_FFFF_FFFF_FFFF),
    "acc64": ("Q", 0),
}
# SolarEdge sends +-FLT_MAX where it means NaN; nothing in a house measures 3.4e38.
_LARGEST = 3.4e38
_NAN = {"float32": (0x7FC0, 0), "float64": (0x7FF8, 0, 0, 0)}
# Below it stands what is no number in the other order of words.
_SMALLEST = 1e-37
_EXPONENTS = range(-10, 11)
_NO_FACTOR = 0x8000
_MOST_VARIANTS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One field of a model.

    Attributes:
        name: as in the definition; those of a repeating group are ``1.DCW``, ``2.DCW``.
        offset: registers from the model's ID; ``size`` in registers.
        sf: name of its scale factor point, or the power of ten itself, or None.
        symbols: names of enum values or of bit numbers.
    """

    name: str
    type: str
    offset: int
    size: int
    sf: str | int | None
    symbols: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The points that a device's model of ``registers`` length (header included) has.

    Attributes:
        decode: words from the model's ID on -> values by ``"<model>.<point>"``, scaled; None
            where not implemented; without scale factors, pads and the header.
    """

    model: int
    registers: int
    points: tuple[Point, ...]
    decode: Callable[[Sequence[int]], dict[str, PointValue]]

    def point(self, name: str) -> Point | None:
        """The point of that name, None where the device's model ends before it."""
        return next((point for point in self.points if point.name == name), None)


def exponent(word: int) -> int | None:
    """The power of ten that a ``sunssf`` word means, None unless it is in -10..10."""
    value = word - 0x1_0000 if word >= 0x8000 else word  # noqa: PLR2004 - the sign bit
    return value if value in _EXPONENTS else None


def _exponent_or_none_needed(word: int) -> int | None:
    """The same of a device that leaves the scale factors of bare numbers unimplemented."""
    return 0 if word == _NO_FACTOR else exponent(word)


def known(model: int) -> bool:
    """Whether there is a definition of the model."""
    found: bool = _path(model).is_file()
    return found


Counts = tuple[tuple[str, int], ...]
"""Values of the points that count groups within groups, by name."""


@cache
def layout(model: int, length: int, counts: Counts = (), dialect: Dialect = PLAIN) -> Layout:
    """Compile the model as a device with ``L = length`` has it, in its dialect.

    A device's model that is shorter than the definition has the points that fit wholly; one
    that is longer ends with registers nobody knows.  Groups repeat as often as L allows; how
    often a group within a group does (points of a curve) only ``counts`` can tell.
    """
    registers = length + HEADER
    group = definition(model)
    laid = _points(group, 0, "", dict(counts), registers)
    points = tuple(point for point in laid if _end(point) <= registers)
    decode = _compile(model, registers, points, dialect)
    return Layout(model=model, registers=registers, points=points, decode=decode)


def layout_of(words: Sequence[int]) -> Layout:
    """The layout of a whole model, its curves as long as its own words say."""
    model, length = words[:HEADER]
    names = set(_inner_counts(definition(model), inner=False))
    if not names:
        return layout(model, length)
    top = [point for point in layout(model, length).points if point.name in names]
    return layout(model, length, tuple((point.name, words[point.offset]) for point in top))


def blank(model: int, length: int) -> tuple[int, ...]:
    """The words of a model that implements nothing."""
    words = [model, length, *[0] * length]
    for point in layout(model, length).points:
        if point.type in _TYPES and point.offset >= HEADER:
            code, missing = _TYPES[point.type]
            empty = struct.unpack(f">{point.size}H", struct.pack(f">{code}", missing))
            words[point.offset : _end(point)] = empty
        elif point.type in _NAN:
            words[point.offset : _end(point)] = _NAN[point.type]
    return tuple(words)


def raw(point: Point, words: Sequence[int]) -> int | None:
    """The unscaled number in the point's words, None where it is not implemented."""
    code, missing = _TYPES[point.type]
    (value,) = struct.unpack(f">{code}", struct.pack(f">{point.size}H", *words))
    return None if value == missing else int(value)


def words_for(point: Point, value: int) -> tuple[int, ...]:
    """The words of an unscaled number, or of the nearest that fits the point's type."""
    code, missing = _TYPES[point.type]
    most = -missing - 1 if missing < 0 else missing - 1 if missing else (1 << 16 * point.size) - 1
    fitting = max(-most if missing < 0 else 0, min(most, value))
    return struct.unpack(f">{point.size}H", struct.pack(f">{code}", fitting))


def _path(model: int) -> Any:  # noqa: ANN401 - Traversable moved between Python versions
    return files("sunspec2") / "models" / "json" / f"model_{model}.json"


def _end(point: Point) -> int:
    return point.offset + point.size


def definition(model: int) -> Mapping[str, Any]:
    """The model's outermost group, as the SunSpec Alliance publishes it."""
    group: Mapping[str, Any] = json.loads(_path(model).read_text("utf-8"))["group"]
    return group


def _points(
    group: Mapping[str, Any], offset: int, prefix: str, counts: Mapping[str, int], registers: int
) -> Iterator[Point]:
    """The group's own points, then its inner groups as often as they repeat.

    Repeated groups are told apart by number, single ones (704 PFWInj) by name.
    """
    for entry in group["points"]:
        yield _point(entry, offset, prefix)
        offset += entry["size"]
    for inner in group.get("groups", ()):
        size, count = _size(inner, counts), inner.get("count")
        times = (registers - offset) // size if size else 0
        if count is None:
            names = [inner["name"]]
        else:
            times = counts.get(count, 0) if prefix else times
            names = [str(number) for number in range(1, times + 1)]
        for name in names:
            yield from _points(inner, offset, f"{prefix}{name}.", counts, registers)
            offset += size


def _size(group: Mapping[str, Any], counts: Mapping[str, int]) -> int:
    size: int = sum(entry["size"] for entry in group["points"])
    for inner in group.get("groups", ()):
        count = inner.get("count")
        size += _size(inner, counts) * (1 if count is None else counts.get(count, 0))
    return size


def _inner_counts(group: Mapping[str, Any], *, inner: bool) -> Iterator[str]:
    """Names of the points that count groups within groups."""
    for below in group.get("groups", ()):
        if inner and isinstance(below.get("count"), str):
            yield below["count"]
        yield from _inner_counts(below, inner=True)


def _point(entry: Mapping[str, Any], offset: int, prefix: str) -> Point:
    return Point(
        name=prefix + entry["name"],
        type=entry["type"],
        offset=offset,
        size=entry["size"],
        sf=entry.get("sf"),
        symbols={symbol["value"]: symbol["name"] for symbol in entry.get("symbols", ())},
    )


def _compile(
    model: int, registers: int, points: tuple[Point, ...], dialect: Dialect
) -> Callable[[Sequence[int]], dict[str, PointValue]]:
    """Decode with a function generated for the scale factors that stand in the words.

    Straight-line code with the powers of ten written in is several times faster than a loop;
    a device shows few combinations of scale factors, and one that shows many starts anew.
    """
    factors = {point.name: point.offset for point in points if point.type == "sunssf"}
    # ID and L come first so that there are always two or more words: a tuple.
    factor_words = itemgetter(0, 1, *factors.values())
    variants: dict[tuple[int, ...], Callable[[Sequence[int]], dict[str, PointValue]]] = {}

    def decode(words: Sequence[int]) -> dict[str, PointValue]:
        key = factor_words(words)
        variant = variants.get(key)
        if variant is None:
            if len(variants) == _MOST_VARIANTS:
                variants.clear()
            read = exponent if not dialect.bare_numbers else _exponent_or_none_needed
            exponents = dict(zip(factors, map(read, key[2:]), strict=True))
            variant = variants[key] = _generate(model, registers, points, exponents, dialect)
        return variant(words)

    return decode


def _generate(
    model: int,
    registers: int,
    points: tuple[Point, ...],
    exponents: Mapping[str, int | None],
    dialect: Dialect,
) -> Callable[[Sequence[int]], dict[str, PointValue]]:
    shown = [p for p in points if p.type not in {"pad", "sunssf"} and p.name not in {"ID", "L"}]
    codes, end = "", 0
    for point in shown:
        codes += f"{2 * (point.offset - end)}x{_code(point)}"
        end = _end(point)
    names = [f"{model}.{point.name}" for point in shown]
    given = "*order(words)" if dialect.low_word_first else "*words"
    lines = [
        "def decode(words):",
        f"    ({''.join(f'v{point.offset}, ' for point in shown)}) = unpack(pack({given}))",
        "    points = nothing()",
        *(
            f"    if {there}: points[{name!r}] = {value}"
            for name, point in zip(names, shown, strict=True)
            for there, value in _assignment(point, exponents, dialect)
        ),
        "    return points",
    ]
    scope: dict[str, Any] = {
        "pack": struct.Struct(f">{registers}H").pack,
        "unpack": struct.Struct(f">{codes}{2 * (registers - end)}x").unpack,
        "nothing": dict.fromkeys(names).copy,
        "order": itemgetter(*_turned(registers, points)),
        "text": _text,
        "hardware": _hardware,
        "internet": _internet,
    }
    exec("\n".join(lines), scope)  # noqa: S102 - its own text, from the installed definitions
    decode: Callable[[Sequence[int]], dict[str, PointValue]] = scope["decode"]
    return decode


def _code(point: Point) -> str:
    match point.type:
        case "float32":
            return "f"
        case "float64":
            return "d"
        case name if name in _TYPES:
            return _TYPES[name][0]
        case _:
            return f"{2 * point.size}s"


def _turned(registers: int, points: tuple[Point, ...]) -> list[int]:
    """Where each word stands when numbers of several begin with their lowest."""
    order = [*range(registers)]
    for point in points:
        if point.size > 1 and (point.type in _TYPES or point.type in _NAN):
            order[point.offset : _end(point)] = reversed(order[point.offset : _end(point)])
    return order


def _assignment(
    point: Point, exponents: Mapping[str, int | None], dialect: Dialect
) -> Iterator[tuple[str, str]]:
    """When the point has a value, and which; nothing where it cannot have one."""
    v = f"v{point.offset}"
    if point.type in {"float32", "float64"}:
        there = f"-{_LARGEST} < {v} < {_LARGEST}"
        if dialect.low_word_first:
            there += f" and not 0 < abs({v}) < {_SMALLEST}"
        yield there, v
    elif point.type not in _TYPES:
        yield v, f"{_TEXTS.get(point.type, 'text')}({v})"
    elif (power := _power(point.sf, exponents)) is not None:
        if dialect.signed_counters and point.type.startswith("acc"):
            top = 1 << 16 * point.size
            v = f"({v} if {v} < {top >> 1} else {top} - {v})"
        there = _there(point, dialect)
        scaled = f"{v} * {10**power}" if power > 0 else f"{v} / {10**-power}.0" if power else v
        yield there, scaled


def _there(point: Point, dialect: Dialect) -> str:
    """The condition that a number is implemented."""
    code, missing = _TYPES[point.type]
    v = f"v{point.offset}"
    if not missing:
        return v
    if not dialect.low_word_first or point.size == 1:
        return f"{v} != {missing}"
    (turned,) = struct.unpack(f">{code}", _backwards(struct.pack(f">{code}", missing)))
    return f"{v} not in ({missing}, {turned})"


def _backwards(raw: bytes) -> bytes:
    """The same words, the last first."""
    return b"".join(raw[at : at + 2] for at in range(len(raw) - 2, -1, -2))


def _power(sf: str | int | None, exponents: Mapping[str, int | None]) -> int | None:
    if sf is None or isinstance(sf, int):
        return sf or 0
    return exponents.get(sf)


_TEXTS = {"eui48": "hardware", "ipaddr": "internet", "ipv6addr": "internet"}


def _hardware(raw: bytes) -> str | None:
    """EUI-48 in the last six bytes; all ones or zeros where not implemented."""
    return None if raw[2:] in (b"\xff" * 6, bytes(6)) else raw[2:].hex(":").upper()


def _internet(raw: bytes) -> str | None:
    return str(ip_address(raw)) if any(raw) else None


def _text(raw: bytes) -> str | None:
    """A string up to its first NUL; some devices leave rubbish after it."""
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace") or None
