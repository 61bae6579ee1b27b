"""One configured device behind a SunSpec map: connect, read, arm, write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.sunspec.codec import HEADER, layout
from drivers.sunspec.controls import Curtailment, Lever, Plan, Storage, runs
from drivers.sunspec.discovery import BASES, COMMON, Chain, Header, walk
from drivers.sunspec.plan import Span, spans, words_of
from drivers.sunspec.roles import (
    CONTROLS,
    NAMEPLATE,
    SETTINGS,
    STORAGE,
    Measurer,
    Points,
    Shape,
    Sign,
    fit,
    number,
    polled,
    wanted,
)
from gateway.model.device import Capabilities, Control, Description, Device, Identity, Role
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.reading import PointValue, Reading
from gateway.model.setpoint import Arming, Outcome, RegisterWrite, Setpoint, Written
from gateway.model.time import Instant, in_seconds
from gateway.ports.line import Block, Line

Words = tuple[int, ...]

# A gateway or a shared port speaks for a unit that does not (Fronius: 0x0B for a wrong unit).
_NOT_REACHED = (0x0A, 0x0B)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The driver's own keys.

    Attributes:
        sign: what a positive W of a meter model means.
        bases: where the marker may stand, in this order.
    """

    sign: Sign = "import"
    bases: tuple[int, ...] = BASES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Map:
    """What a walk of the chain found of this device."""

    shape: Shape
    models: tuple[int, ...]
    measurer: Measurer
    polled: tuple[Header, ...]
    spans: tuple[Span, ...]


class SunSpecDriver:
    """A ``Driver`` for the SunSpec models; holds what it found at the last ``connect``."""

    def __init__(self, device: Device, settings: Settings, line: Line) -> None:
        self._device = device
        self._settings = settings
        self._line = line
        self._bases = settings.bases
        self._map: _Map | None = None
        self._found: Lever | None = None
        self._now: Lever | None = None
        self._steering = False
        self._asked: Mapping[int, int] = {}
        self._notes: list[str] = []

    async def connect(self) -> Description:
        """Walk the chain, read what does not move, and say what the device can do."""
        chain = await self._walk()
        self._notes = list(chain.notes)
        shape = fit(self._device.role, chain.parts)
        if shape is None:
            found = [header.model for part in chain.parts for header in part]
            message = (
                f"{self._name}: role {self._device.role} needs {wanted(self._device.role)}; "
                f"its chain has {found}"
            )
            raise DeviceMisbehaves(message)
        static = await self._static(shape)
        rating = _rating(static)
        headers = polled(shape)
        self._map = _Map(
            shape=shape,
            models=tuple(header.model for part in chain.parts for header in part),
            measurer=Measurer(
                device=self._device.id, shape=shape, sign=self._settings.sign, rating_w=rating
            ),
            polled=headers,
            spans=spans(headers),
        )
        first = await self.read()
        await self._find_lever(shape, static)
        return Description(
            identity=_identity(static),
            capabilities=self._capabilities(static, first.points, rating),
            models=self._map.models,
            notes=tuple(self._notes),
        )

    async def read(self) -> Reading:
        """Every moving model in few requests, decoded with its own scale factors."""
        known_map, asked = self._connected(), self._asked
        blocks, at = await self._blocks(known_map)
        points: dict[str, PointValue] = {}
        for header in known_map.polled:
            words = words_of(header, blocks)
            if words is not None:
                points |= layout(header.model, header.length).decode(words)
        reading = known_map.measurer.reading(at, points)
        # A write since then, even one under way, has made these words old.
        if not asked or asked is not self._asked:
            return reading
        other = self._other(blocks)
        if other and self._now is not None:
            # The next write must not take for standing what was replaced.
            window = self._now.window
            read = {at: w for start, words in blocks.items() for at, w in enumerate(words, start)}
            there = range(window.address, window.address + window.count)
            if all(address in read for address in there):
                self._now = self._now.renewed([read[address] for address in there])
        return replace(reading, overridden=other)

    async def arm(self) -> Arming:
        """The words found, and those of the fall-back level; writes nothing."""
        lever = self._lever()
        shape = self._connected().shape
        window = await self._ask(lever.window)
        if not self._steering:
            self._found = lever = lever.renewed(window.words)
        self._now = lever.renewed(window.words)
        level_w = self._device.fallback.level_w
        return Arming(
            device=self._device.id,
            connection=self._device.line,
            unit=self._device.unit,
            at=window.at,
            identity=await self._identifying(shape, lever.header),
            found=runs(lever.found(window.words)),
            level=() if level_w is None else runs(self._now.level(level_w)),
            timeout=self._device.timeout,
            promise=self._promise(lever),
        )

    async def write(self, setpoint: Setpoint) -> Written:
        """Write, read back, compare; the answer says what the registers now ask for."""
        lever = self._now or self._lever()
        self._asked = {}
        plan = (
            self._lever().neutral()
            if setpoint.quantity is None
            else lever.command(setpoint.quantity, setpoint.timer_s)
        )
        refusal = ""
        self._steering = setpoint.quantity is not None
        try:
            for write in self._due(lever, plan):
                await self._put(write)
        except RequestRefused as refused:
            refusal = str(refused)
        window = await self._ask(lever.window)
        return self._judged(setpoint, plan, lever, window, refusal)

    def _judged(
        self, setpoint: Setpoint, plan: Plan, before: Lever, window: Block, refusal: str
    ) -> Written:
        self._now = before.renewed(window.words)
        read = dict(enumerate(window.words, before.window.address))
        was = dict(enumerate(before.words, before.window.address))
        asked = {address: word for group in plan for address, word in group.items()}
        wrong = {a: w for a, w in asked.items() if not before.same(a, w, read[a])}
        stands = self._now.expressed(window.words)
        if refusal:
            return Written(outcome=Outcome.REFUSED, quantity=stands, at=window.at, detail=refusal)
        if wrong:
            ignored = all(read[address] == was[address] for address in wrong)
            texts = ", ".join(f"{a}: wrote {w}, reads {read[a]}" for a, w in wrong.items())
            what = "the device ignored" if ignored else "someone changed"
            return Written(
                outcome=Outcome.REFUSED if ignored else Outcome.OVERRIDDEN,
                quantity=stands,
                at=window.at,
                detail=f"{what} register {texts}",
            )
        self._asked = {} if setpoint.quantity is None else asked
        return Written(
            outcome=Outcome.ACCEPTED,
            quantity=None if setpoint.quantity is None else stands,
            at=window.at,
            detail=f"model {before.header.model} "
            + ", ".join(f"{w.address}={list(w.words)}" for w in runs(plan)),
        )

    def _other(self, blocks: Mapping[int, Words]) -> str | None:
        """What stands instead of the words that were written and read back."""
        lever = self._now
        read = {at: w for start, words in blocks.items() for at, w in enumerate(words, start)}
        other = [
            f"{at}: wrote {word}, reads {read[at]}"
            for at, word in self._asked.items()
            if lever is not None and at in read and not lever.same(at, word, read[at])
        ]
        return f"someone changed register {', '.join(other)}" if other else None

    def _due(self, lever: Lever, plan: Plan) -> tuple[RegisterWrite, ...]:
        """All but the last group always; the enabling one again only where it is not in force."""
        *earlier, last = plan
        was = dict(enumerate(lever.words, lever.window.address))
        standing = len(plan) > 1 and all(was[address] == word for address, word in last.items())
        return runs(earlier if standing else plan)

    async def _walk(self) -> Chain:
        try:
            chain = await walk(self._words, self._bases)
        except DeviceUnavailable:
            # The next connect begins elsewhere: some devices are silent where no map stands.
            self._bases = (*self._bases[1:], self._bases[0])
            raise
        self._bases = (chain.base, *(base for base in self._settings.bases if base != chain.base))
        return chain

    async def _static(self, shape: Shape) -> dict[str, PointValue]:
        points: dict[str, PointValue] = {}
        for model in (COMMON, NAMEPLATE, SETTINGS):
            header = shape.headers.get(model)
            if header is None:
                continue
            try:
                words = await self._model(header)
            except RequestRefused as refused:
                self._notes.append(f"model {model} cannot be read: {refused}")
            else:
                points |= layout(model, header.length).decode(words)
        return points

    async def _find_lever(self, shape: Shape, static: Points) -> None:
        self._now = None
        before, self._found = self._found, None
        lever = await self._new_lever(shape, static)
        if isinstance(lever, str):
            self._notes.append(f"reading only: {lever}")
            return
        if lever is None:
            return
        keep = self._steering and before is not None and before.header == lever.header
        self._found = before if keep else lever
        self._asked = self._asked if keep else {}
        self._now = lever
        standing = lever.expressed(lever.words)
        if standing is not None and not keep:
            self._notes.append(
                f"model {lever.header.model} is in force already and asks for {standing:g} W"
            )

    async def _new_lever(self, shape: Shape, static: Points) -> Lever | str | None:
        match self._device.role:
            case Role.SOLAR | Role.GENERATOR if shape.has(CONTROLS):
                header = shape.headers[CONTROLS]
                return Curtailment.of(header, _base(static), await self._model(header))
            case Role.SOLAR | Role.GENERATOR:
                return "the chain has no model 123"
            case Role.STORAGE:
                header = shape.headers[STORAGE]
                words = await self._model(header)
                points = layout(STORAGE, header.length).decode(words)
                reserve = self._device.limits.min_soc_pct or None
                return Storage.of(header, number(points, "124.WChaMax"), words, reserve)
            case _:
                return None

    def _capabilities(self, static: Points, points: Points, rating: float | None) -> Capabilities:
        lever = self._found
        storage = self._device.role is Role.STORAGE
        most = number(points, "124.WChaMax") if storage else None
        return Capabilities(
            control=lever.control if lever else Control.NONE,
            rating_w=rating,
            charge_w=_least(most, number(static, "120.MaxChaRte")) if storage else None,
            discharge_w=_least(most, number(static, "120.MaxDisChaRte")) if storage else None,
            capacity_wh=number(static, "120.WHRtg") if storage else None,
            resolution_w=lever.resolution_w if lever else 1.0,
            floor_w=lever.floor_w if lever else 0.0,
            timer=lever.timer if lever else None,
        )

    async def _identifying(self, shape: Shape, header: Header) -> tuple[RegisterWrite, ...]:
        """The control model's header and the serial number of the device it belongs to."""
        marks = [Span(header.address, HEADER)]
        common = shape.headers.get(COMMON)
        if common is not None:
            point = layout(COMMON, common.length).point("SN")
            if point is not None:
                marks.append(Span(common.address + point.offset, point.size))
        return tuple(
            [
                RegisterWrite(address=mark.address, words=(await self._ask(mark)).words)
                for mark in marks
            ]
        )

    def _promise(self, lever: Lever) -> str:
        fallback = self._device.fallback
        after = f"{in_seconds(fallback.after):g} s"
        model = f"model {lever.header.model}"
        if fallback.level_w is not None:
            return (
                f"its timer cannot end at a level ({model}): `gridtender release` writes "
                f"{fallback.level_w:g} W"
            )
        if lever.timer is None:
            return f"{model} has no timer here: `gridtender release` writes the words found"
        return f"its own timer ({model}) gives it back to its own rule {after} after a renewal"

    async def _blocks(self, known_map: _Map) -> tuple[dict[int, Words], Instant]:
        try:
            return await self._read_spans(known_map.spans)
        except RequestRefused:
            if known_map.spans == spans(known_map.polled, gap=-1):
                raise
        return await self._read_apart(known_map)

    async def _read_apart(self, known_map: _Map) -> tuple[dict[int, Words], Instant]:
        """After a refused block: every model by itself, and without those that refuse."""
        readable: list[Header] = []
        blocks: dict[int, Words] = {}
        at: Instant | None = None
        for header in known_map.polled:
            try:
                more, then = await self._read_spans(spans([header]))
            except RequestRefused as refused:
                if header.model == known_map.shape.power:
                    raise
                self._notes.append(f"model {header.model} cannot be read: {refused}")
                continue
            readable.append(header)
            blocks |= more
            at = at or then
        if at is None:
            message = f"{self._name}: none of its models can be read"
            raise DeviceMisbehaves(message)
        self._map = _Map(
            shape=known_map.shape,
            models=known_map.models,
            measurer=known_map.measurer,
            polled=tuple(readable),
            spans=tuple(span for header in readable for span in spans([header])),
        )
        return blocks, at

    async def _read_spans(self, wanted_spans: Sequence[Span]) -> tuple[dict[int, Words], Instant]:
        """The words by address, and when the first block (which has the power) was complete."""
        blocks: dict[int, Words] = {}
        at: Instant | None = None
        for span in wanted_spans:
            block = await self._ask(span)
            blocks[span.address] = block.words
            at = at or block.at
        if at is None:
            message = f"{self._name}: nothing to read"
            raise DeviceMisbehaves(message)
        return blocks, at

    async def _model(self, header: Header) -> Words:
        blocks, _ = await self._read_spans(spans([header]))
        words = words_of(header, blocks)
        if words is None:
            message = f"{self._name}: model {header.model} at {header.address} came in pieces"
            raise DeviceMisbehaves(message)
        return words

    async def _words(self, address: int, count: int) -> Words:
        return (await self._ask(Span(address, count))).words

    async def _ask(self, span: Span) -> Block:
        try:
            return await self._line.read(
                self._device.unit, span.address, span.count, timeout=self._device.timeout
            )
        except RequestRefused as refused:
            if refused.code in _NOT_REACHED:
                raise DeviceUnavailable(str(refused)) from refused
            raise

    async def _put(self, write: RegisterWrite) -> None:
        await self._line.write(
            self._device.unit, write.address, write.words, timeout=self._device.timeout
        )

    def _connected(self) -> _Map:
        if self._map is None:
            message = f"{self._name}: not connected yet"
            raise DeviceUnavailable(message)
        return self._map

    def _lever(self) -> Lever:
        self._connected()
        if self._found is None:
            reason = "; ".join(self._notes) or f"role {self._device.role} is only read"
            message = f"{self._name}: cannot be controlled: {reason}"
            raise DeviceMisbehaves(message)
        return self._found

    @property
    def _name(self) -> str:
        return f"{self._device.id} ({self._device.line} unit {self._device.unit})"


def _identity(static: Points) -> Identity:
    def text(name: str) -> str:
        return str(static.get(f"1.{name}") or "").strip()

    return Identity(maker=text("Mn"), model=text("Md"), version=text("Vr"), serial=text("SN"))


def _base(static: Points) -> float | None:
    return number(static, "121.WMax") or number(static, "120.WRtg")


def _rating(static: Points) -> float | None:
    return number(static, "120.WRtg") or number(static, "121.WMax")


def _least(*values: float | None) -> float | None:
    return min((value for value in values if value), default=None)
