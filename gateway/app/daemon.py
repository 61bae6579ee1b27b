"""The daemon: a gateway with its broker, signals, log and service supervisor."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog

from gateway.adapters.armory import FileArmory
from gateway.adapters.broker import open_broker
from gateway.adapters.clock import Scale, ScaledClock, WallClock
from gateway.adapters.credentials import OWNER, passwords
from gateway.adapters.log import configure_log
from gateway.adapters.mqtt import MqttAdapter, client_id
from gateway.adapters.plugins import driver_packages, line_factories
from gateway.adapters.watchdog import open_watchdog
from gateway.app.wiring import Gateway, World, borrow, open_gateway
from gateway.model.errors import BrokerUnavailable, SettingsError
from gateway.model.site import Site
from gateway.ports.line import Line
from gateway.runtime.release import release
from gateway.wire.border import border
from gateway.wire.mirror import Mirror

# Above real-time speed MQTT mirrors at most five messages a second and topic.
_FAST_INTERVAL_S = 0.2


async def run_daemon(site: Site, scale: Scale | None) -> int:
    """Run until SIGTERM or SIGINT, then release the devices; the exit code."""
    configure_log(site.log, os.environ)
    world = World(
        clock=WallClock() if scale is None else ScaledClock(scale),
        packages=driver_packages(),
        lines=line_factories(),
        watchdog=open_watchdog(os.environ),
        speed=1.0 if scale is None else scale.speed,
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_gateway(site, world) as gateway, mirrored(gateway, world):
        world.watchdog.ready(gateway.summary())
        structlog.get_logger().info("gateway.started", area=site.area, epoch=gateway.journal.epoch)
        await stop.wait()
        world.watchdog.stopping()
    return 0


@asynccontextmanager
async def mirrored(gateway: Gateway, world: World) -> AsyncIterator[MqttAdapter | None]:
    """The gateway on MQTT; without any broker it goes on alone and says so."""
    log = structlog.get_logger()
    async with AsyncExitStack() as stack:
        settings = gateway.settings
        state = Path(settings.state_dir)
        names = (OWNER, *(party.id for party in settings.parties))
        try:
            users = passwords(state / "credentials", names) if settings.broker.url is None else {}
            endpoint = await stack.enter_async_context(
                open_broker(
                    settings.broker,
                    settings.area,
                    state,
                    users,
                    gateway.prices.topics,
                )
            )
        except (BrokerUnavailable, SettingsError, OSError) as fault:
            log.error("broker.unavailable", reason=str(fault))  # noqa: TRY400 - a sentence is enough
            yield None
            return
        adapter = MqttAdapter(
            endpoint=endpoint,
            identifier=client_id(settings.area, settings.state_dir),
            mirror=Mirror(settings),
            border=border(settings),
            exchange=gateway,
            clock=world.clock,
            min_interval_s=_FAST_INTERVAL_S if world.speed > 1 else 0.0,
        )
        gateway.bus.listen(adapter.listen)
        task = asyncio.TaskGroup()
        await task.__aenter__()
        running = task.create_task(adapter.run(), name="mqtt")
        try:
            yield adapter
        finally:
            running.cancel()
            await task.__aexit__(None, None, None)


async def release_offline(armory: FileArmory, *, restore: bool, say: Callable[[str], None]) -> bool:
    """What ``gridtender release`` does: every armed device, over connections of its own."""
    world = World(clock=WallClock(), packages={}, lines=line_factories())
    async with AsyncExitStack() as stack:
        lines: dict[str, Line] = {}
        for arming in armory.all():
            key = arming.connection.partition("?")[0]
            scheme = key.partition("://")[0]
            if key not in lines and scheme in world.lines:
                line = world.lines[scheme](key, world.clock)
                lines[key] = await stack.enter_async_context(line)
        return await release(
            armory, lambda url: borrow(url, lines, world), restore=restore, say=say
        )
