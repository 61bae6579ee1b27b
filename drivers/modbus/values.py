"""Values of points, out of the words that were read."""

import struct
from collections.abc import Iterable, Mapping

from drivers.modbus.points import Point, Sign
from drivers.modbus.strict import CODES
from gateway.model.reading import PointValue

_FINITE = 3.4e38
# Nothing measured is as small; it is what NaN looks like with its words the other way round.
_TINY = 1e-37
_LARGEST_EXPONENT = 10


def raw(point: Point, words: Mapping[int, int]) -> int | float | str | None:
    """The number as it stands, None where it means that there is none."""
    found = [words[point.address + offset] for offset in range(point.size)]
    if point.of_bits:
        return _unless_missing(point, sum(bit << at for at, bit in enumerate(found)))
    turned = point.order == "little"
    # Some send their numbers low word first, and "there is none" high word first.
    if turned and point.type != "string" and _number(point, _packed(found)) in point.sentinels:
        return None
    data = _packed(reversed(found) if turned else found)
    if point.type == "string":
        return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip() or None
    number = _number(point, data)
    finite = -_FINITE < number < _FINITE and not (turned and 0 < abs(number) < _TINY)
    return _unless_missing(point, number) if finite else None


def value(point: Point, number: float | str | None, words: Mapping[int, int]) -> PointValue:
    """What the raw number means: scaled, with its sign, or named."""
    if number is None or isinstance(number, str):
        return number
    if point.bits:
        return ", ".join(_set_bits(point, int(number)))
    if point.values:
        return _named(point, int(number))
    if point.sign is not None:
        number = abs(number) * _direction(point.sign, words)
    if point.exponent is not None:
        return _raised(number * point.scale, words[point.exponent])
    return number if point.scale == 1.0 else round(number * point.scale, 9)


def _packed(words: Iterable[int]) -> bytes:
    return b"".join(word.to_bytes(2, "big") for word in words)


def _number(point: Point, data: bytes) -> int | float:
    number: int | float = struct.unpack(CODES[point.type], data)[0]
    return number


def _unless_missing(point: Point, number: float) -> int | float | None:
    return None if number in point.sentinels else number


def _set_bits(point: Point, number: int) -> list[str]:
    numbers = (bit for bit in range(number.bit_length()) if number >> bit & 1)
    return [point.bits.get(bit, f"bit {bit}") for bit in numbers]


def _named(point: Point, number: int) -> PointValue:
    """Its name, or the number it stands for; a number that no name is known for as it is."""
    if number in point.values:
        return point.values[number]
    measured = any(isinstance(known, float) for known in point.values.values())
    return None if measured else number


def _direction(sign: Sign, words: Mapping[int, int]) -> int:
    word = words[sign.address]
    if word & sign.negative:
        return -1
    return 1 if word & sign.positive else 0


def _raised(number: float, word: int) -> float | None:
    """Times ten to the power in the word; a power nobody means is no value."""
    power = word - 0x10000 if word >> 15 else word
    if abs(power) > _LARGEST_EXPONENT:
        return None
    return round(number * 10.0**power, 9)
