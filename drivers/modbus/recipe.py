"""Recipes: which words a setpoint is, and which setpoint words are.  No I/O."""

import math
from dataclasses import dataclass

from drivers.modbus.control import Control
from drivers.modbus.registers import ROUNDING, Words, bounds, given_back, order, stands
from drivers.modbus.steps import FLOWS, Step
from gateway.model.device import Capabilities, Timer
from gateway.model.device import Control as Kind
from gateway.model.setpoint import RegisterWrite

_SECONDS = {"s": 1.0, "min": 60.0}


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
    """A map's control with the ratings of one device.

    The stages of a source (``gives``) are flows out of it.
    """

    def __init__(self, control: Control, ratings: Ratings, *, gives: bool = False) -> None:
        self.control = control
        self.ratings = ratings
        self._sign = -1.0 if gives else 1.0
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
            amount = max(watts * self._sign, 0.0) + ROUNDING
            return self._sign * max(stage for stage in stages if stage <= amount) + 0.0
        step = max((s for s in self.control.steps if s.write in FLOWS), key=self._grain)
        unit_w = self._watts[step.unit]
        grain = self._grain(step)
        low, high = bounds(step)
        most = -low if step.write == "value" and watts < 0 else high
        amount = min(abs(watts), most * step.scale * unit_w)
        if grain:
            amount = math.floor(amount / grain + ROUNDING) * grain
        return math.copysign(amount, watts) if amount else 0.0

    def writes(self, wish: Wish) -> tuple[tuple[Step, RegisterWrite], ...]:
        """What is written for a setpoint, in order."""
        return tuple((step, order(step, self._number(step, wish))) for step in self.control.steps)

    def release(self, found: Words) -> tuple[tuple[Step, RegisterWrite], ...]:
        """What gives the device back, in order; ``found`` as it was before the first write."""
        return tuple((step, given_back(step, found)) for step in self.control.release)

    def stage(self, words: Words) -> float | None:
        """The stage that the words are, None where they are none, or there are no stages."""
        told = [step for step in self.control.steps if step.stages]
        for stage in self.control.stages_w or ():
            orders = (order(step, step.stages[stage]) for step in told)
            if told and all(stands(s, o, words) for s, o in zip(told, orders, strict=True)):
                return self._sign * stage + 0.0
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

    def _number(self, step: Step, wish: Wish) -> float:
        """In the step's unit."""
        if step.const is not None:
            return step.const
        if step.cases:
            flow = wish.flow_w
            return step.cases["charge" if flow > 0 else "discharge" if flow < 0 else "idle"]
        if step.stages:
            return step.stages[abs(wish.flow_w)]
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
