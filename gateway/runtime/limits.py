"""Limits the owner tightens while the gateway runs: kept on the disk, in force at once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import structlog

from gateway.model.device import Capabilities
from gateway.model.errors import GridtenderError
from gateway.model.event import Described, Fact, LimitsChanged
from gateway.model.limit import (
    CONNECTION,
    LimitKey,
    Ranges,
    Wishes,
    device_ranges,
    in_force,
    narrowed,
    site_ranges,
)
from gateway.model.request import LimitRequest
from gateway.model.site import Site, Tariff
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.keeping import Keeping


class OwnerLimits:
    """What the owner wished, and the site it makes of the configured one.

    ``load`` reads the wishes, ``store`` keeps them.  ``on_change`` gets the site in force.
    """

    def __init__(
        self,
        *,
        configured: Site,
        load: Callable[[], Wishes],
        store: Callable[[Wishes], Awaitable[None]],
        clock: Clock,
        bus: Bus,
    ) -> None:
        self._configured = configured
        self._keeping = Keeping(store, self._not_kept)
        self._clock = clock
        self._bus = bus
        self._log = structlog.get_logger()
        self._devices = {one.device.id: one.device for one in configured.devices}
        self._told: dict[str, Capabilities] = {}
        self._wishes = self._read(load)
        self.on_change: Callable[[Site], None] = lambda _site: None
        bus.listen(self._hear)

    @property
    def site(self) -> Site:
        """The configured site with every wish in force."""
        return narrowed(self._configured, self._wishes)

    def priced_by(self, tariff: Tariff) -> None:
        """Take another tariff than the one configured at the start."""
        self._configured = replace(self._configured, tariff=tariff)
        self.on_change(self.site)

    def announce(self) -> None:
        """Tell every limit that can be set."""
        for device in (CONNECTION, *self._devices):
            self._tell(device)

    def set(self, request: LimitRequest) -> None:
        """Take a limit, or refuse it in the log; what holds is told either way."""
        why = self._refusal(request)
        if why:
            self._log.warning(
                "limit.refused", device=request.device, key=request.key.value, reason=why
            )
        else:
            self._take(request)
        self._tell(request.device)

    def _take(self, request: LimitRequest) -> None:
        wish = {**self._wishes.get(request.device, {}), request.key.value: request.value}
        self._wishes = {**self._wishes, request.device: wish}
        self._log.info(
            "limit.changed", device=request.device, key=request.key.value, value=request.value
        )
        # In force at once; the disk may take its time.
        self.on_change(self.site)
        self._keeping.keep(self._wishes)

    def _not_kept(self, why: str) -> None:
        self._log.error("limit.not_kept", reason=why)

    def _refusal(self, request: LimitRequest) -> str:
        """Why it is not taken, empty if it is."""
        ranges = self._ranges(request.device)
        allowed = ranges.get(request.key)
        if allowed is None:
            known = ", ".join(ranges) or "none"
            return f"{request.device} has no such limit to set; it has: {known}"
        if not allowed.least <= request.value <= allowed.most:
            return f"found {request.value:g}, allowed: {allowed.least:g} to {allowed.most:g}"
        others = in_force(ranges, self._wishes.get(request.device, {})) | {
            request.key: request.value
        }
        low, high = others.get(LimitKey.MIN_SOC_PCT), others.get(LimitKey.MAX_SOC_PCT)
        if low is not None and high is not None and low >= high:
            return f"a reserve of {low:g} % is not below the upper bound of {high:g} %"
        return ""

    def _ranges(self, device: str) -> Ranges:
        if device == CONNECTION:
            return site_ranges(self._configured.limits)
        if device not in self._devices:
            return {}
        return device_ranges(self._devices[device], self._told.get(device, Capabilities()))

    def _hear(self, fact: Fact) -> None:
        """A device that tells what it can has more limits to set."""
        if isinstance(fact, Described):
            self._told[fact.device] = fact.description.capabilities
            self._tell(fact.device)

    def _tell(self, device: str) -> None:
        ranges = self._ranges(device)
        if not ranges:
            return
        limits = in_force(ranges, self._wishes.get(device, {}))
        self._bus.publish(
            LimitsChanged(device=device, at=self._clock.now(), limits=limits, ranges=ranges)
        )

    def _read(self, load: Callable[[], Wishes]) -> Mapping[str, Mapping[str, float]]:
        """What was kept; the configured limits hold alone while that cannot be read."""
        try:
            return load()
        except GridtenderError as fault:
            self._log.error("limit.unreadable", reason=str(fault))
            return {}
