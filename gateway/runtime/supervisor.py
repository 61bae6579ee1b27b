"""Keeps the stations running: the one place that catches whatever else went wrong."""

from collections.abc import Awaitable, Callable

import structlog

from gateway.model.errors import GridtenderError
from gateway.model.time import SECOND, Duration
from gateway.ports.clock import Clock

_FIRST = SECOND
_MOST = Duration(60 * SECOND)


def _is_known(fault: BaseException) -> bool:
    """Whether it says itself what is the matter; anything else is a mistake in the program."""
    if isinstance(fault, BaseExceptionGroup):
        return all(_is_known(one) for one in fault.exceptions)
    return isinstance(fault, GridtenderError | OSError)


def _text(fault: BaseException) -> str:
    if isinstance(fault, BaseExceptionGroup):
        return "; ".join(_text(one) for one in fault.exceptions)
    return str(fault) or type(fault).__name__


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
        except Exception as fault:
            again_s = pause // SECOND
            if _is_known(fault):
                log.error(  # noqa: TRY400 - a sentence is enough
                    "station.failed", station=name, again_s=again_s, reason=_text(fault)
                )
            else:
                log.exception("station.failed", station=name, again_s=again_s)
        else:
            return
        if clock.monotonic() - began > _MOST:
            pause = _FIRST
        await clock.sleep(pause)
        pause = min(_MOST, Duration(2 * pause))
