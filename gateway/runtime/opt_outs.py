"""Devices that their owner took out of the gateway's hands: which, why and until when.

The file that says it is the record as well, so it outlives a restart; a device that is left alone
is brought to its fall-back level once, nobody tenders for it, and its flow counts as load.
"""

from collections.abc import Callable, Iterable, Mapping

import structlog

from gateway.model.opt_out import OptOut, OptOutChanged
from gateway.model.time import Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock


class OptOuts:
    """What holds now; ``left`` gives what was said, ``devices`` are those it can be said of."""

    def __init__(
        self,
        *,
        devices: Iterable[str],
        left: Callable[[], Iterable[OptOut]],
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._devices = frozenset(devices)
        self._left = left
        self._bus = bus
        self._clock = clock
        self._log = structlog.get_logger()
        self._said: dict[str, OptOut] = {}
        self._commands: dict[str, OptOut] = {}  # the newest of each device
        self._told: dict[str, OptOut] = {}
        self._take()

    @property
    def in_force(self) -> Mapping[str, OptOut]:
        """By device."""
        if not self._said:
            return {}
        now = self._clock.now()
        return {device: one for device, one in self._said.items() if one.holds(now)}

    def say(self, opt_out: OptOut) -> None:
        """Take what another than a command says; it is told at the next look."""
        if opt_out.device in self._devices:
            self._said[opt_out.device] = opt_out

    def taken_back(self, device: str, since: Instant) -> bool:
        """Whether a command said since then that the device is left alone no longer."""
        command = self._commands.get(device)
        return command is not None and command.over and command.at >= since

    def look(self) -> None:
        """Every second: what commands said, and what has ended."""
        self._take()
        holds, now = self.in_force, self._clock.now()
        for device in sorted({*holds, *self._told}):
            opt_out = holds.get(device)
            if opt_out == self._told.get(device):
                continue
            if opt_out is None:
                del self._told[device]
                self._log.info("optout.ended", device=device)
            else:
                self._told[device] = opt_out
                self._log.info("optout.begun", device=device, reason=str(opt_out))
            self._bus.publish(OptOutChanged(device=device, at=now, opt_out=opt_out))

    def _take(self) -> None:
        for opt_out in self._left():
            # Files are told again whenever another is written: what is old is not said anew.
            known = self._commands.get(opt_out.device)
            if opt_out.device in self._devices and opt_out != known:
                self._said[opt_out.device] = self._commands[opt_out.device] = opt_out
