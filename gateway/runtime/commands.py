"""Setpoints and heartbeats on their way to the stations, and devices left alone for a drill."""

from collections.abc import Callable, Mapping

from gateway.dispatch.lease import lease_terms
from gateway.model.device import Control, Device
from gateway.model.setpoint import Setpoint
from gateway.model.time import Instant
from gateway.runtime.progress import Progress
from gateway.runtime.site import Site
from gateway.runtime.station import Station


class Commands:
    """Hands every setpoint over on the terms that hold for its device.

    ``armed`` tells whether a device was written to and not let go.

    Attributes:
        left: devices that a drill leaves to themselves.
    """

    def __init__(
        self,
        *,
        site: Site,
        stations: Mapping[str, Station],
        devices: Mapping[str, Device],
        armed: Callable[[str], bool],
    ) -> None:
        self._site = site
        self._stations = stations
        self._devices = devices
        self._armed = armed
        self.left: set[str] = set()

    def give(self, progress: Progress, quantity: float | None, now: Instant) -> None:
        """Hand the setpoint to the device's station."""
        terms = progress.terms
        progress.command(quantity, now)
        self._site.tell(progress.device, quantity)
        self._stations[progress.device].command(
            Setpoint(
                device=progress.device,
                quantity=quantity,
                valid_until=Instant(now + progress.lease),
                timer_s=0 if terms is None else terms.timer_s,
                because=progress.because,
            )
        )

    def leave(self, progress: Progress, now: Instant) -> float:
        """Renew what stands once more, then not again until it is no longer left; the flow, W.

        Where nothing stands the device is told what changes nothing: a source its nameplate,
        anything else what it does now.
        """
        device = progress.device
        capabilities = self._site.capabilities(device)
        quantity = None if progress.held is None else progress.held.quantity
        if quantity is None:
            source = capabilities.control is Control.LIMIT
            does_w = self._site.view(device, now).power_w or 0.0
            quantity = -(capabilities.rating_w or 0.0) if source else does_w
        progress.terms = lease_terms(self._devices[device], capabilities)
        self.left.add(device)
        self.give(progress, quantity, now)
        return quantity

    def beat(self) -> None:
        """Tell the devices that are held, and listen for it, that their controller lives."""
        for device, station in self._stations.items():
            if self._armed(device) and device not in self.left:
                station.beat()
