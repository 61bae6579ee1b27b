"""Calendars that the owner gives devices and parties: these trade only inside."""

from collections.abc import Collection, Mapping
from pathlib import Path

import structlog

from gateway.adapters.calendar import read_calendar
from gateway.agents.within import Within
from gateway.config.calendars import calendar_text
from gateway.model.errors import WrongInput
from gateway.model.site import Site
from gateway.model.time import Interval
from gateway.ports.agent import Agent
from gateway.ports.calendar import Availability
from gateway.runtime.marketplace import Marketplace

_Mark = tuple[int, int, int]


class _Never:
    """Of a calendar that cannot be read: nobody knows when there is anything to be had."""

    products = frozenset[str]()

    def covers(self, _product: str, _interval: Interval) -> bool:
        """Never."""
        return False


def within(agents: tuple[Agent, ...], site: Site) -> tuple[Agent, ...]:
    """The agents; those of devices with a calendar tender only inside."""
    files = _of_devices(site)
    known = {id_: _read(id_, file) for id_, file in files.items()}
    return tuple(
        Within(agent=one, availability=known[one.party.id]) if one.party.id in known else one
        for one in agents
    )


def bind(marketplace: Marketplace, site: Site, only: Collection[str] | None = None) -> None:
    """Bound devices and parties, or ``only`` these, by what their files say now.

    What stands outside is withdrawn, SUPERVISORY; a party is told why.
    """
    for id_, file in _files(site).items():
        if only is None or id_ in only:
            marketplace.bind(id_, _read(id_, file))


class AvailabilityFiles:
    """Looks whether the files were written."""

    def __init__(self, site: Site) -> None:
        self._files = _files(site)
        self._marks = self._now()

    def changed(self) -> frozenset[str]:
        """Devices and parties whose file was written since the last look."""
        marks = self._now()
        changed = frozenset(id_ for id_, mark in marks.items() if mark != self._marks[id_])
        self._marks = marks
        return changed

    def _now(self) -> Mapping[str, _Mark | None]:
        return {id_: file_mark(Path(file)) for id_, file in self._files.items()}


def file_mark(file: Path) -> _Mark | None:
    """What changes whenever a file is written; None where it cannot be seen."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _files(site: Site) -> Mapping[str, str]:
    return {**_of_devices(site), **site.party_calendars}


def _of_devices(site: Site) -> Mapping[str, str]:
    return {item.device.id: item.availability for item in site.devices if item.availability}


def _read(party: str, file: str) -> Availability:
    try:
        return read_calendar(calendar_text(Path(file)))
    except WrongInput as error:
        structlog.get_logger().error("availability.unreadable", party=party, reason=str(error))
        return _Never()
