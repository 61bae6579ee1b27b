"""What is wrong with each device, and with the gateway, in one fact each."""

from collections.abc import Iterable

from gateway.model.device import DeviceState
from gateway.model.event import Fact, FaultChanged, HealthChanged, StateChanged
from gateway.model.time import Instant
from gateway.ports.bus import Bus

GATEWAY = "gateway"
FAULTY = "FAULTY"
"""The device itself reports a fault; ``d/D/state`` says which."""


class Health:
    """Gathers the faults that come and go."""

    def __init__(self, devices: Iterable[str], bus: Bus) -> None:
        self._faults: dict[str, set[str]] = {device: set() for device in (GATEWAY, *devices)}
        self._bus = bus
        bus.listen(self._hear)

    def announce(self, now: Instant) -> None:
        """Tell the health of everybody."""
        for device in self._faults:
            self._tell(device, now)

    def _hear(self, fact: Fact) -> None:
        match fact:
            case FaultChanged():
                self._note(fact.device, fact.code, active=fact.active, at=fact.at)
            case StateChanged():
                faulty = fact.state is DeviceState.FAULTY
                self._note(fact.device, FAULTY, active=faulty, at=fact.since)
            case _:
                pass

    def _note(self, device: str, code: str, *, active: bool, at: Instant) -> None:
        faults = self._faults.setdefault(device, set())
        if active is (code in faults):
            return
        if active:
            faults.add(code)
        else:
            faults.discard(code)
        self._tell(device, at)

    def _tell(self, device: str, at: Instant) -> None:
        faults = tuple(sorted(self._faults[device]))
        self._bus.publish(HealthChanged(device=device, at=at, faults=faults))
