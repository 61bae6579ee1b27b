"""Which models of a chain make a device of a role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.sunspec.discovery import Header
from gateway.model.device import Role
from gateway.model.reading import PointValue

INVERTERS = (101, 102, 103, 111, 112, 113)
METERS = (201, 202, 203, 204, 211, 212, 213, 214)
NAMEPLATE, SETTINGS, STATUS, CONTROLS, STORAGE, MPPT = 120, 121, 122, 123, 124, 160
DER, CAPACITY, ENTER, DER_CONTROLS = 701, 702, 703, 704
CHARGE, PORTS, SUPERVISION, BANK = 713, 714, 715, 802
# What is read where no power is: weather (302-308), string combiners (401-404).
SENSORS = (*range(302, 309), *range(401, 405))

_SOURCES = (*INVERTERS, DER)
_STORES = (STORAGE, BANK, CAPACITY, CHARGE, PORTS)

Points = Mapping[str, PointValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The models of one device in the chain.

    Attributes:
        headers: by model id, the first of each in its part of the chain.
        power: the model whose W is the device's power, None where another must tell.
    """

    headers: Mapping[int, Header]
    power: int | None

    def has(self, model: int) -> bool:
        """Whether the device has the model."""
        return model in self.headers


def fit(role: Role, parts: Sequence[Sequence[Header]]) -> Shape | None:
    """The first part of the chain that can play the role."""
    every = [{header.model: header for header in reversed(part)} for part in parts]
    for headers in every:
        source = next((model for model in _SOURCES if model in headers), None)
        meter = next((model for model in METERS if model in headers), None)
        match role:
            case Role.SOLAR | Role.GENERATOR if source:
                return Shape(headers=headers, power=source)
            case Role.STORAGE if _stores(headers, source):
                return Shape(headers=headers, power=source)
            case Role.GRID | Role.METER if meter:
                return Shape(headers=headers, power=meter)
            case Role.LOAD | Role.HEAT | Role.EV if meter or source:
                return Shape(headers=headers, power=meter or source)
            case _:
                continue
    sensing = (h for h in every if role is Role.METER and not h.keys().isdisjoint(SENSORS))
    return next((Shape(headers=headers, power=None) for headers in sensing), None)


def _stores(headers: Mapping[int, Header], source: int | None) -> bool:
    """Whether there may be a battery; what the models say decides (``evidence``)."""
    if source is None:
        return BANK in headers or (STORAGE in headers and MPPT in headers)
    return any(model in headers for model in _STORES)


def evidence(shape: Shape, points: Points) -> bool:
    """Whether the models of a storage really show one.

    713 stands on inverters without battery too, with SoC 0: only a capacity counts.
    """
    if shape.has(STORAGE) or shape.has(BANK):
        return True
    named = ("713.WHRtg", "713.WHAvail", *_CHARGING)
    return any(number(points, name) for name in named) or bool(storage_ports(points))


_CHARGING = ("702.WChaRteMax", "702.WChaRteMaxRtg")


def charges(points: Points) -> bool:
    """Whether 702 says that the device can charge."""
    return any(number(points, name) for name in _CHARGING)


def storage_ports(points: Points) -> tuple[str, ...]:
    """Prefixes of 714's ports that are batteries."""
    return _ports(points, 1)


def solar_ports(points: Points) -> tuple[str, ...]:
    """Prefixes of 714's ports that are strings of modules."""
    return _ports(points, 0)


def _ports(points: Points, kind: int) -> tuple[str, ...]:
    if "714.1.PrtTyp" not in points:
        return ()
    prefixes = [name.removesuffix("PrtTyp") for name in points if name.endswith(".PrtTyp")]
    return tuple(prefix for prefix in prefixes if points[f"{prefix}PrtTyp"] == kind)


def wanted(role: Role) -> str:
    """What ``fit`` looks for, for a person."""
    match role:
        case Role.SOLAR | Role.GENERATOR:
            return "an inverter model (101-103, 111-113, 701)"
        case Role.STORAGE:
            return (
                "802, or 124 and an inverter model (101-103, 111-113) or 160, or 701 with 702, "
                "713 or 714 that show a battery"
            )
        case Role.GRID:
            return "a meter model (201-204, 211-214)"
        case Role.METER:
            return "a meter model (201-204, 211-214), or sensors (302-308, 401-404)"
        case _:
            return "a meter (201-204, 211-214) or inverter model (101-103, 111-113, 701)"


_MOVING = (
    STATUS, CONTROLS, STORAGE, MPPT, CAPACITY, ENTER, DER_CONTROLS, CHARGE, PORTS, SUPERVISION,
    BANK,
)  # fmt: skip


def polled(shape: Shape) -> tuple[Header, ...]:
    """The models read at every poll; 1, 120 and 121 do not move."""
    if shape.power in METERS:
        models = [shape.power]
    elif shape.power is None and shape.headers.keys().isdisjoint(_MOVING):
        models = [*SENSORS]
    else:
        models = [*([] if shape.power is None else [shape.power]), *_MOVING]
    return tuple(shape.headers[model] for model in models if model in shape.headers)


def number(points: Points, name: str) -> float | None:
    """The point as a number, None if it is missing."""
    value = points.get(name)
    return float(value) if isinstance(value, int | float) else None


def least(*values: float | None) -> float | None:
    """The smallest of those that are known and not 0."""
    return min((value for value in values if value), default=None)
