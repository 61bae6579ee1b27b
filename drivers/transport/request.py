"""One request: what is asked of a unit, and which answers can be meant for it."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.ports.line import HOLDING

WRITE = 16
ERROR = 0x80
USUAL_UNITS = "?unit= 1, 126, 2, 3, 247, 240, 200, 100"
_BUSY = {5: "acknowledged it and is still working on it", 6: "is busy"}
_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal address: there is no such register",
    3: "illegal value",
    4: "device failure",
    0x0A: "gateway path unavailable",
    0x0B: "gateway: no such unit, or it does not answer",
}
_NO_SUCH_UNIT = {0x0A, 0x0B}
_CONFIRMED = 5  # bytes of a write's answer: function, address, count


class Request(NamedTuple):
    """What is asked of a unit, for the wire (``body``: function code and data) and a person."""

    unit: int
    function: int
    address: int
    registers: int
    body: bytes

    def __str__(self) -> str:
        doing = "writing" if self.function == WRITE else "reading"
        return f"unit {self.unit}, {doing} {self.registers} registers from {self.address}"


def reading(unit: int, address: int, count: int, function: int = HOLDING) -> Request:
    """``count`` registers of the table that the function reads."""
    return Request(unit, function, address, count, struct.pack(">BHH", function, address, count))


def writing(unit: int, address: int, words: Sequence[int]) -> Request:
    """Function 16 for consecutive holding registers."""
    count = len(words)
    head = struct.pack(">BHHB", WRITE, address, count, 2 * count)
    return Request(unit, WRITE, address, count, head + struct.pack(f">{count}H", *words))


def can_answer(asked: bytes, answer: bytes) -> bool:
    """Whether an answer has the shape that this request's has: all there is without a number.

    Both are function code and data.  A read's answer says its length, a write's repeats address
    and count, and a refusal only the function.
    """
    if answer[0] != asked[0]:
        return answer[0] == asked[0] | ERROR and len(answer) == len(b"\x83\x02")
    if asked[0] != WRITE:
        size = 2 * int.from_bytes(asked[3:5], "big")
        return len(answer) == 2 + size and answer[1] == size
    return answer == asked[:_CONFIRMED]


def refused(where: str, code: int) -> DeviceUnavailable | RequestRefused:
    """The error of a Modbus exception; busy is a matter of time."""
    if code in _BUSY:
        return DeviceUnavailable(f"{where}: the device {_BUSY[code]}; try again later")
    meaning = _EXCEPTIONS.get(code, "not in the Modbus specification")
    hint = f"; try {USUAL_UNITS}" if code in _NO_SUCH_UNIT else ""
    return RequestRefused(f"{where}: refused with exception {code} ({meaning}){hint}", code=code)
