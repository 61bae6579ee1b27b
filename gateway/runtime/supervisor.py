"""Keeps the stations running: the one place that catches whatever else went wrong."""

from collections.abc import Awaitable, Callable

import structlog

from gateway.model.time import SECOND, Duration
from gateway.ports.clock import Clock

_FIRST = SECOND
_MOST = Duration(60 * SECOND)


async def supervise(name: str, run: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Run ``run`` for ever; after a fault say so and start it again, ever slower (1 s to 60 s).

    The back-off starts over once it ran for a minute.  A dispatch loop that keeps failing
    does not feed the watchdog, so the service manager restarts us and releases the devices.
    """
    log = structlog.get_logger()
    pause = _FIRST
    while True:
        began = clock.monotonic()
        try:
            await run()
        except Exception:
            log.exception("station.failed", station=name, again_in_s=pause // SECOND)
        else:
            return
        if clock.monotonic() - began > _MOST:
            pause = _FIRST
        await clock.sleep(pause)
        pause = min(_MOST, Duration(2 * pause))
