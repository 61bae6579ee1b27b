"""The station that looks ahead, with what it needs of the house."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.adapters.history import HistoryFile
from gateway.adapters.state import StateDir
from gateway.app.sky import sky_over
from gateway.forecast.track import Offset
from gateway.model.device import Role
from gateway.model.site import Site as Settings
from gateway.model.time import SECOND, Duration, Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.energy import Energy
from gateway.runtime.outlook import Outlooks, Roofs
from gateway.runtime.prices import Prices
from gateway.runtime.quarters import Quarters
from gateway.runtime.site import Site


def open_outlooks(
    settings: Settings,
    state: StateDir,
    *,
    site: Site,
    energy: Energy,
    prices: Prices,
    clock: Clock,
    bus: Bus,
    threaded: bool,
) -> Outlooks:
    """Reads the history at its first look; ``threaded``: works beside the loop."""

    async def aside(work: Callable[[], None]) -> None:
        if threaded:
            await asyncio.to_thread(work)
        else:
            work()

    roofs = [one.device for one in settings.devices if one.device.role is Role.SOLAR]

    def rated_w() -> float:
        ratings = (one.limits.max_w or site.capabilities(one.id).rating_w for one in roofs)
        return sum(rating or 0.0 for rating in ratings)

    return Outlooks(
        quarters=Quarters(site, energy.metered),
        prices=prices,
        roofs=Roofs(present=bool(roofs), rated_w=rated_w, sky=sky_over(settings.location)),
        offset=offset_in(settings.timezone),
        history=HistoryFile(state.path),
        beside=aside,
        clock=clock,
        bus=bus,
        sunny=any(product.ahead is not None for product in settings.products),
    )


def offset_in(zone: str) -> Offset:
    """Local time ahead of UTC in a zone."""
    place = ZoneInfo(zone)

    @lru_cache(maxsize=4096)
    def by_hour(hour: int) -> Duration:
        ahead = datetime.fromtimestamp(hour * 3600, UTC).astimezone(place).utcoffset()
        return Duration(int((ahead or timedelta()).total_seconds()) * SECOND)

    def offset(at: Instant) -> Duration:
        return by_hour(at // (3600 * SECOND))

    return offset
