"""Measuring: the words of a map's registers become a reading."""

from collections.abc import Mapping

from drivers.modbus.map import RegisterMap
from drivers.modbus.points import Point
from drivers.modbus.registers import Words
from drivers.modbus.values import raw, value
from gateway.model.device import Device, Role
from gateway.model.reading import PointValue, Quality, Reading
from gateway.model.resource import POWER, TEMPERATURE, Resource
from gateway.model.time import Instant

_PER_UNIT = {"kWh": 1000.0, "MWh": 1e6}  # Wh; of any other unit 1
_PER_POWER = {"kW": 1000.0, "MW": 1e6}  # W; of any other unit 1
_FULL = 100.0  # %
_IMPLAUSIBLE = 1.5  # times the largest stage
_GENERATING = frozenset({Role.SOLAR, Role.GENERATOR})


class Measurer:
    """What a map says of readings; looked up once."""

    def __init__(self, device: Device, known: RegisterMap, sign: float = 1.0) -> None:
        self._device = device
        self._sign = sign
        self._points = known.points
        self._tables = {point.table for point in known.points.values()}
        self._of_role: dict[str, list[tuple[str, Point]]] = {}
        for name, point in known.points.items():
            if point.role:
                self._of_role.setdefault(point.role, []).append((name, point))
        self._stateful = [
            (name, point) for name, point in known.points.items() if point.asleep or point.faulty
        ]
        stages = known.control.stages_w if known.control else None
        self._most_w = _IMPLAUSIBLE * max(stages) if stages else None
        self._generates = device.role in _GENERATING

    def reading(self, words: Words, at: Instant, overridden: str | None) -> Reading:
        """All points, and what they are to the gateway."""
        tables: dict[str, dict[int, int]] = {table: {} for table in self._tables}
        for (table, address), word in words.items():
            if table in tables:
                tables[table][address] = word
        raws = {name: raw(p, tables[p.table]) for name, p in self._points.items()}
        points = {name: value(p, raws[name], tables[p.table]) for name, p in self._points.items()}
        power = self._power_w(points)
        counted_wh = self._energy_wh("energy", points)
        return Reading(
            device=self._device.id,
            at=at,
            flows=self._flows(power, points),
            quality=self._quality(power),
            soc_pct=self._soc_pct(points),
            counted_in_wh=self._energy_wh(
                "energy_in", points, None if self._generates else counted_wh
            ),
            counted_out_wh=self._energy_wh(
                "energy_out", points, counted_wh if self._generates else None
            ),
            asleep=any(raws[name] in point.asleep for name, point in self._stateful),
            fault=self._fault(raws, points),
            timer_left_s=self._first("timer_left", points),
            overridden=overridden,
            points=points,
        )

    def _flows(
        self, power: float | None, points: Mapping[str, PointValue]
    ) -> Mapping[Resource, float]:
        """What was measured of power, and of temperature as a state."""
        flows = {} if power is None else {POWER: power}
        celsius = self._first("temperature", points)
        return flows if celsius is None else flows | {TEMPERATURE: celsius}

    def _quality(self, power: float | None) -> Quality:
        if power is None:
            return Quality.MISSING
        absurd = self._most_w is not None and abs(power) > self._most_w
        return Quality.SUSPECT if absurd else Quality.GOOD

    def _soc_pct(self, points: Mapping[str, PointValue]) -> float | None:
        """A charge that no battery can have is none."""
        charge = self._first("soc", points)
        return charge if charge is not None and 0.0 <= charge <= _FULL else None

    def _power_w(self, points: Mapping[str, PointValue]) -> float | None:
        """The sum of all points of role power.

        Without one that is not optional it is no power, and neither is a sum of none.
        """
        watts: list[float] = []
        for name, point in self._of_role["power"]:
            found = points[name]
            if isinstance(found, int | float):
                watts.append(found * _PER_POWER.get(point.unit, 1.0))
            elif not point.optional:
                return None
        return self._sign * sum(watts) + 0.0 if watts else None

    def _energy_wh(
        self, role: str, points: Mapping[str, PointValue], otherwise: float | None = None
    ) -> float | None:
        """The point of the role, in Wh unless its unit says kWh or MWh."""
        energy = self._first(role, points)
        if energy is None:
            return otherwise
        _, point = self._of_role[role][0]
        return energy * _PER_UNIT.get(point.unit, 1.0)

    def _first(self, role: str, points: Mapping[str, PointValue]) -> float | None:
        for name, _ in self._of_role.get(role, ()):
            found = points[name]
            if isinstance(found, int | float):
                return float(found)
        return None

    def _fault(self, raws: Mapping[str, PointValue], points: Mapping[str, PointValue]) -> str:
        """Faults by name: states that are one, and what the fault points hold."""
        named = [
            f"{name} {points[name]}" for name, point in self._stateful if raws[name] in point.faulty
        ]
        told = (points[name] for name, _ in self._of_role.get("fault", ()))
        return ", ".join([*named, *(str(found) for found in told if found)])
