"""Pauses that a device wants, on a line in virtual time and on a real socket."""

import asyncio

import pytest

from drivers.transport import MemLine, RegisterMemory, open_tcp, serve_tcp
from gateway.adapters.clock import WallClock
from gateway.model.time import MILLISECOND, SECOND, Duration
from gateway.ports.line import Pacable, Pacing

TIMEOUT = Duration(SECOND)
SLOW = Pacing(gap=Duration(50 * MILLISECOND), settle=Duration(500 * MILLISECOND))


class Timed(RegisterMemory):
    """Registers that note when each request came."""

    def __init__(self):
        super().__init__({1: dict.fromkeys(range(10), 0)})
        self.at = []

    def read(self, unit, address, count):
        self.at.append(asyncio.get_running_loop().time())
        return super().read(unit, address, count)

    def write(self, unit, address, words):
        self.at.append(asyncio.get_running_loop().time())
        super().write(unit, address, words)


async def three_requests(line):
    await line.read(1, 0, 1, timeout=TIMEOUT)
    await line.write(1, 0, [1], timeout=TIMEOUT)
    await line.read(1, 0, 1, timeout=TIMEOUT)


def apart(memory):
    return [round(b - a, 2) for a, b in zip(memory.at, memory.at[1:], strict=False)]


def test_after_an_answer_a_gap_is_kept_and_after_a_write_a_longer_one(virtual, clock):
    async def main():
        memory = Timed()
        line = MemLine(memory, clock)
        line.pace(SLOW)
        await three_requests(line)
        return apart(memory)

    assert virtual(main()) == [0.05, 0.5]


def test_where_devices_share_a_line_the_most_cautious_of_each_counts(virtual, clock):
    async def main():
        memory = Timed()
        line = MemLine(memory, clock)
        line.pace(Pacing(gap=Duration(200 * MILLISECOND)))
        line.pace(SLOW)
        await three_requests(line)
        return apart(memory)

    assert virtual(main()) == [0.2, 0.5]


@pytest.mark.parametrize("query", ["?gap=1ms", "?settle=1ms&close=reset"])
async def test_what_the_url_says_goes_before_what_is_known_of_the_device(query):
    memory = Timed()
    async with (
        await serve_tcp(memory) as server,
        open_tcp(f"tcp://127.0.0.1:{server.port}{query}", WallClock()) as line,
    ):
        assert isinstance(line, Pacable)
        line.pace(Pacing(gap=Duration(10 * SECOND)))
        await asyncio.wait_for(three_requests(line), 5)
    assert len(memory.at) == 3


async def test_after_a_connect_the_first_request_waits():
    memory = Timed()
    loop = asyncio.get_running_loop()
    async with (
        await serve_tcp(memory) as server,
        open_tcp(f"tcp://127.0.0.1:{server.port}?delay=150ms", WallClock()) as line,
    ):
        asked = loop.time()
        await line.read(1, 0, 1, timeout=TIMEOUT)
        await line.read(1, 0, 1, timeout=TIMEOUT)
    assert memory.at[0] - asked >= 0.15
    assert memory.at[1] - memory.at[0] < 0.1


@pytest.mark.parametrize(("query", "ended"), [("?close=reset", "reset"), ("", "closed")])
async def test_a_connection_is_ended_by_a_reset_where_that_alone_frees_the_session(query, ended):
    seen = asyncio.get_running_loop().create_future()

    async def hold(reader, writer):
        try:
            request = await reader.readexactly(12)
            writer.write(request[:4] + b"\0\5" + request[6:8] + b"\2\0\7")
            seen.set_result("closed" if not await reader.read(1) else "more")
        except ConnectionResetError:
            seen.set_result("reset")
        finally:
            writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_tcp(f"tcp://127.0.0.1:{port}{query}", WallClock()) as line:
        block = await line.read(1, 0, 1, timeout=TIMEOUT)
        await line.__aexit__(None, None, None)
        assert (block.words, await asyncio.wait_for(seen, 5)) == ((7,), ended)
