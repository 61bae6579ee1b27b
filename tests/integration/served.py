"""Devices behind real sockets in a thread of their own, for commands that bring their own loop."""

import asyncio
import json
import threading
from contextlib import contextmanager
from pathlib import Path

from drivers.transport import RegisterMemory, serve_tcp

MAPS = Path(__file__).parent.parent / "fixtures" / "register_maps"


def map_named(part):
    """The registers of the one real map with this in its name."""
    (path,) = MAPS.glob(f"*{part}*.json")
    document = json.loads(path.read_text("utf-8"))
    return {int(at): word for at, word in document["registers"].items() if word is not None}


@contextmanager
def threaded(*servers):
    """Start coroutines that give servers, all in one thread; yields their ports."""
    loop, ready, ports = asyncio.new_event_loop(), threading.Event(), []

    async def main(done):
        opened = [await make() for make in servers]
        ports.extend(server.port for server in opened)
        ready.set()
        await done.wait()
        for server in opened:
            await server.close()

    done = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main(done)))
    thread.start()
    try:
        assert ready.wait(10), "the servers did not start"
        yield ports
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()


@contextmanager
def served(*units):
    """One Modbus TCP device or bridge per mapping of unit to registers."""
    made = [lambda unit=unit: serve_tcp(RegisterMemory(unit)) for unit in units]
    with threaded(*made) as ports:
        yield ports
