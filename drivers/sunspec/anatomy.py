"""One model point by point: value, unit, raw words, and how far each may be trusted."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from drivers.sunspec.codec import HEADER, Point, definition, exponent, layout_of
from gateway.model.inspection import FoundGroup, FoundPoint
from gateway.model.reading import PointValue, Quality

_MISSING = 0x8000  # stands in for a register that could not be read: no scale factor either
_FLOATS = {"float32": "f", "float64": "d"}
_LARGEST = 3.4e38


class Anatomy:
    """A model whose definition is known, as a device has it.

    Attributes:
        points: those the device's length has room for.
        registers: how many the device's model has; ``described``: how many the points cover.
    """

    def __init__(self, words: Sequence[int | None]) -> None:
        self._words = words
        filled = tuple(_MISSING if word is None else word for word in words)
        self._filled = filled
        laid = layout_of(filled)
        self.points: Mapping[str, Point] = {point.name: point for point in laid.points}
        self.registers = len(words)
        self.described = max((p.offset + p.size for p in laid.points), default=HEADER)
        self._model = laid.model
        self._values = laid.decode(filled)
        self.definition = definition(laid.model)

    def body(self) -> FoundGroup:
        """Every point and every group."""
        return self._group(self.definition, "")

    def factor(self, point: Point) -> int | None:
        """The power of ten that a point is scaled by, None where that is unusable."""
        if not isinstance(point.sf, str):
            return point.sf or 0
        source = self.points.get(point.sf)
        return None if source is None else exponent(self._filled[source.offset])

    def raw(self, point: Point) -> tuple[int | None, ...]:
        """The point's words as read."""
        return tuple(self._words[point.offset : point.offset + point.size])

    def absent(self) -> tuple[str, ...]:
        """Names of points that the definition has and the device's length has no room for."""
        entries = self.definition["points"]
        names = (entry["name"] for entry in entries if entry["type"] != "pad")
        return tuple(name for name in names if name not in self.points)

    def bad_factors(self) -> tuple[str, ...]:
        """Names of scale factors that are none: neither -10..10 nor "not implemented"."""
        return tuple(
            point.name
            for point in self.points.values()
            if point.type == "sunssf"
            and self._filled[point.offset] != _MISSING
            and exponent(self._filled[point.offset]) is None
        )

    def _group(self, group: Mapping[str, Any], prefix: str) -> FoundGroup:
        points = tuple(
            self._found(self.points[prefix + entry["name"]], entry)
            for entry in group["points"]
            if prefix + entry["name"] in self.points
        )
        inner: dict[str, tuple[FoundGroup, ...]] = {}
        for below in group.get("groups", ()):
            there = tuple(self._group(below, name) for name in self._repeats(below, prefix))
            if there:
                inner[below["name"]] = there
        return FoundGroup(points=points, groups=inner)

    def _repeats(self, group: Mapping[str, Any], prefix: str) -> Iterator[str]:
        """Prefixes of the group's occurrences, as the layout names them."""
        first = group["points"][0]["name"]
        if group.get("count") is None:
            if f"{prefix}{group['name']}.{first}" in self.points:
                yield f"{prefix}{group['name']}."
            return
        number = 1
        while f"{prefix}{number}.{first}" in self.points:
            yield f"{prefix}{number}."
            number += 1

    def _found(self, point: Point, entry: Mapping[str, Any]) -> FoundPoint:
        words = self.raw(point)
        value, quality, note = self._judged(point, words)
        return FoundPoint(
            name=entry["name"],
            value=value,
            unit=entry.get("units", ""),
            words=words,
            meaning=_meaning(point, value),
            quality=quality,
            note=note,
            framing=point.type in {"sunssf", "pad"} or point.name in {"ID", "L"},
        )

    def _judged(self, point: Point, words: Sequence[int | None]) -> tuple[PointValue, Quality, str]:
        if None in words:
            return None, Quality.MISSING, "cannot be read"
        value = self._value(point)
        if value is None:
            why = self._why_none(point)
            return None, Quality.SUSPECT if why else Quality.MISSING, why or "not implemented"
        odd = self._odd(point, value)
        return value, Quality.SUSPECT if odd else Quality.GOOD, odd

    def _value(self, point: Point) -> PointValue:
        if point.name in {"ID", "L"} or point.type == "pad":
            return self._filled[point.offset]
        if point.type == "sunssf":
            word = self._filled[point.offset]
            return None if word == _MISSING else word - 0x1_0000 * (word > _MISSING)
        return self._values[f"{self._model}.{point.name}"]

    def _why_none(self, point: Point) -> str:
        """Why a point that has something in it has no value; empty if it has nothing."""
        if point.type in _FLOATS:
            (number,) = struct.unpack(f">{_FLOATS[point.type]}", _packed(self._own(point)))
            return f"{number:g} means nothing" if abs(number) >= _LARGEST else ""
        if isinstance(point.sf, str) and self.factor(point) is None and self._stands(point):
            source = self.points.get(point.sf)
            unread = source is not None and None in self.raw(source)
            what = "cannot be read" if unread else "is unusable"
            return f"its scale factor {point.sf} {what}, so it has no size"
        return ""

    def _stands(self, point: Point) -> bool:
        """Whether the words are not those of "not implemented"."""
        empty = {"int16": (0x8000,), "int32": (0x8000, 0), "int64": (0x8000, 0, 0, 0)}
        nothing = (0,) * point.size if point.type.startswith("acc") else (0xFFFF,) * point.size
        return self._own(point) != empty.get(point.type, nothing)

    def _odd(self, point: Point, value: PointValue) -> str:
        if point.type == "sunssf" and exponent(self._filled[point.offset]) is None:
            return "no power of ten in -10..10"
        if point.type.startswith("enum") and point.symbols and value not in point.symbols:
            return f"{value} is none of its values"
        if point.type == "string":
            text = _packed(self._own(point)).split(b"\0", 1)[0]
            if not _is_utf8(text):
                return "not UTF-8"
        return ""

    def _own(self, point: Point) -> tuple[int, ...]:
        return self._filled[point.offset : point.offset + point.size]


def _packed(words: Sequence[int]) -> bytes:
    return struct.pack(f">{len(words)}H", *words)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _meaning(point: Point, value: PointValue) -> tuple[str, ...]:
    if not isinstance(value, int) or not point.symbols:
        return ()
    if point.type.startswith("bitfield"):
        bits = (bit for bit in range(value.bit_length()) if value >> bit & 1)
        return tuple(point.symbols.get(bit, f"bit {bit}") for bit in bits)
    return (point.symbols[value],) if value in point.symbols else ()
