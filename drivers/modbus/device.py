"""A device behind a register map: read its points, set its stage."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.modbus.map import ControlRegister, Point, RegisterMap
from gateway.model.device import Capabilities, Control, Description, Device, Identity, Role, Timer
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.reading import PointValue, Quality, Reading
from gateway.model.resource import POWER
from gateway.model.setpoint import Arming, Outcome, RegisterWrite, Setpoint, TakenWrite, Written
from gateway.model.time import Instant, in_seconds
from gateway.ports.line import HOLDING, INPUT, Block, Line

_FUNCTIONS = {"holding": HOLDING, "input": INPUT}
_CODES = {
    "uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f",
    "uint64": ">Q", "float64": ">d",
}  # fmt: skip
_FINITE = 3.4e38
_PER_UNIT = {"kWh": 1000.0, "MWh": 1e6}  # Wh; of any other unit 1
_ROUNDING_W = 1e-6
_IMPLAUSIBLE = 1.5  # times the largest stage
_GENERATING = frozenset({Role.SOLAR, Role.GENERATOR})
_NOT_REACHED = (0x0A, 0x0B)  # a gateway speaks for a unit that does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The driver's own keys: the map, already read."""

    map: RegisterMap


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What the command and timer registers say."""

    command: int
    timer_s: int
    at: Instant


class MapDriver:
    """A ``Driver`` by register map.

    The timer is written before the command, and the command again at every renewal: writing it
    starts the countdown anew.  A target is rounded down to a stage, so that no more is drawn
    than was meant.
    """

    def __init__(self, device: Device, settings: Settings, line: Line) -> None:
        self._device = device
        self._map = settings.map
        self._line = line
        self._blocks = _plan(self._map)
        self._asked: Mapping[int, int] = {}

    async def connect(self) -> Description:
        """See that it is the map's kind of device, and read it once."""
        await self._check_mark()
        reading = await self.read()
        control = self._map.control
        serial = reading.points.get("serial")
        return Description(
            identity=Identity(
                maker=self._map.maker, model=self._map.model, serial=str(serial or "")
            ),
            capabilities=_capabilities(control),
            notes=() if control else ("reading only: its map has no control",),
        )

    async def read(self) -> Reading:
        """Every point of the map."""
        tables: dict[str, dict[int, int]] = {"holding": {}, "input": {}}
        asked = self._asked
        at: Instant | None = None
        for table, address, count in self._blocks:
            block = await self._read(address, count, _FUNCTIONS[table])
            tables[table] |= dict(enumerate(block.words, address))
            at = at or block.at
        if at is None:
            message = f"{self._name}: its map has no points"
            raise DeviceMisbehaves(message)
        points = {
            name: _value(point, tables[point.table]) for name, point in self._map.points.items()
        }
        power = self._power_w(points)
        counted_wh = self._energy_wh("energy", points)
        generates = self._device.role in _GENERATING
        return Reading(
            device=self._device.id,
            at=at,
            flows={} if power is None else {POWER: power},
            quality=self._quality(power),
            soc_pct=self._of_role("soc", points),
            counted_in_wh=self._energy_wh("energy_in", points, None if generates else counted_wh),
            counted_out_wh=self._energy_wh("energy_out", points, counted_wh if generates else None),
            # A write since then, even one under way, has made these words old.
            overridden=self._other(tables["holding"]) if asked is self._asked else None,
            points=points,
        )

    async def arm(self) -> Arming:
        """The command and timer words found; the level is a stage without timer."""
        control = self._control()
        found = await self._standing(control)
        level_w = self._device.fallback.level_w
        level = () if level_w is None else _writes(control, _stage(control, level_w), 0)
        return Arming(
            device=self._device.id,
            connection=self._device.line,
            unit=self._device.unit,
            at=found.at,
            identity=await self._identity(),
            found=_writes(control, found.command, found.timer_s),
            level=level,
            timeout=self._device.timeout,
            promise=self._promise(control),
        )

    async def write(self, setpoint: Setpoint) -> Written:
        """Timer, then command, then both read back."""
        control = self._control()
        release = setpoint.quantity is None
        word = control.release if setpoint.quantity is None else _stage(control, setpoint.quantity)
        timer_s = 0 if release else _timer_s(control, setpoint.timer_s)
        writes = _writes(control, word, timer_s)
        taken: list[TakenWrite] = []
        self._asked = {}
        try:
            for write in writes:
                await self._line.write(
                    self._device.unit, write.address, write.words, timeout=self._device.timeout
                )
                count = len(write.words)
                taken.append(TakenWrite(address=write.address, count=count, lapses=timer_s > 0))
        except RequestRefused as refused:
            now = await self._standing(control)
            return Written(
                outcome=Outcome.REFUSED,
                quantity=control.stages.get(now.command),
                at=now.at,
                detail=str(refused),
                taken=tuple(taken),
            )
        now = await self._standing(control)
        quantity = control.stages.get(now.command)
        running = timer_s == 0 or 0 < now.timer_s <= timer_s
        if now.command == word and (running or control.timer is None):
            self._asked = {} if release else {w.address: w.words[0] for w in writes}
            detail = ", ".join(f"{w.address}={w.words[0]}" for w in writes)
            return Written(
                outcome=Outcome.ACCEPTED,
                quantity=quantity,
                at=now.at,
                detail=detail,
                taken=tuple(taken),
            )
        detail = (
            f"register {control.address}: wrote {word}, reads {now.command}; "
            f"timer: wrote {timer_s}, reads {now.timer_s}"
        )
        return Written(
            outcome=Outcome.OVERRIDDEN,
            quantity=quantity,
            at=now.at,
            detail=detail,
            taken=tuple(taken),
        )

    def _other(self, words: Mapping[int, int]) -> str | None:
        """What stands instead of the words that were written and read back."""
        control = self._map.control
        other = [
            f"{at}: wrote {word}, reads {words[at]}"
            for at, word in self._asked.items()
            if words[at] != word and not (_counts(control, at) and 0 < words[at] <= word)
        ]
        return f"someone changed register {', '.join(other)}" if other else None

    async def _standing(self, control: ControlRegister) -> _Standing:
        command = await self._read(control.address, 1)
        if control.timer is None:
            return _Standing(command=command.words[0], timer_s=0, at=command.at)
        timer = await self._read(control.timer.address, 1)
        return _Standing(command=command.words[0], timer_s=timer.words[0], at=timer.at)

    async def _check_mark(self) -> None:
        mark = self._map.identity
        if mark is None:
            return
        words = (await self._read(mark.address, len(mark.words))).words
        if words != mark.words:
            message = (
                f"{self._name}: registers from {mark.address} read {list(words)}, its map says "
                f"{list(mark.words)}: another device, or another map is needed"
            )
            raise DeviceMisbehaves(message)

    async def _identity(self) -> tuple[RegisterWrite, ...]:
        """The map's mark, and the serial number where the map knows one."""
        marks: list[RegisterWrite] = []
        if self._map.identity is not None:
            mark = self._map.identity
            marks.append(RegisterWrite(address=mark.address, words=mark.words))
        point = self._map.points.get("serial")
        if point is not None:
            block = await self._read(point.address, point.size, _FUNCTIONS[point.table])
            marks.append(RegisterWrite(address=point.address, words=block.words))
        return tuple(marks)

    async def _read(self, address: int, count: int, function: int = HOLDING) -> Block:
        try:
            return await self._line.read(
                self._device.unit,
                address,
                count,
                timeout=self._device.timeout,
                function=function,
            )
        except RequestRefused as refused:
            if refused.code in _NOT_REACHED:
                raise DeviceUnavailable(str(refused)) from refused
            raise

    def _promise(self, control: ControlRegister) -> str:
        fallback = self._device.fallback
        if control.timer is None:
            return "it has no timer: `gridtender release` writes the words found"
        if fallback.level_w is not None:
            return (
                "its timer ends at its own rule: `gridtender release` writes the stage at or "
                f"below {fallback.level_w:g} W"
            )
        after = f"{in_seconds(fallback.after):g} s"
        return f"its own timer gives it back to its own rule {after} after a renewal"

    def _control(self) -> ControlRegister:
        if self._map.control is None:
            message = f"{self._name}: cannot be controlled: its map has no control"
            raise DeviceMisbehaves(message)
        return self._map.control

    def _quality(self, power: float | None) -> Quality:
        if power is None:
            return Quality.MISSING
        stages = self._map.control.stages.values() if self._map.control else ()
        absurd = bool(stages) and abs(power) > _IMPLAUSIBLE * max(stages)
        return Quality.SUSPECT if absurd else Quality.GOOD

    def _power_w(self, points: Mapping[str, PointValue]) -> float | None:
        """The sum of all points of role power; a part of them is no power."""
        parts = [points[name] for name, point in self._map.points.items() if point.role == "power"]
        numbers = [part for part in parts if isinstance(part, int | float)]
        return float(sum(numbers)) if len(numbers) == len(parts) else None

    def _energy_wh(
        self, role: str, points: Mapping[str, PointValue], otherwise: float | None = None
    ) -> float | None:
        """The point of the role, in Wh unless its unit says kWh or MWh."""
        units = [point.unit for point in self._map.points.values() if point.role == role]
        energy = self._of_role(role, points)
        return otherwise if energy is None else energy * _PER_UNIT.get(units[0], 1.0)

    def _of_role(self, role: str, points: Mapping[str, PointValue]) -> float | None:
        for name, point in self._map.points.items():
            value = points[name]
            if point.role == role and isinstance(value, int | float):
                return float(value)
        return None

    @property
    def _name(self) -> str:
        return f"{self._device.id} ({self._device.line} unit {self._device.unit})"


def _capabilities(control: ControlRegister | None) -> Capabilities:
    if control is None:
        return Capabilities()
    stages = tuple(sorted(watts for watts in control.stages.values() if watts))
    return Capabilities(
        control=Control.TARGET,
        rating_w=stages[-1],
        stages_w=stages,
        floor_w=stages[0],
        timer=Timer(max_s=control.timer.max_s) if control.timer else None,
    )


def _stage(control: ControlRegister, watts: float) -> int:
    """The word of the largest stage that draws no more."""
    fitting = {w: word for word, w in control.stages.items() if w <= max(watts, 0.0) + _ROUNDING_W}
    return fitting[max(fitting)]


def _timer_s(control: ControlRegister, timer_s: int) -> int:
    return min(timer_s, control.timer.max_s) if control.timer else 0


def _writes(control: ControlRegister, command: int, timer_s: int) -> tuple[RegisterWrite, ...]:
    """Timer first: from the moment the command acts it is bounded."""
    write = RegisterWrite(address=control.address, words=(command,))
    if control.timer is None:
        return (write,)
    return (RegisterWrite(address=control.timer.address, words=(timer_s,)), write)


def _counts(control: ControlRegister | None, address: int) -> bool:
    """Whether the register is the countdown."""
    return control is not None and control.timer is not None and control.timer.address == address


def _of_control(control: ControlRegister | None) -> list[tuple[int, int]]:
    if control is None:
        return []
    timer = [(control.timer.address, 1)] if control.timer else []
    return [(control.address, 1), *timer]


def _plan(known: RegisterMap) -> tuple[tuple[str, int, int], ...]:
    """Requests (table, address, count) that cover all points and the control."""
    plan: list[tuple[str, int, int]] = []
    for table in _FUNCTIONS:
        wanted = [
            (point.address, point.size) for point in known.points.values() if point.table == table
        ]
        if table == "holding":
            wanted += _of_control(known.control)
        blocks = _blocks(wanted, gap=known.gap, together=known.together)
        plan += [(table, address, count) for address, count in blocks]
    return tuple(plan)


def _blocks(
    wanted: Iterable[tuple[int, int]], *, gap: int, together: int
) -> tuple[tuple[int, int], ...]:
    """Requests (address, count) that cover all that is wanted, cut between points."""
    blocks: list[tuple[int, int]] = []
    for start, size in sorted(wanted):
        end = start + size
        if blocks:
            address, count = blocks[-1]
            if start - (address + count) <= gap and end - address <= together:
                blocks[-1] = (address, max(count, end - address))
                continue
        blocks.append((start, size))
    return tuple(blocks)


def _value(point: Point, words: Mapping[int, int]) -> PointValue:
    """The point's value, None where the raw value means that there is none."""
    raw = [words[point.address + offset] for offset in range(point.size)]
    if point.order == "little":
        raw.reverse()
    data = struct.pack(f">{len(raw)}H", *raw)
    if point.type == "string":
        return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip() or None
    value: int | float = struct.unpack(_CODES[point.type], data)[0]
    if value == point.missing or not -_FINITE < value < _FINITE:
        return None
    return value if point.scale == 1.0 else round(value * point.scale, 9)
