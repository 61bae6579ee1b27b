"""Quarters of an hour: what flowed on average, by the energy counted, so that no poll does more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.agents import tenders_for_itself
from gateway.model.device import DeviceState, Role
from gateway.model.energy import Metered
from gateway.model.time import HOUR, MINUTE, Duration, Instant
from gateway.runtime.site import Site

QUARTER: Final = Duration(15 * MINUTE)
_SHORTEST, _LONGEST = Duration(10 * MINUTE), Duration(20 * MINUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """What was measured in the quarter of an hour from ``at``; W, into a device positive.

    Attributes:
        devices: mean flow of each that was measured throughout.
        load_w: what the site drew beside roofs and what is steered; None where a meter was missing.
        sun_w: what the roofs gave, from 0 up; None without roofs or where one was missing.
    """

    at: Instant
    devices: Mapping[str, float]
    load_w: float | None
    sun_w: float | None


class Quarters:
    """Takes the counters at every full quarter of an hour.

    Args:
        metered: what is counted of a device.
    """

    def __init__(self, site: Site, metered: Callable[[str], Metered | None]) -> None:
        self._site, self._metered = site, metered
        self._running: Instant | None = None
        self._marks: dict[str, tuple[Instant, float]] = {}

    def look(self, now: Instant) -> Quarter | None:
        """The quarter that has just ended, None while one is running; often."""
        begin = Instant(now - now % QUARTER)
        if begin == self._running:
            return None
        before, self._running = self._running, begin
        means, self._marks = self._means(), self._marks_now()
        if before is None or begin != before + QUARTER:
            return None  # nobody looked from its begin to its end, or the clock was set
        return self._quarter(before, means)

    def _quarter(self, at: Instant, means: Mapping[str, float]) -> Quarter:
        roofs = [one.id for one in self._site.devices if one.role is Role.SOLAR]
        known = roofs and all(roof in means for roof in roofs)
        return Quarter(
            at=at,
            devices=means,
            load_w=self._load(means),
            sun_w=max(-sum(means[roof] for roof in roofs), 0.0) if known else None,
        )

    def _load(self, means: Mapping[str, float]) -> float | None:
        grid = self._site.grid
        apart = [one.id for one in self._site.devices if self._is_apart(one.id)]
        if grid is None or any(device not in means for device in (grid, *apart)):
            return None
        return max(means[grid] - sum(means[device] for device in apart), 0.0)

    def _is_apart(self, device: str) -> bool:
        one = next(item for item in self._site.devices if item.id == device)
        if one.id == self._site.grid:
            return False
        return one.role in (Role.SOLAR, Role.STORAGE) or tenders_for_itself(
            one, self._site.capabilities(device)
        )

    def _means(self) -> dict[str, float]:
        means: dict[str, float] = {}
        for device, (at, net_wh) in self._marks_now().items():
            before = self._marks.get(device)
            if before is not None and _SHORTEST <= at - before[0] <= _LONGEST:
                means[device] = (net_wh - before[1]) * HOUR / (at - before[0])
        for one in self._site.devices:
            if one.id not in means and self._site.state(one.id) is DeviceState.SLEEPING:
                means[one.id] = 0.0
        return means

    def _marks_now(self) -> dict[str, tuple[Instant, float]]:
        counted = ((one.id, self._metered(one.id)) for one in self._site.devices)
        return {
            device: (metered.at, metered.into.total_wh - metered.out.total_wh)
            for device, metered in counted
            if metered is not None
        }
