"""How a control is written to a device: which words of a plan, and how its enable is moved.

Devices differ in what makes a new value count.  Most take value and enable written together.
Some keep the old value until the enable was 0 and is 1 again; others must not be sent the
enable at every renewal, since it is kept in memory that wears.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from drivers.sunspec.raw import Plan, Words


class Recipe(StrEnum):
    """How value and enable are written."""

    STANDARD = "standard"  # both, every time
    ENABLE_TOGGLE = "enable-toggle"  # a changed value between an enable of 0 and one of 1
    VALUE_ONLY = "value-only"  # the enable only where it does not stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What a device is known to want of whoever steers it.

    Attributes:
        floor_pct: a bound other than 0 is at least this, since inverters go to standby below.
        wake_floor_pct: the same while the device does not produce yet; 0 = no other.
        timer_max_s: the longest of its own countdown that it keeps to; None = as its model says.
        low_word_first: numbers of several registers are written as they are read.
    """

    recipe: Recipe = Recipe.STANDARD
    floor_pct: float = 1.0
    wake_floor_pct: float = 0.0
    timer_max_s: int | None = None
    low_word_first: bool = False

    def longest_s(self, of_model_s: int) -> int:
        """The longest timer, of a model whose register takes so many seconds."""
        return of_model_s if self.timer_max_s is None else min(of_model_s, self.timer_max_s)


USUAL = Manner()


@dataclass(frozen=True, slots=True)
class Switch:
    """Registers of a control's value, and of the enable that makes it act."""

    value: Collection[int]
    enable: Collection[int]


def by_recipe(recipe: Recipe, plan: Plan, switch: Switch, standing: Words) -> Plan:
    """The plan as this device takes it, knowing what stands (nothing: all may be otherwise).

    Between an enable of 0 and the next of 1 the device is free, so they are the last two
    requests of one write and nothing is asked in between.
    """
    if recipe is Recipe.ENABLE_TOGGLE:
        return _toggled(plan, switch, standing)
    return _without_enable(plan, switch, standing) if recipe is Recipe.VALUE_ONLY else plan


def _toggled(plan: Plan, switch: Switch, standing: Words) -> Plan:
    wanted = {at: word for group in plan for at, word in group.items()}
    on = any(wanted.get(at) for at in switch.enable)
    was_on = any(standing.get(at, 1) for at in switch.enable)
    same = all(standing.get(at) == wanted.get(at) for at in switch.value)
    if not on or not was_on or same:
        return plan
    last = max(i for i, group in enumerate(plan) if not group.keys().isdisjoint(switch.enable))
    return (*plan[:last], dict.fromkeys(switch.enable, 0), *plan[last:])


def _without_enable(plan: Plan, switch: Switch, standing: Words) -> Plan:
    wanted = {at: word for group in plan for at, word in group.items() if at in switch.enable}
    if any(at not in standing or bool(standing[at]) != bool(w) for at, w in wanted.items()):
        return plan
    return tuple(rest for group in plan if (rest := _moving(group, switch, standing)))


def _moving(group: Words, switch: Switch, standing: Words) -> Words:
    """The group without the enable, and the value alone where nothing else moves."""
    rest = {at: word for at, word in group.items() if at not in switch.enable}
    if any(standing.get(at) != word for at, word in rest.items() if at not in switch.value):
        return rest
    return {at: word for at, word in rest.items() if at in switch.value}
