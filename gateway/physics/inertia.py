"""Nothing follows at once: commands arrive after a dead time, power moves along a ramp."""

from typing import NamedTuple

# Sums of float steps miss a dead time by less than this.
_ROUNDING_S = 1e-9


class Delayed(NamedTuple):
    """A command on its way.

    Attributes:
        value: what has arrived.
        waiting: (seconds left, value), oldest first.
    """

    value: float
    waiting: tuple[tuple[float, float], ...] = ()


def delay(state: Delayed, command: float, *, dead_time_s: float, dt_s: float) -> Delayed:
    """The state ``dt_s`` later; a changed command arrives after ``dead_time_s``."""
    waiting = state.waiting
    newest = waiting[-1][1] if waiting else state.value
    if command == newest:
        if not waiting:
            return state
    else:
        waiting = (*waiting, (dead_time_s, command))
    value = state.value
    left: list[tuple[float, float]] = []
    for remaining_s, coming in waiting:
        if remaining_s - dt_s <= _ROUNDING_S:
            value = coming
        else:
            left.append((remaining_s - dt_s, coming))
    return Delayed(value, tuple(left))


def ramp(value: float, target: float, step: float) -> float:
    """The value moved toward the target by at most ``step`` (positive)."""
    if target > value + step:
        return value + step
    if target < value - step:
        return value - step
    return target
