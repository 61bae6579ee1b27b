"""The daemon: a gateway with its broker, signals, log and service supervisor."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from gateway.adapters.armory import FileArmory
from gateway.adapters.clock import Scale, ScaledClock, WallClock
from gateway.adapters.log import configure_log
from gateway.adapters.plugins import driver_packages, line_factories, server_factories
from gateway.adapters.watchdog import open_watchdog
from gateway.app.ending import asked_to_end
from gateway.app.gateway import World
from gateway.app.lines import borrow
from gateway.app.mirroring import Mirroring
from gateway.app.observing import counted, observing, open_metrics
from gateway.app.reload import Reload
from gateway.app.tasks import Tasks
from gateway.app.telling import FaultTeller
from gateway.app.wiring import open_gateway
from gateway.config import Loaded
from gateway.model.site import Site
from gateway.ports.line import Line
from gateway.runtime.release import release

# Objects made since the last collection, and younger collections before an older one.
_COLLECT_AFTER = (5_000, 20, 20)
_ALL_KNOWN_S = 15.0


async def run_daemon(site: Site, scale: Scale | None, read: Callable[[], Loaded]) -> int:
    """Run until SIGTERM or SIGINT, then release the devices; the exit code.

    ``read`` loads the configuration again when SIGHUP asks for it.  MQTT goes last: a broker
    that hangs must not hold up the release.
    """
    clock = WallClock() if scale is None else ScaledClock(scale)
    log = configure_log(site.log, os.environ, clock)
    metrics = open_metrics(site, clock)
    world = World(
        clock=clock,
        packages=driver_packages(),
        lines=line_factories(),
        servers=server_factories(),
        watchdog=counted(open_watchdog(os.environ), metrics),
        speed=1.0 if scale is None else scale.speed,
    )
    stop, hangup = _signals()
    gc.disable()  # what a start makes, it keeps
    async with Tasks() as tasks:
        async with open_gateway(site, world) as gateway:
            gateway.bus.listen(FaultTeller().listen)
            mirroring = Mirroring(gateway, world)
            reload = Reload(read, gateway, log.threshold, threaded=world.threaded)
            tasks.start("mqtt", mirroring.run, world.clock)
            tasks.start("reload", lambda: _reload_on(hangup, reload), world.clock)
            tasks.start("log", log.run, world.clock)
            world.watchdog.ready(gateway.summary())
            say = structlog.get_logger()
            say.info("gateway.started", area=site.area, epoch=gateway.journal.epoch)
            _collect_seldom()
            with observing(metrics, gateway, mirroring):
                await stop.wait()
            say.info("gateway.stop_asked")
            world.watchdog.stopping()
            mirroring.close()
        log.end()
        say.info("gateway.stopped")
    return 0


def _collect_seldom() -> None:
    """Keep the garbage collector from what stands for good.

    A full collection walks everything, and nothing is read meanwhile: 60 ms with a hundred
    devices.  What the devices have told by the time they are all known stands as well.
    """
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    asyncio.get_running_loop().call_later(_ALL_KNOWN_S, gc.freeze)


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Events for stop (SIGTERM, SIGINT) and for SIGHUP."""
    hangup = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
    return asked_to_end(), hangup


async def _reload_on(hangup: asyncio.Event, reload: Reload) -> None:
    while True:
        await hangup.wait()
        hangup.clear()
        await reload()


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
        done = await release(
            armory, lambda url: borrow(url, lines, world), restore=restore, say=say
        )
    for sentence in armory.broken:
        say(sentence)
    return done and not armory.broken
