"""One RTU connection: frames with a check sum and no number, told apart by silence.

What was asked is known, so an answer is taken only with the unit, the function and the length
that were asked for.  Whatever else comes is somebody else's: the echo of an adapter that hears
itself, noise, or a late answer.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import Protocol, cast

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU

from drivers.transport.debts import Debts
from drivers.transport.request import BITS, ERROR, WRITES, can_answer, size_of
from gateway.ports.line import HOLDING, INPUT

_LONGEST = 256  # bytes of a frame
_SHORTEST = 5
_WRITTEN = 8  # bytes of a write's answer
_ENOUGH = 4 * _LONGEST
_QUIET_S = 0.05  # within a frame even a USB adapter makes no longer pause


class Wire(Protocol):
    """Where bytes go out: a socket, or a serial port."""

    def write(self, data: bytes) -> None:
        """Send all of it."""
        ...

    def close(self) -> None:
        """Send what is left, then end."""
        ...


class RtuSession(asyncio.Protocol):
    """A connection that was made; one request at a time.

    Attributes:
        transaction: always 0, RTU has none.
        stray: what came instead of the newest answer, for a person; empty if nothing did.
        lost: what ended the connection, None if it was no error.
    """

    amid = False  # silence ends a frame, whole or not

    def __init__(self, debts: Debts, silence_s: float, byte_s: float = 0.0) -> None:
        """Keep ``silence_s`` between frames; a byte takes ``byte_s`` on the wire."""
        # What it would log of odd frames is said by the line, once and with the address.
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
        self._framer = FramerRTU(DecodePDU(is_server=False))
        self._debts = debts
        self._silence_s = silence_s
        self._byte_s = byte_s
        self._wire: Wire | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._asked = (0, b"")
        self._sent = b""
        self._unread = b""
        self._quiet: asyncio.TimerHandle | None = None
        self._busy_until_s = 0.0
        self.transaction = 0
        self.stray = ""
        self.lost: Exception | None = None

    @property
    def connected(self) -> bool:
        """Whether the other end is there, as far as is known."""
        return self._wire is not None

    def close(self) -> None:
        """Let go of the port."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    async def ask(self, unit: int, body: bytes, timeout_s: float) -> bytes:
        """Send function code and data; returns those of the answer.

        The time that request and answer take on the wire is added to ``timeout_s``.

        Raises:
            TimeoutError: no answer of this request's shape in time.
            ConnectionError: the port is gone.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout_s):
            await self._silence()
        if self._wire is None:
            raise ConnectionResetError
        self._look(hunting=True)
        self._unread = b""
        self.stray = ""
        self._asked = (unit, body)
        self._sent = self._framer.encode(body, unit, 0)
        self._answer = loop.create_future()
        on_wire_s = self._byte_s * (len(self._sent) + _length_of_answer(body))
        try:
            self._wire.write(self._sent)
            async with asyncio.timeout(timeout_s + on_wire_s):
                return await self._answer
        finally:
            self._answer = None
            self._busy_until_s = loop.time() + self._silence_s

    async def _silence(self) -> None:
        """Wait until the wire has been silent for as long as frames are kept apart."""
        loop = asyncio.get_running_loop()
        pause_s = self._busy_until_s - loop.time()
        while pause_s > 0:
            await asyncio.sleep(pause_s)
            pause_s = self._busy_until_s - loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio, or by the serial port."""
        self._wire = cast("Wire", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the wire: ends the wait for an answer that cannot come any more."""
        self._wire = None
        self.lost = exc
        if self._quiet is not None:
            self._quiet.cancel()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        """Take a frame that is whole; of anything else wait for the end, which is silence."""
        loop = asyncio.get_running_loop()
        self._busy_until_s = loop.time() + self._silence_s
        self._unread = (self._unread + data)[-_ENOUGH:]
        self._look(hunting=False)
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = loop.call_later(_QUIET_S, self._look_again) if self._unread else None

    def _look_again(self) -> None:
        self._quiet = None
        self._look(hunting=True)
        if self._unread:
            self.stray = f"what came is no Modbus RTU frame ({self._unread[:12].hex(' ')})"
            self._unread = b""

    def _look(self, *, hunting: bool) -> None:
        """Take frames from the front, the echo first; or wherever they are, when hunting."""
        if self._sent and self._unread.startswith(self._sent):
            self._unread = self._unread[len(self._sent) :]
            self._sent = b""
        while frame := self._next(hunting=hunting):
            self._take(frame[0], frame[1:-2])

    def _next(self, *, hunting: bool) -> bytes:
        """The first whole frame, taken out with all before it; empty if there is none."""
        for start in range(len(self._unread) if hunting else 1):
            rest = self._unread[start:]
            for size in _sizes(rest):
                frame = rest[:size]
                if self._framer.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big")):
                    self._unread = rest[size:]
                    return frame
        return b""

    def _take(self, unit: int, body: bytes) -> None:
        asked_unit, asked = self._asked
        waiting = self._answer is not None and not self._answer.done()
        if self._answer is not None and waiting and unit == asked_unit and can_answer(asked, body):
            self._answer.set_result(body)
            return
        self.stray = f"what came was unit {unit}, function {body[0]}, {len(body)} bytes"
        self._debts.came(unit, body)


def _sizes(data: bytes) -> Iterator[int]:
    """How long the frame may be that begins here, as far as it has arrived."""
    if len(data) < _SHORTEST:
        return
    function = data[1]
    if function & ERROR:
        size = _SHORTEST
    elif function in {HOLDING, INPUT} or function in BITS:
        size = _SHORTEST + data[2]
    elif function in WRITES:
        size = _WRITTEN
    else:
        return
    if len(data) >= size:
        yield size


def _length_of_answer(asked: bytes) -> int:
    """In bytes on the wire."""
    if asked[0] in WRITES:
        return _WRITTEN
    return _SHORTEST + size_of(asked[0], int.from_bytes(asked[3:5], "big"))
