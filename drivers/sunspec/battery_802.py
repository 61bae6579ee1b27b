"""Model 802: a battery bank's reserve and connection, written beside what steers its power.

The model has no setpoint of power.  A reserve is only ever raised above what the bank had; a
bank is connected only where the owner allows it and nothing is wrong, and never disconnected.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from drivers.sunspec.discovery import Header
from drivers.sunspec.lever import ROUNDING
from drivers.sunspec.plan import Span
from drivers.sunspec.raw import Plan, Raw, Words

_CONNECT = 1  # SetOp
_DISCONNECTED = 1  # State
_RESERVE, _MOST = "SoCRsvMin", "SocRsvMax"  # spelt so in the definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """What is written to the bank while the gateway steers.

    Attributes:
        reserve_pct: what SoCRsvMin shall be at least, None = as found.
        may_connect: whether a bank found disconnected, without alarm, may be connected.
    """

    start: Raw
    now: Raw
    reserve_pct: float | None = None
    may_connect: bool = False

    @classmethod
    def of(
        cls,
        header: Header,
        model: Sequence[int],
        *,
        reserve_pct: float | None,
        may_connect: bool,
    ) -> "Bank | None":
        """From the model's words, None where nothing would be written to it."""
        if reserve_pct is None and not may_connect:
            return None
        try:
            raw = Raw.of(header, model, _MOST, "SoC_SF")
        except KeyError:
            return None
        return cls(start=raw, now=raw, reserve_pct=reserve_pct, may_connect=may_connect)

    @property
    def windows(self) -> tuple[Span, ...]:
        """SocRsvMax to SoC_SF."""
        return (self.now.span,)

    def renewed(self, words: Words) -> Self:
        """The same bank with what stands now."""
        return replace(self, now=self.now.renewed(words))

    def begun(self, words: Words) -> Self:
        """The same bank with what stood before the first write."""
        return replace(self, start=self.start.renewed(words))

    def command(self) -> Plan:
        """The reserve, and a connection if it is missing."""
        return tuple(group for group in (self._reserve(), self._connection()) if group)

    def neutral(self) -> Plan:
        """The reserve as it was found."""
        group = self.start.standing(_RESERVE) if self._reserve() else {}
        return (group,) if group else ()

    def found(self) -> Plan:
        """The reserve as it stands; an operation is not a state that could be restored."""
        group = self.now.standing(_RESERVE) if self._reserve() else {}
        return (group,) if group else ()

    def momentary(self, address: int) -> bool:
        """Whether the register takes an operation, so that it need not read as written."""
        return address in self.now.addresses("SetOp")

    def _reserve(self) -> dict[int, int]:
        power, before = self.now.power("SoC_SF"), self.start.get(_RESERVE)
        if self.reserve_pct is None or power is None or before is None:
            return {}
        wanted = math.ceil(self.reserve_pct / 10.0**power - ROUNDING)
        most = self.now.get(_MOST)
        if most:
            wanted = min(wanted, most)
        return self.now.put(**{_RESERVE: wanted}) if wanted > before else {}

    def _connection(self) -> dict[int, int]:
        if not self.may_connect or self.now.get("State") != _DISCONNECTED or self.now.get("Evt1"):
            return {}
        return dict.fromkeys(self.now.addresses("SetOp"), _CONNECT)
