"""Modbus TCP: one connection per host and port, one request in flight."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from drivers.transport.gate import PriorityGate, check_read, check_write
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
# The library's own timeout only has to be longer than any of ours.
_NEVER_S = 3600.0

_Ask = Callable[[AsyncModbusTcpClient], Awaitable[ModbusPDU]]


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

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        self._host = host
        self._port = port
        self._clock = clock
        self._gate = PriorityGate()
        self._client: AsyncModbusTcpClient | None = None
        self._deadline: asyncio.Timeout | None = None
        self._answered = False
        self._timeouts = 0
        self._pause_s = _FIRST_PAUSE_S
        self._next_try_s = 0.0
        self._trouble = ""
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

    async def read(self, unit: int, address: int, count: int, *, timeout: Duration) -> Block:
        """Holding registers, stamped when the answer is complete."""
        check_read(count)
        what = f"reading {count} registers from {address}"
        async with self._gate.reading():
            answer = await self._exchange(
                lambda client: client.read_holding_registers(address, count=count, device_id=unit),
                f"unit {unit}, {what}",
                in_seconds(timeout),
            )
            at = self._clock.now()
        if len(answer.registers) != count:
            message = f"{self}: unit {unit}, {what}: answered {len(answer.registers)} registers"
            raise DeviceMisbehaves(message)
        return Block(tuple(answer.registers), at)

    async def write(
        self, unit: int, address: int, words: Sequence[int], *, timeout: Duration
    ) -> None:
        """Function 16 over consecutive registers, before any waiting read."""
        check_write(words)
        what = f"unit {unit}, writing {len(words)} registers from {address}"
        async with self._gate.writing():
            answer = await self._exchange(
                lambda client: client.write_registers(address, list(words), device_id=unit),
                what,
                in_seconds(timeout),
            )
        if (answer.address, answer.count) != (address, len(words)):
            message = f"{self}: {what}: confirmed {answer.count} from {answer.address} instead"
            raise DeviceMisbehaves(message)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the socket politely: some devices keep a dead session for minutes."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def __str__(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"tcp://{host}:{self._port}"

    async def _exchange(self, ask: _Ask, what: str, timeout_s: float) -> ModbusPDU:
        client = await self._connected(what, timeout_s)
        try:
            async with asyncio.timeout(timeout_s) as self._deadline:
                answer = await ask(client)
        except TimeoutError:
            raise self._no_answer(client, what, timeout_s) from None
        except ModbusException as error:
            self._give_up(f"the exchange failed: {error}")
            message = f"{self}: {what}: {self._trouble}"
            raise DeviceUnavailable(message) from error
        finally:
            self._deadline = None
        self._answered = True
        self._timeouts = 0
        self._pause_s = _FIRST_PAUSE_S
        if answer.isError():
            raise self._refused(what, answer.exception_code)
        return answer

    async def _connected(self, what: str, timeout_s: float) -> AsyncModbusTcpClient:
        if self._client is not None and self._client.connected:
            return self._client
        if self._client is not None and not self._answered:
            self._give_up("it closed the connection")
        self._check_pause(what)
        self._answered = False
        client = AsyncModbusTcpClient(
            self._host,
            port=self._port,
            timeout=_NEVER_S,
            retries=0,
            reconnect_delay=0,  # its own reconnecting stays off
            trace_connect=self._connection_changed,
        )
        try:
            async with asyncio.timeout(timeout_s):
                reached = await client.connect()
        except TimeoutError:
            reached = False
        except BaseException:
            client.close()
            raise
        self._client = client
        if not reached:
            self._give_up("no connection")
            message = (
                f"{self}: {what}: no connection in {timeout_s:g} s; is the device on, the address "
                f"right and Modbus TCP enabled? Next try in {self._pause_left_s():.1f} s"
            )
            raise DeviceUnavailable(message)
        return client

    def _check_pause(self, what: str) -> None:
        if (left := self._pause_left_s()) > 0:
            message = f"{self}: {what}: not sent, {self._trouble}; next try in {left:.1f} s"
            raise DeviceUnavailable(message)

    def _pause_left_s(self) -> float:
        return self._next_try_s - asyncio.get_running_loop().time()

    def _give_up(self, trouble: str) -> None:
        """Close the socket and wait before the next try."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self._trouble = trouble
        self._timeouts = 0
        self._next_try_s = asyncio.get_running_loop().time() + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _connection_changed(self, connected: bool) -> None:  # noqa: FBT001 - pymodbus' callback
        """End the wait for an answer that cannot come any more."""
        if not connected and self._deadline is not None:
            self._deadline.reschedule(0.0)

    def _no_answer(
        self, client: AsyncModbusTcpClient, what: str, timeout_s: float
    ) -> DeviceUnavailable:
        if not client.connected:
            self._give_up("it closed the connection")
            return DeviceUnavailable(
                f"{self}: {what}: it closed the connection instead of answering; "
                "does another program hold its only session?",
            )
        self._timeouts += 1
        if self._timeouts >= _TIMEOUTS_BEFORE_RECONNECT:
            self._give_up(f"{_TIMEOUTS_BEFORE_RECONNECT} requests in a row had no answer")
        return DeviceUnavailable(
            f"{self}: {what}: connected, but no answer in {timeout_s:g} s; "
            "is the unit id right, or the timeout too short?",
        )

    def _refused(self, what: str, code: int) -> DeviceUnavailable | RequestRefused:
        if code in _BUSY:
            return DeviceUnavailable(f"{self}: {what}: the device {_BUSY[code]}; try again later")
        meaning = _EXCEPTIONS.get(code, "not in the Modbus specification")
        return RequestRefused(
            f"{self}: {what}: refused with exception {code} ({meaning})", code=code
        )
