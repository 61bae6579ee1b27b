"""The site: the newest reading of every device, their states, and the load estimate."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from gateway.agents import is_steered_load, tenders_for_itself
from gateway.dispatch.estimate import LoadEstimate, first_estimate, next_estimate
from gateway.dispatch.plan import AT_LIMIT_W
from gateway.dispatch.standstill import (
    LONGEST,
    OBEYED,
    TOLD_W,
    Standstill,
    everything,
    expected,
    measured,
    next_standstill,
)
from gateway.dispatch.stillness import Stillness, is_frozen, next_stillness
from gateway.model.canonical import kept, quantise, thousandths
from gateway.model.comfort import Climate
from gateway.model.device import Capabilities, Control, Description, Device, DeviceState, Role
from gateway.model.event import StateChanged
from gateway.model.reading import Quality, Reading
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.time import SECOND, Duration, Instant
from gateway.model.wish import Errand
from gateway.runtime.prices import Prices

_RUNNING_W = 50.0
_as_kept = lru_cache(maxsize=4096)(quantise)  # what a device can do seldom changes
_UNKNOWN = Capabilities()


@dataclass(slots=True)
class _Entry:
    """What is known of one device."""

    device: Device
    state: DeviceState = DeviceState.OFFLINE
    since: Instant = Instant(0)
    reading: Reading | None = None
    capabilities: Capabilities = _UNKNOWN
    asked_w: float | None = None
    asked_at: Instant = Instant(0)
    moving: tuple[float, float] | None = None
    running_since: Instant | None = None
    stopped_since: Instant | None = None
    no_effect_at: Instant | None = None
    ceded: bool = False
    told_w: float | None = None
    away_since: Instant | None = None
    errand: Errand | None = None
    climate: Climate | None = None
    whole: Standstill | None = None
    flow: Standstill | None = None
    frozen: bool = False

    @property
    def steering(self) -> Capabilities:
        """What it can do for the gateway now: nothing while it is left to somebody else."""
        if not self.ceded:
            return self.capabilities
        return replace(self.capabilities, control=Control.NONE, stages_w=())


class Site:
    """One owner of all measurements; hands out frozen snapshots.

    ``fresh_at_least``: a reading younger than this or than 3 polls is fresh.

    Attributes:
        grid: the grid meter, None without one.
        meter_frozen: whether it shows the same whatever the devices do.
    """

    def __init__(
        self,
        devices: Iterable[Device],
        prices: Prices,
        fresh_at_least: Duration = Duration(3 * SECOND),
    ) -> None:
        self._entries = {d.id: _Entry(device=d) for d in devices}
        self._prices = prices
        self._fresh = fresh_at_least
        self._estimate: LoadEstimate | None = None
        self._still: Stillness | None = None
        self.meter_frozen = False
        self.grid = next((d.id for d in self.devices if d.role is Role.GRID), None)

    @property
    def devices(self) -> tuple[Device, ...]:
        """In configuration order."""
        return tuple(e.device for e in self._entries.values())

    def put(self, reading: Reading) -> None:
        """Take a newer reading."""
        entry = self._entries[reading.device]
        entry.reading = reading
        if reading.at > entry.asked_at:
            entry.moving = None
        _note_standstill(entry, reading)
        runs = entry.capabilities.stages_w or is_steered_load(entry.device, entry.capabilities)
        if runs and reading.power_w is not None:
            self._note_running(entry, reading)

    def describe(self, device: str, description: Description) -> None:
        """Take what the device told of itself."""
        self._entries[device].capabilities = description.capabilities

    def enter(
        self, device: str, state: DeviceState, at: Instant, reason: str
    ) -> StateChanged | None:
        """The device's state; returns the change, None when it is no change."""
        entry = self._entries[device]
        if entry.state is state and entry.since:
            return None
        entry.state, entry.since = state, at
        return StateChanged(device=device, state=state, since=at, reason=reason)

    def hold(self, device: str, quantity: float | None, at: Instant) -> None:
        """Note the flow, or bound, the device was told at ``at``; None = nothing any more."""
        entry = self._entries[device]
        if quantity == entry.asked_w:
            return
        goal = _goal(entry, quantity)
        if goal is None:
            entry.moving = None
        else:
            least, most = entry.moving or (goal, goal)
            entry.moving = (min(least, goal), max(most, goal))
        entry.asked_w, entry.asked_at = quantity, at

    def tell(self, device: str, quantity: float | None) -> None:
        """Note what the device is being told, whether or not it will say that it took it."""
        self._entries[device].told_w = quantity

    def frozen(self, device: str) -> bool:
        """Whether it shows the same whatever it is told."""
        return self._entries[device].frozen

    def capabilities(self, device: str) -> Capabilities:
        """What the device told of itself, also while it is left alone."""
        return self._entries[device].capabilities

    def cede(self, device: str, *, ceded: bool) -> None:
        """Leave a device to itself, or to somebody else: nobody tenders for it or plans on it."""
        entry = self._entries[device]
        entry.ceded = ceded
        if ceded:
            entry.asked_w = entry.moving = None

    def wish(self, device: str, errand: Errand | None) -> None:
        """Note what its owner wishes of it and it has not done yet."""
        self._entries[device].errand = quantise(errand) if errand else None

    def climate(self, device: str, climate: Climate | None) -> None:
        """Note how warm it is where it keeps a temperature."""
        self._entries[device].climate = quantise(climate) if climate else None

    def note_no_effect(self, device: str, at: Instant) -> None:
        """Note when a command was seen to have no effect."""
        self._entries[device].no_effect_at = at

    def step(self, by: int) -> None:
        """The wall clock was stepped: what was measured keeps its age."""
        if self._still is not None:
            self._still = replace(self._still, since=Instant(self._still.since + by))
        for entry in self._entries.values():
            if entry.away_since is not None:
                entry.away_since = Instant(entry.away_since + by)
            entry.whole = entry.whole and entry.whole.shifted(by)
            entry.flow = entry.flow and entry.flow.shifted(by)
            if entry.since:
                entry.since = Instant(entry.since + by)
            entry.asked_at = Instant(entry.asked_at + by)
            if entry.reading is not None:
                entry.reading = replace(entry.reading, at=Instant(entry.reading.at + by))
            if entry.running_since is not None:
                entry.running_since = Instant(entry.running_since + by)
            if entry.stopped_since is not None:
                entry.stopped_since = Instant(entry.stopped_since + by)
            if entry.no_effect_at is not None:
                entry.no_effect_at = Instant(entry.no_effect_at + by)

    def state(self, device: str) -> DeviceState:
        """The state in force."""
        return self._entries[device].state

    def control(self, device: str) -> Control:
        """How the device can be steered."""
        return self._entries[device].steering.control

    def view(self, device: str, now: Instant) -> DeviceView:
        """One device as of now, its reading's quality aged."""
        return self._view(self._entries[device], now)

    def _view(self, entry: _Entry, now: Instant, *, slim: bool = False) -> DeviceView:
        reading, capabilities, limit_w = entry.reading, entry.steering, _limit_w(entry)
        if slim:
            reading = None if reading is None else _slim(reading)
            capabilities, limit_w = _as_kept(capabilities), kept(limit_w)
        return DeviceView(
            id=entry.device.id,
            state=entry.state,
            capabilities=capabilities,
            since=entry.since,
            reading=reading,
            quality=self._quality(entry, now),
            limit_w=limit_w,
            running_since=entry.running_since,
            stopped_since=entry.stopped_since,
            no_effect_at=entry.no_effect_at,
            errand=entry.errand,
            climate=entry.climate,
        )

    def snapshot(
        self,
        now: Instant,
        devices: Container[str] | None = None,
        priced_at: Instant | None = None,
    ) -> Snapshot:
        """Everything, or only ``devices``, frozen, without the readings' single points.

        It is as it reads back from the journal: in thousandths, by sorted name.  The tariff is
        that of ``priced_at``, the begin of what is traded, where that is still to come.
        """
        wanted = sorted(d for d in self._entries if devices is None or d in devices)
        slim = {d: self._view(self._entries[d], now, slim=True) for d in wanted}
        import_price, export_price = self._prices.now(max(now, priced_at or now))
        return Snapshot(
            at=now,
            devices=slim,
            import_price=kept(import_price),
            export_price=kept(export_price),
            residual_w=kept(self.residual_w(now)),
        )

    def estimate_load(self) -> None:
        """Bring the load estimate up to the newest meter reading.

        To be called once the devices of the same slot were read as well: the estimate rests
        on their flow at this poll and at the previous one.
        """
        meter = self._entries[self.grid].reading if self.grid else None
        if meter is None or meter.power_w is None or meter.quality is not Quality.GOOD:
            return
        steered = {
            e.device.id: e.reading.power_w or 0.0
            for e in self._entries.values()
            if e.reading is not None
            and tenders_for_itself(e.device, e.steering)
            and self._quality(e, meter.at) is Quality.GOOD
        }
        self._still = next_stillness(self._still, meter, steered)
        self.meter_frozen = is_frozen(self._still, meter.at, steered)
        moving = {e.device.id: e.moving for e in self._entries.values() if e.moving is not None}
        old = self._estimate
        self._estimate = (
            next_estimate(old, meter.power_w, steered, moving)
            if old
            else first_estimate(meter.power_w, steered)
        )

    def residual_w(self, now: Instant) -> float | None:
        """The load estimate; None without a fresh grid meter that moves."""
        if self.grid is None or self._estimate is None or self.meter_frozen:
            return None
        entry = self._entries[self.grid]
        if self._quality(entry, now) is not Quality.GOOD:
            return None
        return self._estimate.residual_w

    def _quality(self, entry: _Entry, now: Instant) -> Quality:
        if entry.reading is None or entry.state is DeviceState.OFFLINE:
            return Quality.MISSING
        counts_for = entry.reading.good_for or max(3 * entry.device.poll, self._fresh)
        if now - entry.reading.at > counts_for:
            return Quality.STALE
        return Quality.SUSPECT if entry.frozen else entry.reading.quality

    @staticmethod
    def _note_running(entry: _Entry, reading: Reading) -> None:
        power_w = reading.power_w or 0.0
        gives = entry.device.role is Role.GENERATOR
        runs = (-power_w if gives else power_w) > _RUNNING_W
        if runs and entry.running_since is None:
            entry.running_since, entry.stopped_since = reading.at, None
        elif not runs and entry.stopped_since is None:
            entry.running_since, entry.stopped_since = None, reading.at


def _slim(reading: Reading) -> Reading:
    """What agents look at, as the journal keeps it: no single points, no counters."""
    return Reading(
        device=reading.device,
        at=reading.at,
        flows={name: thousandths(flow) / 1000 for name, flow in sorted(reading.flows.items())},
        quality=reading.quality,
        soc_pct=kept(reading.soc_pct),
        available_w=kept(reading.available_w),
        asleep=reading.asleep,
        fault=reading.fault,
        note=reading.note,
        timer_left_s=kept(reading.timer_left_s),
    )


def _note_standstill(entry: _Entry, reading: Reading) -> None:
    """A bound need not move a source, a compressor waits: of them only the controls tell."""
    at, told_w = reading.at, entry.told_w
    if told_w is None and entry.flow is None:
        return  # nothing was told yet: what it shows now tells nothing
    longest = Duration(max(LONGEST, 3 * entry.device.poll))
    shown, steered = everything(reading), entry.steering
    entry.whole = next_standstill(entry.whole, shown, told_w, at) if shown else None
    entry.flow = next_standstill(entry.flow, measured(reading), _owed_w(entry, reading), at)
    follows = steered.control is Control.TARGET and not steered.stages_w
    entry.frozen = bool(
        (entry.whole and entry.whole.lasts(at, longest))
        or (follows and entry.flow.lasts(at, longest))
    )


def _owed_w(entry: _Entry, reading: Reading) -> float | None:
    """The flow it should have by now; None while a word is too new to have moved it."""
    power, told_w, at = reading.power_w, entry.told_w, reading.at
    owed_w = None
    if told_w is not None and reading.overridden is None:  # else it obeys somebody else
        owed_w = expected(told_w, reading.soc_pct, entry.device.limits)
    if owed_w is None or power is None:
        entry.away_since = None
        return None
    if abs(owed_w - power) < TOLD_W:
        entry.away_since = None
        return owed_w
    if entry.away_since is None:
        entry.away_since = at
    return owed_w if at - entry.away_since >= OBEYED else None


def _limit_w(entry: _Entry) -> float | None:
    """The limit that the gateway holds a source to (magnitude), None = none."""
    if entry.capabilities.control is not Control.LIMIT or entry.asked_w is None:
        return None
    return -entry.asked_w


def _goal(entry: _Entry, quantity: float | None) -> float | None:
    """Where the flow goes by a new setpoint, None where it does not move by it.

    A bound moves a source that it cuts, or that the old bound held back.
    """
    power = entry.reading.power_w if entry.reading is not None else None
    if quantity is None or power is None:
        return None
    if entry.capabilities.control is not Control.LIMIT:
        return quantity
    held_back = entry.asked_w is not None and power <= entry.asked_w + AT_LIMIT_W
    return quantity if held_back or power < quantity else None
