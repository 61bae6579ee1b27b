"""Model 704: a limit on generation (WMaxLimPct) or a flow to hold (WSet), with a way back.

Each has an enable, a value, a timer and reversion values: when the timer ends, the device takes
the reversion value and the reversion enable.  So the fall-back can be a chosen level, and stands
in the device before anything is enabled: reversion values and timer first, then the value, the
enable last.  Value and enable are written at every renewal, since devices differ in what
restarts the timer; what is left of it shows in RvrtRem.

Sign: 704 counts power out of the device as positive, so its values are minus the flow.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from drivers.sunspec.battery_802 import Bank
from drivers.sunspec.discovery import Header
from drivers.sunspec.lever import ROUNDING, least_steps, limit_steps, stands, to_steps
from drivers.sunspec.plan import Span
from drivers.sunspec.raw import Plan, Raw, Words
from drivers.sunspec.recipes import USUAL, Manner, Switch, by_recipe
from gateway.model.device import Control, Timer

LONGEST_TIMER_S = 0xFFFF_FFFE
_PCT, _WATTS = 0, 1  # WSetMod


class Function(Enum):
    """One control of the model: prefix of its points, the value point, and WSetMod for it."""

    LIMIT = ("WMaxLimPct", "WMaxLimPct", None)
    SET_WATTS = ("WSet", "WSet", _WATTS)
    SET_PCT = ("WSet", "WSetPct", _PCT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Der:
    """A ``Lever``.

    Attributes:
        base_w: what 100 % is, 702 WMax; not used where the value is in watts.
        level_w: where the device shall be when its timer has ended, magnitude; None = where it
            was before the first write.
        bank: the battery bank beside it, whose reserve goes along.
    """

    function: Function
    base_w: float
    level_w: float | None
    start: Raw
    now: Raw
    bank: Bank | None = None
    manner: Manner = USUAL

    @classmethod
    def limit(
        cls,
        header: Header,
        model: Sequence[int],
        base_w: float | None,
        level_w: float | None,
        *,
        manner: Manner = USUAL,
    ) -> "Der | str":
        """A limit from the model's words, or why there is none."""
        if not base_w:
            return "neither 702 WMax nor 702 WMaxRtg says what 100 % is"
        try:
            raw = _window(header, model, manner)
        except KeyError as missing:
            return f"model 704 ends before {missing}"
        if not raw.has("WMaxLimPctEna", "WMaxLimPct") or raw.power("WMaxLimPct_SF") is None:
            return "704 WMaxLimPctEna, WMaxLimPct or its scale factor is not implemented"
        return cls(
            function=Function.LIMIT,
            base_w=base_w,
            level_w=level_w,
            start=raw,
            now=raw,
            manner=manner,
        )

    @classmethod
    def target(
        cls,
        header: Header,
        model: Sequence[int],
        base_w: float | None,
        level_w: float | None,
        bank: Bank | None = None,
        *,
        manner: Manner = USUAL,
    ) -> "Der | str":
        """A flow to hold from the model's words, in watts where it can be, or why not."""
        try:
            raw = _window(header, model, manner)
        except KeyError as missing:
            return f"model 704 ends before {missing}"
        if not raw.has("WSetEna"):
            return "704 WSetEna is not implemented"
        if raw.has("WSet") and raw.power("WSet_SF") is not None:
            function = Function.SET_WATTS
        elif raw.has("WSetPct") and raw.power("WSetPct_SF") is not None and base_w:
            function = Function.SET_PCT
        else:
            return "704 has neither WSet nor WSetPct with a scale factor and 702 WMax"
        return cls(
            function=function,
            base_w=base_w or 0.0,
            level_w=level_w,
            start=raw,
            now=raw,
            bank=bank,
            manner=manner,
        )

    @property
    def control(self) -> Control:
        """An upper bound, or a flow to hold."""
        return Control.LIMIT if self.function is Function.LIMIT else Control.TARGET

    @property
    def header(self) -> Header:
        """Model 704."""
        return self.now.header

    @property
    def windows(self) -> tuple[Span, ...]:
        """WMaxLimPctEna to WSetPct_SF, and the bank's."""
        return (self.now.span, *(() if self.bank is None else self.bank.windows))

    @property
    def words(self) -> Words:
        """What stands now, in the bank too."""
        return {**self.now.words, **({} if self.bank is None else self.bank.now.words)}

    @property
    def origin(self) -> Words:
        """What stood before the first write, in the bank too."""
        return {**self.start.words, **({} if self.bank is None else self.bank.start.words)}

    @property
    def timer(self) -> Timer | None:
        """RvrtTms; its end is a chosen level where the reversion values are implemented."""
        if not self.now.has(self._timer):
            return None
        chosen = self.now.has(self._reversion, self._enable_after)
        return Timer(max_s=self.manner.longest_s(LONGEST_TIMER_S), reaches_level=chosen)

    @property
    def countdown(self) -> str | None:
        """RvrtRem."""
        return f"704.{self._prefix}RvrtRem"

    @property
    def resolution_w(self) -> float:
        """One step of the value."""
        step: float = 10.0 ** (self.now.power(f"{self._value}_SF") or 0)
        return step if self.function is Function.SET_WATTS else step * self.base_w / 100.0

    @property
    def floor_w(self) -> float:
        """1 % for a limit; a target may be anything."""
        if self.control is Control.TARGET:
            return 0.0
        return least_steps(self._power, self.manner.floor_pct) * self.resolution_w

    @property
    def wake_floor_w(self) -> float:
        """Of 702 WMax, for a limit."""
        limits = self.control is Control.LIMIT
        return self.manner.wake_floor_pct * self.base_w / 100.0 if limits else 0.0

    def renewed(self, words: Words) -> Self:
        """The same lever with what stands now."""
        bank = None if self.bank is None else self.bank.renewed(words)
        return replace(self, now=self.now.renewed(words), bank=bank)

    def begun(self, words: Words) -> Self:
        """The same lever with what stood before the first write."""
        bank = None if self.bank is None else self.bank.begun(words)
        return replace(self, start=self.start.renewed(words), bank=bank)

    def command(self, quantity: float, timer_s: int) -> Plan:
        """The bank, the way back, the value, and the enable that starts the timer."""
        value = {self._value: self._steps(quantity)}
        return (
            *(() if self.bank is None else self.bank.command()),
            self.now.put(**self._way_back(timer_s)),
            self.now.put(**value),
            self.now.put(**{self._enable: 1}),
        )

    def due(self, plan: Plan) -> Plan:
        """Value and enable always, what goes before only where it does not stand.

        Where the recipe is not the standard one it says how value and enable are written.
        """
        *before, value, enable = plan
        kept = (group for group in before if not stands(group, self.words))
        return (*kept, *by_recipe(self.manner.recipe, (value, enable), self._switch, self.words))

    def neutral(self) -> Plan:
        """What stood before the first write, without timer; lets go first."""
        value, enable = self._rule()
        end = self.now.put(**{self._enable: enable})
        rest = self._as_found() | self.now.put(**{self._value: value, self._timer: 0})
        bank = () if self.bank is None else self.bank.neutral()
        return (rest, end, *bank) if enable else (end, rest, *bank)

    def level(self, level_w: float) -> Plan:
        """The level as a value that stands, without timer."""
        value = {self._value: self._level_steps(level_w), self._timer: 0}
        plan = (
            self.now.put(**self._mode()),
            self.now.put(**value),
            self.now.put(**{self._enable: 1}),
        )
        return by_recipe(self.manner.recipe, plan, self._switch, {})

    def found(self) -> Plan:
        """The enable first where it lets go, last where it takes hold."""
        names = (self._value, self._reversion, self._enable_after, self._timer, *self._mode())
        rest, enable = self.now.standing(*names), self.now.standing(self._enable)
        bank = () if self.bank is None else self.bank.found()
        plan = (rest, enable) if self.now.get(self._enable) else (enable, rest)
        return (*by_recipe(self.manner.recipe, plan, self._switch, {}), *bank)

    def expressed(self) -> float | None:
        """Minus the value in force."""
        steps, power = self.now.get(self._value), self.now.power(f"{self._value}_SF")
        if not self.now.get(self._enable) or steps is None or power is None:
            return None
        if any(self.now.get(name) not in {None, mode} for name, mode in self._mode().items()):
            return None
        return -steps * self.resolution_w + 0.0

    def same(self, address: int, written: int, read: int) -> bool:
        """Some devices count down in RvrtTms itself, or show an enable that is not 1."""
        if self.bank is not None and self.bank.momentary(address):
            return True
        if address == self.now.lowest(self._timer) and written:
            return 0 < read <= written
        if address in self.now.addresses(self._enable) and written:
            return bool(self.now.renewed({address: read}).get(self._enable))
        return read == written

    def lapses(self, address: int) -> bool:
        """Value and enable; the way back stays."""
        names = (self._value, self._enable)
        return any(address in self.now.addresses(name) for name in names)

    def _rule(self) -> tuple[int, int]:
        """Value and enable of the device's own rule: what would stand if nobody renewed."""
        start = self.start
        counting = start.get(self._timer) and start.get(f"{self._prefix}RvrtRem")
        if start.get(self._enable) and counting:
            value, enable = start.get(self._reversion), start.get(self._enable_after)
        else:
            value, enable = start.get(self._value), start.get(self._enable)
        if not enable or value is None:
            return self._open, 0
        return value, enable

    def _way_back(self, timer_s: int) -> dict[str, int]:
        """Where the timer ends, and when."""
        value, enable = self._rule()
        if self.level_w is not None:
            value, enable = self._level_steps(self.level_w), 1
        return self._mode() | {
            self._reversion: value,
            self._enable_after: enable,
            self._timer: min(timer_s, LONGEST_TIMER_S),
        }

    def _mode(self) -> dict[str, int]:
        mode: int | None = self.function.value[2]
        return {} if mode is None else {"WSetMod": mode}

    def _as_found(self) -> dict[int, int]:
        """The mode and the way back as they stood, where they were changed."""
        found = self.start.standing(*self._mode(), self._reversion, self._enable_after)
        return {at: word for at, word in found.items() if self.now.words[at] != word}

    def _level_steps(self, level_w: float) -> int:
        """A limit of the level; a storage charges with it, as the guard asks of it (0: still)."""
        return self._steps(-level_w if self.control is Control.LIMIT else level_w)

    def _steps(self, quantity: float) -> int:
        match self.function:
            case Function.LIMIT:
                return limit_steps(-quantity, self.base_w, self._power, self.manner.floor_pct)
            case Function.SET_WATTS:
                steps = -quantity / 10.0**self._power
                return math.trunc(steps + math.copysign(ROUNDING, steps))
            case Function.SET_PCT:
                return to_steps(
                    max(-100.0, min(100.0, -100.0 * quantity / self.base_w)), self._power
                )

    @property
    def _switch(self) -> Switch:
        return Switch(self.now.addresses(self._value), self.now.addresses(self._enable))

    @property
    def _open(self) -> int:
        """The value that asks for nothing."""
        return to_steps(100.0, self._power) if self.function is Function.LIMIT else 0

    @property
    def _power(self) -> int:
        return self.now.power(f"{self._value}_SF") or 0

    @property
    def _prefix(self) -> str:
        prefix: str = self.function.value[0]
        return prefix

    @property
    def _value(self) -> str:
        value: str = self.function.value[1]
        return value

    @property
    def _reversion(self) -> str:
        return f"{self._value}Rvrt"

    @property
    def _enable(self) -> str:
        return f"{self._prefix}Ena"

    @property
    def _enable_after(self) -> str:
        return f"{self._prefix}EnaRvrt"

    @property
    def _timer(self) -> str:
        return f"{self._prefix}RvrtTms"


def _window(header: Header, model: Sequence[int], manner: Manner) -> Raw:
    """Both controls.

    Raises:
        KeyError: the device's model ends before one of the points.
    """
    turned = manner.low_word_first
    return Raw.of(header, model, "WMaxLimPctEna", "WSetPct_SF", low_word_first=turned)
