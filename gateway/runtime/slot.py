"""A slot: the devices that are read with the grid meter, and how long to wait for them."""

import asyncio
import contextlib
from collections.abc import Iterable

from gateway.model.device import Device, DeviceState
from gateway.model.reading import Reading
from gateway.model.time import Instant
from gateway.runtime.site import Site


class Slot:
    """Tells when a meter's reading can be compared with those of the devices.

    ``wait_s``: at most so long, real seconds; a device that is late costs the others no more.
    """

    def __init__(self, site: Site, devices: Iterable[str], *, wait_s: float) -> None:
        self._site = site
        self._devices = tuple(d for d in devices if d != site.grid)
        self._wait_s = wait_s
        self._arrived = asyncio.Event()

    def arrived(self) -> None:
        """A device was read."""
        self._arrived.set()

    async def next_reading(self) -> None:
        """Return after the next reading of any device."""
        await self._arrived.wait()
        self._arrived.clear()

    async def complete(self, meter: Reading) -> None:
        """Wait, but not long, for the devices that are read in the same slot."""
        expected = [d for d in self._site.devices if d.id in self._devices]
        poll = next(d.poll for d in self._site.devices if d.id == meter.device)
        shared = [d for d in expected if d.poll <= poll]
        since = Instant(meter.at - poll // 2)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s):
                while any(self._is_missing(device, since) for device in shared):
                    await self.next_reading()

    def _is_missing(self, device: Device, since: Instant) -> bool:
        """Whether it answers, but was not read since then."""
        view = self._site.view(device.id, since)
        if view.state is not DeviceState.ONLINE:
            return False
        return view.reading is None or view.reading.at <= since
