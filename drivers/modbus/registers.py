"""Registers: numbers of a step to the words that are written, and back."""

import math
import struct
from collections.abc import Iterable, Mapping

from drivers.modbus.steps import Step
from drivers.modbus.strict import CODES
from gateway.model.setpoint import RegisterWrite
from gateway.ports.line import WRITE_COIL, WRITE_COILS, WRITE_REGISTER, WRITE_REGISTERS

Words = Mapping[tuple[str, int], int]  # by table and address

ROUNDING = 1e-6
_WHOLE = {
    "uint16": (0, 0xFFFF), "int16": (-0x8000, 0x7FFF), "uint32": (0, 0xFFFFFFFF),
    "int32": (-0x80000000, 0x7FFFFFFF), "uint64": (0, 0xFFFFFFFFFFFFFFFF),
}  # fmt: skip
_FUNCTIONS = {
    ("holding", False): WRITE_REGISTERS,
    ("holding", True): WRITE_REGISTER,
    ("coil", False): WRITE_COILS,
    ("coil", True): WRITE_COIL,
}


def stands(step: Step, written: RegisterWrite, words: Words) -> bool:
    """Whether the device holds what was written; a countdown may have gone on."""
    now = tuple(words[step.table, at] for at in places(step))
    if now == written.words:
        return True
    if step.counts:
        return 0 < number(step, now) <= number(step, written.words)
    near = step.type.startswith("float")
    return near and math.isclose(number(step, now), number(step, written.words), rel_tol=1e-4)


def places(step: Step) -> range:
    """The addresses of its registers."""
    return range(step.address, step.address + step.size)


def number(step: Step, words: Iterable[int]) -> float:
    """The raw number in its registers."""
    ordered = list(words)
    if step.order == "little":
        ordered.reverse()
    value: float = struct.unpack(CODES[step.type], struct.pack(f">{len(ordered)}H", *ordered))[0]
    return value


def given_back(step: Step, found: Words) -> RegisterWrite:
    """What a step of a release writes: a constant, or what was found in its registers."""
    if step.write != "found":
        return order(step, step.const or 0.0)
    if all((step.table, at) in found for at in places(step)):
        words = tuple(found[step.table, at] for at in places(step))
        return RegisterWrite(address=step.address, words=words, function=_function(step))
    return order(step, step.own_rule or 0.0)


def bounds(step: Step) -> tuple[float, float]:
    """What the register takes, raw."""
    low, high = _WHOLE.get(step.type, (-math.inf, math.inf))
    return low, high if step.max is None else min(high, step.max / step.scale)


def order(step: Step, in_unit: float) -> RegisterWrite:
    """The words of a number in the step's unit, cut to what the register takes."""
    raw = _raw(step, in_unit)
    whole = not step.type.startswith("float")
    data = struct.pack(CODES[step.type], _towards_zero(raw) if whole else raw)
    words = list(struct.unpack(f">{step.size}H", data))
    if step.order == "little":
        words.reverse()
    return RegisterWrite(address=step.address, words=tuple(words), function=_function(step))


def _raw(step: Step, in_unit: float) -> float:
    """A timer that runs is at least one raw unit long."""
    raw = in_unit / step.scale
    if step.write == "timer" and 0 < raw < 1:
        return 1.0
    low, high = bounds(step)
    return min(max(raw, low), high)


def _towards_zero(raw: float) -> int:
    return math.trunc(raw + math.copysign(ROUNDING, raw))


def _function(step: Step) -> int:
    return _FUNCTIONS[step.table, step.single]
