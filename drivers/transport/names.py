"""Names to addresses, in a thread that nobody waits for at the end.

The event loop's own lookup takes a thread of a small pool that others need too, for as long as
a dead name server keeps silent, and the loop does not close before it is done.
"""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

Addresses = tuple[str, ...]
Lookup = Callable[[str], Addresses]


def system_lookup(host: str) -> Addresses:
    """What the system's resolver says; blocks.

    Raises:
        OSError: the name is not known, or nobody could be asked.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


class Resolver:
    """The addresses of one host; at most one lookup is under way."""

    def __init__(self, host: str, lookup: Lookup = system_lookup) -> None:
        self._host = host
        self._lookup = lookup
        self._pending: asyncio.Future[Addresses | OSError] | None = None

    @property
    def under_way(self) -> bool:
        """Whether a lookup has begun and not ended."""
        return self._pending is not None and not self._pending.done()

    async def addresses(self) -> Addresses:
        """The host itself if it is an address; who gives up waiting finds the answer later.

        Raises:
            OSError: the name is not known, or nobody could be asked.
        """
        if _is_address(self._host):
            return (self._host,)
        if self._pending is None:
            self._pending = self._begin()
        found = await asyncio.shield(self._pending)
        self._pending = None
        if isinstance(found, OSError):
            raise found
        return found

    def _begin(self) -> asyncio.Future[Addresses | OSError]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Addresses | OSError] = loop.create_future()

        def look_up() -> None:
            found = self._found()
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(answer.set_result, found)

        threading.Thread(target=look_up, name=f"lookup[{self._host}]", daemon=True).start()
        return answer

    def _found(self) -> Addresses | OSError:
        try:
            return self._lookup(self._host)
        except OSError as error:
            return error
        except UnicodeError:
            return socket.gaierror(socket.EAI_NONAME, "it is no name")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
