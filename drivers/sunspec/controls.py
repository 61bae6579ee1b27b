"""Setpoints as register words: curtailment by model 123, charge and discharge by model 124.

Nothing here touches the line: a lever turns flows into writes and read-back words into flows.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from drivers.sunspec.codec import exponent, layout
from drivers.sunspec.discovery import Header
from drivers.sunspec.plan import Span
from gateway.model.device import Control, Timer
from gateway.model.setpoint import RegisterWrite

LONGEST_TIMER_S = 0xFFFE
_MISSING = 0xFFFF  # uint16, enum16 and bitfield16
_MISSING_SIGNED = 0x8000
_FLOOR_PCT = 1.0  # below it inverters go to standby, and some never come back by themselves
_BOTH_LIMITS = 3  # 124 StorCtl_Mod: charge and discharge limits in force
_GRID = 1  # 124 ChaGriSet: may charge from the grid
_ROUNDING = 1e-6  # of a register step, against 2999.9999999 for 3000

Writes = tuple[RegisterWrite, ...]
Plan = tuple[Mapping[int, int], ...]
"""Words by address, in groups that are written one after the other."""


class Lever(Protocol):
    """How a device is steered.  Flows are W into the device, words are from the ``window``."""

    @property
    def control(self) -> Control:
        """What a setpoint means to it."""
        ...

    @property
    def header(self) -> Header:
        """The model it lives in."""
        ...

    @property
    def window(self) -> Span:
        """The registers to read back, scale factor included."""
        ...

    @property
    def words(self) -> tuple[int, ...]:
        """What stood in the window when it was last read."""
        ...

    @property
    def timer(self) -> Timer | None:
        """The device's own countdown, None where it has none."""
        ...

    @property
    def resolution_w(self) -> float:
        """One register step."""
        ...

    @property
    def floor_w(self) -> float:
        """The smallest non-zero setpoint."""
        ...

    def renewed(self, words: Sequence[int]) -> Self:
        """The same lever with what stands in the window now (its scale factor may move)."""
        ...

    def command(self, quantity: float, timer_s: int) -> Plan:
        """What brings the device to the flow and starts its timer (0: timer off)."""
        ...

    def neutral(self) -> Plan:
        """What gives the device back to its own rule."""
        ...

    def level(self, level_w: float) -> Plan:
        """What keeps the device at or below a magnitude, without timer."""
        ...

    def found(self, words: Sequence[int]) -> Plan:
        """What restores the window's words, in an order that lets go first."""
        ...

    def expressed(self, words: Sequence[int]) -> float | None:
        """The flow that the window's words ask for, None if they ask for nothing."""
        ...

    def same(self, address: int, written: int, read: int) -> bool:
        """Whether a word read back is what was written, as far as devices keep to it."""
        ...


def runs(plan: Iterable[Mapping[int, int]]) -> Writes:
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


def registers(header: Header, *names: str) -> tuple[int, ...]:
    """Addresses of points.

    Raises:
        KeyError: the device's model ends before one of them.
    """
    shape = layout(header.model, header.length)
    found = []
    for name in names:
        point = shape.point(name)
        if point is None:
            raise KeyError(name)
        found.append(header.address + point.offset)
    return tuple(found)


def to_steps(pct: float, power: int) -> int:
    """Percent as register steps, rounded toward zero: less power either way."""
    return math.trunc(pct / 10.0**power + math.copysign(_ROUNDING, pct))


@dataclass(frozen=True, slots=True, kw_only=True)
class Curtailment:
    """Model 123: WMaxLimPct of WMax as an upper bound on generation.

    Five consecutive words go in one request, WMaxLim_Ena last; value and Ena are written again
    at every renewal, since devices differ in what restarts the reversion timer.  A bound other
    than 0 is at least 1 %.
    """

    header: Header
    base_w: float
    words: tuple[int, ...]

    @classmethod
    def of(cls, header: Header, base_w: float | None, model: Sequence[int]) -> "Curtailment | str":
        """From the model's words, or why it cannot be steered."""
        if not base_w:
            return "neither 121 WMax nor 120 WRtg says what 100 % is"
        try:
            first, last = registers(header, "WMaxLimPct", "WMaxLimPct_SF")
        except KeyError as missing:
            return f"model 123 ends before {missing}"
        lever = cls(
            header=header,
            base_w=base_w,
            words=tuple(model[first - header.address : last - header.address + 1]),
        )
        if lever.words[0] == _MISSING or exponent(lever.words[-1]) is None:
            return "123 WMaxLimPct or its scale factor is not implemented"
        if lever.words[4] == _MISSING:
            return "123 WMaxLim_Ena is not implemented"
        return lever

    @property
    def control(self) -> Control:
        """An upper bound."""
        return Control.LIMIT

    @property
    def window(self) -> Span:
        """WMaxLimPct to WMaxLimPct_SF."""
        return Span(self._address, len(self.words))

    @property
    def timer(self) -> Timer | None:
        """WMaxLimPct_RvrtTms; its end is the device's own rule."""
        return None if self.words[2] == _MISSING else Timer(max_s=LONGEST_TIMER_S)

    @property
    def resolution_w(self) -> float:
        """One step of WMaxLimPct."""
        return 10.0**self._power * self.base_w / 100.0

    @property
    def floor_w(self) -> float:
        """1 % of WMax, in whole steps."""
        return self._least * self.resolution_w

    def renewed(self, words: Sequence[int]) -> Self:
        """The same lever with what stands in the window now."""
        return type(self)(header=self.header, base_w=self.base_w, words=tuple(words))

    def command(self, quantity: float, timer_s: int) -> Plan:
        """Bound generation at -quantity."""
        return self._plan(self._steps(max(0.0, -quantity)), timer_s, 1)

    def neutral(self) -> Plan:
        """100 %, and Ena as it was found."""
        return self._plan(self._whole, 0, self.words[4])

    def level(self, level_w: float) -> Plan:
        """A standing bound."""
        return self._plan(self._steps(level_w), 0, 1)

    def found(self, words: Sequence[int]) -> Plan:
        """The five words in one request: Ena never acts on a value that is not its own."""
        return ({a: word for a, word in enumerate(words[:5], self._address) if word != _MISSING},)

    def expressed(self, words: Sequence[int]) -> float | None:
        """Minus the bound in force."""
        power = exponent(words[-1])
        if words[4] in (0, _MISSING) or words[0] == _MISSING or power is None:
            return None
        return -words[0] * 10.0**power * self.base_w / 100.0 + 0.0

    def same(self, address: int, written: int, read: int) -> bool:
        """A timer may already count down; Ena has been seen as 49, ASCII for 1."""
        match address - self._address:
            case 2 if written:
                return 0 < read <= written
            case 4 if written:
                return read not in (0, _MISSING)
            case _:
                return read == written

    @property
    def _address(self) -> int:
        return registers(self.header, "WMaxLimPct")[0]

    @property
    def _power(self) -> int:
        return exponent(self.words[-1]) or 0

    @property
    def _least(self) -> int:
        return max(1, math.ceil(_FLOOR_PCT / 10.0**self._power - _ROUNDING))

    @property
    def _whole(self) -> int:
        return to_steps(100.0, self._power)

    def _steps(self, limit_w: float) -> int:
        if limit_w <= 0.0:
            return 0
        steps = to_steps(100.0 * limit_w / self.base_w, self._power)
        return min(max(steps, self._least), self._whole)

    def _plan(self, steps: int, timer_s: int, enable: int) -> Plan:
        wanted = (steps, 0, min(timer_s, LONGEST_TIMER_S), 0, enable)
        return (
            {
                self._address + at: word
                for at, word in enumerate(wanted)
                if self.words[at] != _MISSING
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Model 124: a flow to hold, as limits that meet.

    InWRte bounds charging and OutWRte discharging, both in percent of WChaMax and only while
    StorCtl_Mod says so; a negative bound of one side demands the other, so +P and -P force P.
    The timer covers only the rates: ChaGriSet and MinRsvPct stay until they are written back.

    Attributes:
        words: StorCtl_Mod to InOutWRte_SF as they stand.
        reserve_pct: what MinRsvPct shall be while the gateway steers, None = as found.
    """

    header: Header
    base_w: float
    words: tuple[int, ...]
    reserve_pct: float | None = None

    @classmethod
    def of(
        cls,
        header: Header,
        base_w: float | None,
        model: Sequence[int],
        reserve_pct: float | None,
    ) -> "Storage | str":
        """From the model's words, or why it cannot be steered."""
        if not base_w:
            return "124 WChaMax does not say what 100 % is"
        try:
            first, last = registers(header, "StorCtl_Mod", "InOutWRte_SF")
        except KeyError as missing:
            return f"model 124 ends before {missing}"
        words = tuple(model[first - header.address : last - header.address + 1])
        lever = cls(header=header, base_w=base_w, words=words, reserve_pct=reserve_pct)
        if lever._at("StorCtl_Mod") == _MISSING:
            return "124 StorCtl_Mod is not implemented"
        if _MISSING_SIGNED in (lever._at("OutWRte"), lever._at("InWRte")):
            return "124 OutWRte or InWRte is not implemented"
        if exponent(lever._at("InOutWRte_SF")) is None:
            return "124 InOutWRte_SF is not implemented, so a rate has no size"
        return lever

    @property
    def control(self) -> Control:
        """A flow to hold."""
        return Control.TARGET

    @property
    def window(self) -> Span:
        """StorCtl_Mod to InOutWRte_SF."""
        return Span(self._register("StorCtl_Mod"), len(self.words))

    @property
    def timer(self) -> Timer | None:
        """InOutWRte_RvrtTms; its end is the device's own rule."""
        known = self._at("InOutWRte_RvrtTms") != _MISSING
        return Timer(max_s=LONGEST_TIMER_S) if known else None

    @property
    def resolution_w(self) -> float:
        """One step of InWRte and OutWRte."""
        return 10.0**self._power * self.base_w / 100.0

    @property
    def floor_w(self) -> float:
        """A storage can be held still."""
        return 0.0

    def renewed(self, words: Sequence[int]) -> Self:
        """The same lever with what stands in the window now."""
        return type(self)(
            header=self.header,
            base_w=self.base_w,
            words=tuple(words),
            reserve_pct=self.reserve_pct,
        )

    def command(self, quantity: float, timer_s: int) -> Plan:
        """Force the flow: reserve, then rates and timer, then the mode that makes them act."""
        steps = self._steps(quantity)
        rates = self._rates(charge=steps, discharge=-steps, timer_s=timer_s)
        if quantity > 0.0:
            rates |= self._known({"ChaGriSet": _GRID})
        return (self._reserve(), rates, self._known({"StorCtl_Mod": _BOTH_LIMITS}))

    def neutral(self) -> Plan:
        """Limits out of force first; the rates behind them at 100 %, the rest as found."""
        whole = self._steps(self.base_w)
        rest = {name: self._at(name) for name in ("ChaGriSet", "MinRsvPct")}
        rates = self._rates(charge=whole, discharge=whole, timer_s=0)
        return (self._known({"StorCtl_Mod": 0}), rates, self._known(rest))

    def level(self, level_w: float) -> Plan:
        """Charge and discharge bounded alike; 0 holds the storage still."""
        steps = self._steps(level_w)
        rates = self._rates(charge=steps, discharge=steps, timer_s=0)
        return (rates, self._known({"StorCtl_Mod": _BOTH_LIMITS}))

    def found(self, words: Sequence[int]) -> Plan:
        """StorCtl_Mod first: with the limits out of force what follows cannot jerk the battery."""
        there = self.renewed(words)
        rest = (*_RATES, "ChaGriSet")
        return (
            there._known({"StorCtl_Mod": there._at("StorCtl_Mod")}),  # noqa: SLF001 - same class
            there._known({"MinRsvPct": there._at("MinRsvPct")}),  # noqa: SLF001 - same class
            there._known({name: there._at(name) for name in rest}),  # noqa: SLF001 - same class
        )

    def expressed(self, words: Sequence[int]) -> float | None:
        """The flow nearest to none that both bounds allow, None without both in force."""
        now = self.renewed(words)
        power = exponent(now._at("InOutWRte_SF"))  # noqa: SLF001 - same class
        if now._at("StorCtl_Mod") & _BOTH_LIMITS != _BOTH_LIMITS or power is None:  # noqa: SLF001
            return None
        most = _signed(now._at("InWRte"))  # noqa: SLF001 - same class
        least = -_signed(now._at("OutWRte"))  # noqa: SLF001 - same class
        return min(max(0, least), most) * 10.0**power * self.base_w / 100.0

    def same(self, address: int, written: int, read: int) -> bool:
        """A timer may already count down."""
        if address == self._register("InOutWRte_RvrtTms") and written:
            return 0 < read <= written
        return read == written

    def _reserve(self) -> dict[int, int]:
        power = exponent(self._at("MinRsvPct_SF"))
        if self.reserve_pct is None or power is None:
            return {}
        wanted = math.ceil(self.reserve_pct / 10.0**power - _ROUNDING)
        return {} if wanted == self._at("MinRsvPct") else self._known({"MinRsvPct": wanted})

    def _rates(self, *, charge: int, discharge: int, timer_s: int) -> dict[int, int]:
        wanted = (discharge % 0x1_0000, charge % 0x1_0000, 0, min(timer_s, LONGEST_TIMER_S), 0)
        return self._known(dict(zip(_RATES, wanted, strict=True)))

    def _steps(self, flow_w: float) -> int:
        bounded = max(-100.0, min(100.0, 100.0 * flow_w / self.base_w))
        return to_steps(bounded, self._power)

    def _known(self, wanted: Mapping[str, int]) -> dict[int, int]:
        """Words by address, without points that the device does not implement."""
        return {
            self._register(name): word
            for name, word in wanted.items()
            if name in {"OutWRte", "InWRte"} or self._at(name) != _MISSING
        }

    def _register(self, name: str) -> int:
        return registers(self.header, name)[0]

    def _at(self, name: str) -> int:
        return self.words[self._register(name) - self._register("StorCtl_Mod")]

    @property
    def _power(self) -> int:
        return exponent(self._at("InOutWRte_SF")) or 0


_RATES = ("OutWRte", "InWRte", "InOutWRte_WinTms", "InOutWRte_RvrtTms", "InOutWRte_RmpTms")


def _signed(word: int) -> int:
    return word - 0x1_0000 if word >= _MISSING_SIGNED else word
