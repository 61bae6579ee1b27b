"""One Modbus TCP connection: pymodbus' framer on a bare asyncio protocol.

The line above it already has one request in flight, deadlines and reconnecting, so the
library's own client would do all of that twice, and decode an answer word by word.
"""

import asyncio
import logging
import socket
from typing import cast

from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU

from drivers.transport.debts import Debts
from drivers.transport.request import can_answer

_LAST_TRANSACTION = 0xFFFF
_HEADER = 6  # transaction, protocol, length: 2 bytes each
_LENGTHS = range(2, 255)  # of unit, function and data
_MOST_AT_ONCE = 1024  # bytes: three of the longest frames
# A peer that vanished without a word is noticed between two polls, however far apart they are.
_KEEPALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


class Session(asyncio.BufferedProtocol):
    """A connection that was made; one request at a time, answers matched by transaction.

    It brings its own small buffer: asyncio makes one of 256 KiB for each arrival, which costs
    15 us, half a request, wherever such memory is mapped anew each time.

    Attributes:
        transaction: of the newest request; a new connection counts on from that of the old one,
            since a bridge to a serial bus may bring what was asked before.
        lost: what ended the connection, None if it was no error.
        stray: what came instead of the newest answer, for a person; empty if nothing did.
    """

    def __init__(self, transaction: int = 0, debts: Debts | None = None) -> None:
        """With ``debts`` any transaction is taken; what comes unasked pays them."""
        # What it would log of odd frames is said by the line, once and with the address.
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
        self._framer = FramerSocket(DecodePDU(is_server=False))
        # A view, since asyncio's TLS fills it in pieces.
        self._buffer = memoryview(bytearray(_MOST_AT_ONCE))
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._due_s = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._expected = (0, 0)
        self._asked = b""
        self._debts = debts
        self.lost: Exception | None = None
        self.transaction = transaction
        self.stray = ""
        self._unread = b""

    @property
    def connected(self) -> bool:
        """Whether the device has not hung up, as far as is known."""
        return self._transport is not None

    @property
    def amid(self) -> bool:
        """Whether a frame has begun and not ended: whatever comes next may be read wrongly."""
        return bool(self._unread)

    def close(self) -> None:
        """Close politely: some devices keep a dead session for minutes."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def ask(self, unit: int, body: bytes, timeout_s: float) -> bytes:
        """Send function code and data; returns those of the answer.

        Raises:
            TimeoutError: no answer in ``timeout_s``; a late one is ignored.
            ConnectionError: the device hung up, before or instead of answering.
        """
        if self._transport is None:
            raise ConnectionResetError
        loop = asyncio.get_running_loop()
        self.transaction = self.transaction % _LAST_TRANSACTION + 1
        self._expected = (self.transaction, unit)
        self._asked = body
        self.stray = ""
        answer: asyncio.Future[bytes] = loop.create_future()
        self._answer = answer
        self._due_s = loop.time() + timeout_s
        self._set_alarm(loop)
        try:
            self._transport.write(self._framer.encode(body, unit, self.transaction))
            return await answer
        finally:
            self._answer = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)  # TCP gives no other
        made = transport.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE.items():
            if hasattr(socket, option):
                made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)

    def _set_alarm(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake no later than due.  It stays over many requests: most are answered before."""
        if self._alarm is not None and self._alarm.when() <= self._due_s:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = loop.call_at(self._due_s, self._expire, loop)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        woken, self._alarm = self._alarm, None
        if self._answer is None or self._answer.done() or woken is None:
            return
        if self._due_s > woken.when():
            self._set_alarm(loop)  # it was set for an earlier request
        else:
            self._answer.set_exception(TimeoutError())

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio: ends the wait for an answer that cannot come any more."""
        self.lost = exc
        self._transport = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's
        """Called by asyncio: where to put what arrives."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Called by asyncio: so much arrived."""
        self.data_received(bytes(self._buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Whole frames are taken, the rest waits."""
        self._unread += data
        while self._is_modbus():
            used, unit, transaction, body = self._framer.decode(self._unread)
            if not used:
                return
            self._unread = self._unread[used:]
            self._take(unit, transaction, body)

    def _is_modbus(self) -> bool:
        """Whether a frame begins here; after what is none nothing can be trusted any more."""
        head = self._unread[:_HEADER]
        if len(head) < _HEADER:
            return False
        if not any(head[2:4]) and int.from_bytes(head[4:], "big") in _LENGTHS:
            return True
        self.stray = f"what came is not Modbus TCP ({self._unread[:12].hex(' ')})"
        if self._transport is not None:
            self._transport.abort()
        return False

    def _take(self, unit: int, transaction: int, body: bytes) -> None:
        numbered = self._debts is None
        if not ((transaction, unit) == self._expected if numbered else self._fits(unit, body)):
            asked = "transaction {}, unit {}".format(*self._expected)
            self.stray = f"what came was for transaction {transaction}, unit {unit}, not {asked}"
        elif body and self._answer is not None and not self._answer.done():
            self._answer.set_result(body)

    def _fits(self, unit: int, body: bytes) -> bool:
        """Where numbers say nothing: whether unit, function and length are those asked for."""
        if not body or self._debts is None:
            return False
        waiting = self._answer is not None and not self._answer.done()
        if waiting and unit == self._expected[1] and can_answer(self._asked, body):
            return True
        self._debts.came(unit, body)
        return False
