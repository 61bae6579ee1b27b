"""What came of each setpoint: judged by readings, defended, and told."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import structlog

from gateway.model.device import Device
from gateway.model.event import FaultChanged
from gateway.model.reading import Reading
from gateway.model.site import ControlMode
from gateway.model.time import Duration, in_seconds
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.progress import Progress
from gateway.runtime.site import Site
from gateway.runtime.station import Attempt
from gateway.runtime.writes import Writes

_FROZEN: Final = {
    "DEVICE_FROZEN": (
        "it shows the same values whatever it is told; does its logger reach the device?"
    ),
    "METER_FROZEN": (
        "it shows the same values whatever the devices do; is its own meter connected?"
    ),
}


class Outcomes:
    """Follows the progress of every device; ``settle``: how long a command takes to show."""

    def __init__(
        self,
        *,
        site: Site,
        devices: Mapping[str, Device],
        progress: Mapping[str, Progress],
        settle: Duration,
        mode: Callable[[], ControlMode],
        writes: Writes,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._site = site
        self._devices = devices
        self._progress = progress
        self._settle = settle
        self._mode = mode
        self._writes = writes
        self._bus = bus
        self._clock = clock
        self._frozen: set[str] = set()
        self._log = structlog.get_logger()

    def heard(self, reading: Reading, *, left: bool) -> None:
        """A device that is steered was read; one that is ``left`` alone is not judged."""
        progress, device = self._progress[reading.device], self._devices[reading.device]
        self._note_frozen(reading, "DEVICE_FROZEN", frozen=self._site.frozen(reading.device))
        if left:
            return
        self._judge(progress, device, reading)
        self._defend(progress, reading)
        if device.writes.volatile is not True:
            progress.confirm(reading)

    def metered(self, meter: Reading) -> None:
        """The grid meter was read and its load estimated."""
        self._note_frozen(meter, "METER_FROZEN", frozen=self._site.meter_frozen)

    def attempted(self, attempt: Attempt) -> None:
        """A station wrote, or could not; a failure is retried but told once."""
        device = attempt.setpoint.device
        progress = self._progress[device]
        self._writes.note(device, attempt.written.taken)
        told = progress.told_failure
        if progress.attempted(attempt.written):
            self._site.hold(device, attempt.written.quantity, attempt.written.at)
        elif told == progress.told_failure:
            return
        else:
            outcome, reason = attempt.written.outcome.value, attempt.written.detail
            self._log.warning("setpoint.failed", device=device, outcome=outcome, reason=reason)
        self.publish(progress)

    def forget(self) -> None:
        """The devices were released by somebody else: nothing is held any more."""
        for device, progress in self._progress.items():
            told = progress.forget()
            self._site.hold(device, None, self._clock.now())
            if told:
                self.publish(progress)

    def publish(self, progress: Progress) -> None:
        """How far a setpoint came, with today's count of writes."""
        acting = self._mode() is ControlMode.ACT
        status = progress.status(self._clock.now(), acting=acting)
        device, count = self._devices[progress.device], self._writes.of(progress.device)
        timed = progress.terms is not None and progress.terms.timer_s > 0
        self._bus.publish(
            replace(
                status,
                fallback_after_s=in_seconds(device.fallback.after) if timed else None,
                fallback_observed_s=progress.observed_s,
                writes_today=count.today,
                writes_per_day=device.writes.per_day,
                volatile_writes_today=count.volatile_today,
            )
        )

    def _note_frozen(self, reading: Reading, code: str, *, frozen: bool) -> None:
        device = reading.device
        if frozen is (device in self._frozen):
            return
        self._frozen ^= {device}
        self._bus.publish(
            FaultChanged(device=device, code=code, active=frozen, at=reading.at, text=_FROZEN[code])
        )

    def _judge(self, progress: Progress, device: Device, reading: Reading) -> None:
        control, before = self._site.control(device.id), progress.outcome
        fault = progress.judge(device, control, reading, self._settle)
        if fault is not None:
            if fault.active:
                self._site.note_no_effect(device.id, reading.at)
            self._bus.publish(fault)
        if progress.outcome is not before:
            self.publish(progress)

    def _defend(self, progress: Progress, reading: Reading) -> None:
        """A setpoint that somebody else wrote over, or that was forgotten, is written again."""
        if reading.overridden is None or progress.held is None or progress.held.quantity is None:
            return
        restarted = self._site.view(reading.device, reading.at).since > progress.held.at
        if progress.overridden(reading.overridden, reading.at, restarted=restarted):
            found = reading.overridden
            self._log.warning("setpoint.overridden", device=reading.device, found=found)
            self.publish(progress)
