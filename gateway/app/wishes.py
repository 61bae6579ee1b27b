"""Wishes of owners, from the configuration and the state folder."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.adapters.state import StateDir
from gateway.adapters.wish_file import WishFile
from gateway.model.device import Device, Role
from gateway.model.site import Site as Settings
from gateway.model.time import SECOND, Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.energy import Energy
from gateway.runtime.site import Site
from gateway.runtime.undertakings import NextTime
from gateway.runtime.wishes import Wishes

LOADS = frozenset({Role.EV, Role.HEAT, Role.LOAD})


def open_wishes(
    settings: Settings,
    state: StateDir,
    *,
    site: Site,
    energy: Energy,
    bus: Bus,
    clock: Clock,
    threaded: bool,
) -> Wishes:
    """Of all loads that an agent may tender for."""
    file = WishFile(state.path)

    def had_wh(device: str) -> float | None:
        metered = energy.metered(device)
        return None if metered is None else metered.into.total_wh

    return Wishes(
        devices=(item.device for item in settings.devices if _can_be_wished(item.device)),
        next_time=next_time_in(settings.timezone),
        load=file.load,
        store=file.store,
        left=file.left,
        had_wh=had_wh,
        site=site,
        bus=bus,
        clock=clock,
        threaded=threaded,
    )


def next_time_in(timezone: str) -> NextTime:
    """The next moment at which clocks of the zone show a time; UTC where there is no such zone.

    A time that a change of clocks leaves out comes an hour later by the clock, one that comes
    twice is the first.
    """
    try:
        zone: ZoneInfo | None = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None

    def after(clock: tuple[int, int], now: Instant) -> Instant:
        here = datetime.fromtimestamp(now // SECOND, zone or UTC)
        for days in range(3):
            day = (here + timedelta(days=days)).replace(
                hour=clock[0], minute=clock[1], second=0, microsecond=0, fold=0
            )
            at = Instant(int(day.timestamp()) * SECOND)
            if at > now:
                return at
        message = f"no {clock[0]:02}:{clock[1]:02} within three days"
        raise AssertionError(message)

    return after


def _can_be_wished(device: Device) -> bool:
    return device.tender and device.role in LOADS
