"""The dispatcher: positions and readings in, setpoints out, at poll rate.

It never awaits a device: it hands the newest setpoint to the device's station.  Every pass
ends with each armed device renewed or handed to release; only then is the watchdog fed.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import structlog

from gateway.agents import UTILITY
from gateway.dispatch.guard import Guarded, fall_back, guard
from gateway.dispatch.lease import LeaseTerms, lease_terms, renew_due
from gateway.dispatch.plan import Balance, SourceMemory, plan_sources, plan_storage
from gateway.model.device import Control, Device, DeviceState
from gateway.model.reading import Quality, Reading
from gateway.model.setpoint import Setpoint
from gateway.model.site import ControlMode, DispatchSettings, GridLimits
from gateway.model.snapshot import DeviceView
from gateway.model.time import SECOND, Duration, Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.watchdog import Watchdog
from gateway.runtime.balance import Moment
from gateway.runtime.deviation import DeviationWatch
from gateway.runtime.marketplace import Marketplace, Traded
from gateway.runtime.progress import Progress
from gateway.runtime.site import Site
from gateway.runtime.station import Attempt, Station

# Smaller changes are not written: well below what the re-entry rule allows per poll.
DEAD_BAND_W = 20.0


class Dispatcher:
    """Makes a pass on each reading of the grid meter, after each clearing and every second.

    ``slot_wait_s``: how long a pass waits for devices of the meter's slot, real seconds.
    """

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
        self._stations = {d: s for d, s in stations.items() if s.device.tender}
        self._devices = {d: s.device for d, s in self._stations.items()}
        self._progress = {d: Progress(device=d) for d in self._stations}
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
        self._watch = DeviationWatch(limits=limits, settings=settings)
        self._traded: Traded | None = None
        self._memory: Mapping[str, SourceMemory] = {}
        self._arrived = asyncio.Event()
        self._meter: Reading | None = None
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Follow the meter and keep leases alive until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name="follower")
            tasks.create_task(self._renew(), name="renewer")

    # What comes in.

    def on_reading(self, reading: Reading) -> None:
        """A station read its device."""
        progress = self._progress.get(reading.device)
        if progress is not None:
            self._judge(progress, reading)
        if reading.device == self._site.grid:
            self._meter = reading
        self._arrived.set()

    def on_traded(self, traded: Traded) -> None:
        """A clearing: its setpoints are written at once."""
        if traded.product.id == self._product:
            self._traded = traded
            if not traded.clearing.scheduled and traded.clearing.quantity == 0:
                self._watch.rest_until(traded.instrument.end)
            self.tick()

    def on_attempt(self, attempt: Attempt) -> None:
        """A station wrote, or could not; a failure is retried every pass but told once."""
        device = attempt.setpoint.device
        progress = self._progress[device]
        told = progress.told_failure
        if progress.attempted(attempt.written):
            self._note_limit(device, attempt.written.quantity)
        elif told == progress.told_failure:
            return
        else:
            outcome, detail = attempt.written.outcome.value, attempt.written.detail
            self._log.warning("setpoint.failed", device=device, outcome=outcome, detail=detail)
        self._publish(progress)

    def step(self, by: int) -> None:
        """The wall clock was stepped: leases and beliefs keep their age."""
        for progress in self._progress.values():
            progress.step(by)
        self._memory = {
            d: replace(memory, raised_at=Instant(memory.raised_at + by))
            for d, memory in self._memory.items()
        }

    def forget(self) -> None:
        """The devices were released by somebody else: nothing is held any more."""
        for device, progress in self._progress.items():
            progress.forget()
            self._site.hold(device, None)

    # When a pass is made.

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
            self._ask_market(meter)

    async def _slot_complete(self, meter: Reading) -> None:
        """Wait, but not long, for the devices that are read in the same slot."""
        poll = next(d.poll for d in self._site.devices if d.id == meter.device)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._slot_wait_s):
                while self._is_missing(meter.at, poll):
                    await self._arrived.wait()
                    self._arrived.clear()

    def _is_missing(self, at: Instant, poll: Duration) -> bool:
        """Whether an answering device, polled as often as the meter, has not been read yet."""
        return any(
            device.poll <= poll and (reading is None or reading.at <= at - poll // 2)
            for device, reading in self._newest(at)
        )

    def _newest(self, now: Instant) -> Iterator[tuple[Device, Reading | None]]:
        for device in self._devices.values():
            online = self._site.state(device.id) is DeviceState.ONLINE
            if online and device.id != self._site.grid:
                yield device, self._site.view(device.id, now).reading

    # One pass.

    def tick(self) -> None:
        """Plan, guard, command."""
        mode = self._mode()
        if self._traded is None or mode not in {ControlMode.ADVISE, ControlMode.ACT}:
            return
        moment = self._moment(self._traded)
        balance = moment.balance()
        wanted = self._targets(moment, balance)
        guarded = {d: self._bound(d, wanted, moment) for d in wanted}
        if balance is not None:
            storing = {s: guarded[s].quantity or 0.0 for s in balance.storages}
            bounds = plan_sources(balance, storing)
            wanted |= bounds
            guarded |= {d: self._bound(d, wanted, moment) for d in bounds}
        for device, view in moment.views.items():
            if view.capabilities.control is not Control.NONE:
                bounded = guarded.get(device) or self._blind(view, moment)
                self._settle_on(device, bounded, wanted.get(device), moment, mode)

    def _moment(self, traded: Traded) -> Moment:
        now = self._clock.now()
        return Moment(
            now=now,
            market=self._marketplace.market(self._product),
            instrument=traded.instrument,
            clearing=traded.clearing,
            devices=self._devices,
            views={d: self._site.view(d, now) for d in self._devices},
            residual_w=self._site.residual_w(now),
            outside=self._outside,
            held={d: p.held for d, p in self._progress.items()},
            limits=self._limits,
            settle=self._settings.settle,
        )

    def _targets(self, moment: Moment, balance: Balance | None) -> dict[str, float | None]:
        """Positions for stepped loads, the plan for storages; no storage when blind."""
        wanted: dict[str, float | None] = dict(moment.stepped())
        if self._site.grid is None:
            return wanted | moment.storage_positions()
        if balance is None:
            return wanted
        held = (moment.held[s] for s in balance.storages)
        total = sum(h.quantity or 0.0 for h in held if h is not None)
        plan = plan_storage(
            balance,
            self._memory,
            discharging=total < -DEAD_BAND_W,
            now=moment.now,
            settle=self._settings.settle,
        )
        self._memory = plan.memory
        return wanted | dict(plan.wanted)

    def _bound(self, device: str, wanted: Mapping[str, float | None], moment: Moment) -> Guarded:
        return guard(
            wanted[device],
            self._devices[device],
            moment.views[device],
            moment.held[device],
            moment.room(device, wanted),
            moment.now,
        )

    def _blind(self, view: DeviceView, moment: Moment) -> Guarded:
        """Nothing could be planned: without a meter at all a good source runs free."""
        if self._site.grid is None and view.power_w is not None:
            return Guarded(quantity=None)
        blind = self._site.grid is not None and moment.residual_w is None
        why = "the grid meter gives no fresh good value" if blind else f"{view.quality} reading"
        return fall_back(self._devices[view.id], why)

    # What goes out.

    def _settle_on(
        self,
        device: str,
        guarded: Guarded,
        wanted: float | None,
        moment: Moment,
        mode: ControlMode,
    ) -> None:
        """Write when the value moved, or when half of the lease is over."""
        progress = self._progress[device]
        progress.wanted, progress.because = wanted, _because(guarded, moment)
        if not self._worth_writing(progress, guarded.quantity, moment.now):
            return
        capabilities = moment.views[device].capabilities
        progress.terms = lease_terms(self._devices[device], capabilities)
        if progress.terms.refused:
            if progress.refuse(progress.terms.refused):
                self._log.warning("setpoint.refused", device=device, why=progress.detail)
                self._publish(progress)
            return
        progress.command(guarded.quantity, moment.now)
        if mode is ControlMode.ACT:
            progress.driven = True
            self._command(progress, progress.terms, moment.now)
        else:
            self._publish(progress)

    @staticmethod
    def _worth_writing(progress: Progress, quantity: float | None, now: Instant) -> bool:
        held = progress.held
        if held is None:
            return quantity is not None or progress.driven
        if held.quantity is None or quantity is None:
            return held.quantity is not quantity
        change = abs(quantity - held.quantity)
        moved = change > DEAD_BAND_W or (change > 0 and quantity == 0)
        return moved or renew_due(held.at, progress.lease, now)

    def _command(self, progress: Progress, terms: LeaseTerms, now: Instant) -> None:
        quantity = progress.held.quantity if progress.held else None
        self._stations[progress.device].command(
            Setpoint(
                device=progress.device,
                quantity=quantity,
                valid_until=Instant(now + terms.lease),
                timer_s=terms.timer_s,
                because=progress.because,
            )
        )

    def _note_limit(self, device: str, quantity: float | None) -> None:
        view = self._site.view(device, self._clock.now())
        if view.capabilities.control is Control.LIMIT:
            self._site.hold(device, None if quantity is None else -quantity)

    # What came of it.

    def _judge(self, progress: Progress, reading: Reading) -> None:
        control = self._site.view(reading.device, reading.at).capabilities.control
        before = progress.outcome
        fault = progress.judge(control, reading, self._settings.settle)
        if fault is not None:
            if fault.active:
                self._site.note_no_effect(reading.device, reading.at)
            self._bus.publish(fault)
        if progress.outcome is not before:
            self._publish(progress)

    def _publish(self, progress: Progress) -> None:
        acting = self._mode() is ControlMode.ACT
        self._bus.publish(progress.status(self._clock.now(), acting=acting))

    def _ask_market(self, meter: Reading) -> None:
        """Call an auction when a limit is broken, or the meter stays off the position."""
        if self._traded is None or self._mode() is not ControlMode.ACT:
            return
        if meter.power_w is None or meter.quality is not Quality.GOOD:
            return
        position_w = -self._moment(self._traded).position_w(UTILITY)
        why = self._watch.reason(meter.power_w, position_w, self._clock.now())
        if why:
            self._marketplace.auction(self._product, why)


def _because(guarded: Guarded, moment: Moment) -> str:
    """The price in force, then every bound that bit."""
    clearing = moment.clearing
    known = clearing.reference_price if clearing.price is None else clearing.price
    price = "no price yet"
    if known is not None:
        real = moment.market.product.real_price(known)
        price = f"price {real:.4f} (clearing {clearing.sequence})"
    return "; ".join((price, *guarded.reasons))
