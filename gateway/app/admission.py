"""The register of parties and its reception, from the configuration and the state folder."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from gateway.adapters.journal import SqliteJournal
from gateway.adapters.party_file import PartyFile
from gateway.adapters.state import StateDir
from gateway.model.errors import GridtenderError
from gateway.model.membership import PartyBook
from gateway.model.site import Site
from gateway.model.tender import Party
from gateway.model.time import HOUR, SECOND, Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.reception import Reception
from gateway.runtime.register import Register
from gateway.runtime.rows import Happened, read_body

# So far ahead may be traded, and a day more: what counts for today was traded since then.
_COUNTED = 72 * HOUR


def open_register(settings: Site, state: StateDir, configured: Sequence[Party]) -> Register:
    """Everybody from outside; a party book that cannot be read lets nobody in."""
    book = PartyBook()
    try:
        book = PartyFile(state.path).load()
    except GridtenderError as fault:
        structlog.get_logger().error("parties.unreadable", reason=str(fault))
    return Register(configured, settings.allowances, book)


def open_reception(
    settings: Site,
    state: StateDir,
    register: Register,
    marketplace: Marketplace,
    *,
    clock: Clock,
    bus: Bus,
    threaded: bool,
) -> Reception:
    """Where strangers and parties ask to be let in."""
    return Reception(
        register=register,
        marketplace=marketplace,
        store=PartyFile(state.path),
        settings=settings.admission,
        clock=clock,
        bus=bus,
        threaded=threaded,
    )


def recount(marketplace: Marketplace, journal: SqliteJournal, now: Instant) -> None:
    """What was traded before this start counts for the budgets of a day, where there are any."""
    if not marketplace.spending.wanted:
        return
    for row in journal.rows():
        if row.kind == "event" and row.now >= now - _COUNTED and '"Transaction"' in row.body:
            marketplace.spending.count(read_body(Happened, row).events)


def day_in(timezone: str) -> Callable[[Instant], str]:
    """The date of an instant in the zone; UTC where the system knows no such zone."""
    try:
        zone: ZoneInfo | None = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None

    @lru_cache(maxsize=256)
    def day(instant: Instant) -> str:
        return datetime.fromtimestamp(instant // SECOND, zone or UTC).date().isoformat()

    return day
