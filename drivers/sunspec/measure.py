"""How the points of one read become a reading.

Sign at this border: W of the inverter models 10x, 11x and 701, and DCW of 714, are positive for
generation, so the flow into the device is -W.  The meter models 20x and 21x define no sign, and
neither does 802: the owner says what a positive W means.  DCW of model 160 is unsigned; the
module tells the direction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from drivers.sunspec.codec import layout
from drivers.sunspec.discovery import Header
from drivers.sunspec.events import bank_alarms
from drivers.sunspec.rest import QUIET, contradicts, failed, rests, word
from drivers.sunspec.roles import (
    DER,
    METERS,
    MPPT,
    STORAGE,
    Points,
    Shape,
    number,
    solar_ports,
    storage_ports,
)
from gateway.model.device import Role
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.time import Instant

Sign = Literal["import", "export"]
BankSign = Literal["charge", "discharge"]

_IMPLAUSIBLE = 1.5  # times the rating
_DISCHARGING, _CHARGING = 3, 4  # 802 ChaSt
_ERROR = 2  # 713 Sta
_BANK_FAULT = 99  # 802 State
_LOCAL = 1  # LocRemCtl
_SUPERVISORS = ("715.LocRemCtl", "802.LocRemCtl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurer:
    """Turns points into a reading; knows what does not change between polls.

    Attributes:
        sign: what a positive W of a meter means; ``bank_sign`` of 802.
        hybrid: whether solar and battery share the inverter (120 DERTyp).
    """

    device: str
    role: Role
    shape: Shape
    sign: Sign
    bank_sign: BankSign
    rating_w: float | None
    hybrid: bool = False

    def reading(self, at: Instant, points: Points) -> Reading:
        """A reading in the project's sign, with a quality that tells what to think of it."""
        power, said = self._power(points), word(self.shape, points)
        if power == 0 and said is not None and said.is_dark:
            power = None  # zeros that nobody measured
        rest = rests(said, power, self.rating_w)
        counted_in_wh, counted_out_wh = self._counters(points)
        contradiction = self._contradiction(points)
        return Reading(
            device=self.device,
            at=at,
            flows={} if power is None else {POWER: power},
            quality=Quality.SUSPECT if contradiction else self._quality(power),
            soc_pct=charge_pct(points) if self.role is Role.STORAGE else None,
            available_w=number(points, "122.WAval"),
            counted_in_wh=counted_in_wh,
            counted_out_wh=counted_out_wh,
            asleep=bool(rest),
            rest=rest,
            fault="" if rest else self._fault(points, power),
            note=contradiction or local(points) or contradicts(said, power, self.rating_w),
            points=points,
        )

    def _quality(self, power: float | None) -> Quality:
        if power is None:
            sensing = self.role is Role.METER and self.shape.power is None
            return Quality.GOOD if sensing else Quality.MISSING
        absurd = self.rating_w and abs(power) > _IMPLAUSIBLE * self.rating_w
        return Quality.SUSPECT if absurd else Quality.GOOD

    def _power(self, points: Points) -> float | None:
        battery = self._battery(points)
        w = None if self.shape.power is None else number(points, f"{self.shape.power}.W")
        if self.role is Role.STORAGE:
            return battery if battery is not None else _minus(w)
        if w is not None and self.shape.power in METERS and self.sign == "import":
            return w
        # A battery on the same inverter is a device of its own, and both sum to the inverter's W.
        return None if w is None else -w - (battery or 0.0) + 0.0

    def _battery(self, points: Points) -> float | None:
        """The battery alone where an inverter has more than it, or where there is none."""
        if self._modules and (split := battery_w(points, self._modules)) is not None:
            return split
        if solar_ports(points) and (ports := storage_ports(points)):
            known = [w for port in ports if (w := number(points, f"{port}DCW")) is not None]
            return -sum(known) + 0.0 if known else None
        if self.hybrid or self.shape.power is None:
            bank = self._bank(points)
            if bank is not None:
                return bank
        if self.shape.power is None:
            return _net(number(points, "160.3.DCW"), number(points, "160.4.DCW"))  # GEN24's order
        return None

    def _bank(self, points: Points) -> float | None:
        w = number(points, "802.W")
        return w if self.bank_sign == "charge" else _minus(w)

    def _contradiction(self, points: Points) -> str:
        """A bank that says it charges while its W, as configured, says it does not."""
        w, state = self._bank(points), points.get("802.ChaSt")
        noise_w = QUIET * (self.rating_w or 0.0)
        wrong = w is not None and (
            (state == _CHARGING and w < -noise_w) or (state == _DISCHARGING and w > noise_w)
        )
        if not wrong:
            return ""
        other = "discharge" if self.bank_sign == "charge" else "charge"
        return f"802 ChaSt and the sign of 802 W contradict each other; is it bank_sign: {other}?"

    def _counters(self, points: Points) -> tuple[float | None, float | None]:
        """Energy into and out of the device, Wh, as its own counters stand.

        A meter names the directions itself, whatever the sign of its W.  A battery beside solar
        on one inverter is counted by its modules or ports alone: WH holds both.
        """
        power = self.shape.power
        if self.role is Role.STORAGE and (both := self._battery_counters(points)) is not None:
            return both
        if power in METERS:
            return number(points, f"{power}.TotWhImp"), number(points, f"{power}.TotWhExp")
        if power == DER:
            return number(points, "701.TotWhAbs"), number(points, "701.TotWhInj")
        return None, number(points, f"{power}.WH")

    def _battery_counters(self, points: Points) -> tuple[float | None, float | None] | None:
        charging, discharging = (_module(points, self._modules, k) for k in ("StCha", "StDisCha"))
        if charging is not None or discharging is not None:
            return _counted(points, charging), _counted(points, discharging)
        if solar_ports(points) and (ports := storage_ports(points)):
            return _sum(points, ports, "DCWhAbs"), _sum(points, ports, "DCWhInj")
        return None

    @property
    def _modules(self) -> tuple[str, ...]:
        """Prefixes of model 160's modules, where a storage may be one of them."""
        header = self.shape.headers.get(MPPT) if self.shape.has(STORAGE) else None
        return () if header is None else modules(header)

    def _fault(self, points: Points, power: float | None) -> str:
        stopped = failed(self.shape, points, power, self.rating_w)
        return ", ".join((*([stopped] if stopped else []), *self._storage_faults(points)))

    def _storage_faults(self, points: Points) -> list[str]:
        names = ["713 ERROR"] if points.get("713.Sta") == _ERROR else []
        if points.get("802.State") == _BANK_FAULT:
            names.append("802 FAULT")
        return names + bank_alarms(self.shape, points)


def local(points: Points) -> str:
    """Why the device takes no commands now, empty if it does."""
    names = [name for name in _SUPERVISORS if points.get(name) == _LOCAL]
    if not names:
        return ""
    return (
        f"{names[0].replace('.', ' ')} is LOCAL: somebody has taken the device under local "
        "control, so nothing is written to it; set it to remote at the device"
    )


def charge_pct(points: Points) -> float | None:
    """State of charge, 0..100; 713 counts only beside a capacity, since it is 0 without one."""
    stored = number(points, "713.WHRtg") or number(points, "713.WHAvail")
    told = [number(points, "713.SoC")] if stored else []
    told += [number(points, "802.SoC"), number(points, "124.ChaState")]
    return next((soc for value in told if (soc := _percent(value)) is not None), None)


@cache
def modules(header: Header) -> tuple[str, ...]:
    """``160.1.``, ``160.2.`` and so on, as many as the device's model 160 has."""
    points = layout(header.model, header.length).points
    names = (f"{header.model}.{point.name}" for point in points if point.name.endswith(".IDStr"))
    return tuple(name.removesuffix("IDStr") for name in names)


def battery_w(points: Points, prefixes: Sequence[str]) -> float | None:
    """Battery power from model 160 where its modules are named as charge and discharge.

    Hybrids (Fronius GEN24: ``StCha 3``, ``StDisCha 4``) show generation and battery together
    in W, and the battery alone only here.
    """
    charge, discharge = (_module(points, prefixes, kind) for kind in ("StCha", "StDisCha"))
    return _net(
        number(points, f"{charge}DCW") if charge else None,
        number(points, f"{discharge}DCW") if discharge else None,
    )


def _module(points: Points, prefixes: Sequence[str], kind: str) -> str | None:
    """The prefix of the module whose name begins with ``kind``."""
    return next((p for p in prefixes if str(points.get(p + "IDStr")).startswith(kind)), None)


def _counted(points: Points, prefix: str | None) -> float | None:
    return None if prefix is None else number(points, prefix + "DCWH")


def _sum(points: Points, prefixes: Sequence[str], name: str) -> float | None:
    known = [n for prefix in prefixes if (n := number(points, prefix + name)) is not None]
    return sum(known) if known else None


def _net(charge: float | None, discharge: float | None) -> float | None:
    if charge is None and discharge is None:
        return None
    return (charge or 0.0) - (discharge or 0.0)


def _minus(value: float | None) -> float | None:
    return None if value is None else -value + 0.0


def _percent(value: float | None) -> float | None:
    return value if value is not None and 0.0 <= value <= 100.0 else None  # noqa: PLR2004
