"""A device with one slot, the gateway's own requests, and other programs, over real sockets."""

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import ip_network

import pytest
from pymodbus.client import AsyncModbusTcpClient

from drivers.transport import RegisterMemory, open_tcp, serve_tcp
from gateway.adapters.clock import WallClock
from gateway.model.device import Device, Role
from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.model.setpoint import Arming, RegisterWrite
from gateway.model.share import ShareMode, ShareSettings, WriteRule
from gateway.model.time import MILLISECOND, SECOND, Duration, Instant
from gateway.runtime.sharing import SharedLine, WatchedLine

TIMEOUT = Duration(300 * MILLISECOND)
ROOF = Device(
    id="roof", role=Role.SOLAR, driver="x", connection="x", line="x", unit=1, timeout=TIMEOUT
)
WORDS = {at: 3 * at for at in range(300)}
MINE = WriteRule(clients=ip_network("127.0.0.1"), unit=1, first=20, last=29)


class OneSlot(RegisterMemory):
    """Registers that count requests and may be silent or refuse."""

    def __init__(self):
        super().__init__({1: WORDS})
        self.reads, self.writes, self.silent, self.refuses = [], [], False, None

    def read(self, unit, address, count):
        self.reads.append((unit, address, count))
        self._mind()
        return super().read(unit, address, count)

    def write(self, unit, address, words):
        self.writes.append((unit, address, tuple(words)))
        self._mind()
        super().write(unit, address, words)

    def _mind(self):
        if self.silent:
            raise DeviceUnavailable("silent")
        if self.refuses is not None:
            raise RequestRefused("no", code=self.refuses)


class Slot:
    """The device, the gateway's way to it, and the port for others."""

    def __init__(self, memory, upstream, own, server, noted, armory):
        self.memory, self.upstream, self.own, self.server = memory, upstream, own, server
        self.noted, self.armory = noted, armory

    @asynccontextmanager
    async def client(self, timeout_s=3):
        client = AsyncModbusTcpClient(
            "127.0.0.1", port=self.server.port, timeout=timeout_s, retries=0, reconnect_delay=0
        )
        assert await client.connect()
        try:
            yield client
        finally:
            client.close()


@asynccontextmanager
async def slot(mode=ShareMode.THROUGH, writes=(), max_age=Duration(SECOND), delay_ms=0):
    memory, noted, armory = OneSlot(), [], {}
    async with AsyncExitStack() as stack:
        delay = Duration(delay_ms * MILLISECOND)
        upstream = await stack.enter_async_context(await serve_tcp(memory, delay=delay, most=1))
        clock = WallClock()
        line = await stack.enter_async_context(open_tcp(f"tcp://127.0.0.1:{upstream.port}", clock))
        own = WatchedLine(line, clock)
        settings = ShareSettings(
            device="roof", line="x", host="", port=0, mode=mode, max_age=max_age, writes=writes
        )
        desk = SharedLine(
            settings=settings,
            own=own,
            guests=line.for_guests(),
            devices={1: ROOF},
            armory=armory,
            note=lambda device, taken: noted.extend((device, one.block) for one in taken),
        )
        server = await stack.enter_async_context(await serve_tcp(desk, most=8))
        await own.read(1, 0, 1, timeout=TIMEOUT)
        memory.reads.clear()
        yield Slot(memory, upstream, own, server, noted, armory)


async def together(*asks):
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one) for one in asks]
    return [one.result() for one in running]


async def read(client, address, count, unit=1):
    return await client.read_holding_registers(address, count=count, device_id=unit)


async def test_two_clients_and_the_gateway_read_a_device_that_takes_one_connection():
    async with slot() as here, here.client() as one, here.client() as two:
        second = AsyncModbusTcpClient(
            "127.0.0.1", port=here.upstream.port, timeout=0.3, retries=0, reconnect_delay=0
        )
        await second.connect()
        with pytest.raises(Exception, match=r"(?i)connect|response"):
            await read(second, 0, 1)
        second.close()

        async def sweep(client, start):
            return [(await read(client, start + at, 10)).registers for at in range(0, 50, 10)]

        found = await together(
            sweep(one, 0),
            sweep(two, 100),
            here.own.read(1, 200, 10, timeout=TIMEOUT),
        )
    assert found[0] == [[3 * at for at in range(s, s + 10)] for s in range(0, 50, 10)]
    assert found[1] == [[3 * at for at in range(s, s + 10)] for s in range(100, 150, 10)]
    assert found[2].words == tuple(3 * at for at in range(200, 210))


async def test_cached_words_are_those_of_the_gateways_poll_until_they_are_too_old():
    age = Duration(200 * MILLISECOND)
    async with slot(ShareMode.CACHED, max_age=age) as here, here.client() as client:
        await here.own.read(1, 10, 20, timeout=TIMEOUT)
        here.memory.units[1][12] = 9999
        assert (await read(client, 12, 2)).registers == [36, 39]
        assert len(here.memory.reads) == 1
        await asyncio.sleep(0.25)
        assert (await read(client, 12, 2)).registers == [9999, 39]
        assert (await read(client, 12, 2)).registers == [9999, 39]
        assert here.memory.reads[1:] == [(1, 12, 2)]


async def test_words_before_a_write_are_not_told_after_it():
    async with slot(ShareMode.CACHED, (MINE,)) as here, here.client() as client:
        assert (await read(client, 20, 1)).registers == [60]
        await here.own.write(1, 20, [5], timeout=TIMEOUT)
        assert (await read(client, 20, 1)).registers == [5]
        assert not (await client.write_register(20, 6, device_id=1)).isError()
        assert (await read(client, 20, 1)).registers == [6]


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 10, 11])
async def test_a_refusal_of_the_device_is_passed_on_as_it_is(code):
    async with slot() as here, here.client() as client:
        here.memory.refuses = code
        assert (await read(client, 0, 1)).exception_code == code


async def test_a_device_that_is_away_is_told_within_its_timeout():
    async with slot() as here, here.client() as client:
        here.memory.silent = True
        began = asyncio.get_running_loop().time()
        assert (await read(client, 0, 1)).exception_code == 0x0B
        assert asyncio.get_running_loop().time() - began < 0.3 + 0.2
        await here.upstream.close()
        assert (await read(client, 0, 1)).exception_code == 0x0B


async def test_nobody_writes_where_nobody_is_named():
    async with slot() as here, here.client() as client:
        assert (await client.write_register(20, 1, device_id=1)).exception_code == 1
        assert here.memory.writes == []


async def test_a_client_writes_its_registers_and_no_others():
    async with slot(writes=(MINE,)) as here, here.client() as client:
        assert not (await client.write_registers(20, [1, 2], device_id=1)).isError()
        for address, words in ((19, [1]), (29, [1, 2]), (30, [1]), (0, [1])):
            assert (await client.write_registers(address, words, device_id=1)).exception_code == 2
        assert (await client.write_register(20, 1, device_id=2)).exception_code == 2
        assert (await client.write_coil(20, True, device_id=1)).exception_code == 1
        assert here.memory.writes == [(1, 20, (1, 2))]
        assert here.noted == [("roof", "20..21")]


async def test_another_client_writes_nothing():
    elsewhere = WriteRule(clients=ip_network("192.0.2.7"), unit=1, first=20, last=29)
    async with slot(writes=(elsewhere,)) as here, here.client() as client:
        assert (await client.write_register(20, 1, device_id=1)).exception_code == 1
        assert here.memory.writes == []


def control_of(found):
    return Arming(
        device="roof",
        connection="x",
        unit=1,
        at=Instant(0),
        identity=(),
        found=found,
        level=(),
        timeout=TIMEOUT,
    )


async def test_what_the_gateway_steers_has_one_owner_for_as_long_as_it_has_control():
    async with slot(writes=(MINE,)) as here, here.client() as client:
        here.armory["roof"] = control_of((RegisterWrite(address=22, words=(0, 0)),))
        await here.own.write(1, 27, [1], timeout=TIMEOUT)
        for address in (22, 23, 27):
            said = await client.write_register(address, 1, device_id=1)
            assert said.exception_code == 4
        assert (await client.write_registers(21, [1, 1], device_id=1)).exception_code == 4
        assert not (await client.write_register(21, 1, device_id=1)).isError()
        del here.armory["roof"]
        assert not (await client.write_register(22, 1, device_id=1)).isError()
    assert here.memory.writes == [(1, 27, (1,)), (1, 21, (1,)), (1, 22, (1,))]


@pytest.mark.parametrize("unit", [0, 255])
async def test_what_the_gateway_steers_is_not_written_by_the_address_of_everybody(unit):
    rule = WriteRule(clients=ip_network("127.0.0.1"), unit=unit, first=20, last=29)
    async with slot(writes=(rule,)) as here:
        here.armory["roof"] = control_of((RegisterWrite(address=22, words=(0, 0)),))
        await here.own.write(1, 27, [1], timeout=TIMEOUT)
        async with here.client() as client:
            for address in (22, 27):
                said = await client.write_register(address, 1, device_id=unit)
                assert said is None or said.exception_code == 4
    assert here.memory.writes == [(1, 27, (1,))]


async def test_clients_that_flood_slow_down_themselves_and_not_the_gateway():
    async with slot(delay_ms=5) as here, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(here.client()) for _ in range(6)]
        answers, waits, ended = [0], [], asyncio.Event()
        loop = asyncio.get_running_loop()

        async def flood(client):
            while not ended.is_set():
                await read(client, 0, 100)
                answers[0] += 1

        async def gateway():
            for turn in range(40):
                began = loop.time()
                if turn % 4:
                    await here.own.read(1, 0, 50, timeout=TIMEOUT)
                else:
                    await here.own.write(1, 250, [turn], timeout=TIMEOUT)
                waits.append(loop.time() - began)
                await asyncio.sleep(0.02)
            ended.set()
            return loop.time()

        began = loop.time()
        took_s = (await together(gateway(), *(flood(client) for client in clients)))[0] - began
    # One request of theirs may be under way when ours comes, and they have a quarter of the time.
    assert sorted(waits)[len(waits) // 2] < 0.03
    assert 2 <= answers[0] <= took_s / 4 / 0.005 + 2


async def test_half_frames_and_killed_clients_cost_nobody_else_anything():
    async with slot(delay_ms=10) as here, here.client() as client:
        for data in (b"\0\1\0\0\0\6\1\3", b"\0\1\0\0\0\6\1\3\0\0\0\1", b"GET / HTTP/1.0\r\n\r\n"):
            half = socket.create_connection(("127.0.0.1", here.server.port))
            half.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            half.sendall(data)
            await asyncio.sleep(0.01)
            half.close()
            assert (await read(client, 4, 1)).registers == [12]
        assert (await here.own.read(1, 5, 1, timeout=TIMEOUT)).words == (15,)


async def test_there_are_so_many_places_and_no_more():
    async with slot() as here, AsyncExitStack() as stack:
        for _ in range(8):
            client = await stack.enter_async_context(here.client())
            assert (await read(client, 1, 1)).registers == [3]
        reader, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(1), 2) == b""
        writer.close()
        assert (await read(client, 2, 1)).registers == [6]


@pytest.mark.parametrize(("address", "count", "code"), [(65535, 2, 2), (0, 126, 3), (0, 0, 3)])
async def test_what_no_device_can_be_asked_is_refused_here(address, count, code):
    async with slot() as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
        body = bytes([1, 3]) + address.to_bytes(2, "big") + count.to_bytes(2, "big")
        writer.write(b"\0\7\0\0\0\6" + body)
        assert await asyncio.wait_for(reader.readexactly(9), 2) == bytes(
            [0, 7, 0, 0, 0, 3, 1, 0x83, code]
        )
        writer.close()
        assert here.memory.reads == []
