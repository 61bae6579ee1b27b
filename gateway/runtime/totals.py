"""The site as a whole: grid power, what its sources do, and energy; unknown where a part is."""

from collections.abc import Callable, Collection, Iterable
from typing import Final

from gateway.model.device import Device, DeviceState, Role
from gateway.model.event import EnergyCounted, Fact
from gateway.model.share import Totals
from gateway.model.snapshot import DeviceView
from gateway.model.time import Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock

SOURCES: Final = frozenset({Role.SOLAR, Role.STORAGE, Role.GENERATOR})


class SiteTotals:
    """Sums over the configured devices; ``view`` tells one of them as of now."""

    def __init__(
        self,
        *,
        name: str,
        version: str,
        devices: Iterable[Device],
        view: Callable[[str, Instant], DeviceView],
        clock: Clock,
        bus: Bus,
    ) -> None:
        devices = tuple(devices)
        self._name = name
        self._version = version
        self._grid = [one.id for one in devices if one.role is Role.GRID]
        self._sources = [one.id for one in devices if one.role in SOURCES]
        self._view = view
        self._clock = clock
        self._counted: dict[str, EnergyCounted] = {}
        bus.listen(self._hear)

    def now(self) -> Totals:
        """As of now."""
        return Totals(
            name=self._name,
            version=self._version,
            grid_w=self._power_w(self._grid),
            imported_wh=self._energy_wh(self._grid, lambda one: one.in_wh),
            exported_wh=self._energy_wh(self._grid, lambda one: one.out_wh),
            sources_w=self._power_w(self._sources),
            injected_wh=self._energy_wh(self._sources, lambda one: one.out_wh),
            absorbed_wh=self._energy_wh(self._sources, lambda one: one.in_wh),
        )

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact, EnergyCounted):
            self._counted[fact.device] = fact

    def _power_w(self, devices: Collection[str]) -> float | None:
        """Of all together; None without any, or as soon as one is not known."""
        now, total_w = self._clock.now(), 0.0
        for device in devices:
            view = self._view(device, now)
            power_w = view.power_w
            if power_w is None and view.state is DeviceState.SLEEPING:
                power_w = 0.0  # what sleeps moves nothing: that is known
            if power_w is None:
                return None
            total_w += power_w
        return total_w if devices else None

    def _energy_wh(
        self, devices: Collection[str], part: Callable[[EnergyCounted], int]
    ) -> int | None:
        if not devices or not all(device in self._counted for device in devices):
            return None
        return sum(part(self._counted[device]) for device in devices)
