"""A SunSpec device's register memory, laid out from the SunSpec JSON definitions.

Points are addressed as ``103.W``, repeating groups as ``160.1.DCW`` (from 1), single groups as
``704.PFWInj.PF``.  Values are
physical; a point that is never set stays unimplemented.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from gateway.model.errors import RequestRefused

BASE = 40_000
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
_MARKER = (0x5375, 0x6E53)  # "SunS"
_END = (0xFFFF, 0)
_HEADER = 2  # ID and L are no part of L

# type -> (struct code, raw value that means "not implemented"); SunSpec Information Model
# Specification, data types.
_NUMBERS = {
    "int16": ("h", -0x8000),
    "uint16": ("H", 0xFFFF),
    "enum16": ("H", 0xFFFF),
    "bitfield16": ("H", 0xFFFF),
    "count": ("H", 0xFFFF),
    "sunssf": ("h", -0x8000),
    "pad": ("H", 0x8000),
    "acc32": ("I", 0),
    "int32": ("i", -0x80000000),
    "uint32": ("I", 0xFFFFFFFF),
    "enum32": ("I", 0xFFFFFFFF),
    "uint64": ("Q", 0xFFFFFFFFFFFFFFFF),
    "bitfield32": ("I", 0xFFFFFFFF),
    "acc64": ("Q", 0),
}
_INT16 = 0x7FFF
_ACCUMULATORS = {"acc32": 1 << 32, "acc64": 1 << 64}

Value = float | str


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a point stands: word index in the memory, size in words, type, scale point."""

    name: str
    index: int
    size: int
    type: str
    scale: str | None
    writable: bool


class Bank:
    """The words of one device from the marker to the end model.

    Args:
        models: (model id, repetitions of its group, values of points) in chain order; scale
            factors and everything that never changes belong here.
    """

    def __init__(self, models: Sequence[tuple[int, int, Mapping[str, Value]]]) -> None:
        self._words: list[int] = list(_MARKER)
        self._slots: dict[str, Slot] = {}
        self._factor: dict[str, float] = {}
        for model, repeats, _ in models:
            self._lay(model, repeats)
        self._words += _END
        self._at = {slot.index: slot for slot in self._slots.values()}
        for model, _, values in models:
            for name, value in sorted(values.items(), key=_scales_first):
                self.put(f"{model}.{name}", value)

    def put(self, name: str, value: Value | None) -> None:
        """Set a point to a physical value; None makes it unimplemented."""
        slot = self._slots[name]
        if isinstance(value, str):
            self._store(slot, value.encode().ljust(2 * slot.size, b"\0"))
            return
        code, unimplemented = _NUMBERS[slot.type]
        raw = unimplemented if value is None else round(value / self._scale(slot))
        if slot.type in _ACCUMULATORS:
            raw %= _ACCUMULATORS[slot.type]
        elif slot.type == "int16" and value is not None:
            raw = max(-_INT16, min(_INT16, raw))
        if slot.size == 1:
            self._words[slot.index] = raw & 0xFFFF
        else:
            self._store(slot, struct.pack(f">{code}", raw))

    def rescale(self, name: str, exponent: int) -> None:
        """Set a scale factor that may change; the points it scales are to be put anew."""
        self._factor.pop(name, None)
        self.put(name, exponent)

    def get(self, name: str) -> float | None:
        """The physical value of a number, None where unimplemented."""
        slot = self._slots[name]
        code, unimplemented = _NUMBERS[slot.type]
        words = self._words[slot.index : slot.index + slot.size]
        (raw,) = struct.unpack(f">{code}", struct.pack(f">{slot.size}H", *words))
        return None if raw == unimplemented else raw * self._scale(slot)

    def address(self, name: str) -> int:
        """Protocol address of a point's first register."""
        return BASE + self._slots[name].index

    def read(self, address: int, count: int) -> list[int]:
        """Words from a protocol address on; a hole is refused with code 2."""
        start = address - BASE
        if start < 0 or start + count > len(self._words):
            last = BASE + len(self._words) - 1
            message = f"no registers {address}..{address + count - 1}, have {BASE}..{last}"
            raise RequestRefused(message, code=ILLEGAL_ADDRESS)
        return self._words[start : start + count]

    def offered(self, address: int, words: Sequence[int]) -> dict[str, float]:
        """What a write would set; points that are not implemented are left out.

        Raises:
            RequestRefused: code 2 where a register is not writable, or a point is cut.
        """
        self.read(address, len(words))
        wanted: dict[str, float] = {}
        start = index = address - BASE
        while index < start + len(words):
            slot = self._at.get(index)
            if slot is None or not slot.writable or index + slot.size > start + len(words):
                message = f"register {index + BASE} is read only, or half of a point"
                raise RequestRefused(message, code=ILLEGAL_ADDRESS)
            if self.get(slot.name) is not None:
                at = index - start
                wanted[slot.name] = self._decode(slot, words[at : at + slot.size])
            index += slot.size
        return wanted

    def _decode(self, slot: Slot, words: Sequence[int]) -> float:
        code, _ = _NUMBERS[slot.type]
        (raw,) = struct.unpack(f">{code}", struct.pack(f">{slot.size}H", *words))
        number: int = raw
        return number * self._scale(slot)

    def _scale(self, slot: Slot) -> float:
        if slot.scale is None:
            return 1.0
        factor = self._factor.get(slot.scale)
        if factor is None:
            factor = 10.0 ** (self.get(slot.scale) or 0.0)
            self._factor[slot.scale] = factor
        return factor

    def _store(self, slot: Slot, data: bytes) -> None:
        self._words[slot.index : slot.index + slot.size] = struct.unpack(f">{slot.size}H", data)

    def _lay(self, model: int, repeats: int) -> None:
        definition = json.loads(
            (files("sunspec2") / "models" / "json" / f"model_{model}.json").read_text("utf-8")
        )
        start = len(self._words)
        for prefix, points in _groups(model, definition["group"], repeats):
            for point in points:
                self._add(model, prefix, point)
        length = len(self._words) - start - _HEADER
        self._words[start : start + _HEADER] = (model, length)

    def _add(self, model: int, prefix: str, point: Mapping[str, object]) -> None:
        name, size = f"{prefix}.{point['name']}", int(str(point["size"]))
        scale = point.get("sf")
        slot = Slot(
            name=name,
            index=len(self._words),
            size=size,
            type=str(point["type"]),
            scale=None if scale is None else f"{model}.{scale}",
            writable=point.get("access") == "RW",
        )
        self._slots[name] = slot
        self._words += [0] * size
        if slot.type != "string":
            self.put(name, None)


def check_ranges(wanted: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse with code 3 what is outside its range (bounds included)."""
    for name, (low, high) in ranges.items():
        if not low <= wanted.get(name, low) <= high:
            message = f"{name} is {low:g}..{high:g}, not {wanted[name]:g}"
            raise RequestRefused(message, code=ILLEGAL_VALUE)


def _groups(
    model: int, group: Mapping[str, object], repeats: int
) -> Iterator[tuple[str, Sequence[Mapping[str, object]]]]:
    yield f"{model}", _points(group)
    inner = group.get("groups", ())
    assert isinstance(inner, Sequence)  # noqa: S101 - the JSON says so
    for repeated in inner:
        single = repeated.get("count") is None
        names = [repeated["name"]] if single else range(1, repeats + 1)
        for name in names:
            yield f"{model}.{name}", _points(repeated)


def _points(group: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    points = group["points"]
    assert isinstance(points, Sequence)  # noqa: S101 - the JSON says so
    return points


def _scales_first(item: tuple[str, Value]) -> bool:
    return not item[0].endswith("_SF")
