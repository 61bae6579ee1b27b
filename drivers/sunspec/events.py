"""Event bitfields (Evt1, Alrm, DCEvt ...): what a device says is wrong, by the standard's names.

Names and bits are those of the SunSpec definitions.  A bit that the standard leaves open is told by
its number, a field that it leaves to the maker as the raw number.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from drivers.sunspec.codec import layout
from drivers.sunspec.discovery import Header
from drivers.sunspec.roles import Points, Shape

VENDOR: Final = "VENDOR_EVENT"
"""The code of all that only the maker knows; its text has the raw numbers."""

STOPPING: Final = frozenset(
    {
        "GROUND_FAULT", "DC_OVER_VOLT", "AC_DISCONNECT", "DC_DISCONNECT", "GRID_DISCONNECT",
        "CABINET_OPEN", "MANUAL_SHUTDOWN", "OVER_TEMP", "OVER_FREQUENCY", "UNDER_FREQUENCY",
        "AC_OVER_VOLT", "AC_UNDER_VOLT", "UNDER_TEMP", "HW_TEST_FAILURE",
    }
)  # fmt: skip
"""Events that an inverter which gives nothing does not work by."""

_EVENT: Final = re.compile(r"(?:^|\.)(?:Str|In|DC)?(?:Evt|Alrm)[A-Za-z0-9]*$")
_BANK: Final = 802


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One bitfield of one model.

    Attributes:
        point: as in a reading, ``160.2.DCEvt``; ``where``: the same for a person.
        symbols: names by bit number, empty in a field of the maker.
    """

    point: str
    where: str
    symbols: Mapping[int, str]

    def told(self, value: int) -> Iterator[tuple[str, str]]:
        """Code and place of each bit that is set."""
        if not self.symbols:
            yield VENDOR, f"{self.where} is 0x{value:08X}"
            return
        name = self.point.rpartition(".")[2].upper()
        for bit in range(value.bit_length()):
            if value >> bit & 1:
                yield self.symbols.get(bit, f"{name}_BIT_{bit}"), f"{self.where} bit {bit}"


@cache
def fields(header: Header) -> tuple[Field, ...]:
    """The event fields of a model as a device has it."""
    points = layout(header.model, header.length).points
    return tuple(
        Field(
            point=f"{header.model}.{point.name}",
            where=f"{header.model} {point.name.replace('.', ' ')}",
            symbols=point.symbols,
        )
        for point in points
        if point.type.startswith("bitfield") and _EVENT.search(point.name)
    )


def names_of(shape: Shape, model: int, points: Points) -> tuple[str, ...]:
    """Names of the standard's events of a model that are set now."""
    header = shape.headers.get(model)
    found = () if header is None else fields(header)
    return tuple(
        code
        for one in found
        if isinstance(value := points.get(one.point), int)
        for code, _ in one.told(value)
        if code != VENDOR
    )


def bank_alarms(shape: Shape, points: Points) -> list[str]:
    """What a battery bank says stops it: 802 names the rest WARNING."""
    if not shape.has(_BANK):
        return []
    return [name for name in names_of(shape, _BANK, points) if not name.endswith("WARNING")]


class Events:
    """What is set now; a model that is read only now and then has said what it said last."""

    def __init__(self, headers: Iterable[Header]) -> None:
        self._fields = {field.point: field for header in headers for field in fields(header)}
        self._values = dict.fromkeys(self._fields, 0)
        self._told: Mapping[str, str] = {}

    def take(self, points: Points) -> Mapping[str, str]:
        """Where each event stands, by its code; the same object while nothing changes."""
        changed = False
        for point, before in self._values.items():
            if point not in points:
                continue
            value = points[point]
            value = value if isinstance(value, int) else 0
            if value != before:
                self._values[point], changed = value, True
        if changed:
            self._told = self._tell()
        return self._told

    def _tell(self) -> Mapping[str, str]:
        told: dict[str, list[str]] = {}
        for point, value in self._values.items():
            if value:
                for code, where in self._fields[point].told(value):
                    told.setdefault(code, []).append(where)
        return {code: ", ".join(places) for code, places in told.items()}
