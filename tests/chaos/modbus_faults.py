"""A Modbus TCP device, and a wire before a real one, that misbehave byte by byte."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field


def word_at(unit, address):
    """What every register of the device holds: nobody else's word is the same."""
    return (unit * 7919 + address * 31 + 5) & 0xFFFF


def words_at(unit, address, count):
    return tuple(word_at(unit, at) for at in range(address, address + count))


def frame(transaction, unit, body):
    return struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    transaction: int
    unit: int
    body: bytes

    @property
    def function(self):
        return self.body[0]

    @property
    def address(self):
        return int.from_bytes(self.body[1:3], "big")

    @property
    def count(self):
        return int.from_bytes(self.body[3:5], "big")

    def answer(self):
        """What an honest device says."""
        if self.function != 3:
            return frame(self.transaction, self.unit, self.body[:5])
        words = words_at(self.unit, self.address, self.count)
        body = struct.pack(f">BB{self.count}H", 3, 2 * self.count, *words)
        return frame(self.transaction, self.unit, body)


class Gone(Exception):
    """The connection was ended on purpose."""


@dataclass
class Wire:
    """One client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def asked(self):
        head = await self.reader.readexactly(7)
        transaction, _, length, unit = struct.unpack(">HHHB", head)
        return Asked(transaction, unit, await self.reader.readexactly(length - 1))

    def send(self, data):
        if data:
            self.writer.write(data)

    def hang_up(self):
        raise Gone

    async def reset(self):
        """RST instead of FIN, after what was sent has left."""
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()
        linger = struct.pack("ii", 1, 0)
        made = self.writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise Gone


@dataclass
class FaultyDevice:
    """``behave(device, wire)`` serves a client; ``requests`` came whole, from all of them."""

    behave: object
    requests: list = field(default_factory=list)
    clients: int = 0
    most_clients: int = 0
    connections: int = 0

    async def __aenter__(self):
        self._tasks = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"tcp://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *exc):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self.clients += 1
        self.connections += 1
        self.most_clients = max(self.most_clients, self.clients)
        try:
            await self.behave(self, Wire(reader, writer))
        except (Gone, asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.clients -= 1
            self._tasks.discard(task)
            writer.close()


async def honest(device, wire):
    """Answer everything at once."""
    while True:
        asked = await wire.asked()
        device.requests.append(asked)
        wire.send(asked.answer())


@dataclass
class FaultyWire:
    """A proxy before a real device; ``fault`` decides on every piece that comes back.

    ``fault()`` returns None (pass it on), "drop", "reset", "half", "late" or "dead": a dead
    connection stays open and carries nothing any more.
    """

    port: int
    fault: object = staticmethod(lambda: None)
    dead: set = field(default_factory=set)
    carried: int = 0

    async def __aenter__(self):
        self._device = FaultyDevice(self._behave)
        await self._device.__aenter__()
        self.url, self.own_port = self._device.url, self._device.port
        return self

    async def __aexit__(self, *exc):
        await self._device.__aexit__(*exc)

    @property
    def connections(self):
        return self._device.connections

    def cut(self):
        """End every connection."""
        for task in self._device._tasks:
            task.cancel()

    def kill_open_ones(self):
        """What is connected now stays so and is dead."""
        self.dead.update(self._device._tasks)

    async def _behave(self, _device, wire):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        task = asyncio.current_task()
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._there(task, wire, writer))
                both.create_task(self._back(task, reader, wire))
        except* (Gone, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.dead.discard(task)
            writer.close()

    async def _there(self, task, wire, writer):
        while data := await wire.reader.read(4096):
            if task not in self.dead:
                writer.write(data)
        raise Gone

    async def _back(self, task, reader, wire):
        while data := await reader.read(4096):
            self.carried += 1
            match "drop" if task in self.dead else self.fault():
                case None:
                    wire.send(data)
                case "reset":
                    wire.send(data[: len(data) // 2])
                    await wire.reset()
                case "half":
                    wire.send(data[: len(data) // 2])
                case "late":
                    await asyncio.sleep(1.5)
                    wire.send(data)
                case "dead":
                    self.dead.add(task)
        raise Gone
