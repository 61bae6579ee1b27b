"""The dispatcher: positions and readings in, setpoints out, at poll rate.

It never awaits a device: it hands the newest setpoint to the device's station.  Every pass
ends with each armed device renewed or handed to release; only then is the watchdog fed.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

from gateway.agents import UTILITY, tenders_for_itself
from gateway.dispatch.effect import judge
from gateway.dispatch.guard import Guarded, Held, SiteRoom, fall_back, guard
from gateway.dispatch.lease import LeaseTerms, lease_terms, renew_due
from gateway.dispatch.merit import Step
from gateway.dispatch.plan import (
    Balance,
    SourceMemory,
    SourceView,
    plan_sources,
    plan_storage,
)
from gateway.model.device import Control, Device, DeviceState, Role
from gateway.model.event import FaultChanged
from gateway.model.reading import Quality, Reading
from gateway.model.setpoint import Outcome, Setpoint, SetpointStatus
from gateway.model.site import ControlMode, DispatchSettings, GridLimits
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Side, TieClass
from gateway.model.time import SECOND, Duration, Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.watchdog import Watchdog
from gateway.runtime.marketplace import Marketplace, Traded
from gateway.runtime.site import Site
from gateway.runtime.station import Attempt, Station

# Smaller changes are not written: well below what the re-entry rule allows per poll.
DEAD_BAND_W = 20.0
# Above the import limit by less than this is the meter's noise.
_BROKEN_W = 20.0
_EXPORTS_W = 50.0
# Auctions for a deviation: this many at once, then one in so long.  Limits are never rationed.
_BUCKET = 3
_REFILL = Duration(5 * SECOND)
_FAULT = "SETPOINT_NOT_FOLLOWED"


@dataclass(slots=True)
class _Steered:
    """What the dispatcher remembers of one device it can steer."""

    station: Station
    terms: LeaseTerms | None = None
    held: Held | None = None
    wanted: float | None = None
    because: str = ""
    accepted: float | None = None
    accepted_at: Instant | None = None
    effective: float | None = None
    outcome: Outcome | None = None
    detail: str = ""
    driven: bool = False


@dataclass(slots=True)
class _Bucket:
    """Rations auctions."""

    tokens: int = _BUCKET
    at: Instant = Instant(0)

    def take(self, now: Instant) -> bool:
        """One token, refilled over time."""
        refill = (now - self.at) // _REFILL
        if refill > 0:
            self.tokens, self.at = min(_BUCKET, self.tokens + refill), now
        if self.tokens == 0:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True)
class _Deviation:
    """Since when the meter has been away from the site's position."""

    since: Instant | None = None
    bucket: _Bucket = field(default_factory=_Bucket)
    limit_called_at: Instant = Instant(0)


class Dispatcher:
    """Runs ``tick`` on each reading of the grid meter, after each clearing and every second."""

    def __init__(
        self,
        *,
        site: Site,
        stations: Mapping[str, Station],
        marketplace: Marketplace,
        product: str,
        limits: GridLimits,
        settings: DispatchSettings,
        outside: frozenset[str],
        bus: Bus,
        clock: Clock,
        watchdog: Watchdog,
        mode: Callable[[], ControlMode],
        slot_wait_s: float = 0.1,
    ) -> None:
        self._site = site
        self._marketplace = marketplace
        self._product = product
        self._limits = limits
        self._settings = settings
        self._outside = outside
        self._bus = bus
        self._clock = clock
        self._watchdog = watchdog
        self._mode = mode
        self._slot_wait_s = slot_wait_s
        self._arrived = asyncio.Event()
        self._meter: Reading | None = None
        self._steered = {d: _Steered(station=s) for d, s in stations.items() if s.device.tender}
        self._traded: Traded | None = None
        self._memory: Mapping[str, SourceMemory] = {}
        self._deviation = _Deviation()
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Follow the meter and keep leases alive until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name="follower")
            tasks.create_task(self._renew(), name="renewer")

    async def _renew(self) -> None:
        while True:
            await self._clock.sleep(SECOND)
            self.tick()
            self._watchdog.feed()

    async def _follow(self) -> None:
        """One pass per reading of the grid meter, when its slot is complete."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            if self._meter is None:
                continue
            await self._slot_complete(self._meter)
            meter, self._meter = self._meter, None
            self._site.estimate_load()
            self.tick()
            self._watch_limits(meter)

    async def _slot_complete(self, meter: Reading) -> None:
        """Wait, but not long, for the devices that are read in the same slot."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._slot_wait_s):
                while self._missing(meter):
                    await self._arrived.wait()
                    self._arrived.clear()

    def _missing(self, meter: Reading) -> bool:
        """Whether an answering device, polled as often as the meter, has not been read yet."""
        return any(
            device.poll <= self._poll_of_meter
            and (reading is None or reading.at <= meter.at - self._poll_of_meter // 2)
            for device, reading in self._newest_readings(meter.at)
        )

    @property
    def _poll_of_meter(self) -> Duration:
        return next(d.poll for d in self._site.devices if d.id == self._site.grid)

    def _newest_readings(self, now: Instant) -> Iterator[tuple[Device, Reading | None]]:
        for steered in self._steered.values():
            device = steered.station.device
            if self._site.state(device.id) is DeviceState.ONLINE and device.id != self._site.grid:
                yield device, self._site.view(device.id, now).reading

    def on_reading(self, reading: Reading) -> None:
        """A station read its device."""
        steered = self._steered.get(reading.device)
        if steered is not None:
            self._judge_effect(steered, reading)
        if reading.device == self._site.grid:
            self._meter = reading
        self._arrived.set()

    def on_traded(self, traded: Traded) -> None:
        """A clearing: its setpoints are written at once."""
        if traded.product.id == self._product:
            self._traded = traded
            self.tick()

    def on_attempt(self, attempt: Attempt) -> None:
        """A station wrote, or could not."""
        steered = self._steered[attempt.setpoint.device]
        written = attempt.written
        steered.outcome, steered.detail = written.outcome, written.detail
        if written.outcome is Outcome.ACCEPTED:
            steered.accepted, steered.accepted_at = written.quantity, written.at
            self._note_hold(steered, written.quantity)
        else:
            # Not in the device: the next pass writes again.
            steered.held = None
            self._log.warning(
                "setpoint.failed",
                device=attempt.setpoint.device,
                outcome=written.outcome.value,
                detail=written.detail,
            )
        self._publish(steered)

    def forget(self) -> None:
        """The devices were released by somebody else: nothing is held any more."""
        for steered in self._steered.values():
            steered.held = steered.accepted = steered.accepted_at = None
            steered.effective = steered.outcome = None
            steered.driven = False
            self._site.hold(steered.station.device.id, None)

    @property
    def driven(self) -> tuple[str, ...]:
        """Devices that were written to since the last release."""
        return tuple(d for d, s in self._steered.items() if s.driven)

    def tick(self) -> None:
        """One pass: plan, guard, command."""
        mode = self._mode()
        if mode not in {ControlMode.ADVISE, ControlMode.ACT} or self._traded is None:
            return
        now = self._clock.now()
        views = {d: self._site.view(d, now) for d in self._steered}
        balance = self._balance(views, now)
        wanted: dict[str, float | None] = self._targets(views, balance, now)
        guarded = {d: self._bound(d, views[d], wanted, now) for d in wanted}
        if balance is not None:
            storing = {s: guarded[s].quantity or 0.0 for s in balance.storages}
            bounds = plan_sources(balance, storing)
            wanted |= bounds
            guarded |= {d: self._bound(d, views[d], wanted, now) for d in bounds}
        for device, view in views.items():
            if view.capabilities.control is not Control.NONE:
                bounded = guarded.get(device) or self._blind(device, view, now)
                self._settle_on(self._steered[device], bounded, wanted.get(device), now, mode)

    # -- what is wanted -------------------------------------------------------------------

    def _targets(
        self, views: Mapping[str, DeviceView], balance: Balance | None, now: Instant
    ) -> dict[str, float | None]:
        """Positions for stepped loads, the plan for storages; empty when blind."""
        stepped: dict[str, float | None] = dict(self._stepped(views, now))
        if self._site.grid is None:
            return stepped | self._positions_of(views, now)
        if balance is None:
            return stepped
        held = (self._steered[s].held for s in balance.storages)
        total = sum(h.quantity or 0.0 for h in held if h is not None)
        plan = plan_storage(
            balance,
            self._memory,
            discharging=total < -DEAD_BAND_W,
            now=now,
            settle=self._settings.settle,
        )
        self._memory = plan.memory
        return stepped | dict(plan.wanted)

    def _stepped(self, views: Mapping[str, DeviceView], now: Instant) -> dict[str, float]:
        """Stepped loads hold their position."""
        return {d: self._position_w(d, now) for d, v in views.items() if v.capabilities.stages_w}

    def _positions_of(
        self, views: Mapping[str, DeviceView], now: Instant
    ) -> dict[str, float | None]:
        """Without a grid meter nothing can be followed: storages hold, sources run free."""
        return {
            d: self._position_w(d, now)
            for d, v in views.items()
            if v.capabilities.control is Control.TARGET and not v.capabilities.stages_w
        }

    def _position_w(self, party: str, now: Instant) -> float:
        """Standing position as W; inside the lead already the next interval's."""
        traded = self._current
        market = self._marketplace.market(self._product)
        quantity = market.positions.at(party, max(now, traded.clearing.interval.start))
        sign = 1 if quantity >= 0 else -1
        return sign * traded.product.real_quantity(abs(quantity))

    @property
    def _current(self) -> Traded:
        if self._traded is None:
            message = "nothing was traded yet"
            raise RuntimeError(message)
        return self._traded

    def _balance(self, views: Mapping[str, DeviceView], now: Instant) -> Balance | None:
        """All that the plan rests on; None without a fresh grid meter."""
        residual = self._site.residual_w(now)
        if residual is None:
            return None
        sources = tuple(
            self._source(v)
            for d, v in views.items()
            if v.capabilities.control is Control.LIMIT and v.power_w is not None
        )
        storages = tuple(
            d
            for d, v in views.items()
            if self._steered[d].station.device.role is Role.STORAGE and v.power_w is not None
        )
        outside = sum(self._position_w(p, now) for p in sorted(self._outside))
        fixed = sum(
            self._fixed_w(d, views[d], w, now) for d, w in self._stepped(views, now).items()
        )
        product = self._current.product
        return Balance(
            residual_w=residual,
            fixed_w=fixed + outside,
            sources=sources,
            storages=storages,
            steps=self._steps((*storages, *(s.id for s in sources))),
            export_limit_w=self._limits.export_w,
            floor=product.price_floor,
            cap=product.price_cap,
        )

    def _source(self, view: DeviceView) -> SourceView:
        device = self._steered[view.id].station.device
        known = [w for w in (view.capabilities.rating_w, device.limits.max_w) if w is not None]
        output = max(0.0, -(view.power_w or 0.0))
        return SourceView(
            id=view.id,
            output_w=output,
            limit_w=view.limit_w,
            nameplate_w=max(output, min(known) if known else output),
        )

    def _fixed_w(self, device: str, view: DeviceView, wanted: float, now: Instant) -> float:
        """A stepped load counts as measured once it had time to follow its command."""
        held = self._steered[device].held
        moving = held is not None and now - held.turned_at < self._settings.settle
        if view.power_w is None or moving:
            return wanted
        return view.power_w

    def _steps(self, followers: tuple[str, ...]) -> tuple[Step, ...]:
        """The standing tenders of the utility and of everybody who can follow, in W."""
        traded, wanted = self._current, {UTILITY, *followers}
        market = self._marketplace.market(self._product)
        steps = [
            Step(
                party=tender.party,
                buy=tender.side is Side.BUY,
                price=tender.price,
                power_w=traded.product.real_quantity(tender.quantity),
                tie=int(TieClass.GRID if tender.party == UTILITY else TieClass.LOCAL),
            )
            for tender in market.standing(traded.instrument)
            if tender.party in wanted
        ]
        offered = {step.party for step in steps}
        for device in followers:
            if device not in offered:
                steps += self._silent_source(device)
        return tuple(steps)

    def _silent_source(self, device: str) -> list[Step]:
        """A source that offered nothing (asleep) is still held to what it may feed in."""
        settings = self._steered[device].station.device
        if settings.role is Role.STORAGE:
            return []
        price = self._current.product.price(settings.marginal_cost)
        return [Step(party=device, buy=False, price=price, power_w=1.0)]

    # -- what is allowed ------------------------------------------------------------------

    def _bound(
        self, device_id: str, view: DeviceView, wanted: Mapping[str, float | None], now: Instant
    ) -> Guarded:
        steered = self._steered[device_id]
        device = steered.station.device
        room = self._room(device, view, wanted, now)
        return guard(wanted[device_id], device, view, steered.held, room, now)

    def _blind(self, device_id: str, view: DeviceView, now: Instant) -> Guarded:
        """Nothing could be planned: without a meter at all a good source runs free."""
        if self._site.grid is None and view.power_w is not None:
            return Guarded(quantity=None)
        blind = self._site.grid is not None and self._site.residual_w(now) is None
        why = "the grid meter gives no fresh good value" if blind else f"{view.quality} reading"
        return fall_back(self._steered[device_id].station.device, why)

    def _room(
        self,
        device: Device,
        view: DeviceView,
        wanted: Mapping[str, float | None],
        now: Instant,
    ) -> SiteRoom:
        """What everybody else leaves of the site's limits."""
        residual = self._site.residual_w(now)
        if residual is None:
            return SiteRoom()
        others = residual + sum(
            self._expected_w(d, wanted.get(d), now) for d in self._steered if d != device.id
        )
        low, high = SiteRoom().low, SiteRoom().high
        if self._limits.import_w is not None:
            high = self._limits.import_w - others
        if self._limits.export_w is not None:
            low = -self._limits.export_w - others
        broken = high + _BROKEN_W < (view.power_w or 0.0)
        return SiteRoom(low=low, high=high, broken=broken)

    def _expected_w(self, device: str, wanted: float | None, now: Instant) -> float:
        """What a device will draw: storages as planned, the rest as measured."""
        settings, view = self._steered[device].station.device, self._site.view(device, now)
        if not tenders_for_itself(settings, view.capabilities):
            return 0.0  # it is in the residual, or it is the grid meter itself
        if settings.role is Role.STORAGE and wanted is not None:
            return wanted
        return view.power_w or 0.0

    # -- what is written ------------------------------------------------------------------

    def _settle_on(
        self,
        steered: _Steered,
        guarded: Guarded,
        wanted: float | None,
        now: Instant,
        mode: ControlMode,
    ) -> None:
        """Write when the value moved, or when half of the lease is over."""
        steered.wanted = wanted
        steered.because = self._because(guarded)
        held = steered.held
        if guarded.quantity is None and held is None and not steered.driven:
            return
        if held is not None and not self._worth_writing(steered, held, guarded.quantity, now):
            return
        view = self._site.view(steered.station.device.id, now)
        terms = steered.terms = lease_terms(steered.station.device, view.capabilities)
        if terms.refused:
            self._refuse(steered, terms.refused)
            return
        steered.held = self._hold(held, guarded.quantity, now)
        if mode is ControlMode.ADVISE:
            self._publish(steered)
            return
        self._command(steered, guarded.quantity, terms, now)

    def _worth_writing(
        self, steered: _Steered, held: Held, quantity: float | None, now: Instant
    ) -> bool:
        if (held.quantity is None) != (quantity is None):
            return True
        if quantity is not None and held.quantity is not None:
            step = abs(quantity - held.quantity)
            if step > DEAD_BAND_W or (step > 0 and quantity == 0):
                return True
        lease = steered.terms.lease if steered.terms else Duration(0)
        return quantity is not None and renew_due(held.at, lease, now)

    @staticmethod
    def _hold(held: Held | None, quantity: float | None, now: Instant) -> Held:
        before, after = (held.quantity if held else None) or 0.0, quantity or 0.0
        turned = held is None or before * after < 0 or (before == 0) != (after == 0)
        turned_at = now if turned or held is None else held.turned_at
        return Held(quantity=quantity, at=now, turned_at=turned_at)

    def _command(
        self, steered: _Steered, quantity: float | None, terms: LeaseTerms, now: Instant
    ) -> None:
        steered.driven = True
        steered.outcome = Outcome.COMMANDED
        steered.effective = None
        steered.station.command(
            Setpoint(
                device=steered.station.device.id,
                quantity=quantity,
                valid_until=Instant(now + terms.lease),
                timer_s=terms.timer_s,
                because=steered.because,
            )
        )

    def _because(self, guarded: Guarded) -> str:
        clearing = self._current.clearing
        known = clearing.reference_price if clearing.price is None else clearing.price
        price = "no price yet"
        if known is not None:
            real = self._current.product.real_price(known)
            price = f"price {real:.4f} (clearing {clearing.sequence})"
        return "; ".join((price, *guarded.reasons))

    def _refuse(self, steered: _Steered, why: str) -> None:
        if steered.outcome is not Outcome.REFUSED:
            steered.outcome, steered.detail = Outcome.REFUSED, why
            self._log.warning("setpoint.refused", device=steered.station.device.id, why=why)
            self._publish(steered)

    def _note_hold(self, steered: _Steered, quantity: float | None) -> None:
        device = steered.station.device
        view = self._site.view(device.id, self._clock.now())
        if view.capabilities.control is Control.LIMIT:
            self._site.hold(device.id, None if quantity is None else -quantity)

    # -- what came of it ------------------------------------------------------------------

    def _judge_effect(self, steered: _Steered, reading: Reading) -> None:
        if steered.accepted_at is None or steered.outcome not in _JUDGED:
            return
        view = self._site.view(reading.device, reading.at)
        verdict = judge(
            view.capabilities.control,
            steered.accepted,
            steered.accepted_at,
            reading,
            self._settings.settle,
        )
        if verdict.outcome is None or verdict.outcome is steered.outcome:
            return
        was_bad = steered.outcome is Outcome.NO_EFFECT
        steered.outcome, steered.detail = verdict.outcome, verdict.reason
        good = verdict.outcome is Outcome.EFFECTIVE
        steered.effective = steered.accepted if good else None
        if was_bad or not good:
            self._publish_fault(reading, active=not good, text=verdict.reason)
        self._publish(steered)

    def _publish_fault(self, reading: Reading, *, active: bool, text: str) -> None:
        fault = FaultChanged(
            device=reading.device, code=_FAULT, active=active, at=reading.at, text=text
        )
        self._bus.publish(fault)

    def _publish(self, steered: _Steered) -> None:
        held, terms, now = steered.held, steered.terms, self._clock.now()
        acting = self._mode() is ControlMode.ACT
        holding = held is not None and held.quantity is not None and acting and terms is not None
        lease_until = timer_until = None
        if holding and held is not None and terms is not None:
            lease_until = Instant(held.at + terms.lease)
            timer_until = Instant(held.at + terms.timer_s * SECOND) if terms.timer_s else None
        status = SetpointStatus(
            device=steered.station.device.id,
            at=now,
            wanted=steered.wanted,
            commanded=held.quantity if held is not None and acting else None,
            accepted=steered.accepted,
            effective=steered.effective,
            outcome=steered.outcome if acting else None,
            lease_until=lease_until,
            timer_until=timer_until,
            because=steered.because,
            detail=steered.detail,
        )
        self._bus.publish(status)

    # -- when the market must be asked again ----------------------------------------------

    def _watch_limits(self, meter: Reading) -> None:
        """Call an auction when a limit is broken, or the meter stays off the position."""
        if self._traded is None or meter.power_w is None or meter.quality is not Quality.GOOD:
            return
        if self._mode() is not ControlMode.ACT:
            return
        now = self._clock.now()
        broken = self._broken(meter.power_w)
        if broken and now - self._deviation.limit_called_at >= SECOND:
            self._deviation.limit_called_at = now
            self._marketplace.auction(self._product, broken)
            return
        expected = -self._position_w(UTILITY, now)
        if abs(meter.power_w - expected) <= self._settings.deviation_w:
            self._deviation.since = None
            return
        self._deviation.since = self._deviation.since or now
        if now - self._deviation.since <= self._settings.settle:
            return
        if self._deviation.bucket.take(now):
            self._deviation.since = None
            why = f"grid meter {meter.power_w:.0f} W, position {expected:.0f} W"
            self._marketplace.auction(self._product, why)

    def _broken(self, meter_w: float) -> str:
        if self._limits.import_w is not None and meter_w > self._limits.import_w + _BROKEN_W:
            return f"import {meter_w:.0f} W above the limit of {self._limits.import_w:.0f} W"
        if self._limits.export_w is not None and -meter_w > self._limits.export_w + _EXPORTS_W:
            return f"export {-meter_w:.0f} W above the limit of {self._limits.export_w:.0f} W"
        return ""


_JUDGED = frozenset({Outcome.ACCEPTED, Outcome.EFFECTIVE, Outcome.NO_EFFECT})
