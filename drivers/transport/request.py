"""One request: what is asked of a unit, and which answers can be meant for it."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from gateway.model.errors import DeviceBusy, RequestRefused
from gateway.ports.line import (
    COILS,
    DISCRETE,
    HOLDING,
    WRITE_COIL,
    WRITE_COILS,
    WRITE_REGISTER,
    WRITE_REGISTERS,
)

BITS = frozenset({COILS, DISCRETE})
WRITES = frozenset({WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS})
ERROR = 0x80
USUAL_UNITS = "?unit= 1, 126, 2, 3, 247, 240, 200, 100"
ACKNOWLEDGED = 5
_BUSY = {ACKNOWLEDGED: "acknowledged it and is still working on it", 6: "is busy"}
_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal address: there is no such register",
    3: "illegal value",
    4: "device failure",
    0x0A: "gateway path unavailable",
    0x0B: "gateway: no such unit, or it does not answer",
}
_NO_SUCH_UNIT = {0x0A, 0x0B}
_CONFIRMED = 5  # bytes of a write's answer: function, address, count or value
_COIL_ON = 0xFF00


class Request(NamedTuple):
    """What is asked of a unit, for the wire (``body``: function code and data) and a person."""

    unit: int
    function: int
    address: int
    registers: int
    body: bytes

    def __str__(self) -> str:
        doing = "writing" if self.function in WRITES else "reading"
        return f"unit {self.unit}, {doing} {self.registers} registers from {self.address}"


def reading(unit: int, address: int, count: int, function: int = HOLDING) -> Request:
    """``count`` registers of the table that the function reads."""
    return Request(unit, function, address, count, struct.pack(">BHH", function, address, count))


def writing(
    unit: int, address: int, words: Sequence[int], function: int = WRITE_REGISTERS
) -> Request:
    """Consecutive holding registers or coils, or one of them."""
    count = len(words)
    if function in {WRITE_COIL, WRITE_REGISTER}:
        word = words[0] if function == WRITE_REGISTER else _COIL_ON * bool(words[0])
        body = struct.pack(">BHH", function, address, word)
    else:
        data = _packed(words) if function == WRITE_COILS else struct.pack(f">{count}H", *words)
        body = struct.pack(">BHHB", function, address, count, len(data)) + data
    return Request(unit, function, address, count, body)


def answered(request: Request, answer: bytes) -> tuple[int, ...] | None:
    """The words of a read's answer, None where it has another length than was asked for."""
    count, data = request.registers, answer[2:]
    if len(data) != size_of(request.function, count) or answer[1] != len(data):
        return None
    if request.function in BITS:
        return tuple(data[at // 8] >> at % 8 & 1 for at in range(count))
    return struct.unpack(f">{count}H", data)


def size_of(function: int, count: int) -> int:
    """Bytes of data that so many registers, or coils, take in an answer."""
    return (count + 7) // 8 if function in BITS else 2 * count


def _packed(coils: Sequence[int]) -> bytes:
    """Eight coils to a byte, the first in the lowest bit."""
    bits = sum(1 << at for at, coil in enumerate(coils) if coil)
    return bits.to_bytes(size_of(COILS, len(coils)), "little")


def can_answer(asked: bytes, answer: bytes) -> bool:
    """Whether an answer has the shape that this request's has: all there is without a number.

    Both are function code and data.  A read's answer says its length, a write's repeats address
    and count, and a refusal only the function.
    """
    if answer[0] != asked[0]:
        return answer[0] == asked[0] | ERROR and len(answer) == len(b"\x83\x02")
    if asked[0] not in WRITES:
        size = size_of(asked[0], int.from_bytes(asked[3:5], "big"))
        return len(answer) == 2 + size and answer[1] == size
    return answer == asked[:_CONFIRMED]


def refused(where: str, code: int) -> DeviceBusy | RequestRefused:
    """The error of a Modbus exception; busy is a matter of time."""
    if code in _BUSY:
        return DeviceBusy(f"{where}: the device {_BUSY[code]}; try again later", code=code)
    meaning = _EXCEPTIONS.get(code, "not in the Modbus specification")
    hint = f"; try {USUAL_UNITS}" if code in _NO_SUCH_UNIT else ""
    return RequestRefused(f"{where}: refused with exception {code} ({meaning}){hint}", code=code)
