"""What a device reports of itself, as faults that come and go."""

from collections.abc import Mapping

from gateway.model.event import FaultChanged
from gateway.model.reading import Reading
from gateway.ports.bus import Bus


class DeviceEvents:
    """Tells each event of one device once when it is raised and once when it is over."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._raised: Mapping[str, str] = {}

    def take(self, reading: Reading) -> None:
        """Compare with what stood; one that only changes its words is told anew."""
        raised, self._raised = self._raised, reading.events
        if raised == reading.events:
            return
        for code in sorted(raised.keys() - reading.events.keys()):
            self._tell(reading, code, active=False, text="")
        for code, where in sorted(reading.events.items()):
            if raised.get(code) != where:
                self._tell(reading, code, active=True, text=f"the device reports it: {where}")

    def _tell(self, reading: Reading, code: str, *, active: bool, text: str) -> None:
        self._bus.publish(
            FaultChanged(device=reading.device, code=code, active=active, at=reading.at, text=text)
        )
