"""How a program of ours is asked to end."""

import asyncio
import signal


def asked_to_end() -> asyncio.Event:
    """Set at SIGTERM and SIGINT, also where whoever started us has one of them ignored."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
