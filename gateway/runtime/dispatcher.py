"""The dispatcher: positions and readings in, setpoints out, at poll rate.

It never awaits a device: it hands the newest setpoint to the device's station.  Every pass
ends with each armed device renewed or handed to release; only then is the watchdog fed.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import Protocol

import structlog

from gateway.agents import UTILITY
from gateway.dispatch.contest import Contest
from gateway.dispatch.guard import Guarded, fall_back
from gateway.dispatch.lease import lease_terms
from gateway.dispatch.thrift import Thrift
from gateway.model.device import Device
from gateway.model.opt_out import OptOut
from gateway.model.reading import Quality, Reading
from gateway.model.site import ControlMode, DispatchSettings, GridLimits
from gateway.model.tender import Party
from gateway.model.time import SECOND, Duration, Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.watchdog import Watchdog
from gateway.runtime.balance import Moment
from gateway.runtime.commands import Commands
from gateway.runtime.contests import Contests
from gateway.runtime.deviation import DeviationWatch
from gateway.runtime.marketplace import Marketplace, Traded
from gateway.runtime.outcomes import Outcomes
from gateway.runtime.planner import Planner, because
from gateway.runtime.progress import Progress
from gateway.runtime.site import Site
from gateway.runtime.slot import Slot
from gateway.runtime.station import Attempt, Station
from gateway.runtime.supervisor import supervise
from gateway.runtime.writes import Writes


class Wire(Protocol):
    """The connection to a market above."""

    @property
    def party(self) -> Party:
        """Who trades for it."""
        ...

    def limits(self, configured: GridLimits, now: Instant) -> GridLimits:
        """What it may carry now."""
        ...


class Dispatcher:
    """Makes a pass on each reading of the grid meter, after each clearing and every second.

    ``armed`` tells whether a device was written to and not let go; ``writes`` counts what devices
    took.  ``slot_wait_s``: how long a pass waits for devices of the meter's slot, real seconds.

    Attributes:
        progress: how far the newest setpoint came, by device that can be steered.
        on_pass: where it is set, told how many real seconds a pass took.
        opt_outs: devices that their owner took out of the gateway's hands.
        wire: to a market above, which trades for the connection instead of the utility.
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
        bus: Bus,
        clock: Clock,
        watchdog: Watchdog,
        mode: Callable[[], ControlMode],
        armed: Callable[[str], bool],
        writes: Writes,
        slot_wait_s: float = 0.1,
    ) -> None:
        self._site = site
        self._stations = {d: s for d, s in stations.items() if s.device.tender}
        self._devices = {d: s.device for d, s in self._stations.items()}
        self.progress = {
            d: Progress(device=d, contest=Contest(policy=device.contest))
            for d, device in self._devices.items()
        }
        self._contests = Contests(bus)
        self._commands = Commands(
            site=site, stations=self._stations, devices=self._devices, armed=armed
        )
        self._outcomes = Outcomes(
            site=site,
            devices=self._devices,
            progress=self.progress,
            settle=settings.settle,
            mode=mode,
            writes=writes,
            bus=bus,
            clock=clock,
        )
        self._marketplace = marketplace
        self._product = product
        self._limits = limits
        self._settings = settings
        self._bus = bus
        self._clock = clock
        self._watchdog = watchdog
        self._mode = mode
        self._armed = armed
        self._writes = writes
        self._slot = Slot(site, self._devices, wait_s=slot_wait_s)
        self._watch = DeviationWatch(limits=limits, settings=settings)
        self._traded: Traded | None = None
        self._planner = Planner(
            self._devices, settle=settings.settle, metered=site.grid is not None
        )
        self._meter: Reading | None = None
        self.on_pass: Callable[[float], None] | None = None
        self.wire: Wire | None = None
        self.opt_outs: Callable[[], Mapping[str, OptOut]] = dict
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Follow the meter and keep leases alive until cancelled, each whatever the other does."""
        async with asyncio.TaskGroup() as tasks:
            for name, work in (("follower", self._follow), ("renewer", self._renew)):
                tasks.create_task(supervise(name, work, self._clock), name=name)

    def bound_by(self, devices: Iterable[Device], limits: GridLimits) -> None:
        """Take changed limits of devices and connection; they hold from the next pass on."""
        self._devices.update({d.id: d for d in devices if d.id in self._stations})
        self._limits = limits
        self._watch = DeviationWatch(limits=limits, settings=self._settings)

    # For a drill.

    @property
    def limits(self) -> GridLimits:
        """At the connection point, as they hold now."""
        return self._limits

    def device(self, device: str) -> Device:
        """A device that it can steer, with the limits that hold now."""
        return self._devices[device]

    def leave(self, device: str) -> float:
        """Renew its setpoint once more, then not again before ``take_back``; the flow, W."""
        return self._commands.leave(self.progress[device], self._clock.now())

    def take_back(self, device: str) -> None:
        """The drill is over: the next pass steers it again."""
        self._commands.left.discard(device)
        self.progress[device].again = True
        self.tick()

    # What comes in.

    def on_reading(self, reading: Reading) -> None:
        """A station read its device."""
        if reading.device in self.progress:
            self._outcomes.heard(reading, left=reading.device in self._commands.left)
        if reading.device == self._site.grid:
            self._meter = reading
        self._slot.arrived()

    def on_traded(self, traded: Traded) -> None:
        """A clearing: its setpoints are written at once."""
        if traded.product.id == self._product:
            self._traded = traded
            if not traded.clearing.scheduled and traded.clearing.quantity == 0:
                self._watch.rest_until(traded.instrument.end)
            self.tick()

    def on_attempt(self, attempt: Attempt) -> None:
        """A station wrote, or could not."""
        self._outcomes.attempted(attempt)

    def step(self, by: int) -> None:
        """The wall clock was stepped: leases and beliefs keep their age."""
        for progress in self.progress.values():
            progress.step(by)
        self._watch = DeviationWatch(limits=self._limits, settings=self._settings)
        self._planner.step(by)

    def forget(self) -> None:
        """The devices were released by somebody else: nothing is held any more."""
        self._outcomes.forget()

    def tell(self) -> None:
        """Publish how far every setpoint came, with today's count of writes."""
        for progress in self.progress.values():
            if progress.outcome is not None:
                self._outcomes.publish(progress)

    # When a pass is made.

    async def _renew(self) -> None:
        """Every second, or four times in the shortest lease."""
        while True:
            leases = [p.lease for p in self.progress.values() if p.lease]
            await self._clock.sleep(Duration(min([SECOND, *(lease // 4 for lease in leases)])))
            if self._traded is None and self._all_asked():
                self._marketplace.auction(self._product, "nothing was cleared since the start")
            if self.tick():
                self._watchdog.feed()
                if self._traded is not None and self._mode() is ControlMode.ACT:
                    self._commands.beat()

    def _all_asked(self) -> bool:
        """Whether every device answered, or was seen not to."""
        now = self._clock.now()
        return all(self._site.view(d.id, now).since for d in self._site.devices)

    async def _follow(self) -> None:
        """One pass per reading of the grid meter, when its slot is complete."""
        while True:
            await self._slot.next_reading()
            if self._meter is None:
                continue
            await self._slot.complete(self._meter)
            meter, self._meter = self._meter, None
            self._site.estimate_load()
            self._outcomes.metered(meter)
            self.tick()
            self._ask_market(meter)

    # One pass.

    def tick(self) -> bool:
        """Plan, guard, command; whether every device got what is due to it."""
        began = perf_counter()
        healthy = self._pass()
        if self.on_pass is not None:
            self.on_pass(perf_counter() - began)
        return healthy

    def _pass(self) -> bool:
        mode = self._mode()
        if self._traded is None or mode not in {ControlMode.ADVISE, ControlMode.ACT}:
            return True
        self._leave_alone()
        moment = self._moment(self._traded)
        decisions = self._planner.decide(moment)
        settled = [
            self._settle_on(device, guarded, decisions.wanted.get(device), moment, mode)
            for device, guarded in decisions.guarded.items()
        ]
        for device, opt_out in self.opt_outs().items():
            if device in self.progress:  # once brought to its fall-back level it is left there
                level = fall_back(self._devices[device], str(opt_out))
                settled.append(self._settle_on(device, level, None, moment, mode))
        return decisions.healthy and all(settled)

    def _leave_alone(self) -> None:
        """Devices that somebody else steers for now are neither planned nor written."""
        now, alone = self._clock.now(), self.opt_outs()
        for device, progress in self.progress.items():
            yielded = self._contests.review(progress, now) or device in alone
            self._site.cede(device, ceded=yielded or device in self._commands.left)

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
            held={d: p.held for d, p in self.progress.items()},
            limits=self._limits if self.wire is None else self.wire.limits(self._limits, now),
            settle=self._settings.settle,
            thrifts=self._thrifts(now),
            grid=UTILITY if self.wire is None else self.wire.party.id,
        )

    def _thrifts(self, now: Instant) -> dict[str, Thrift]:
        """Devices whose write budget runs low."""
        rules = {d: self._writes.thrift(d, p.changed_at, now) for d, p in self.progress.items()}
        return {device: rule for device, rule in rules.items() if rule is not None}

    # What goes out.

    def _settle_on(
        self,
        device: str,
        guarded: Guarded,
        wanted: float | None,
        moment: Moment,
        mode: ControlMode,
    ) -> bool:
        """Write if it is due; False if that failed."""
        progress, view = self.progress[device], moment.views[device]
        progress.wanted, progress.because = wanted, because(guarded, moment)
        armed = self._armed(device)
        if not progress.due(guarded.quantity, moment.now, since=view.since, armed=armed):
            return True
        try:
            self._write(progress, guarded.quantity, moment, mode)
        except Exception:  # noqa: BLE001 - the other devices must get theirs
            self._log.exception("pass.failed", what=device)
            progress.again = True
            return False
        return True

    def _write(
        self, progress: Progress, quantity: float | None, moment: Moment, mode: ControlMode
    ) -> None:
        device = progress.device
        terms = lease_terms(self._devices[device], moment.views[device].capabilities)
        progress.terms = terms
        left_so = self._armed(device) and progress.held is None
        if terms.refused and left_so and mode is ControlMode.ACT:
            # Driven by an earlier life, on terms that hold no more.
            quantity = fall_back(self._devices[device], terms.refused).quantity
        elif terms.refused:
            if progress.refuse(terms.refused):
                self._log.warning("setpoint.refused", device=device, reason=progress.detail)
                self._outcomes.publish(progress)
            return
        if mode is ControlMode.ACT:
            self._commands.give(progress, quantity, moment.now)
            return
        progress.command(quantity, moment.now)
        self._outcomes.publish(progress)

    def _ask_market(self, meter: Reading) -> None:
        """Call an auction when a limit is broken, or the meter stays off the position."""
        if self._traded is None or self._mode() is not ControlMode.ACT:
            return
        if meter.power_w is None or meter.quality is not Quality.GOOD:
            return
        moment = self._moment(self._traded)
        position_w = -moment.position_w(moment.grid)
        why = self._watch.reason(meter.power_w, position_w, self._clock.now())
        if why:
            self._marketplace.auction(self._product, why)
