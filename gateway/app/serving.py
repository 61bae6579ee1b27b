"""What the house serves to other programs by Modbus TCP: shared connections, and itself."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

import structlog

from gateway.adapters.plugins import own_version
from gateway.app.gateway import Gateway, World
from gateway.model.device import Device
from gateway.model.errors import GridtenderError
from gateway.model.share import MOST_CLIENTS, AggregateSettings, ShareSettings
from gateway.ports.driver import Presenting
from gateway.ports.line import Line, Sharable
from gateway.ports.served import Desk, Registers
from gateway.runtime.sharing import SharedLine, WatchedLine
from gateway.runtime.totals import SiteTotals


async def open_served(
    gateway: Gateway,
    world: World,
    lines: Mapping[str, Line],
    watched: Mapping[str, WatchedLine],
    stack: AsyncExitStack,
) -> None:
    """Listen wherever the configuration says; a port that is taken costs only what is behind it.

    Args:
        gateway: running.
        world: its servers listen.
        lines: open connections.
        watched: the gateway's own ways to those that are shared.
        stack: closes the ports.
    """
    settings = gateway.settings
    if (site := settings.aggregate) is not None:
        try:
            behind = _site(gateway, world, site)
            port = await _listen(site.host, site.port, behind, world, stack)
        except _Unavailable as fault:
            structlog.get_logger().error("aggregate.unavailable", reason=str(fault))
        else:
            structlog.get_logger().info("aggregate.served", port=port)
    for share in settings.shares:
        try:
            desk = _shared(gateway, share, lines[share.line], watched[share.line])
            port = await _listen(share.host, share.port, desk, world, stack)
        except _Unavailable as fault:
            structlog.get_logger().error(
                "share.unavailable", device=share.device, reason=str(fault)
            )
        else:
            structlog.get_logger().info("share.served", device=share.device, port=port)


class _Unavailable(GridtenderError):
    """It cannot be served; the house runs on without."""


def _shared(gateway: Gateway, share: ShareSettings, line: Line, own: WatchedLine) -> Desk:
    if not isinstance(line, Sharable):
        message = f"{share.line}: this kind of connection cannot be shared"
        raise _Unavailable(message)
    return SharedLine(
        settings=share,
        own=own,
        guests=line.for_guests(),
        devices=_devices_on(gateway, share),
        armory=gateway.armory,
        note=gateway.writes.note,
    )


def _site(gateway: Gateway, world: World, settings: AggregateSettings) -> Registers:
    totals = SiteTotals(
        name=gateway.settings.area,
        version=own_version(),
        devices=[item.device for item in gateway.settings.devices],
        view=gateway.site.view,
        clock=gateway.clock,
        bus=gateway.bus,
    )
    for package in world.packages.values():
        if isinstance(package, Presenting):
            return package.present(totals.now, settings.unit)
    message = "no installed driver can present the site"
    raise _Unavailable(message)


async def _listen(
    host: str, port: int, behind: Desk | Registers, world: World, stack: AsyncExitStack
) -> int:
    """The port that was taken."""
    try:
        served = await world.servers["tcp"](behind, port, host, most=MOST_CLIENTS)
    except OSError as error:
        message = f"{host}:{port}: {error.strerror or error}"
        raise _Unavailable(message) from None
    await stack.enter_async_context(served)
    return served.port


def _devices_on(gateway: Gateway, share: ShareSettings) -> Mapping[int, Device]:
    """The configured devices of the connection, by unit; the named one before a namesake."""
    devices = [item.device for item in gateway.settings.devices if item.device.line == share.line]
    devices.sort(key=lambda device: device.id == share.device)
    return {device.unit: device for device in devices}
