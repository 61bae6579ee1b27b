"""Model 124: a flow to hold, as limits that meet.

InWRte bounds charging and OutWRte discharging, both in percent of WChaMax and only while
StorCtl_Mod says so; a negative bound of one side demands the other, so +P and -P force P.
The timer covers only the rates: ChaGriSet and MinRsvPct stay until they are written back.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from drivers.sunspec.discovery import Header
from drivers.sunspec.lever import ROUNDING, stands, to_steps
from drivers.sunspec.raw import Plan, Raw
from drivers.sunspec.recipes import USUAL, Manner
from drivers.sunspec.window import LONGEST_TIMER_S, OneWindow
from gateway.model.device import Control

_BOTH_LIMITS = 3  # StorCtl_Mod: charge and discharge limits in force
_GRID = 1  # ChaGriSet: may charge from the grid
_TIMER = "InOutWRte_RvrtTms"
_RATES = ("OutWRte", "InWRte", "InOutWRte_WinTms", _TIMER, "InOutWRte_RmpTms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage(OneWindow):
    """A ``Lever``.

    Attributes:
        base_w: WChaMax, 100 % of both rates.
        reserve_pct: what MinRsvPct shall be while the gateway steers, None = as found.
    """

    TIMER: ClassVar[str] = _TIMER
    FACTOR: ClassVar[str] = "InOutWRte_SF"

    reserve_pct: float | None = None

    @classmethod
    def of(
        cls,
        header: Header,
        base_w: float | None,
        model: Sequence[int],
        reserve_pct: float | None,
        *,
        manner: Manner = USUAL,
    ) -> "Storage | str":
        """From the model's words, or why it cannot be steered."""
        if not base_w:
            return "124 WChaMax does not say what 100 % is"
        try:
            raw = Raw.of(header, model, "StorCtl_Mod", "InOutWRte_SF")
        except KeyError as missing:
            return f"model 124 ends before {missing}"
        if not raw.has("StorCtl_Mod"):
            return "124 StorCtl_Mod is not implemented"
        if not raw.has("OutWRte", "InWRte"):
            return "124 OutWRte or InWRte is not implemented"
        if raw.power("InOutWRte_SF") is None:
            return "124 InOutWRte_SF is not implemented, so a rate has no size"
        return cls(base_w=base_w, start=raw, now=raw, manner=manner, reserve_pct=reserve_pct)

    @property
    def control(self) -> Control:
        """A flow to hold."""
        return Control.TARGET

    @property
    def floor_w(self) -> float:
        """A storage can be held still."""
        return 0.0

    @property
    def wake_floor_w(self) -> float:
        """Nor does it wake by producing."""
        return 0.0

    def command(self, quantity: float, timer_s: int) -> Plan:
        """Force the flow: settings, then rates and timer, then the mode that makes them act."""
        steps = self._steps(quantity)
        rates = self._rates(charge=steps, discharge=-steps, timer_s=timer_s)
        source = self.now.put(ChaGriSet=_GRID) if quantity > 0.0 else {}
        return (self._reserve(), source, rates, self.now.put(StorCtl_Mod=_BOTH_LIMITS))

    def due(self, plan: Plan) -> Plan:
        """All of it, but the last group and the source of charging only where they do not stand.

        A setting that is written at every renewal would wear the device's memory.
        """
        *before, last = plan
        source = set(self.now.addresses("ChaGriSet"))
        kept = (g for g in before if set(g) != source or not stands(g, self.words))
        return (*kept, *(() if stands(last, self.words) else (last,)))

    def neutral(self) -> Plan:
        """Limits out of force first; the rates behind them at 100 %, the rest as found."""
        whole = self._steps(self.base_w)
        rates = self._rates(charge=whole, discharge=whole, timer_s=0)
        rest = self.start.standing("ChaGriSet", "MinRsvPct")
        return (self.now.put(StorCtl_Mod=0), rates, rest)

    def level(self, level_w: float) -> Plan:
        """Charge and discharge bounded alike; 0 holds the storage still."""
        steps = self._steps(level_w)
        rates = self._rates(charge=steps, discharge=steps, timer_s=0)
        return (rates, self.now.put(StorCtl_Mod=_BOTH_LIMITS))

    def found(self) -> Plan:
        """StorCtl_Mod first: with the limits out of force what follows cannot jerk the battery."""
        standing = self.now.standing
        return (standing("StorCtl_Mod"), standing("MinRsvPct"), standing(*_RATES, "ChaGriSet"))

    def expressed(self) -> float | None:
        """The flow nearest to none that both bounds allow, None without both in force."""
        mode, power = self.now.get("StorCtl_Mod") or 0, self.now.power("InOutWRte_SF")
        if mode & _BOTH_LIMITS != _BOTH_LIMITS or power is None:
            return None
        most, least = self.now.get("InWRte") or 0, -(self.now.get("OutWRte") or 0)
        return min(max(0, least), most) * 10.0**power * self.base_w / 100.0

    def same(self, address: int, written: int, read: int) -> bool:
        """A timer may already count down."""
        if address in self.now.addresses(_TIMER) and written:
            return 0 < read <= written
        return read == written

    def lapses(self, address: int) -> bool:
        """The rates; the mode, the reserve and the source of charging stay."""
        return any(address in self.now.addresses(name) for name in _RATES)

    def _reserve(self) -> dict[int, int]:
        power = self.now.power("MinRsvPct_SF")
        if self.reserve_pct is None or power is None:
            return {}
        wanted = math.ceil(self.reserve_pct / 10.0**power - ROUNDING)
        return {} if wanted == self.now.get("MinRsvPct") else self.now.put(MinRsvPct=wanted)

    def _rates(self, *, charge: int, discharge: int, timer_s: int) -> dict[int, int]:
        wanted = (discharge, charge, 0, min(timer_s, LONGEST_TIMER_S), 0)
        return self.now.put(**dict(zip(_RATES, wanted, strict=True)))

    def _steps(self, flow_w: float) -> int:
        bounded = max(-100.0, min(100.0, 100.0 * flow_w / self.base_w))
        return to_steps(bounded, self._power)
