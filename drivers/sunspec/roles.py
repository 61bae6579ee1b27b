"""Which models make a device of a role, and how their points become flows.

Sign at this border: W of the inverter models 10x and 11x is positive for generation, so the
flow into the device is -W.  The meter models 20x and 21x define no sign: the owner says what a
positive W means.  DCW of model 160 is unsigned; the module tells the direction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from drivers.sunspec.codec import layout
from drivers.sunspec.discovery import Header
from gateway.model.device import Role
from gateway.model.reading import PointValue, Quality, Reading
from gateway.model.resource import POWER
from gateway.model.time import Instant

INVERTERS = (101, 102, 103, 111, 112, 113)
METERS = (201, 202, 203, 204, 211, 212, 213, 214)
NAMEPLATE, SETTINGS, STATUS, CONTROLS, STORAGE, MPPT = 120, 121, 122, 123, 124, 160

Sign = Literal["import", "export"]
Points = Mapping[str, PointValue]

_ASLEEP = (1, 2)  # 10x St: OFF, SLEEPING
_FAULT = 7
_QUIET = 0.01  # of the rating: below it a device that says it sleeps is believed
_IMPLAUSIBLE = 1.5  # times the rating


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The models of one device in the chain.

    Attributes:
        headers: by model id, the first of each in its part of the chain.
        power: the model whose W is the device's power, None where 160 must tell.
    """

    headers: Mapping[int, Header]
    power: int | None

    def has(self, model: int) -> bool:
        """Whether the device has the model."""
        return model in self.headers


def fit(role: Role, parts: Sequence[Sequence[Header]]) -> Shape | None:
    """The first part of the chain that can play the role."""
    for part in parts:
        headers = {header.model: header for header in reversed(part)}
        inverter = next((model for model in INVERTERS if model in headers), None)
        meter = next((model for model in METERS if model in headers), None)
        match role:
            case Role.SOLAR | Role.GENERATOR if inverter:
                return Shape(headers=headers, power=inverter)
            case Role.STORAGE if STORAGE in headers and (inverter or MPPT in headers):
                return Shape(headers=headers, power=inverter)
            case Role.GRID | Role.METER if meter:
                return Shape(headers=headers, power=meter)
            case Role.LOAD | Role.HEAT | Role.EV if meter or inverter:
                return Shape(headers=headers, power=meter or inverter)
            case _:
                continue
    return None


def wanted(role: Role) -> str:
    """What ``fit`` looks for, for a person."""
    match role:
        case Role.SOLAR | Role.GENERATOR:
            return "an inverter model (101-103, 111-113)"
        case Role.STORAGE:
            return "model 124 and an inverter model (101-103, 111-113) or 160"
        case Role.GRID | Role.METER:
            return "a meter model (201-204, 211-214)"
        case _:
            return "a meter (201-204, 211-214) or inverter model (101-103, 111-113)"


def polled(shape: Shape) -> tuple[Header, ...]:
    """The models read at every poll; 1, 120 and 121 do not move."""
    models = [STATUS, CONTROLS, STORAGE, MPPT]
    if shape.power in METERS:
        models = []
    if shape.power is not None:
        models.insert(0, shape.power)
    return tuple(shape.headers[model] for model in models if model in shape.headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurer:
    """Turns points into a reading; knows what does not change between polls."""

    device: str
    shape: Shape
    sign: Sign
    rating_w: float | None

    def reading(self, at: Instant, points: Points) -> Reading:
        """A reading in the project's sign, with a quality that tells what to think of it."""
        power = self._power(points)
        counted_in_wh, counted_out_wh = self._counters(points)
        quality = Quality.GOOD
        if power is None:
            quality = Quality.MISSING
        elif self.rating_w and abs(power) > _IMPLAUSIBLE * self.rating_w:
            quality = Quality.SUSPECT
        return Reading(
            device=self.device,
            at=at,
            flows={} if power is None else {POWER: power},
            quality=quality,
            soc_pct=_percent(number(points, "124.ChaState")),
            available_w=number(points, "122.WAval"),
            counted_in_wh=counted_in_wh,
            counted_out_wh=counted_out_wh,
            asleep=self._asleep(points, power),
            fault=self._fault(points),
            points=points,
        )

    def _power(self, points: Points) -> float | None:
        split = battery_w(points, self._modules) if self._modules else None
        if split is None and self.shape.power is None:
            split = _difference(points, "160.3.DCW", "160.4.DCW")  # GEN24's order
        if split is not None or self.shape.power is None:
            return split
        w = number(points, f"{self.shape.power}.W")
        if w is None:
            return None
        imports = self.shape.power in METERS and self.sign == "import"
        return w if imports else -w + 0.0

    def _counters(self, points: Points) -> tuple[float | None, float | None]:
        """Energy into and out of the device, Wh, as its own counters stand.

        A meter names the directions itself, whatever the sign of its W.  A battery beside solar
        on one inverter is counted by its modules alone: WH holds both.
        """
        power = self.shape.power
        charging, discharging = (_module(points, self._modules, k) for k in ("StCha", "StDisCha"))
        if charging is not None or discharging is not None:
            return _counted(points, charging), _counted(points, discharging)
        if power in METERS:
            return number(points, f"{power}.TotWhImp"), number(points, f"{power}.TotWhExp")
        return None, number(points, f"{power}.WH")

    @property
    def _modules(self) -> tuple[str, ...]:
        """Prefixes of model 160's modules, where a storage may be one of them."""
        header = self.shape.headers.get(MPPT) if self.shape.has(STORAGE) else None
        return () if header is None else modules(header)

    def _asleep(self, points: Points, power: float | None) -> bool:
        if self.shape.power not in INVERTERS:
            return False
        state, hertz = (points.get(f"{self.shape.power}.{name}") for name in ("St", "Hz"))
        if power is None:
            # SMA by night: everything that moves is unimplemented, the counters remain.
            return hertz in (None, 0) and state in (None, *_ASLEEP)
        resting = abs(power) <= _QUIET * (self.rating_w or 0.0)
        return resting and (state in _ASLEEP or hertz == 0)

    def _fault(self, points: Points) -> str:
        power = self.shape.power
        if power is None:
            return ""
        name = "Evt1" if power in INVERTERS else "Evt"
        names = _bits(self.shape.headers[power], name, points.get(f"{power}.{name}"))
        if power in INVERTERS and points.get(f"{power}.St") == _FAULT:
            names = ("FAULT", *names)
        return ", ".join(names)


def number(points: Points, name: str) -> float | None:
    """The point as a number, None if it is missing."""
    value = points.get(name)
    return float(value) if isinstance(value, int | float) else None


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
    charge: float | None = None
    discharge: float | None = None
    for prefix in prefixes:
        name = str(points.get(prefix + "IDStr"))
        if name.startswith("StCha"):
            charge = number(points, prefix + "DCW")
        elif name.startswith("StDisCha"):
            discharge = number(points, prefix + "DCW")
    return _net(charge, discharge)


def _module(points: Points, prefixes: Sequence[str], kind: str) -> str | None:
    """The prefix of the module whose name begins with ``kind``."""
    return next((p for p in prefixes if str(points.get(p + "IDStr")).startswith(kind)), None)


def _counted(points: Points, prefix: str | None) -> float | None:
    return None if prefix is None else number(points, prefix + "DCWH")


def _difference(points: Points, charge: str, discharge: str) -> float | None:
    return _net(number(points, charge), number(points, discharge))


def _net(charge: float | None, discharge: float | None) -> float | None:
    if charge is None and discharge is None:
        return None
    return (charge or 0.0) - (discharge or 0.0)


def _percent(value: float | None) -> float | None:
    return value if value is not None and 0.0 <= value <= 100.0 else None  # noqa: PLR2004


def _bits(header: Header, name: str, value: PointValue) -> tuple[str, ...]:
    if not value or not isinstance(value, int):
        return ()
    point = layout(header.model, header.length).point(name)
    if point is None:
        return ()
    return tuple(
        point.symbols.get(bit, f"{name} bit {bit}") for bit in range(32) if value >> bit & 1
    )
