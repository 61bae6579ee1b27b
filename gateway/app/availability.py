"""Calendars of the house's own devices: their agents tender only inside."""

from collections.abc import Mapping
from pathlib import Path

import structlog

from gateway.adapters.calendar import read_calendar
from gateway.agents.within import Within
from gateway.config.calendars import calendar_text
from gateway.model.errors import WrongInput
from gateway.model.site import DeviceSettings, Site
from gateway.model.time import Interval
from gateway.ports.agent import Agent
from gateway.ports.calendar import Availability
from gateway.runtime.marketplace import Marketplace

_Mark = tuple[int, int, int]


class _Never:
    """Of a calendar that cannot be read: nobody knows when the device may be had."""

    def covers(self, _product: str, _interval: Interval) -> bool:
        """Never."""
        return False


def availabilities(site: Site) -> Mapping[str, Availability]:
    """By device, what its file says now."""
    return {item.device.id: _read(item.device.id, item.availability) for item in _bound(site)}


def within(agents: tuple[Agent, ...], site: Site) -> tuple[Agent, ...]:
    """The agents; those of devices with a calendar tender only inside."""
    known = availabilities(site)
    return tuple(
        Within(agent=one, availability=known[one.party.id]) if one.party.id in known else one
        for one in agents
    )


class AvailabilityFiles:
    """Looks whether the files were written."""

    def __init__(self, site: Site) -> None:
        self._files = {item.device.id: item.availability for item in _bound(site)}
        self._marks = self._now()

    def changed(self) -> frozenset[str]:
        """Devices whose file was written since the last look."""
        marks = self._now()
        changed = frozenset(id_ for id_, mark in marks.items() if mark != self._marks[id_])
        self._marks = marks
        return changed

    def _now(self) -> Mapping[str, _Mark | None]:
        return {device: file_mark(Path(file)) for device, file in self._files.items()}


def let_go(marketplace: Marketplace, known: Mapping[str, Availability]) -> None:
    """Withdraw, SUPERVISORY, all of a device that tenders outside what its calendar leaves."""
    for product in marketplace.products:
        market = marketplace.market(product.id)
        for device, availability in known.items():
            sets = market.live_sets(device)
            if any(not availability.covers(product.id, one.interval) for one in sets):
                marketplace.withdraw_from(product.id, device)


def file_mark(file: Path) -> _Mark | None:
    """What changes whenever a file is written; None where it cannot be seen."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _bound(site: Site) -> list[DeviceSettings]:
    return [item for item in site.devices if item.availability]


def _read(device: str, file: str) -> Availability:
    try:
        return read_calendar(calendar_text(Path(file)))
    except WrongInput as error:
        structlog.get_logger().error("availability.unreadable", party=device, reason=str(error))
        return _Never()
