"""Modbus TCP: one connection per host and port, one request in flight."""

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from drivers.transport.gate import PriorityGate, check_read, check_write
from drivers.transport.names import Lookup, Resolver, system_lookup
from drivers.transport.session import Session
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.time import Duration, in_seconds
from gateway.ports.clock import Clock
from gateway.ports.line import Block

DEFAULT_PORT = 502
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
_TIMEOUTS_BEFORE_RECONNECT = 3
_BUSY = {5: "acknowledged it and is still working on it", 6: "is busy"}
_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal address: there is no such register",
    3: "illegal value",
    4: "device failure",
    0x0A: "gateway path unavailable",
    0x0B: "gateway: no such unit, or it does not answer",
}
_NO_SUCH_UNIT = {0x0A, 0x0B}
_USUAL_UNITS = "?unit= 1, 126, 2, 3, 247, 240, 200, 100"
_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}
_READ, _WRITE = 3, 16
_ERROR = 0x80


class _Request(NamedTuple):
    """What is asked of a unit, for the wire and for a person."""

    unit: int
    function: int
    address: int
    registers: int
    body: bytes

    def __str__(self) -> str:
        doing = "reading" if self.function == _READ else "writing"
        return f"unit {self.unit}, {doing} {self.registers} registers from {self.address}"


def open_tcp(url: str, clock: Clock) -> "TcpLine":
    """A line for ``tcp://host:port`` (port 502 if omitted), connected when first asked.

    Raises:
        ValueError: the URL names no host, or no valid port.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        message = f"{url!r} names no host; write tcp://192.168.1.20:502"
        raise ValueError(message)
    return TcpLine(parts.hostname, parts.port or DEFAULT_PORT, clock)


class TcpLine:
    """A ``Line`` over one socket.  Deadlines and pauses run in real time.

    A request's timeout starts when it is sent, not while it queues; connecting has the same
    time once more.  After a failed connection, or three timeouts in a row, the socket is given
    up and the next try waits 0.2 s, then twice as long each time up to 5 s; only an answer
    resets that, so a device that accepts and hangs up is not hammered.
    """

    def __init__(self, host: str, port: int, clock: Clock, lookup: Lookup = system_lookup) -> None:
        self._host = host
        self._names = Resolver(host, lookup)
        self._port = port
        self._clock = clock
        self._gate = PriorityGate()
        self._session: Session | None = None
        self._answered = False
        self._timeouts = 0
        self._pause_s = _FIRST_PAUSE_S
        self._next_try_s = 0.0
        self._trouble = ""
        self._transaction = 0

    async def read(self, unit: int, address: int, count: int, *, timeout: Duration) -> Block:
        """Holding registers, stamped when the answer is complete."""
        check_read(count)
        body = struct.pack(">BHH", _READ, address, count)
        request = _Request(unit, _READ, address, count, body)
        await self._gate.enter_reading()
        try:
            answer = await self._exchange(request, in_seconds(timeout))
            at = self._clock.now()
        finally:
            self._gate.leave()
        size = len(answer) - 2
        if answer[0] != _READ or size != 2 * count or answer[1] != size:
            message = f"{self}: {request}: answered {max(0, size) // 2} registers"
            raise DeviceMisbehaves(message)
        return Block(struct.unpack(f">{count}H", answer[2:]), at)

    async def write(
        self, unit: int, address: int, words: Sequence[int], *, timeout: Duration
    ) -> None:
        """Function 16 over consecutive registers, before any waiting read."""
        check_write(words)
        count = len(words)
        head = struct.pack(">BHHB", _WRITE, address, count, 2 * count)
        body = head + struct.pack(f">{count}H", *words)
        request = _Request(unit, _WRITE, address, count, body)
        await self._gate.enter_writing()
        try:
            answer = await self._exchange(request, in_seconds(timeout))
        finally:
            self._gate.leave()
        if answer != body[:5]:
            message = f"{self}: {request}: confirmed {answer.hex(' ')} instead"
            raise DeviceMisbehaves(message)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the socket."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def __str__(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"tcp://{host}:{self._port}"

    async def _exchange(self, request: _Request, timeout_s: float) -> bytes:
        session = self._session
        if session is None or not session.connected:
            session = await self._connect(request, timeout_s)
        try:
            answer = await session.ask(request.unit, request.body, timeout_s)
        except TimeoutError:
            raise self._no_answer(request, timeout_s, session) from None
        except ConnectionError:
            raise self._hung_up(request, session.stray) from None
        finally:
            self._transaction = session.transaction
        if answer[0] & ~_ERROR != request.function:
            # Nobody knows what it answered: neither it nor what follows is taken.
            self._give_up("it answered another function than was asked for")
            message = f"{self}: {request}: answered function {answer[0]} to {request.function}"
            raise DeviceMisbehaves(message)
        self._answered = True
        self._timeouts = 0
        self._pause_s = _FIRST_PAUSE_S
        if answer[0] & _ERROR:
            raise self._refused(request, answer[1] if len(answer) > 1 else 0)
        return answer

    async def _connect(self, request: _Request, timeout_s: float) -> Session:
        if self._session is not None and not self._answered:
            self._give_up("it closed the connection")
        self._check_pause(request)
        self._answered = False
        self._session = None
        try:
            async with asyncio.timeout(timeout_s):
                session = await self._open()
        except OSError as error:  # TimeoutError is one of them
            found, hint = self._why_not(error, timeout_s)
            self._give_up(f"no connection: {found}")
            message = (
                f"{self}: {request}: no connection: {found}; {hint}. "
                f"Next try in {self._pause_left_s():.1f} s"
            )
            raise DeviceUnavailable(message) from None
        self._session = session
        return session

    async def _open(self) -> Session:
        """A connection to the first of the host's addresses that takes one."""
        loop = asyncio.get_running_loop()
        *others, last = await self._names.addresses()
        made = partial(Session, self._transaction)
        for address in others:
            with suppress(OSError):
                _, session = await loop.create_connection(made, address, self._port)
                return session
        _, session = await loop.create_connection(made, last, self._port)
        return session

    def _why_not(self, error: OSError, timeout_s: float) -> tuple[str, str]:
        if isinstance(error, TimeoutError) and self._names.under_way:
            return (
                f"its name was not looked up in {timeout_s:g} s",
                "does the name server answer? Else write the IP address",
            )
        return _why_not(error, timeout_s)

    def _check_pause(self, request: _Request) -> None:
        if (left := self._pause_left_s()) > 0:
            message = f"{self}: {request}: not sent, {self._trouble}; next try in {left:.1f} s"
            raise DeviceUnavailable(message)

    def _pause_left_s(self) -> float:
        return self._next_try_s - asyncio.get_running_loop().time()

    def _give_up(self, trouble: str) -> None:
        """Close the socket and wait before the next try."""
        if self._session is not None:
            self._session.close()
            self._session = None
        self._trouble = trouble
        self._timeouts = 0
        self._next_try_s = asyncio.get_running_loop().time() + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _hung_up(self, request: _Request, stray: str) -> DeviceUnavailable:
        if stray:
            self._give_up(stray)
            return DeviceUnavailable(
                f"{self}: {request}: {stray}, and the connection was given up; is it a serial "
                "server in transparent mode? Set it to Modbus TCP"
            )
        self._give_up("it closed the connection")
        return DeviceUnavailable(
            f"{self}: {request}: it closed the connection instead of answering; "
            "does another program hold its only session?"
        )

    def _no_answer(
        self, request: _Request, timeout_s: float, session: Session
    ) -> DeviceUnavailable:
        self._timeouts += 1
        if session.amid:
            self._give_up("it stopped in the middle of an answer")
        elif self._timeouts >= _TIMEOUTS_BEFORE_RECONNECT:
            self._give_up(f"{_TIMEOUTS_BEFORE_RECONNECT} requests in a row had no answer")
        came = f" ({session.stray})" if session.stray else ""
        return DeviceUnavailable(
            f"{self}: {request}: connected, but no answer in {timeout_s:g} s{came}; "
            f"if it never answers, try {_USUAL_UNITS}, else a longer timeout",
        )

    def _refused(self, request: _Request, code: int) -> DeviceUnavailable | RequestRefused:
        if code in _BUSY:
            return DeviceUnavailable(
                f"{self}: {request}: the device {_BUSY[code]}; try again later"
            )
        meaning = _EXCEPTIONS.get(code, "not in the Modbus specification")
        hint = f"; try {_USUAL_UNITS}" if code in _NO_SUCH_UNIT else ""
        return RequestRefused(
            f"{self}: {request}: refused with exception {code} ({meaning}){hint}", code=code
        )


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
