"""What steers a device: setpoints as register words, and read-back words as flows.

Nothing here touches the line.  A lever knows what stood before the first write (``begun``) and
what stands now (``renewed``).
"""

import math
from collections.abc import Iterable, Mapping
from typing import Protocol, Self

from drivers.sunspec.discovery import Header
from drivers.sunspec.plan import Span
from drivers.sunspec.raw import Plan, Words
from gateway.model.device import Control, Timer
from gateway.model.setpoint import RegisterWrite

ROUNDING = 1e-6  # of a register step, against 2999.9999999 for 3000


class Lever(Protocol):
    """How a device is steered.  Flows are W into the device."""

    @property
    def control(self) -> Control:
        """What a setpoint means to it."""
        ...

    @property
    def header(self) -> Header:
        """The model it lives in."""
        ...

    @property
    def windows(self) -> tuple[Span, ...]:
        """The registers to read back, scale factors included."""
        ...

    @property
    def words(self) -> Words:
        """What stood in the windows when they were last read."""
        ...

    @property
    def origin(self) -> Words:
        """What stood in the windows before the first write."""
        ...

    @property
    def timer(self) -> Timer | None:
        """The device's own countdown, None where it has none."""
        ...

    @property
    def countdown(self) -> str | None:
        """Name of the point that shows what is left of the timer: ``704.WSetRvrtRem``."""
        ...

    @property
    def resolution_w(self) -> float:
        """One register step."""
        ...

    @property
    def floor_w(self) -> float:
        """The smallest non-zero setpoint."""
        ...

    @property
    def wake_floor_w(self) -> float:
        """The smallest non-zero setpoint while the device does not produce yet; 0 = no other."""
        ...

    def renewed(self, words: Words) -> Self:
        """The same lever with what stands in the windows now (its scale factor may move)."""
        ...

    def begun(self, words: Words) -> Self:
        """The same lever with other words as those that stood before the first write."""
        ...

    def command(self, quantity: float, timer_s: int) -> Plan:
        """What brings the device to the flow and starts its timer (0: timer off)."""
        ...

    def due(self, plan: Plan) -> Plan:
        """The part of a plan that must be written, knowing what stands."""
        ...

    def neutral(self) -> Plan:
        """What gives the device back to its own rule."""
        ...

    def level(self, level_w: float) -> Plan:
        """What keeps the device at or below a magnitude, without timer."""
        ...

    def found(self) -> Plan:
        """What restores the words that stand now, in an order that lets go first."""
        ...

    def expressed(self) -> float | None:
        """The flow that the words ask for, None if they ask for nothing."""
        ...

    def same(self, address: int, written: int, read: int) -> bool:
        """Whether a word read back is what was written, as far as devices keep to it."""
        ...

    def lapses(self, address: int) -> bool:
        """Whether the device's own timer ends what is written there."""
        ...


def runs(plan: Iterable[Mapping[int, int]]) -> tuple[RegisterWrite, ...]:
    """One write per stretch of consecutive registers, groups in order."""
    writes: list[RegisterWrite] = []
    for group in plan:
        fresh = True
        for address in sorted(group):
            last = writes[-1] if writes else None
            if not fresh and last is not None and address == last.address + len(last.words):
                writes[-1] = RegisterWrite(
                    address=last.address, words=(*last.words, group[address])
                )
            else:
                writes.append(RegisterWrite(address=address, words=(group[address],)))
            fresh = False
    return tuple(writes)


def stands(group: Words, words: Words) -> bool:
    """Whether every word of the group is there already."""
    return all(words.get(address) == word for address, word in group.items())


def to_steps(pct: float, power: int) -> int:
    """Percent as register steps, rounded toward zero: less power either way."""
    return math.trunc(pct / 10.0**power + math.copysign(ROUNDING, pct))


def limit_steps(limit_w: float, base_w: float, power: int, floor_pct: float) -> int:
    """A bound as steps of a percentage: 0, or between the floor and 100 %."""
    if limit_w <= 0.0:
        return 0
    steps = to_steps(100.0 * limit_w / base_w, power)
    return min(max(steps, least_steps(power, floor_pct)), to_steps(100.0, power))


def least_steps(power: int, floor_pct: float) -> int:
    """The floor in whole steps."""
    return max(1, math.ceil(floor_pct / 10.0**power - ROUNDING))
