"""Recipes: which words a setpoint is, and which setpoint words are.  No I/O."""

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.modbus.control import FLOWS, Control, Step
from drivers.modbus.strict import CODES
from gateway.model.device import Capabilities, Timer
from gateway.model.device import Control as Kind
from gateway.model.setpoint import RegisterWrite
from gateway.ports.line import WRITE_COIL, WRITE_COILS, WRITE_REGISTER, WRITE_REGISTERS

Words = Mapping[tuple[str, int], int]  # by table and address

_WHOLE = {
    "uint16": (0, 0xFFFF), "int16": (-0x8000, 0x7FFF), "uint32": (0, 0xFFFFFFFF),
    "int32": (-0x80000000, 0x7FFFFFFF), "uint64": (0, 0xFFFFFFFFFFFFFFFF),
}  # fmt: skip
_SECONDS = {"s": 1.0, "min": 60.0}
_ROUNDING = 1e-6
_FUNCTIONS = {
    ("holding", False): WRITE_REGISTERS,
    ("holding", True): WRITE_REGISTER,
    ("coil", False): WRITE_COILS,
    ("coil", True): WRITE_COIL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """What the device is able to, W, None where neither map nor device tells."""

    rating_w: float | None = None
    charge_w: float | None = None
    discharge_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be written.

    Attributes:
        flow_w: into the device, as it was rounded.
        timer_s: of its own countdown; 0 = off.
        level_w: the magnitude it falls back to, None = its own rule.
    """

    flow_w: float
    timer_s: int
    level_w: float | None = None


class Recipe:
    """A map's control with the ratings of one device."""

    def __init__(self, control: Control, ratings: Ratings) -> None:
        self.control = control
        self.ratings = ratings
        self._watts = {
            "W": 1.0,
            "kW": 1000.0,
            "%": (ratings.rating_w or 0.0) / 100,
            "A": control.watts_per_ampere or 0.0,
        }

    def rounded(self, watts: float) -> float:
        """The nearest flow that the registers express, on the safe side: no more than asked."""
        stages = self.control.stages_w
        if stages is not None:
            return max(stage for stage in stages if stage <= max(watts, 0.0) + _ROUNDING)
        step = max((s for s in self.control.steps if s.write in FLOWS), key=self._grain)
        unit_w = self._watts[step.unit]
        grain = self._grain(step)
        low, high = _bounds(step)
        most = -low if step.write == "value" and watts < 0 else high
        amount = min(abs(watts), most * step.scale * unit_w)
        if grain:
            amount = math.floor(amount / grain + _ROUNDING) * grain
        return math.copysign(amount, watts) if amount else 0.0

    def writes(self, wish: Wish) -> tuple[tuple[Step, RegisterWrite], ...]:
        """What is written for a setpoint, in order."""
        return tuple((step, self._order(step, wish)) for step in self.control.steps)

    def release(self, found: Words) -> tuple[tuple[Step, RegisterWrite], ...]:
        """What gives the device back, in order; ``found`` as it was before the first write."""
        return tuple((step, _given_back(step, found)) for step in self.control.release)

    def stage(self, words: Words) -> float | None:
        """The stage that the words are, None where they are none, or there are no stages."""
        told = [step for step in self.control.steps if step.stages]
        for stage in self.control.stages_w or ():
            orders = (_order(step, _raw(step, step.stages[stage])) for step in told)
            if told and all(stands(s, o, words) for s, o in zip(told, orders, strict=True)):
                return stage
        return None

    def capabilities(self) -> Capabilities:
        """What can be asked of the device."""
        control, timer = self.control, self.control.timer
        longest_s = control.watchdog_s or 0
        if timer is not None and timer.max is not None:
            longest_s = int(timer.max * _SECONDS[timer.unit])
        stages = tuple(sorted(stage for stage in control.stages_w or () if stage))
        return Capabilities(
            control=Kind(control.kind),
            rating_w=stages[-1] if stages else self.ratings.rating_w,
            charge_w=self.ratings.charge_w,
            discharge_w=self.ratings.discharge_w,
            stages_w=stages,
            floor_w=stages[0] if stages else control.floor_w,
            resolution_w=1.0 if stages else max(1.0, self._resolution()),
            timer=Timer(max_s=longest_s, reaches_level=control.reaches_level)
            if longest_s
            else None,
        )

    def _resolution(self) -> float:
        return max((self._grain(s) for s in self.control.steps if s.write in FLOWS), default=1)

    def _grain(self, step: Step) -> float:
        """Watts of one raw unit; 0 where raw values have no steps."""
        whole = not step.type.startswith("float")
        return step.scale * self._watts[step.unit] if whole else 0.0

    def _order(self, step: Step, wish: Wish) -> RegisterWrite:
        return _order(step, _raw(step, self._number(step, wish)))

    def _number(self, step: Step, wish: Wish) -> float:
        """In the step's unit."""
        if step.const is not None:
            return step.const
        if step.cases:
            flow = wish.flow_w
            return step.cases["charge" if flow > 0 else "discharge" if flow < 0 else "idle"]
        if step.stages:
            return step.stages[wish.flow_w]
        if step.write == "timer":
            return wish.timer_s / _SECONDS[step.unit]
        if step.write == "level" and wish.level_w is None:
            return step.own_rule or 0.0
        watts = {
            "value": wish.flow_w,
            "amount": abs(wish.flow_w),
            "charge": max(wish.flow_w, 0.0),
            "discharge": abs(min(wish.flow_w, 0.0)),
            "level": wish.level_w or 0.0,
        }[step.write or "value"]
        return watts / self._watts[step.unit]


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


def _given_back(step: Step, found: Words) -> RegisterWrite:
    if step.write != "found":
        return _order(step, _raw(step, step.const or 0.0))
    if all((step.table, at) in found for at in places(step)):
        words = tuple(found[step.table, at] for at in places(step))
        return RegisterWrite(address=step.address, words=words, function=_function(step))
    return _order(step, _raw(step, step.own_rule or 0.0))


def _raw(step: Step, in_unit: float) -> float:
    """Cut to its bounds; a timer that runs is at least one raw unit long."""
    raw = in_unit / step.scale
    if step.write == "timer" and 0 < raw < 1:
        return 1.0
    low, high = _bounds(step)
    return min(max(raw, low), high)


def _bounds(step: Step) -> tuple[float, float]:
    """What the register takes, raw."""
    low, high = _WHOLE.get(step.type, (-math.inf, math.inf))
    return low, high if step.max is None else min(high, step.max / step.scale)


def _order(step: Step, raw: float) -> RegisterWrite:
    whole = not step.type.startswith("float")
    data = struct.pack(CODES[step.type], _towards_zero(raw) if whole else raw)
    words = list(struct.unpack(f">{step.size}H", data))
    if step.order == "little":
        words.reverse()
    return RegisterWrite(address=step.address, words=tuple(words), function=_function(step))


def _towards_zero(raw: float) -> int:
    return math.trunc(raw + math.copysign(_ROUNDING, raw))


def _function(step: Step) -> int:
    return _FUNCTIONS[step.table, step.single]
