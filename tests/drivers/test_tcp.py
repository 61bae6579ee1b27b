"""What only a socket can do wrong."""

import asyncio
import contextlib
import errno
import re

import pytest

from drivers.transport import open_tcp, serve_tcp
from drivers.transport.tcp import _why_not
from gateway.adapters.clock import WallClock
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.time import MILLISECOND, SECOND, Duration

SOON = Duration(100 * MILLISECOND)


@pytest.fixture(autouse=True)
async def all_hung_up():
    """The servers here end when their client does, a moment after the test."""
    yield
    serving = asyncio.all_tasks() - {asyncio.current_task()}
    if serving:
        await asyncio.wait(serving, timeout=5)
    await asyncio.sleep(0)


async def answers_again(line, within_s=10.0):
    """Ask until the device answers; the line's own pauses set the pace."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                return await line.read(1, 5, 1, timeout=SECOND)
            except DeviceUnavailable:
                await asyncio.sleep(0.02)


async def canned(answer):
    """A server that reads one request and sends ``answer(head)``; None hangs up."""

    async def serve(reader, writer):
        try:
            while True:
                request = await reader.readexactly(12)
                reply = answer(request)
                if reply is None:
                    return
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def test_a_url_without_a_host_is_refused_with_an_example():
    with pytest.raises(ValueError, match=r"tcp://192\.168"):
        open_tcp("tcp://", WallClock())


async def test_the_port_is_502_where_none_is_given():
    assert str(open_tcp("tcp://10.0.0.5", WallClock())) == "tcp://10.0.0.5:502"


async def test_nobody_listening_fails_at_once_and_says_when_it_tries_again(rig):
    server = await serve_tcp(rig.Memory({1: {5: 5}}))
    port = server.port
    await server.close()
    async with open_tcp(f"tcp://127.0.0.1:{port}", WallClock()) as line:
        with pytest.raises(DeviceUnavailable, match=r"connection refused; .*Next try in 0\.\d s"):
            await line.read(1, 5, 1, timeout=SECOND)
        start = asyncio.get_running_loop().time()
        with pytest.raises(DeviceUnavailable, match=r"not sent.*refused; next try in"):
            await line.read(1, 5, 1, timeout=SECOND)
        assert asyncio.get_running_loop().time() - start < 0.1
        async with await serve_tcp(rig.Memory({1: {5: 5}}), port):
            assert (await answers_again(line)).words == (5,)


async def test_a_name_nobody_knows_is_said_with_the_address_as_the_way_out():
    async with open_tcp("tcp://roof.invalid:502", WallClock()) as line:
        with pytest.raises(DeviceUnavailable, match=r"roof\.invalid:502: .*name is not known"):
            await line.read(1, 5, 1, timeout=Duration(10 * SECOND))


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), r"no route \(No route to host\); is"),
        (OSError(errno.ENETUNREACH, "x"), r"no route \(Network is unreachable\); is"),
        (TimeoutError(), r"no answer in 0\.5 s; is the device on"),
        (OSError(errno.EACCES, "Permission denied"), r"Permission denied; is the device on"),
    ],
)
def test_why_there_is_no_connection_is_told_apart(error, found):
    assert re.search(found, "; ".join(_why_not(error, 0.5)))


async def test_a_unit_the_gateway_does_not_reach_is_refused_naming_the_usual_ones():
    server, port = await canned(lambda r: r[:4] + bytes([0, 3, r[6], 0x83, 0x0B]))
    async with server, open_tcp(f"tcp://127.0.0.1:{port}", WallClock()) as line:
        with pytest.raises(RequestRefused, match=r"unit 9, .*no such unit.*unit= 1, 126, 2, 3"):
            await line.read(9, 100, 1, timeout=SECOND)


async def test_a_device_that_comes_back_is_found_by_itself(rig):
    memory = rig.Memory({1: {5: 5}})
    server = await serve_tcp(memory)
    async with open_tcp(f"tcp://127.0.0.1:{server.port}", WallClock()) as line:
        await line.read(1, 5, 1, timeout=SECOND)
        await server.close()
        with pytest.raises(DeviceUnavailable):
            await line.read(1, 5, 1, timeout=SECOND)
        async with await serve_tcp(memory, server.port):
            assert (await answers_again(line)).words == (5,)


async def test_a_connection_dropped_while_idle_is_replaced_without_a_lost_request(rig):
    server = await serve_tcp(rig.Memory({1: {5: 5}}))
    async with server, open_tcp(f"tcp://127.0.0.1:{server.port}", WallClock()) as line:
        await line.read(1, 5, 1, timeout=SECOND)
        server.drop()
        async with asyncio.timeout(5):
            while line._session.connected:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
        assert (await line.read(1, 5, 1, timeout=SECOND)).words == (5,)


async def test_hanging_up_instead_of_answering_ends_the_wait_at_once():
    server, port = await canned(lambda request: None)
    async with server, open_tcp(f"tcp://127.0.0.1:{port}", WallClock()) as line:
        start = asyncio.get_running_loop().time()
        with pytest.raises(DeviceUnavailable, match="closed the connection instead"):
            await line.read(1, 5, 1, timeout=Duration(5 * SECOND))
        assert asyncio.get_running_loop().time() - start < 1.0


async def test_three_silent_requests_in_a_row_give_the_connection_up(rig):
    memory = rig.Memory({1: {5: 5}})
    memory.silent = lambda address: True
    async with rig.tcp(memory) as line:
        for _ in range(3):
            with pytest.raises(DeviceUnavailable, match=r"no answer in .*unit= 1, 126, 2, 3, 247"):
                await line.read(1, 5, 1, timeout=SOON)
        with pytest.raises(DeviceUnavailable, match="3 requests in a row"):
            await line.read(1, 5, 1, timeout=SOON)
        memory.silent = lambda address: False
        assert (await answers_again(line)).words == (5,)


async def test_a_late_answer_is_not_taken_for_the_next_one(rig):
    late = []

    def answer(request):
        count = int.from_bytes(request[10:12], "big")
        words = b"".join(request[8:10] for _ in range(count))
        reply = request[:5] + bytes([3 + len(words), request[6], 3, len(words)]) + words
        late.append(reply)
        return b"" if len(late) == 1 else b"".join(late[-2:])

    server, port = await canned(answer)
    async with server, open_tcp(f"tcp://127.0.0.1:{port}", WallClock()) as line:
        with pytest.raises(DeviceUnavailable):
            await line.read(1, 100, 1, timeout=SOON)
        assert (await line.read(1, 200, 1, timeout=SECOND)).words == (200,)


async def test_an_answer_of_the_wrong_length_is_misbehaviour():
    server, port = await canned(lambda request: request[:4] + bytes([0, 5, request[6], 3, 2, 0, 1]))
    async with server, open_tcp(f"tcp://127.0.0.1:{port}", WallClock()) as line:
        with pytest.raises(DeviceMisbehaves, match="answered 1 registers"):
            await line.read(1, 0, 2, timeout=SECOND)


async def test_a_busy_device_is_unavailable_and_not_refusing():
    server, port = await canned(lambda request: request[:4] + bytes([0, 3, request[6], 0x83, 6]))
    async with server, open_tcp(f"tcp://127.0.0.1:{port}", WallClock()) as line:
        with pytest.raises(DeviceUnavailable, match="is busy"):
            await line.read(1, 0, 2, timeout=SECOND)


def counting_up(request):
    """A bridge that gives every answer its own transaction number."""
    words = b"".join(request[8:10] for _ in range(int.from_bytes(request[10:12], "big")))
    number = (int.from_bytes(request[:2], "big") + 1).to_bytes(2, "big")
    return number + bytes([0, 0, 0, 3 + len(words), request[6], 3, len(words)]) + words


async def test_a_bridge_that_makes_numbers_up_is_read_only_if_the_owner_says_so():
    server, port = await canned(counting_up)
    url = f"tcp://127.0.0.1:{port}"
    async with server, open_tcp(url, WallClock()) as strict:
        with pytest.raises(DeviceUnavailable, match="what came was for transaction 2, unit 1"):
            await strict.read(1, 100, 1, timeout=SOON)
        async with open_tcp(f"{url}?transaction=any", WallClock()) as tolerant:
            assert (await tolerant.read(1, 100, 3, timeout=SECOND)).words == (100, 100, 100)


@pytest.mark.parametrize(
    "other",
    [
        lambda reply: reply[:6] + bytes([9]) + reply[7:],
        lambda reply: reply[:7] + bytes([4]) + reply[8:],
        lambda reply: reply[:5] + bytes([7]) + reply[6:8] + bytes([4]) + reply[9:] + b"\0\0",
    ],
    ids=["unit", "function", "length"],
)
async def test_a_made_up_number_excuses_no_other_unit_function_or_length(other):
    server, port = await canned(lambda request: other(counting_up(request)))
    url = f"tcp://127.0.0.1:{port}?transaction=any"
    async with server, open_tcp(url, WallClock()) as line:
        with pytest.raises(DeviceUnavailable, match="what came was for"):
            await line.read(1, 100, 1, timeout=SOON)


async def test_a_late_answer_with_a_made_up_number_is_not_taken_for_the_next():
    late = []

    def one_behind(request):
        late.append(counting_up(request))
        return b"" if len(late) == 1 else late[-2] + late[-1]

    server, port = await canned(one_behind)
    async with server, open_tcp(f"tcp://127.0.0.1:{port}?transaction=any", WallClock()) as line:
        with pytest.raises(DeviceUnavailable):
            await line.read(1, 100, 1, timeout=SOON)
        assert (await line.read(1, 200, 1, timeout=SECOND)).words == (200,)


async def test_a_connection_is_replaced_once_it_is_as_old_as_the_owner_allows():
    made = []

    async def serve(reader, writer):
        made.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readexactly(12)
                writer.write(request[:5] + bytes([5, request[6], 3, 2, 0, len(made)]))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}?reconnect=1s"
    async with server, open_tcp(url, WallClock()) as line:
        first = [(await line.read(1, 5, 1, timeout=SECOND)).words[0] for _ in range(20)]
        assert first == [1] * 20
        async with asyncio.timeout(5):
            while (await line.read(1, 5, 1, timeout=SECOND)).words == (1,):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert len(made) == 2
