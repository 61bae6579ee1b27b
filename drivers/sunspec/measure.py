"""How the points of one read become a reading.

Sign at this border: W of the inverter models 10x, 11x and 701, and DCW of 714, are positive for
generation, so the flow into the device is -W.  The meter models 20x and 21x define no sign, and
neither does 802: the owner says what a positive W means.  DCW of model 160 is unsigned; the
module tells the direction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from drivers.sunspec.counters import counted
from drivers.sunspec.events import bank_alarms
from drivers.sunspec.modules import module, modules_of
from drivers.sunspec.rest import QUIET, contradicts, failed, is_quiet, rests, word
from drivers.sunspec.roles import (
    METERS,
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

_NONE: Mapping[str, str] = {}
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

    def reading(self, at: Instant, points: Points, events: Mapping[str, str] = _NONE) -> Reading:
        """A reading in the project's sign, with a quality that tells what to think of it."""
        power, said = self._power(points), word(self.shape, points)
        if power == 0 and said is not None and said.is_dark:
            power = None  # zeros that nobody measured
        rest = rests(said, power, self.rating_w)
        energy = counted(self.role, self.shape, points)
        contradiction = self._contradiction(points)
        return Reading(
            device=self.device,
            at=at,
            flows={} if power is None else {POWER: power},
            quality=Quality.SUSPECT if contradiction else self._quality(power),
            soc_pct=charge_pct(points) if self.role is Role.STORAGE else None,
            available_w=number(points, "122.WAval"),
            counted_in_wh=energy.into_wh,
            counted_out_wh=energy.out_wh,
            asleep=bool(rest),
            rest=rest,
            fault="" if rest else self._fault(points, power),
            note=contradiction
            or self._doubt(power, resting=bool(rest))
            or local(points)
            or contradicts(said, power, self.rating_w),
            events=events,
            points=_in_ones(points, self.shape),
        )

    def _quality(self, power: float | None) -> Quality:
        if power is None:
            return Quality.GOOD if self._is_sensor else Quality.MISSING
        return Quality.SUSPECT if self._is_absurd(power) else Quality.GOOD

    @property
    def _is_sensor(self) -> bool:
        return self.role is Role.METER and self.shape.power is None

    def _is_absurd(self, power: float) -> bool:
        return bool(self.rating_w) and abs(power) > _IMPLAUSIBLE * (self.rating_w or 0.0)

    def _doubt(self, power: float | None, *, resting: bool) -> str:
        """Why the power is missing or not believed; empty where there is nothing to say."""
        if power is None:
            told = resting or self._is_sensor
            return "" if told else "none of its models has a value of power"
        if self._is_absurd(power):
            most = f"{_IMPLAUSIBLE:g} times its rating, {self.rating_w:g} W"
            return f"{abs(power):.0f} W is beyond {most}"
        return ""

    def _power(self, points: Points) -> float | None:
        battery = self._battery(points)
        w = None if self.shape.power is None else number(points, f"{self.shape.power}.W")
        if self.role is Role.STORAGE:
            if battery is not None or w is None:
                return battery
            # Where nothing flows, nothing flows into the battery either.
            shared = not is_quiet(w, self.rating_w) and self._has_panels_too(points)
            return None if shared else _minus(w)
        if w is not None and self.shape.power in METERS and self.sign == "import":
            return w
        # A battery on the same inverter is a device of its own, and both sum to the inverter's W.
        return None if w is None else -w - (battery or 0.0) + 0.0

    def _battery(self, points: Points) -> float | None:
        """The battery alone where an inverter has more than it, or where there is none."""
        prefixes = modules_of(self.shape)
        if prefixes and (split := battery_w(points, prefixes)) is not None:
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

    def _has_panels_too(self, points: Points) -> bool:
        """Whether it names panels beside a battery, so that its W is that of both."""
        prefixes = modules_of(self.shape)
        storing = {module(points, prefixes, kind) for kind in ("StCha", "StDisCha")} - {None}
        named = storing and not storing.issuperset(prefixes)
        return bool(named or (solar_ports(points) and storage_ports(points)))

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

    def _fault(self, points: Points, power: float | None) -> str:
        stopped = failed(self.shape, points, power, self.rating_w)
        return ", ".join((*([stopped] if stopped else []), *self._storage_faults(points)))

    def _storage_faults(self, points: Points) -> list[str]:
        names = ["713 ERROR"] if points.get("713.Sta") == _ERROR else []
        if points.get("802.State") == _BANK_FAULT:
            names.append("802 FAULT")
        return names + bank_alarms(self.shape, points)


def _in_ones(points: Points, shape: Shape) -> Points:
    """The power factor as -1..1: the models mean percent, and some devices do not."""
    name = f"{shape.power}.PF"
    factor = number(points, name)
    if factor is None or abs(factor) <= 1:
        return points
    return {**points, name: factor / 100 if abs(factor) <= 100 else None}  # noqa: PLR2004


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


def battery_w(points: Points, prefixes: Sequence[str]) -> float | None:
    """Battery power from model 160 where its modules are named as charge and discharge.

    Hybrids (Fronius GEN24: ``StCha 3``, ``StDisCha 4``) show generation and battery together
    in W, and the battery alone only here.
    """
    charge, discharge = (module(points, prefixes, kind) for kind in ("StCha", "StDisCha"))
    return _net(
        number(points, f"{charge}DCW") if charge else None,
        number(points, f"{discharge}DCW") if discharge else None,
    )


def _net(charge: float | None, discharge: float | None) -> float | None:
    if charge is None and discharge is None:
        return None
    return (charge or 0.0) - (discharge or 0.0)


def _minus(value: float | None) -> float | None:
    return None if value is None else -value + 0.0


def _percent(value: float | None) -> float | None:
    return value if value is not None and 0.0 <= value <= 100.0 else None  # noqa: PLR2004
