"""One Modbus TCP connection: pymodbus' framer on a bare asyncio protocol.

The line above it already has one request in flight, deadlines and reconnecting, so the
library's own client would do all of that twice, and decode an answer word by word.
"""

import asyncio
import logging

from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU

_LAST_TRANSACTION = 0xFFFF
_MOST_UNREAD = 4096  # no device owes so much; what comes beyond it is not Modbus


class Session(asyncio.Protocol):
    """A connection that was made; one request at a time, answers matched by transaction."""

    def __init__(self) -> None:
        # What it would log of odd frames is said by the line, once and with the address.
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
        self._framer = FramerSocket(DecodePDU(is_server=False))
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._expected = (0, 0)
        self._transaction = 0
        self._unread = b""

    @property
    def connected(self) -> bool:
        """Whether the device has not hung up, as far as is known."""
        return self._transport is not None

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
        self._transaction = self._transaction % _LAST_TRANSACTION + 1
        self._expected = (self._transaction, unit)
        answer: asyncio.Future[bytes] = loop.create_future()
        self._answer = answer
        deadline = loop.call_later(timeout_s, _expire, answer)
        try:
            self._transport.write(self._framer.encode(body, unit, self._transaction))
            return await answer
        finally:
            deadline.cancel()
            self._answer = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP gives no other
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Called by asyncio: ends the wait for an answer that cannot come any more."""
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        """Called by asyncio: whole frames are taken, the rest waits."""
        self._unread += data
        while self._unread:
            used, unit, transaction, body = self._framer.decode(self._unread)
            if not used:
                break
            self._unread = self._unread[used:]
            expected = (transaction, unit) == self._expected
            if body and expected and self._answer is not None and not self._answer.done():
                self._answer.set_result(body)
        if len(self._unread) > _MOST_UNREAD and self._transport is not None:
            self._transport.abort()


def _expire(answer: asyncio.Future[bytes]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
