"""One configured device behind a SunSpec map: connect, read, arm, write, beat."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from drivers.sunspec.arming import record
from drivers.sunspec.blocks import Blocks, Unit
from drivers.sunspec.chart import Chart
from drivers.sunspec.choice import STEERING, capabilities, choose, identity, rating
from drivers.sunspec.codec import HEADER, layout
from drivers.sunspec.counters import by_counters, counted
from drivers.sunspec.dialect import PLAIN
from drivers.sunspec.discovery import COMMON, Chain, Header, walk
from drivers.sunspec.events import Events
from drivers.sunspec.heartbeat import OURS, Heart, Pulse
from drivers.sunspec.judgement import Tried, asked, is_between, judge, others, unseen
from drivers.sunspec.lever import Lever, runs
from drivers.sunspec.measure import Measurer, local
from drivers.sunspec.pace import Pace, first, is_due
from drivers.sunspec.plan import spans
from drivers.sunspec.quirks import Quirks, quirks_of
from drivers.sunspec.raw import Plan, Words
from drivers.sunspec.roles import (
    NAMEPLATE,
    SETTINGS,
    Points,
    Shape,
    evidence,
    fit,
    number,
    polled,
    wanted,
)
from drivers.sunspec.settings import Settings
from gateway.model.device import Description, Device, Identity, Role
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.reading import PointValue, Quality, Reading
from gateway.model.setpoint import Arming, Outcome, RegisterWrite, Setpoint, Written
from gateway.model.time import Instant
from gateway.ports.line import Line, Pacable

_PV_STOR = 82  # 120 DERTyp


class SunSpecDriver:
    """A ``Driver`` for the SunSpec models; holds what it found at the last ``connect``."""

    def __init__(self, device: Device, settings: Settings, line: Line) -> None:
        self._device = device
        self._settings = settings
        self._line = line
        self._quirks = Quirks(values=settings.quirks or {})  # the rest when it is recognised
        self._unit = Unit(device, line, self._quirks.max_read)
        self._bases = settings.bases
        self._map: Chart | None = None
        self._lever: Lever | None = None
        self._heart: Heart | None = None
        self._pulse = Pulse()
        self._events = Events(())
        self._steering = False
        self._armed: Arming | None = None
        self._asked: Words = {}
        self._timer_s = 0
        self._local = ""
        self._read_at = Instant(0)
        self._whole_at: Instant | None = None
        self._notes: list[str] = []
        self._refused = False

    async def connect(self) -> Description:
        """Walk the chain, read what does not move, and say what the device can do."""
        chain = await self._walk()
        self._notes, self._refused = list(chain.notes), False
        shape = self._shape(chain)
        static = await self._static(shape)
        self._recognise(identity(static))
        if self._quirks.dialect != PLAIN:
            static = await self._static(shape)
        pace = Pace.of(polled(shape), self._device.role)
        models = tuple(header.model for part in chain.parts for header in part)
        self._map = Chart(
            shape=shape,
            models=models,
            measurer=self._measurer(shape, static),
            pace=pace,
            spans=spans(pace.all, most=self._unit.most),
            vital=spans(pace.vital, most=self._unit.most),
            most=self._unit.most,
        )
        self._whole_at, self._events = None, Events(pace.all)
        found = await self.read()
        self._whole_at = first(self._device, found.at)
        points = {**static, **found.points}
        self._map = replace(self._map, measurer=self._measurer(shape, points))
        if self._device.role is Role.STORAGE and not evidence(shape, points):
            message = (
                f"{self._unit.name}: role storage, but no model shows a battery: 702 names no "
                "charge rate, 713 no capacity and 714 no storage port"
            )
            raise DeviceMisbehaves(message)
        await self._find_lever(shape, points)
        return Description(
            identity=identity(static),
            capabilities=capabilities(self._device, points, self._lever),
            models=models,
            notes=(*self._notes, *by_counters(counted(self._device.role, shape, points))),
        )

    async def read(self) -> Reading:
        """Every moving model in few requests, decoded with its own scale factors."""
        chart, before = self._connected(), self._asked
        due = is_due(self._whole_at, self._read_at, self._device.poll)
        whole = self._steering or due
        blocks, at = await self._blocks(chart, whole=whole)
        pace = chart.pace
        points = self._decoded(pace.all if whole else pace.vital, blocks)
        self._local, self._read_at = local(points), at
        reading = chart.measurer.reading(at, points, self._events.take(points))
        if due:
            self._whole_at = at
            self._learn(points)
        # A write since then, even one under way, has made these words old.
        overridden = self._other(blocks) if before and before is self._asked else None
        return self._annotated(reading, overridden)

    async def arm(self) -> Arming:
        """The words found, and those of the fall-back level; writes nothing."""
        lever = self._steerable()
        await self._check_still_there(lever.header)
        words, at = await self._unit.windows(lever.windows)
        # What an earlier arming found is recalled where its record is still there.
        self._lever = lever = lever.renewed(words).begun(words)
        return await record(self._device, self._unit, self._connected().shape, lever, at)

    def recall(self, arming: Arming | None) -> None:
        """What an earlier life found is the device's own rule, not what it left behind."""
        self._armed, lever = arming, self._lever
        if arming is None or lever is None:
            return
        found = {at: w for part in arming.found for at, w in enumerate(part.words, part.address)}
        self._lever = lever.begun({**lever.words, **found})

    async def write(self, setpoint: Setpoint) -> Written:
        """Write, read back, compare; the answer says what the registers now ask for."""
        lever = self._steerable()
        self._asked = {}
        if self._local:
            stands = lever.expressed()
            return Written(
                outcome=Outcome.REFUSED, quantity=stands, at=self._read_at, detail=self._local
            )
        if not self._steering:
            await self._check_still_there(lever.header)
            words, _ = await self._unit.windows(lever.windows)
            lever = lever.renewed(words)  # its scale factor may have moved since
        released = setpoint.quantity is None
        plan = (
            lever.neutral()
            if setpoint.quantity is None
            else lever.command(setpoint.quantity, setpoint.timer_s)
        )
        self._steering, self._timer_s = not released, setpoint.timer_s
        tried = await self._try(lever, plan)
        try:
            words, at = await self._unit.windows(lever.windows)
        except RequestRefused as refused:
            return unseen(setpoint, tried, str(refused), self._read_at)
        self._lever = after = lever.renewed(words)
        written = judge(setpoint, tried, after, at)
        self._asked = asked(plan) if written.outcome is Outcome.ACCEPTED and not released else {}
        return written

    async def _try(self, lever: Lever, plan: Plan) -> Tried:
        """Write what is due of the plan, as far as the device takes it."""
        taken: list[RegisterWrite] = []
        refusal = ""
        try:
            for write in runs(lever.due(plan)):
                await self._unit.put(write)
                taken.append(write)
        except RequestRefused as refused:
            refusal = str(refused)
            if is_between(taken, plan):
                await self._put_back(lever)
        return Tried(plan=plan, before=lever, taken=tuple(taken), refusal=refusal)

    async def _put_back(self, lever: Lever) -> None:
        """What stood, since the device must not stay free between two requests of one write."""
        with suppress(RequestRefused):
            for write in runs(lever.found()):
                await self._unit.put(write)

    @property
    def incomplete(self) -> bool:
        """Whether a model that it could be steered by, or is known by, refused to be read."""
        return self._refused

    @property
    def listens(self) -> bool:
        """Whether it has a heartbeat of its controller, and takes commands now."""
        return self._heart is not None and not self._local

    async def beat(self) -> None:
        """One heartbeat, where the device listens for one."""
        if self._heart is not None:
            await self._unit.put(self._heart.next())

    def _annotated(self, reading: Reading, overridden: str | None) -> Reading:
        """With the device's own countdown, and what its heart does."""
        name = self._lever.countdown if self._lever is not None else None
        left_s = None if name is None else number(reading.points, name)
        if not self._asked and not left_s:
            left_s = None
        stopped = self._pulse.stopped(reading.points, reading.at, self._device.poll)
        notes = [note for note in (reading.note, stopped) if note]
        if self._asked and self._timer_s and left_s == 0 and not overridden:
            notes.append(f"its own timer was set to {self._timer_s} s, but {name} stands at 0")
        if not (notes or overridden) and left_s is None:
            return reading
        return replace(
            reading,
            quality=Quality.SUSPECT if stopped else reading.quality,
            note="; ".join(notes),
            timer_left_s=left_s,
            overridden=overridden,
        )

    def _decoded(self, headers: tuple[Header, ...], blocks: Blocks) -> Points:
        chart, dialect = self._connected(), self._quirks.dialect
        points: dict[str, PointValue] = {}
        for header in headers:
            words = chart.words(header, blocks)
            if words is None:
                continue
            self._check_header(header, words)
            points |= layout(header.model, header.length, (), dialect).decode(words)
        return points

    async def _check_still_there(self, header: Header) -> None:
        """The model that is written to is not read at every poll before."""
        self._check_header(header, await self._unit.words(header.address, HEADER))

    def _check_header(self, header: Header, words: tuple[int, ...]) -> None:
        if words[:HEADER] != (header.model, header.length):
            message = (
                f"{self._unit.name}: the chain has moved: at {header.address} stood model "
                f"{header.model} of length {header.length}, now {words[0]} of {words[1]}"
            )
            raise DeviceUnavailable(message)

    def _other(self, blocks: Blocks) -> str | None:
        """What stands instead of what was written and read back; the lever learns what stands."""
        if self._lever is None:
            return None
        read = {at: w for start, words in blocks.items() for at, w in enumerate(words, start)}
        other = others(self._lever, self._asked, read)
        # The next write must not take for standing what was replaced, or counts down, nor for
        # a scale factor what has moved.
        standing = {at: read.get(at, word) for at, word in self._lever.words.items()}
        if standing != self._lever.words:
            self._lever = self._lever.renewed(standing)
        return f"someone changed register {other}" if other else None

    def _recognise(self, identity: Identity) -> None:
        """What is known of devices like this one holds from now on."""
        self._quirks = quirks = quirks_of(identity, self._settings.quirks)
        self._notes += quirks.told
        self._unit.most = quirks.max_read
        if isinstance(self._line, Pacable):
            self._line.pace(quirks.pacing)
        if not self._settings.signed:
            self._settings = replace(self._settings, sign=quirks.sign or "import")

    async def _walk(self) -> Chain:
        try:
            chain = await walk(self._unit.words, self._bases)
        except DeviceUnavailable:
            # The next connect begins elsewhere: some devices are silent where no map stands.
            self._bases = (*self._bases[1:], self._bases[0])
            raise
        self._bases = (chain.base, *(base for base in self._settings.bases if base != chain.base))
        return chain

    def _shape(self, chain: Chain) -> Shape:
        shape = fit(self._device.role, chain.parts)
        if shape is None:
            found = [header.model for part in chain.parts for header in part]
            message = (
                f"{self._unit.name}: role {self._device.role} needs {wanted(self._device.role)}; "
                f"its chain has {found}"
            )
            raise DeviceMisbehaves(message)
        return shape

    def _measurer(self, shape: Shape, points: Points) -> Measurer:
        return Measurer(
            device=self._device.id,
            role=self._device.role,
            shape=shape,
            sign=self._settings.sign,
            bank_sign=self._settings.bank_sign,
            rating_w=rating(points),
            hybrid=points.get("120.DERTyp") == _PV_STOR,
        )

    async def _static(self, shape: Shape) -> Points:
        points: dict[str, PointValue] = {}
        for model, words in (await self._models(shape, (COMMON, NAMEPLATE, SETTINGS))).items():
            length = shape.headers[model].length
            points |= layout(model, length, (), self._quirks.dialect).decode(words)
        return points

    async def _models(self, shape: Shape, names: tuple[int, ...]) -> Mapping[int, tuple[int, ...]]:
        """Words of those models that the device has and lets be read."""
        found: dict[int, tuple[int, ...]] = {}
        for model in names:
            if shape.has(model):
                try:
                    found[model] = await self._unit.model(shape.headers[model])
                except RequestRefused as refused:
                    self._notes.append(f"model {model} cannot be read: {refused}")
                    self._refused = True
        return found

    async def _find_lever(self, shape: Shape, points: Points) -> None:
        before, self._lever, self._heart = self._lever, None, None
        may_connect = self._settings.connect
        models = await self._models(shape, STEERING)
        lever = choose(
            self._device,
            shape,
            points,
            models,
            may_connect=may_connect,
            armed=self._armed,
            manner=self._quirks.manner,
        )
        if isinstance(lever, tuple):
            self._notes += [f"reading only: {why}" for why in lever]
            return
        keep = self._steering and before is not None and before.header == lever.header
        self._lever = lever.begun(before.origin) if keep and before is not None else lever
        self._asked = self._asked if keep else {}
        standing = lever.expressed()
        if standing is not None and not keep:
            self._notes.append(
                f"model {lever.header.model} is in force already and asks for {standing:g} W"
            )
        hearts = await self._models(shape, tuple(OURS))
        turned = self._quirks.dialect.low_word_first
        found = (
            Heart.of(shape.headers[model], words, low_word_first=turned)
            for model, words in hearts.items()
        )
        self._heart = next((heart for heart in found if heart is not None), None)

    async def _blocks(self, chart: Chart, *, whole: bool) -> tuple[Blocks, Instant]:
        try:
            return await self._unit.read(chart.spans if whole else chart.vital)
        except RequestRefused:
            if chart.cuts is not None:  # what is refused by now, a new connect finds
                raise
        around = await self._unit.around(chart.pace.all, chart.shape.power)
        self._notes += around.refused
        self._map = chart.around(around.cuts)
        return around.blocks, around.at

    def _learn(self, points: Points) -> None:
        """A model that the reading was seen to rest on is read at every poll from now on."""
        now = self._connected()
        pace = now.pace.learned(now.measurer, points)
        if pace is not now.pace:
            self._map = now.paced(pace)

    def _connected(self) -> Chart:
        if self._map is None:
            message = f"{self._unit.name}: not connected yet"
            raise DeviceUnavailable(message)
        return self._map

    def _steerable(self) -> Lever:
        self._connected()
        if self._lever is None:
            reason = "; ".join(self._notes) or f"role {self._device.role} is only read"
            message = f"{self._unit.name}: cannot be controlled: {reason}"
            raise DeviceMisbehaves(message)
        return self._lever
