"""Model 123: WMaxLimPct of WMax as an upper bound on generation.

Five consecutive words go in one request, WMaxLim_Ena last; value and Ena are written again at
every renewal, since devices differ in what restarts the reversion timer.  A bound other than 0
is at least 1 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from drivers.sunspec.discovery import Header
from drivers.sunspec.lever import least_steps, limit_steps, to_steps
from drivers.sunspec.plan import Span
from drivers.sunspec.raw import Plan, Raw, Words
from gateway.model.device import Control, Timer

LONGEST_TIMER_S = 0xFFFE
_VALUE, _ENABLE, _TIMER = "WMaxLimPct", "WMaxLim_Ena", "WMaxLimPct_RvrtTms"
_POINTS = (_VALUE, "WMaxLimPct_WinTms", _TIMER, "WMaxLimPct_RmpTms", _ENABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curtailment:
    """A ``Lever``; ``base_w`` is 100 %."""

    base_w: float
    start: Raw
    now: Raw

    @classmethod
    def of(cls, header: Header, base_w: float | None, model: Sequence[int]) -> "Curtailment | str":
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
        return cls(base_w=base_w, start=raw, now=raw)

    @property
    def control(self) -> Control:
        """An upper bound."""
        return Control.LIMIT

    @property
    def header(self) -> Header:
        """Model 123."""
        return self.now.header

    @property
    def windows(self) -> tuple[Span, ...]:
        """WMaxLimPct to WMaxLimPct_SF."""
        return (self.now.span,)

    @property
    def words(self) -> Words:
        """What stands now."""
        return self.now.words

    @property
    def origin(self) -> Words:
        """What stood before the first write."""
        return self.start.words

    @property
    def timer(self) -> Timer | None:
        """WMaxLimPct_RvrtTms; its end is the device's own rule."""
        return Timer(max_s=LONGEST_TIMER_S) if self.now.has(_TIMER) else None

    @property
    def countdown(self) -> str | None:
        """Model 123 does not show what is left."""
        return None

    @property
    def resolution_w(self) -> float:
        """One step of WMaxLimPct."""
        return 10.0**self._power * self.base_w / 100.0

    @property
    def floor_w(self) -> float:
        """1 % of WMax, in whole steps."""
        return least_steps(self._power) * self.resolution_w

    def renewed(self, words: Words) -> Self:
        """The same lever with what stands now."""
        return replace(self, now=self.now.renewed(words))

    def begun(self, words: Words) -> Self:
        """The same lever with what stood before the first write."""
        return replace(self, start=self.start.renewed(words))

    def command(self, quantity: float, timer_s: int) -> Plan:
        """Bound generation at -quantity."""
        return self._plan(limit_steps(-quantity, self.base_w, self._power), timer_s, 1)

    def due(self, plan: Plan) -> Plan:
        """All of it, every time."""
        return plan

    def neutral(self) -> Plan:
        """100 %, or the standing limit that somebody else set before; Ena as it was found.

        A limit with a timer was a command and no rule; one of 0 % is what some devices show
        by night.
        """
        found, enable = self.start.get(_VALUE), self.start.get(_ENABLE) or 0
        rule = found if enable and not self.start.get(_TIMER) else None
        return self._plan(rule or to_steps(100.0, self._power), 0, enable)

    def level(self, level_w: float) -> Plan:
        """A standing bound."""
        return self._plan(limit_steps(level_w, self.base_w, self._power), 0, 1)

    def found(self) -> Plan:
        """The five words in one request: Ena never acts on a value that is not its own."""
        return (self.now.standing(*_POINTS),)

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
    def _power(self) -> int:
        return self.now.power("WMaxLimPct_SF") or 0

    def _plan(self, steps: int, timer_s: int, enable: int) -> Plan:
        wanted = (steps, 0, min(timer_s, LONGEST_TIMER_S), 0, enable)
        return (self.now.put(**dict(zip(_POINTS, wanted, strict=True))),)
