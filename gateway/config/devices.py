"""The devices of the file, one by one: what is wrong with one leaves the others alone."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic_core import PydanticCustomError

from gateway.config import priorities
from gateway.config.connection import Connection, parse_connection, place
from gateway.config.problem import Finding, Path, closest, describe, listed
from gateway.config.shapes import DeviceShape
from gateway.config.shapes_loads import ChargerShape, ComfortShape, ProgrammeFile, WaterShape
from gateway.config.validation import of_refusal, unknown_key, validate
from gateway.model.comfort import Comfort, Tank
from gateway.model.device import (
    ContestPolicy,
    Device,
    Fallback,
    Limits,
    Role,
    Strategy,
    WriteBudget,
)
from gateway.model.errors import SettingsError
from gateway.model.programme import Programme
from gateway.model.site import DeviceSettings, GridLimits
from gateway.model.time import MINUTE, Duration, short_duration
from gateway.model.wish import clock_of
from gateway.ports.driver import DriverPackage

COMMON_KEYS: Final = frozenset(DeviceShape.model_fields)
# Contactors and cars wear by switching; a cloud is over sooner.
CAR_RUNS, CAR_RESTS = Duration(3 * MINUTE), Duration(MINUTE)
STORES: Final = frozenset({Role.STORAGE, Role.EV})

_NOWHERE: Final = "tcp://0.0.0.0"  # stands in for a refused connection while the rest is checked


@dataclass(slots=True, kw_only=True)
class Devices:
    """What came of the section.

    Attributes:
        healthy: in file order.
        findings: of the others; all paths begin with ``devices`` and an id.
    """

    healthy: list[DeviceSettings] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_devices(
    entries: Mapping[str, object],
    packages: Mapping[str, DriverPackage],
    schemes: Collection[str],
    limits: GridLimits,
    refused: Collection[str],
) -> Devices:
    """Every entry as a device, or what is wrong with it.

    Args:
        entries: id -> mapping as in the file.
        packages: installed drivers; looking one up may raise ImportError.
        schemes: of connections.
        limits: at the connection point, for the default fall-back.
        refused: ids that are refused already; they are checked all the same.
    """
    drafts = {name: _Draft(name, entry, packages, schemes) for name, entry in entries.items()}
    nameplate_w = _nameplate_w(draft.shape for draft in drafts.values())
    shapes = {name: draft.shape for name, draft in drafts.items() if draft.shape is not None}
    before = {name: shape.priority for name, shape in shapes.items() if shape.priority}
    roles = {name: shapes[name].role if name in shapes else Role.LOAD for name in drafts}
    for finding in priorities.findings(before, roles):
        drafts[str(finding.path[1])].findings.append(finding)
    for draft in drafts.values():
        draft.findings.extend(_lost_sensor(draft.shape, draft.name, drafts))
    result = Devices()
    for draft in drafts.values():
        settings = draft.finish(limits, nameplate_w)
        if not draft.findings and settings and draft.name not in refused:
            draft.findings.extend(_clashes(settings.device, result.healthy))
        result.findings.extend(draft.findings)
        if not draft.findings and settings and draft.name not in refused:
            result.healthy.append(settings)
    result.healthy = priorities.ranked(result.healthy, before)
    return result


def with_agents(devices: Devices, installed: Collection[str]) -> Devices:
    """The same without the devices whose agent is not installed."""
    kept = Devices(findings=list(devices.findings))
    for one in devices.healthy:
        name = one.device.agent
        if name and name not in installed:
            path: Path = ("devices", one.device.id, "agent")
            allowed = listed(installed) if installed else "none is installed: leave the key out"
            hint = closest(name, installed)
            kept.findings.append(Finding(path=path, found=repr(name), allowed=allowed, hint=hint))
        else:
            kept.healthy.append(one)
    return kept


def default_level_w(role: Role, limits: GridLimits, nameplate_w: float | None) -> float | None:
    """Where a device falls when the file does not say: None = its own rule.

    Under a site limit it is the level that keeps the limit whatever the others do.

    Args:
        role: of the device.
        limits: at the connection point.
        nameplate_w: of all solar devices together; None = unknown.
    """
    limited = limits.export_w is not None and (
        nameplate_w is None or limits.export_w < nameplate_w
    )  # fmt: skip
    if role is Role.SOLAR and limited:
        return 0.0
    if role is Role.STORAGE and (limits.export_w is not None or limits.import_w is not None):
        return 0.0
    return None


def _nameplate_w(shapes: Iterator[DeviceShape | None]) -> float | None:
    """Of all solar devices together; None if one does not tell."""
    total = 0.0
    for shape in shapes:
        if shape is None:
            return None
        if shape.role == Role.SOLAR:
            if shape.limits.max_w is None:
                return None
            total += shape.limits.max_w
    return total


class _Draft:
    """One entry on its way to a device."""

    def __init__(
        self,
        name: str,
        entry: object,
        packages: Mapping[str, DriverPackage],
        schemes: Collection[str],
    ) -> None:
        self.name = name
        self.path: Path = ("devices", name)
        self.findings: list[Finding] = []
        self.shape: DeviceShape | None = None
        self._package: DriverPackage | None = None
        self._connection = Connection(line=_NOWHERE, unit=1)
        self._own: dict[str, object] = {}
        if not isinstance(entry, dict):
            self._find(
                (), describe(entry), f"a mapping with the keys {listed(sorted(COMMON_KEYS))}"
            )
            return
        common = {key: value for key, value in entry.items() if key in COMMON_KEYS}
        self._own = {key: value for key, value in entry.items() if key not in COMMON_KEYS}
        self._read_common(common)
        self._find_package(common.get("driver"), packages)
        self._find_line(common.get("connection"), schemes)

    def _find(self, path: Path, found: str, allowed: str, hint: str = "") -> None:
        whole = (*self.path, *path)
        self.findings.append(Finding(path=whole, found=found, allowed=allowed, hint=hint))

    def _read_common(self, common: dict[str, object]) -> None:
        self.shape, findings = validate(DeviceShape, common, self.path)
        if self.shape is None and "connection" in {finding.path[-1] for finding in findings}:
            self.shape, _ = validate(DeviceShape, {**common, "connection": _NOWHERE})
        self.findings.extend(findings)
        if self.shape is not None:
            self.findings.extend(_contradictions(self.shape, common, self.path))

    def _find_package(self, driver: object, packages: Mapping[str, DriverPackage]) -> None:
        if not isinstance(driver, str):
            return
        if driver not in packages:
            self._find(("driver",), describe(driver), listed(packages), closest(driver, packages))
            return
        try:
            self._package = packages[driver]
            own = self._package.json_schema()
        except ImportError as error:
            found = f"{driver!r}, which cannot be loaded ({error})"
            self._find(("driver",), found, "a driver whose package is complete")
            return
        for key in [key for key in self._own if key not in own]:
            del self._own[key]
            self.findings.append(unknown_key((*self.path, key), COMMON_KEYS | set(own)))

    def _find_line(self, connection: object, schemes: Collection[str]) -> None:
        if connection is None or any(
            finding.path[2:] == ("connection",) for finding in self.findings
        ):
            return
        try:
            self._connection = parse_connection(connection, schemes)
        except PydanticCustomError as error:
            self.findings.append(of_refusal(error, (*self.path, "connection")))

    def finish(self, limits: GridLimits, nameplate_w: float | None) -> DeviceSettings | None:
        """The device and the driver's settings; None where too little is known for them."""
        if self.shape is None or self._package is None:
            return None
        device = _device(self.name, self.shape, self._connection, limits, nameplate_w)
        parsed = self._package.parse(device, self._own)
        for wrong in parsed if isinstance(parsed, tuple) else ():
            if isinstance(wrong, SettingsError):
                self._find(wrong.path, wrong.found, wrong.allowed)
        return DeviceSettings(
            device=device,
            settings=parsed,
            availability=self.shape.available or "",
            programme=_template(self.shape),
        )


def _device(
    name: str,
    shape: DeviceShape,
    connection: Connection,
    limits: GridLimits,
    nameplate_w: float | None,
) -> Device:
    role = Role(shape.role)
    level = shape.fallback.level
    level_w = None if isinstance(level, str) else level
    safe_w = default_level_w(role, limits, nameplate_w)
    if level is None:
        level_w = safe_w
    # A device that a site limit needs is not left to somebody who may not know the limit.
    contest = ContestPolicy.YIELD if safe_w is None else ContestPolicy.INSIST
    return Device(
        id=name,
        role=role,
        driver=shape.driver,
        connection=shape.connection,
        line=connection.line,
        unit=connection.unit,
        poll=shape.poll,
        timeout=shape.timeout,
        limits=_limits(shape),
        fallback=Fallback(after=shape.fallback.after, level_w=level_w, timer=shape.fallback.timer),
        no_timer=shape.no_timer == "accept",
        writes=WriteBudget(per_day=shape.writes.per_day or None, volatile=shape.writes.volatile),
        contest=contest if shape.contest is None else ContestPolicy(shape.contest),
        tender=shape.tender,
        price_cap=shape.price_cap,
        gives_up_at=shape.gives_up_at,
        marginal_cost=shape.marginal_cost,
        start_cost=shape.start_cost,
        wear=shape.wear,
        round_trip=shape.round_trip,
        capacity_wh=shape.capacity_wh,
        strategy=Strategy(shape.strategy or Strategy.PLAN),
        agent=shape.agent or "",
        programme=shape.programme if isinstance(shape.programme, Programme) else None,
        wish=shape.wish,
        comfort=_comfort(shape.comfort) or _water(shape.water),
        before=shape.priority or (),
    )


def _template(shape: DeviceShape) -> str:
    return shape.programme.file if isinstance(shape.programme, ProgrammeFile) else ""


def _comfort(shape: ComfortShape | None) -> Comfort | None:
    if shape is None:
        return None
    return Comfort(
        wish_c=shape.wish,
        low_c=shape.low,
        high_c=shape.high,
        cooling=shape.mode == "cool",
        sensor=shape.sensor or "",
    )


def _water(shape: WaterShape | None) -> Comfort | None:
    """Where nothing is foreseen it pays the tariff a quarter of the way up, above that less."""
    if shape is None:
        return None
    return Comfort(
        wish_c=shape.low + (shape.high - shape.low) / 4,
        low_c=shape.low,
        high_c=shape.high,
        sensor=shape.sensor or "",
        tank=Tank(litres=shape.litres, cop=shape.cop, rise_c=shape.rise, every=shape.rise_every),
    )


def _limits(shape: DeviceShape) -> Limits:
    given, charger = shape.limits, _charger(shape)
    most_a = None if charger is None else charger.max_current
    most_w = None if charger is None or most_a is None else charger.power_w(most_a)
    flapping = charger is not None and not given.model_fields_set & {"min_run", "min_rest"}
    return Limits(
        max_w=min((w for w in (given.max_w, most_w) if w is not None), default=None),
        min_w=(given.min_w or 0.0) if charger is None else charger.power_w(charger.min_current),
        charge_w=given.charge_w,
        discharge_w=given.discharge_w,
        min_soc_pct=0.0 if given.min_soc_pct is None else given.min_soc_pct,
        max_soc_pct=100.0 if given.max_soc_pct is None else given.max_soc_pct,
        ramp_w_per_s=given.ramp_w_per_s,
        min_run=CAR_RUNS if flapping else given.min_run,
        min_rest=CAR_RESTS if flapping else given.min_rest,
        dwell=given.dwell,
    )


def _charger(shape: DeviceShape) -> ChargerShape | None:
    """Of a car's charger: one phase where the file does not say."""
    return (shape.charger or ChargerShape()) if shape.role == Role.EV else None


def _contradictions(
    shape: DeviceShape, common: Mapping[str, object], path: Path
) -> Iterator[Finding]:
    """Keys that cannot mean anything together."""
    limits = _limits(shape)
    after, timer = shape.fallback.after, shape.fallback.timer
    if timer is not None and timer > after:
        found = f"{short_duration(timer)} with after {short_duration(after)}"
        allowed = "at most after: the promise cannot be shorter than the timer that keeps it"
        yield Finding(path=(*path, "fallback", "timer"), found=found, allowed=allowed)
    if limits.min_soc_pct >= limits.max_soc_pct:
        found = f"{limits.min_soc_pct:g} with max_soc_pct {limits.max_soc_pct:g}"
        allowed = "less than max_soc_pct"
        yield Finding(path=(*path, "limits", "min_soc_pct"), found=found, allowed=allowed)
    yield from _of_loads(shape, path)
    yield from _of_strategy(shape, path)
    yield from _of_generators(shape, path)
    if shape.role in STORES:
        return
    given = common.get("limits")
    for key in ("charge_w", "discharge_w", "min_soc_pct", "max_soc_pct"):
        if isinstance(given, dict) and key in given:
            found = f"a limit of a storage on a device of role {shape.role}"
            yield Finding(
                path=(*path, "limits", key),
                found=found,
                allowed="max_w here; this one with role storage or ev",
                at_key=True,
            )


def _of_generators(shape: DeviceShape, path: Path) -> Iterator[Finding]:
    """Keys that only generators have."""
    limits = shape.limits
    if shape.role != Role.GENERATOR:
        for where, given in (
            (("start_cost",), shape.start_cost),
            (("limits", "min_w"), limits.min_w),
        ):
            if given:
                found = f"{given:g} on a device of role {shape.role}"
                yield Finding(
                    path=(*path, *where), found=found, allowed="role generator", at_key=True
                )
    elif limits.min_w and limits.max_w is not None and limits.min_w > limits.max_w:
        found = f"{limits.min_w:g} with max_w {limits.max_w:g}"
        yield Finding(path=(*path, "limits", "min_w"), found=found, allowed="at most max_w")


def _of_strategy(shape: DeviceShape, path: Path) -> Iterator[Finding]:
    """Only the gateway's own agent of a storage has one."""
    if shape.strategy is None:
        return
    if shape.role != Role.STORAGE:
        found = f"a strategy on a device of role {shape.role}"
        yield Finding(path=(*path, "strategy"), found=found, allowed="role storage", at_key=True)
    elif shape.agent:
        found = f"a strategy beside agent {shape.agent}"
        allowed = "one of both: an installed agent has its own"
        yield Finding(path=(*path, "strategy"), found=found, allowed=allowed, at_key=True)


def _of_loads(shape: DeviceShape, path: Path) -> Iterator[Finding]:
    """Keys that only loads have."""
    if shape.wish is not None and shape.role not in priorities.LOADS:
        found = f"a wish for a device of role {shape.role}"
        yield Finding(
            path=(*path, "wish"), found=found, allowed=listed(priorities.LOADS), at_key=True
        )
    if shape.wish is not None and shape.wish.soc_pct is not None and shape.capacity_wh is None:
        allowed = "an energy, or capacity_wh of the car beside it"
        yield Finding(path=(*path, "wish"), found="a state of charge", allowed=allowed)
    if shape.wish is not None and shape.wish.start:
        yield from _of_start(shape, (*path, "wish"))
    if shape.programme is not None and shape.role != Role.LOAD:
        found = f"a programme on a device of role {shape.role}"
        yield Finding(path=(*path, "programme"), found=found, allowed="role load", at_key=True)
    if shape.comfort is not None:
        yield from _of_comfort(shape.comfort, shape.role, (*path, "comfort"))
    if shape.water is not None:
        yield from _of_water(shape, shape.water, (*path, "water"))
    if shape.gives_up_at is not None:
        yield from _of_giving_up(shape, shape.gives_up_at, (*path, "gives_up_at"))
    if shape.charger is not None and shape.role != Role.EV:
        found = f"a charger on a device of role {shape.role}"
        yield Finding(path=(*path, "charger"), found=found, allowed="role ev", at_key=True)


def _of_giving_up(shape: DeviceShape, price: float, path: Path) -> Iterator[Finding]:
    """What may stop at any time, and would not buy for more at once."""
    others = {"a programme": shape.programme, "a comfort": shape.comfort, "water": shape.water}
    beside = [name for name, given in others.items() if given is not None]
    if shape.role not in priorities.LOADS:
        found, allowed = (
            f"a load's price on a device of role {shape.role}",
            listed(priorities.LOADS),
        )
        yield Finding(path=path, found=found, allowed=allowed, at_key=True)
    elif beside:
        allowed = (
            "a load without programme, comfort and water: those know what their power is worth"
        )
        yield Finding(
            path=path, found=f"{price:g} beside {beside[0]}", allowed=allowed, at_key=True
        )
    elif shape.price_cap is not None and price < shape.price_cap:
        found = f"{price:g} with price_cap {shape.price_cap:g}"
        yield Finding(path=path, found=found, allowed="at least price_cap")


def _of_start(shape: DeviceShape, path: Path) -> Iterator[Finding]:
    """What is configured is wished every day."""
    start = "" if shape.wish is None else shape.wish.start
    if clock_of(start) is None:
        yield Finding(
            path=path, found=f"start {start}", allowed="a time of every day, start at 14:00"
        )
    if shape.programme is None:
        yield Finding(path=path, found="a start", allowed="a start beside the programme it begins")


def _of_comfort(shape: ComfortShape, role: str, path: Path) -> Iterator[Finding]:
    """A heat pump keeps one, and its limits lie around what is wished."""
    if role != Role.HEAT:
        yield Finding(
            path=path, found=f"a comfort of role {role}", allowed="role heat", at_key=True
        )
    if not shape.low < shape.wish < shape.high:
        found = f"low {shape.low:g}, wish {shape.wish:g}, high {shape.high:g}"
        yield Finding(path=path, found=found, allowed="low below wish below high")


def _of_water(shape: DeviceShape, water: WaterShape, path: Path) -> Iterator[Finding]:
    """What warms it is a heater, and its limits leave room."""
    if shape.role != Role.HEAT or shape.comfort is not None:
        other = "beside a comfort" if shape.comfort is not None else f"of role {shape.role}"
        allowed = "role heat, and no comfort"
        yield Finding(path=path, found=f"water {other}", allowed=allowed, at_key=True)
    if not water.low < water.high:
        found = f"low {water.low:g}, high {water.high:g}"
        yield Finding(path=path, found=found, allowed="low below high")
    if water.rise is not None and not water.low < water.rise <= water.high:
        allowed = f"above low, {water.low:g}, and at most high, {water.high:g}"
        yield Finding(path=(*path, "rise"), found=f"{water.rise:g}", allowed=allowed)


def _lost_sensor(
    shape: DeviceShape | None, name: str, devices: Collection[str]
) -> Iterator[Finding]:
    """A temperature that no device of the file tells."""
    for key in ("comfort", "water"):
        kept = getattr(shape, key, None)
        sensor = None if kept is None else kept.sensor
        if sensor is None or sensor in devices:
            continue
        path = ("devices", name, key, "sensor")
        yield Finding(path=path, found=sensor, allowed=f"a device: {listed(list(devices))}")


def _clashes(device: Device, healthy: list[DeviceSettings]) -> Iterator[Finding]:
    """What two devices cannot both be; the first in the file is right."""
    path: Path = ("devices", device.id)
    for other in (settings.device for settings in healthy):
        same = other.line == device.line and (other.unit, other.role) == (device.unit, device.role)
        if same and not device.line.startswith(("mqtt:", "mqtts:")):  # a broker has room for many
            found = f"{describe(device.connection)}, where {other.id} has the same role"
            allowed = "another connection, unit or role"
            yield Finding(path=(*path, "connection"), found=found, allowed=allowed)
        elif place(other.line) == place(device.line) and other.line != device.line:
            found = f"{describe(device.connection)}, where {other.id} has other options"
            allowed = "the same options for all devices on one line (unit= is each one's own)"
            yield Finding(path=(*path, "connection"), found=found, allowed=allowed)
        elif device.role is Role.GRID is other.role:
            found, allowed = (
                f"a second grid meter besides {other.id}",
                "one; others have role meter",
            )
            yield Finding(path=(*path, "role"), found=found, allowed=allowed)
