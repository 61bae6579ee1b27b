"""Which counters tell a device's energy: where two things share an inverter, not its own.

A meter names the directions itself, whatever the sign of its W.  WH and 701 of an inverter with
solar and a battery hold both, so each is counted by its own modules (160) or ports (714) where
these count at all.
"""

from typing import NamedTuple

from drivers.sunspec.modules import module, modules_of
from drivers.sunspec.roles import DER, METERS, Points, Shape, number, solar_ports, storage_ports
from gateway.model.device import Role


class Counted(NamedTuple):
    """Energy into and out of the device, Wh, as its counters stand; ``by``: which they are."""

    into_wh: float | None
    out_wh: float | None
    by: str


def counted(role: Role, shape: Shape, points: Points) -> Counted:
    """What is counted of a device in its role."""
    power = shape.power
    if role is Role.STORAGE and (found := _battery(shape, points)) is not None:
        return found
    if role is Role.SOLAR and (found := _solar(shape, points)) is not None:
        return found
    if power in METERS:
        into, out = number(points, f"{power}.TotWhImp"), number(points, f"{power}.TotWhExp")
        return Counted(into, out, f"{power}.TotWhImp and {power}.TotWhExp")
    if power == DER:
        into, out = number(points, "701.TotWhAbs"), number(points, "701.TotWhInj")
        return Counted(into, out, "701.TotWhAbs and 701.TotWhInj")
    return Counted(None, number(points, f"{power}.WH"), f"{power}.WH")


def by_counters(energy: Counted) -> tuple[str, ...]:
    """A sentence that names them, where there are any."""
    some = (energy.into_wh, energy.out_wh) != (None, None)
    return (f"its energy is counted by {energy.by}",) if some else ()


def _battery(shape: Shape, points: Points) -> Counted | None:
    prefixes = modules_of(shape)
    charging, discharging = (module(points, prefixes, kind) for kind in ("StCha", "StDisCha"))
    if charging is not None or discharging is not None:
        both = (_one(points, charging), _one(points, discharging))
        return Counted(*both, f"DCWH of {charging or ''} {discharging or ''}".strip())
    if solar_ports(points) and (ports := storage_ports(points)):
        both = (_sum(points, ports, "DCWhAbs"), _sum(points, ports, "DCWhInj"))
        return Counted(*both, "DCWhAbs and DCWhInj of 714's storage ports")
    return None


def _solar(shape: Shape, points: Points) -> Counted | None:
    """Only where a battery shares the inverter, and every other module counts."""
    prefixes = modules_of(shape)
    storing = {module(points, prefixes, kind) for kind in ("StCha", "StDisCha")} - {None}
    if not storing:
        return None
    alone = [prefix for prefix in prefixes if prefix not in storing]
    strings = [number(points, f"{prefix}DCWH") for prefix in alone]
    if not strings or not all(strings):
        return None
    out = sum(wh for wh in strings if wh is not None)
    return Counted(None, out, f"DCWH of {' '.join(alone)}")


def _one(points: Points, prefix: str | None) -> float | None:
    return None if prefix is None else number(points, prefix + "DCWH")


def _sum(points: Points, prefixes: tuple[str, ...], name: str) -> float | None:
    known = [n for prefix in prefixes if (n := number(points, prefix + name)) is not None]
    return sum(known) if known else None
