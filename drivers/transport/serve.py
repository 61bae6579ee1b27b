"""Registers behind a real Modbus TCP socket, for simulated devices and tests."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
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
from gateway.ports.served import Registers

_HEADER = 6  # transaction, protocol, length: 2 bytes each
_LENGTHS = range(2, 255)  # of unit, function and data
_ILLEGAL_FUNCTION = 1
_ILLEGAL_VALUE = 3

_Clients = dict[asyncio.Task[None], asyncio.StreamWriter]


class Server:
    """A listening socket; closed by ``close`` or by leaving ``async with``."""

    def __init__(self, server: asyncio.Server, clients: "_Clients") -> None:
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
        for writer in self._clients.values():
            writer.close()

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
    registers: Registers,
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    delay: Duration = Duration(0),
) -> Server:
    """Listen for Modbus TCP clients; port 0 takes any free one (``Server.port``).

    Functions 3, 4 (the same registers), 6 and 16 for every unit that ``registers`` knows;
    requests of one client are answered in order, each after ``delay``.  A device that stays
    silent gets no answer sent.
    """
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
    clients: _Clients = {}
    serve = partial(_serve, registers, clients, in_seconds(delay))
    server = await asyncio.start_server(serve, host, port)
    return Server(server, clients)


async def _serve(
    registers: Registers,
    clients: _Clients,
    delay_s: float,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    framer = FramerSocket(DecodePDU(is_server=True))
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a stream callback runs in a task
    clients[task] = writer
    try:
        while True:
            head = await reader.readexactly(_HEADER)
            length = int.from_bytes(head[4:6], "big")
            if length not in _LENGTHS:
                return
            frame = head + await reader.readexactly(length)
            if delay_s:
                await asyncio.sleep(delay_s)
            answer = _answer(registers, framer, frame)
            if answer is not None:
                writer.write(framer.buildFrame(answer))
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        return
    finally:
        del clients[task]
        writer.close()


def _answer(registers: Registers, framer: FramerSocket, frame: bytes) -> ModbusPDU | None:
    _, unit, transaction, body = framer.decode(frame)
    request = framer.decoder.decode(body)
    answer: ModbusPDU | None
    if request is None:
        known = body[0] in _HANDLERS
        answer = ExceptionResponse(body[0], _ILLEGAL_VALUE if known else _ILLEGAL_FUNCTION)
    else:
        request.dev_id = unit
        answer = _handle(registers, request)
    if answer is not None:
        answer.dev_id = unit
        answer.transaction_id = transaction
    return answer


def _handle(registers: Registers, request: ModbusPDU) -> ModbusPDU | None:
    handler = _HANDLERS.get(request.function_code)
    if handler is None:
        return ExceptionResponse(request.function_code, _ILLEGAL_FUNCTION)
    try:
        return handler(registers, request)
    except RequestRefused as refused:
        return ExceptionResponse(request.function_code, refused.code)
    except DeviceUnavailable:
        return None


def _read(registers: Registers, request: ModbusPDU) -> ModbusPDU:
    words = registers.read(request.dev_id, request.address, request.count)
    return ReadHoldingRegistersResponse(registers=words)


def _read_input(registers: Registers, request: ModbusPDU) -> ModbusPDU:
    words = registers.read(request.dev_id, request.address, request.count)
    return ReadInputRegistersResponse(registers=words)


def _write_one(registers: Registers, request: ModbusPDU) -> ModbusPDU:
    registers.write(request.dev_id, request.address, tuple(request.registers))
    return WriteSingleRegisterResponse(address=request.address, registers=request.registers)


def _write_many(registers: Registers, request: ModbusPDU) -> ModbusPDU:
    registers.write(request.dev_id, request.address, tuple(request.registers))
    return WriteMultipleRegistersResponse(address=request.address, count=len(request.registers))


_HANDLERS: dict[int, Callable[[Registers, ModbusPDU], ModbusPDU]] = {
    ReadHoldingRegistersRequest.function_code: _read,
    ReadInputRegistersRequest.function_code: _read_input,
    WriteSingleRegisterRequest.function_code: _write_one,
    WriteMultipleRegistersRequest.function_code: _write_many,
}
