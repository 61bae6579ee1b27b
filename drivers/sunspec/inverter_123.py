"""Model 123: WMaxLimPct of WMax as an upper bound on generation.

Five consecutive words go in one request, WMaxLim_Ena last; value and Ena are written again at
every renewal, since devices differ in what restarts the reversion timer; where a device wants
it otherwise its recipe says how.  A bound other than 0 is at least 1 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from drivers.sunspec.discovery import Header
from drivers.sunspec.lever import least_steps, limit_steps, to_steps
from drivers.sunspec.raw import Plan, Raw
from drivers.sunspec.recipes import USUAL, Manner, Switch, by_recipe
from drivers.sunspec.window import LONGEST_TIMER_S, OneWindow
from gateway.model.device import Control

_VALUE, _ENABLE, _TIMER = "WMaxLimPct", "WMaxLim_Ena", "WMaxLimPct_RvrtTms"
_POINTS = (_VALUE, "WMaxLimPct_WinTms", _TIMER, "WMaxLimPct_RmpTms", _ENABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curtailment(OneWindow):
    """A ``Lever``; ``base_w`` is WMax, else the nameplate."""

    TIMER: ClassVar[str] = _TIMER
    FACTOR: ClassVar[str] = "WMaxLimPct_SF"

    @classmethod
    def of(
        cls,
        header: Header,
        base_w: float | None,
        model: Sequence[int],
        *,
        manner: Manner = USUAL,
    ) -> "Curtailment | str":
        """From the model's words, or why it cannot be steered."""
        if not base_w:
            return "neither 121 WMax nor 120 WRtg says what 100 % is"
        try:
            raw = Raw.of(header, model, _VALUE, "WMaxLimPct_SF")
        except KeyError as missing:
            return f"model 123 ends before {missing}"
        if not raw.has(_VALUE) or raw.power("WMaxLimPct_SF") is None:
            return "123 WMaxLimPct or its scale factor is not implemented"
        if not raw.has(_ENABLE):
            return "123 WMaxLim_Ena is not implemented"
        return cls(base_w=base_w, start=raw, now=raw, manner=manner)

    @property
    def control(self) -> Control:
        """An upper bound."""
        return Control.LIMIT

    @property
    def floor_w(self) -> float:
        """The floor of WMax, in whole steps."""
        return least_steps(self._power, self.manner.floor_pct) * self.resolution_w

    @property
    def wake_floor_w(self) -> float:
        """Of WMax."""
        return self.manner.wake_floor_pct * self.base_w / 100.0

    def command(self, quantity: float, timer_s: int) -> Plan:
        """Bound generation at -quantity."""
        return self._plan(self._steps(-quantity), timer_s, 1)

    def due(self, plan: Plan) -> Plan:
        """All of it, every time, where the recipe is the standard one."""
        return by_recipe(self.manner.recipe, plan, self._switch, self.words)

    def neutral(self) -> Plan:
        """100 %, or the standing limit that somebody else set before; Ena as it was found.

        A limit with a timer was a command and no rule; one of 0 % is what some devices show
        by night.
        """
        found, enable = self.start.get(_VALUE), self.start.get(_ENABLE) or 0
        rule = found if enable and not self.start.get(_TIMER) else None
        return self._plan(rule or to_steps(100.0, self._power), 0, enable)

    def level(self, level_w: float) -> Plan:
        """A standing bound, whatever stands when it is written."""
        plan = self._plan(self._steps(level_w), 0, 1)
        return by_recipe(self.manner.recipe, plan, self._switch, {})

    def found(self) -> Plan:
        """The five words in one request: Ena never acts on a value that is not its own."""
        return by_recipe(self.manner.recipe, (self.now.standing(*_POINTS),), self._switch, {})

    def expressed(self) -> float | None:
        """Minus the bound in force."""
        steps, power = self.now.get(_VALUE), self.now.power("WMaxLimPct_SF")
        if not self.now.get(_ENABLE) or steps is None or power is None:
            return None
        return -steps * 10.0**power * self.base_w / 100.0 + 0.0

    def same(self, address: int, written: int, read: int) -> bool:
        """A timer may already count down; Ena has been seen as 49, ASCII for 1."""
        if address in self.now.addresses(_TIMER) and written:
            return 0 < read <= written
        if address in self.now.addresses(_ENABLE) and written:
            return bool(self.now.renewed({address: read}).get(_ENABLE))
        return read == written

    def lapses(self, address: int) -> bool:
        """All five."""
        return any(address in self.now.addresses(name) for name in _POINTS)

    @property
    def _switch(self) -> Switch:
        return Switch(self.now.addresses(_VALUE), self.now.addresses(_ENABLE))

    def _steps(self, limit_w: float) -> int:
        return limit_steps(limit_w, self.base_w, self._power, self.manner.floor_pct)

    def _plan(self, steps: int, timer_s: int, enable: int) -> Plan:
        wanted = (steps, 0, min(timer_s, LONGEST_TIMER_S), 0, enable)
        return (self.now.put(**dict(zip(_POINTS, wanted, strict=True))),)
