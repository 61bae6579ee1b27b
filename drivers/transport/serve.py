"""Devices behind a real Modbus TCP socket: simulated ones, recorded ones, and shared ones."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadCoilsResponse,
    ReadDiscreteInputsRequest,
    ReadDiscreteInputsResponse,
    WriteMultipleCoilsRequest,
    WriteMultipleCoilsResponse,
    WriteSingleCoilRequest,
    WriteSingleCoilResponse,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)

from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.model.time import Duration, in_seconds
from gateway.ports.line import HOLDING, INPUT, MAX_READ, MAX_WRITE, WRITE_REGISTER, WRITE_REGISTERS
from gateway.ports.served import Asked, Desk, Registers

_HEADER = 6  # transaction, protocol, length: 2 bytes each
_LENGTHS = range(2, 255)  # of unit, function and data
_ILLEGAL_FUNCTION = 1
_ILLEGAL_ADDRESS = 2
_ILLEGAL_VALUE = 3
_REGISTERS = 1 << 16
# Who began a frame has so long to end it; who is silent longest goes when all places are taken.
_FRAME_S = 5.0
_IDLE_S = 60.0
_READS = frozenset({HOLDING, INPUT})
_WRITES = frozenset({WRITE_REGISTER, WRITE_REGISTERS})


@dataclass(slots=True)
class _Client:
    """A connection; ``heard_s``: when it asked last."""

    writer: asyncio.StreamWriter
    heard_s: float


_Clients = dict[asyncio.Task[None], _Client]


class Server:
    """A listening socket; closed by ``close`` or by leaving ``async with``."""

    def __init__(self, server: asyncio.Server, clients: _Clients) -> None:
        self._server = server
        self._clients = clients
        self.port: int = server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and drop every client."""
        self._server.close()
        self.drop()
        if self._clients:
            await asyncio.wait(self._clients)
        await self._server.wait_closed()

    def drop(self) -> None:
        """Cut every connection and go on listening."""
        for client in self._clients.values():
            client.writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


async def serve_tcp(
    registers: Registers | Desk,
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    delay: Duration = Duration(0),
    most: int | None = None,
) -> Server:
    """Listen for Modbus TCP clients; port 0 takes any free one (``Server.port``).

    Registers have functions 3, 4 (the same registers), 6 and 16 for every unit they know; a desk
    has 1 to 6, 15 and 16.  Requests of one client are answered in order, each after ``delay``.
    A device that stays silent gets no answer sent.  Where ``most`` are connected, one more takes
    the place of whoever was silent for a minute, or is sent away.
    """
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
    clients: _Clients = {}
    desk = registers if isinstance(registers, Desk) else _AtOnce(registers, in_seconds(delay))
    serve = partial(_serve, desk, clients, most)
    server = await asyncio.start_server(serve, host, port)
    return Server(server, clients)


class _AtOnce:
    """Registers as a desk."""

    def __init__(self, registers: Registers, delay_s: float) -> None:
        self._registers = registers
        self._delay_s = delay_s

    async def answer(self, asked: Asked) -> Sequence[int]:
        """What the registers say, whoever asks."""
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        if asked.function in _READS:
            return self._registers.read(asked.unit, asked.address, asked.count)
        if asked.function not in _WRITES:
            message = f"function {asked.function} is not known here"
            raise RequestRefused(message, code=_ILLEGAL_FUNCTION)
        self._registers.write(asked.unit, asked.address, asked.words)
        return ()


async def _serve(
    desk: Desk,
    clients: _Clients,
    most: int | None,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    if most is not None and len(clients) >= most and not _make_room(clients):
        writer.close()
        return
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a stream callback runs in a task
    loop = asyncio.get_running_loop()
    client = clients[task] = _Client(writer, loop.time())
    framer = FramerSocket(DecodePDU(is_server=True))
    who = (writer.get_extra_info("peername") or ("",))[0]
    try:
        while (frame := await _frame(reader)) is not None:
            client.heard_s = loop.time()
            answer = await _answer(desk, who, framer, frame)
            if answer is not None:
                writer.write(framer.buildFrame(answer))
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        return
    finally:
        del clients[task]
        writer.close()


def _make_room(clients: _Clients) -> bool:
    """Cut off who was silent longest, if that was long."""
    idle = min(clients.values(), key=lambda client: client.heard_s)
    if asyncio.get_running_loop().time() - idle.heard_s < _IDLE_S:
        return False
    idle.writer.transport.abort()
    return True


async def _frame(reader: asyncio.StreamReader) -> bytes | None:
    """One request, None where what comes is no Modbus TCP."""
    first = await reader.readexactly(1)
    async with asyncio.timeout(_FRAME_S):
        head = first + await reader.readexactly(_HEADER - 1)
        length = int.from_bytes(head[4:6], "big")
        if any(head[2:4]) or length not in _LENGTHS:
            return None
        return head + await reader.readexactly(length)


async def _answer(desk: Desk, who: str, framer: FramerSocket, frame: bytes) -> ModbusPDU | None:
    _, unit, transaction, body = framer.decode(frame)
    request = framer.decoder.decode(body)
    answer: ModbusPDU | None
    if request is None:
        known = body[0] in _ANSWERS
        answer = ExceptionResponse(body[0], _ILLEGAL_VALUE if known else _ILLEGAL_FUNCTION)
    else:
        request.dev_id = unit
        answer = await _handle(desk, who, request)
    if answer is not None:
        answer.dev_id = unit
        answer.transaction_id = transaction
    return answer


async def _handle(desk: Desk, who: str, request: ModbusPDU) -> ModbusPDU | None:
    function = request.function_code
    if function not in _ANSWERS:
        return ExceptionResponse(function, _ILLEGAL_FUNCTION)
    asked = _asked(who, request)
    if not 1 <= asked.count <= _MOST[function]:
        return ExceptionResponse(function, _ILLEGAL_VALUE)
    if asked.address + asked.count > _REGISTERS:
        return ExceptionResponse(function, _ILLEGAL_ADDRESS)
    try:
        words = await desk.answer(asked)
    except RequestRefused as refused:
        return ExceptionResponse(function, refused.code)
    except DeviceUnavailable:
        return None
    return _confirm(asked) if asked.words else _said(asked, words)


def _asked(who: str, request: ModbusPDU) -> Asked:
    words: tuple[int, ...] = ()
    if request.function_code in _CONFIRMS:
        words = tuple(map(int, request.registers or request.bits))
    return Asked(
        client=who,
        unit=request.dev_id,
        function=request.function_code,
        address=request.address,
        count=len(words) or request.count,
        words=words,
    )


def _said(asked: Asked, words: Sequence[int]) -> ModbusPDU:
    kind = _ANSWERS[asked.function]
    if asked.function in _READS:
        return kind(registers=list(words))
    return kind(bits=[bool(word) for word in words])


def _confirm(asked: Asked) -> ModbusPDU:
    kind = _ANSWERS[asked.function]
    if asked.function == WriteSingleRegisterRequest.function_code:
        return kind(address=asked.address, registers=list(asked.words))
    if asked.function == WriteSingleCoilRequest.function_code:
        return kind(address=asked.address, bits=[bool(asked.words[0])])
    return kind(address=asked.address, count=asked.count)


_CONFIRMS: Mapping[int, type[ModbusPDU]] = {
    WriteSingleCoilRequest.function_code: WriteSingleCoilResponse,
    WriteSingleRegisterRequest.function_code: WriteSingleRegisterResponse,
    WriteMultipleCoilsRequest.function_code: WriteMultipleCoilsResponse,
    WriteMultipleRegistersRequest.function_code: WriteMultipleRegistersResponse,
}
_ANSWERS: Mapping[int, type[ModbusPDU]] = {
    ReadCoilsRequest.function_code: ReadCoilsResponse,
    ReadDiscreteInputsRequest.function_code: ReadDiscreteInputsResponse,
    ReadHoldingRegistersRequest.function_code: ReadHoldingRegistersResponse,
    ReadInputRegistersRequest.function_code: ReadInputRegistersResponse,
    **_CONFIRMS,
}
_MOST: Mapping[int, int] = {
    **dict.fromkeys(_ANSWERS, MAX_WRITE),
    **dict.fromkeys(_READS, MAX_READ),
    ReadCoilsRequest.function_code: MAX_READ,
    ReadDiscreteInputsRequest.function_code: MAX_READ,
}
