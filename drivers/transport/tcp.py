"""Modbus TCP: one connection per host and port, one request in flight."""

import asyncio
import errno
import os
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from drivers.transport.debts import Debts
from drivers.transport.names import Lookup, Resolver, system_lookup
from drivers.transport.session import Session
from drivers.transport.stream import USUAL, Conversation, Habits, StreamLine
from drivers.transport.url import habits, host_and_port
from gateway.ports.clock import Clock

DEFAULT_PORT = 502
_Made = TypeVar("_Made", bound=asyncio.BaseProtocol)
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: a close is an RST
_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}


def open_tcp(url: str, clock: Clock) -> "TcpLine":
    """A line for ``tcp://host:port`` (port 502 if omitted), connected when first asked.

    Options: ``transaction=any`` for a bridge that makes transaction numbers up, ``reconnect=1h``
    for a device whose connections go bad with age, and pauses (``drivers.transport.url``).

    Raises:
        ValueError: the URL names no host, or no valid port.
    """
    host, port = host_and_port(url, DEFAULT_PORT)
    return TcpLine(host, port, clock, habits=habits(url))


class TcpLine(StreamLine):
    """A line over one socket."""

    scheme = "tcp"

    def __init__(
        self,
        host: str,
        port: int,
        clock: Clock,
        lookup: Lookup = system_lookup,
        *,
        habits: Habits = USUAL,
    ) -> None:
        super().__init__(clock, habits, Debts(loop_time) if habits.any_transaction else None)
        self._host = host
        self._names = Resolver(host, lookup)
        self._port = port
        self._wire: asyncio.BaseTransport | None = None

    def __str__(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self.scheme}://{host}:{self._port}"

    async def _open(self) -> Conversation:
        made = partial(Session, self._transaction, self._debts)
        return await self._dial(made)

    async def _dial(
        self,
        made: Callable[[], _Made],
        tls: ssl.SSLContext | None = None,
        name: str | None = None,
    ) -> _Made:
        """A connection to the first of the host's addresses that takes one.

        With ``tls`` it must hold a certificate for ``name``.
        """
        loop = asyncio.get_running_loop()
        *others, last = await self._names.addresses()
        for address in others:
            with suppress(OSError):
                self._wire, session = await loop.create_connection(
                    made, address, self._port, ssl=tls, server_hostname=name
                )
                return session
        self._wire, session = await loop.create_connection(
            made, last, self._port, ssl=tls, server_hostname=name
        )
        return session

    def _hang_up(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None and self._pauses.reset_close:
            with suppress(OSError):  # it is gone already
                taken = wire.get_extra_info("socket")
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        super()._hang_up()

    def _why_not(self, error: OSError, timeout_s: float) -> tuple[str, str]:
        if isinstance(error, TimeoutError) and self._names.under_way:
            return (
                f"its name was not looked up in {timeout_s:g} s",
                "does the name server answer? Else write the IP address",
            )
        return _why_not(error, timeout_s)


def loop_time() -> float:
    """Seconds of the running loop, which deadlines and pauses are measured in."""
    return asyncio.get_running_loop().time()


def _why_not(error: OSError, timeout_s: float) -> tuple[str, str]:
    """What kept a connection from being made, and what to try."""
    if isinstance(error, socket.gaierror):
        return (
            f"the name is not known ({error.strerror})",
            "is it spelled right? Else write the IP address",
        )
    if isinstance(error, ConnectionRefusedError):
        return (
            "connection refused",
            "nothing listens there: is Modbus TCP enabled and the port right (mostly 502 or 1502)?",
        )
    if error.errno in _NO_ROUTE:
        return (
            f"no route ({os.strerror(error.errno)})",
            "is the address in a network of this machine, and the device on?",
        )
    if isinstance(error, TimeoutError):
        return (
            f"no answer in {timeout_s:g} s",
            "is the device on, the address right, and no firewall between?",
        )
    return str(error), "is the device on, the address right and Modbus TCP enabled?"
