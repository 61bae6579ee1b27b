"""What connections in the field have taught: one slot, late answers, buses, dongles, pauses."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.transport import MemLine, RegisterMemory, open_rtu_over_tcp, open_tcp, serve_tcp
from drivers.transport.stream import StreamLine
from gateway.adapters.clock import WallClock
from gateway.app.doctor.makers import of_maker
from gateway.model.device import Capabilities, Description, Device, DeviceState, Identity, Role
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.share import ShareMode, ShareSettings
from gateway.model.site import Tariff
from gateway.model.time import HOUR, MILLISECOND, SECOND, Duration
from gateway.ports.line import Pacing
from gateway.runtime.past import Past
from gateway.runtime.prices import Prices
from gateway.runtime.sharing import SharedLine, WatchedLine
from gateway.runtime.site import Site
from gateway.runtime.station import Station
from tests.drivers.conftest import Rig, inverter
from tests.unit.runtime.conftest import Armory, Heard, Memory

SOON = Duration(150 * MILLISECOND)
LONG = Duration(2 * SECOND)
WORDS = {at: at for at in range(200)}


def answer(request, words=(7,), *, transaction=None, unit=None, function=None, size=None):
    """The frame that answers a read; what is given is wrong on purpose."""
    number = struct.unpack(">H", request[:2])[0] if transaction is None else transaction
    data = struct.pack(f">{len(words)}H", *words)
    body = bytes([unit or request[6], function or request[7], size or len(data)]) + data
    return struct.pack(">HHH", number, 0, len(body)) + body


class Served:
    """A device by hand: ``talk(reader, writer)`` for each connection."""

    def __init__(self, talk):
        self.talk, self.port, self.made, self.open = talk, 0, 0, 0

    async def connection(self, reader, writer):
        self.made += 1
        self.open += 1
        try:
            await self.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def device(talk, port=0):
    served = Served(talk)
    server = await asyncio.start_server(served.connection, "127.0.0.1", port)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()


def line_to(port, query=""):
    return open_tcp(f"tcp://127.0.0.1:{port}{query}", WallClock())


async def ask(line, address=0, count=1, *, unit=1, timeout=LONG):
    return (await line.read(unit, address, count, timeout=timeout)).words


async def together(*asks):
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one) for one in asks]
    return [one.result() for one in running]


async def in_vain(line, timeout):
    with pytest.raises(DeviceUnavailable):
        await ask(line, timeout=timeout)


def handles():
    return len(list(Path("/proc/self/fd").iterdir()))


async def silent(reader, writer):
    while await reader.read(100):
        pass


async def hang_up(reader, writer):
    await reader.read(1)


class Scripted(StreamLine):
    """A line in virtual time; ``happens`` is raised by each connect and notes when."""

    def __init__(self, clock, happens):
        super().__init__(clock)
        self.happens, self.tries = happens, []

    async def _open(self):
        self.tries.append(asyncio.get_running_loop().time())
        raise self.happens

    def _why_not(self, error, timeout_s):
        return str(error), "wait"


async def ask_for(line, seconds, every_s=0.05):
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        with suppress(DeviceUnavailable):
            await ask(line)
        await asyncio.sleep(every_s)


async def test_lesson_043_one_connection_serves_all_and_what_fails_is_closed():
    """An inverter took one client; a second was refused, and retries ate the file handles."""
    async with device(silent) as one, line_to(one.port) as line:
        before = handles()
        for _ in range(9):
            soon = Duration(10 * MILLISECOND)
            await together(in_vain(line, soon), in_vain(line, soon))
            assert one.open <= 1
        await asyncio.sleep(0.25)
        await in_vain(line, SOON)
        assert (one.made > 1, one.open) == (True, 1)
        assert handles() <= before + 2


def test_lesson_044_after_resets_there_is_peace_for_a_minute(virtual, clock):
    """An inverter answered resets for ever while it was asked again at once."""

    async def main():
        line = Scripted(clock, ConnectionResetError("reset"))
        await ask_for(line, 600, every_s=0.5)
        return [b - a for a, b in pairwise(line.tries)]

    pauses = virtual(main())
    assert 60 <= pauses[-1] < 61
    assert len(pauses) < 20


async def test_lesson_045_a_reset_frees_the_only_slot_where_a_close_does_not():
    """Inverters with one slot kept it after a polite close and freed it at a reset only."""
    ended = asyncio.get_running_loop().create_future()

    async def talk(reader, writer):
        try:
            writer.write(answer(await reader.readexactly(12)))
            ended.set_result("closed" if not await reader.read(1) else "more")
        except ConnectionResetError:
            ended.set_result("reset")

    async with device(talk) as one, line_to(one.port, "?close=reset") as line:
        await ask(line)
        await line.__aexit__(None, None, None)
        assert await asyncio.wait_for(ended, 5) == "reset"


async def test_lesson_046_a_session_is_kept_alive_and_closed_politely_at_the_end():
    """A battery kept a dead session, and nobody got in again."""
    ended = asyncio.get_running_loop().create_future()

    async def talk(reader, writer):
        for _ in range(2):
            writer.write(answer(await reader.readexactly(12)))
        ended.set_result(await reader.read(1))

    async with device(talk) as one:
        async with line_to(one.port) as line:
            await ask(line)
            await ask(line)
            wire = line._wire.get_extra_info("socket")
            alive = wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle_s = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        assert (bool(alive), idle_s <= 60) == (True, True)
        assert await asyncio.wait_for(ended, 5) == b""
        assert one.made == 1


async def test_lesson_047_a_socket_that_went_dumb_is_given_up_and_everything_made_anew():
    """A socket was dead after the night, and only installing anew helped."""

    async def talk(reader, writer):
        while request := await reader.read(12):
            if one.made > 1:  # the first connection stays dumb
                writer.write(answer(request))

    async with device(talk) as one, line_to(one.port) as line:
        for _ in range(3):
            await in_vain(line, Duration(30 * MILLISECOND))
        await asyncio.sleep(0.25)
        assert await ask(line) == (7,)
        assert one.made >= 2


async def late(reader, writer):
    """The first answer comes after the second request; each says its own address."""
    first = await reader.readexactly(12)
    second = await reader.readexactly(12)
    for request in (first, second):
        writer.write(answer(request, (request[9],)))
    await reader.read(1)


async def test_lesson_048_a_late_answer_is_nobody_elses():
    """One timeout, and from then on every answer belonged to the request before."""
    async with device(late) as one, line_to(one.port) as line:
        with pytest.raises(DeviceUnavailable, match="no answer"):
            await ask(line, 5, timeout=SOON)
        assert await ask(line, 6) == (6,)


@pytest.mark.parametrize(
    "wrong", [{"transaction": 999}, {"unit": 9}, {"function": 4}, {"words": (1, 2, 3)}]
)
async def test_lesson_049_an_answer_of_another_number_unit_function_or_length_is_none(wrong):
    """The previous response was returned as the current one."""

    async def talk(reader, writer):
        while True:
            writer.write(answer(await reader.readexactly(12), **{"words": (66,), **wrong}))

    async with device(talk) as one, line_to(one.port) as line:
        with pytest.raises((DeviceUnavailable, DeviceMisbehaves)):
            await ask(line, timeout=SOON)


async def test_lesson_050_a_bridge_that_makes_numbers_up_is_understood_where_it_is_said():
    """A serial server never repeated the transaction number, always one more."""

    async def talk(reader, writer):
        while True:
            request = await reader.readexactly(12)
            number = struct.unpack(">H", request[:2])[0] + 1
            writer.write(answer(request, (request[9],), transaction=number))

    async with device(talk) as one:
        async with line_to(one.port, "?transaction=any") as line:
            assert [await ask(line, at) for at in (3, 4)] == [(3,), (4,)]
        async with line_to(one.port) as line:
            with pytest.raises(DeviceUnavailable, match="transaction"):
                await ask(line, timeout=SOON)


class Busy:
    """Answers with the address; ``most``: requests that were there at once."""

    def __init__(self, delay_s=0.01):
        self.delay_s, self.most, self.times = delay_s, 0, []

    async def talk(self, reader, writer):
        while True:
            request = await reader.readexactly(12)
            self.times.append(asyncio.get_running_loop().time())
            await asyncio.sleep(self.delay_s)
            self.most = max(self.most, 1 + len(reader._buffer) // len(request))
            writer.write(answer(request, (request[9],)))


async def test_lesson_051_the_next_request_waits_for_the_answer_to_the_one_before():
    """An inverter queued hundreds of requests and answered each of them late."""
    busy = Busy()
    async with device(busy.talk) as one, line_to(one.port) as line:
        found = await together(*(ask(line, at) for at in range(20)))
        assert found == [(at,) for at in range(20)]
        assert (busy.most, one.made) == (1, 1)


async def test_lesson_052_askers_of_different_speed_on_one_socket_get_their_own_words():
    """Two poll intervals on one socket took each other's answers."""
    busy = Busy(delay_s=0.003)

    async def poll(line, address, every_s, times):
        for _ in range(times):
            assert await ask(line, address) == (address,)
            await asyncio.sleep(every_s)

    async with device(busy.talk) as one, line_to(one.port) as line, asyncio.timeout(10):
        await together(poll(line, 1, 0.001, 30), poll(line, 2, 0.007, 10), poll(line, 3, 0.02, 5))
    assert len(busy.times) == 45


async def test_lesson_053_a_device_that_was_away_is_reached_again():
    """After a pulled cable or a reboot the client never connected again."""
    server = await serve_tcp(RegisterMemory({1: WORDS}))
    async with line_to(server.port) as line:
        assert await ask(line, 5) == (5,)
        await server.close()
        with pytest.raises(DeviceUnavailable):
            await ask(line)
        async with await serve_tcp(RegisterMemory({1: WORDS}), server.port):
            await asyncio.sleep(0.45)
            assert await ask(line, 6) == (6,)


async def test_lesson_054_a_device_that_hangs_up_at_once_is_not_hammered():
    """A reconnect delay of nothing spun at full load."""
    async with device(hang_up) as one, line_to(one.port) as line:
        await ask_for(line, 0.7, every_s=0.005)
        assert 2 <= one.made <= 4


class Unit:
    """A driver that notes when it was asked; a dead one costs its timeout."""

    def __init__(self, name, clock, *, dead):
        self.name, self.clock, self.dead, self.asked = name, clock, dead, 0

    async def connect(self):
        if self.dead:
            await self.read()
        return Description(identity=Identity(), capabilities=Capabilities())

    async def read(self):
        self.asked += 1
        if self.dead:
            await self.clock.sleep(Duration(SECOND))
            raise DeviceUnavailable("no answer in 1 s")
        return Reading(device=self.name, at=self.clock.now(), flows={POWER: 100.0})


def test_lesson_055_a_dead_unit_on_a_bus_is_asked_seldom_and_its_neighbours_as_ever(virtual, clock):
    """One dead unit made the others on its bus unavailable."""
    drivers = {name: Unit(name, clock, dead=name == "dead") for name in ("alive", "dead")}
    devices = {
        name: Device(id=name, role=Role.METER, driver="x", connection="x", line="x")
        for name in drivers
    }

    async def main():
        site = Site(devices.values(), Prices(Tariff()), Duration(3 * SECOND))
        bus, turn = Heard(), asyncio.Lock()
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(
                    Station(
                        device=devices[name],
                        driver=driver,
                        neighbours=tuple(drivers.keys() - {name}),
                        turn=turn,
                        phase=Duration(0),
                        clock=clock,
                        site=site,
                        bus=bus,
                        armory=Armory(),
                        past=Past(
                            device=devices[name], memory=Memory(), sun=None, clock=clock, bus=bus
                        ),
                        on_reading=lambda reading: None,
                        on_attempt=lambda attempt: None,
                    ).run()
                )
                for name, driver in drivers.items()
            ]
            await clock.sleep(Duration(60 * SECOND))
            for task in running:
                task.cancel()
        return {name: site.state(name) for name in drivers}

    assert virtual(main()) == {"alive": DeviceState.ONLINE, "dead": DeviceState.OFFLINE}
    assert drivers["alive"].asked >= 55
    assert drivers["dead"].asked <= 12


async def test_lesson_056_one_missing_register_costs_its_point_and_is_asked_once():
    """One missing register took the twelve beside it along."""
    made = inverter()
    hole = made.at("103.TmpCab")
    del made.memory.units[1][hole]
    async with Rig.mem(made.memory) as line:
        driver = Rig.driver(line, "solar")
        await driver.connect()
        reading = await driver.read()
        made.memory.requests.clear()
        again = await driver.read()
    assert reading.power_w == again.power_w == -3000
    asked = [(at, n) for kind, at, n in made.memory.requests if kind == "read"]
    assert not [one for one in asked if one[0] <= hole < one[0] + one[1]]


async def test_lesson_057_no_request_is_longer_than_the_device_takes():
    """Some meters failed as soon as more than fifty registers were asked for at once."""
    made = inverter()
    async with Rig.mem(made.memory) as line:
        driver = Rig.driver(line, "solar", keys={"quirks": {"max_read": 20}})
        await driver.connect()
        assert (await driver.read()).power_w == -3000
    assert max(n for kind, _, n in made.memory.requests if kind == "read") <= 20


async def test_lesson_058_a_pause_after_the_connect_and_patience_with_who_is_busy():
    """Requests in the first second after a connect were dropped, and busy was taken for broken."""
    times, codes = [], [6, 5, 6]
    loop = asyncio.get_running_loop()

    async def talk(reader, writer):
        times.append(loop.time())
        while True:
            request = await reader.readexactly(12)
            times.append(loop.time())
            code = codes.pop() if codes else None
            busy = request[:4] + b"\0\3" + bytes([request[6], request[7] | 0x80, code or 0])
            writer.write(busy if code else answer(request))

    async with device(talk) as one, line_to(one.port, "?delay=200ms&gap=50ms") as line:
        assert await ask(line) == (7,)
    apart = [b - a for a, b in pairwise(times)]
    assert apart[0] >= 0.19
    assert (apart[1] >= 0.09, apart[2] >= 0.19, apart[3] >= 0.39) == (True, True, True)


async def test_lesson_059_two_units_at_one_address_take_turns_with_a_pause_between():
    """Two units behind one address timed each other out."""
    busy = Busy(delay_s=0.02)
    async with device(busy.talk) as one, line_to(one.port, "?gap=60ms") as line:
        await together(*(ask(line, 1, unit=unit) for unit in (1, 2, 1, 2)))
    apart = [b - a for a, b in pairwise(busy.times)]
    assert (one.made, busy.most) == (1, 1)
    assert min(apart) >= 0.078


def shared(line, *, timeout=LONG, mode=ShareMode.THROUGH):
    configured = Device(
        id="roof", role=Role.SOLAR, driver="sunspec", connection="x", line="x", timeout=timeout
    )
    settings = ShareSettings(device="roof", line="x", host="127.0.0.1", port=0, mode=mode)
    return SharedLine(
        settings=settings,
        own=WatchedLine(line, WallClock()),
        guests=line.for_guests(),
        devices={1: configured},
        armory={},
        note=lambda device, taken: None,
    )


async def test_lesson_060_who_asks_through_the_gateway_waits_as_long_as_the_device_may_take():
    """A proxy with a shorter timeout than its device cut off every slow answer."""
    slow = Busy(delay_s=0.8)
    async with (
        device(slow.talk) as one,
        line_to(one.port) as line,
        await serve_tcp(shared(line, timeout=Duration(SECOND))) as server,
        line_to(server.port) as client,
    ):
        assert await ask(client, 5) == (5,)


async def test_lesson_061_a_slow_serial_device_is_given_a_second_unless_told_otherwise():
    """A serial inverter lost every answer at 300 ms and none at 600 ms."""
    usual = Device(id="x", role=Role.SOLAR, driver="sunspec", connection="x", line="x").timeout

    async def talk(reader, writer):
        while True:
            request = await reader.readexactly(8)
            await asyncio.sleep(0.6)
            body = request[:2] + b"\2\0\7"
            writer.write(body + _crc(body))

    async with device(talk) as one:
        url = f"rtu+tcp://127.0.0.1:{one.port}"
        async with open_rtu_over_tcp(url, WallClock()) as line:
            assert await ask(line, timeout=usual) == (7,)


def _crc(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


async def test_lesson_062_a_serial_server_in_transparent_mode_is_named():
    """A serial server passed bare serial frames on, and nobody saw why nothing worked."""

    async def talk(reader, writer):
        request = await reader.readexactly(12)
        body = request[6:8] + b"\2\0\7"
        writer.write(body + _crc(body))
        await reader.read(1)

    async with device(talk) as one, line_to(one.port) as line:
        with pytest.raises(DeviceUnavailable, match=r"rtu\+tcp://"):
            await ask(line, timeout=SOON)


def test_lesson_063_what_a_firmware_switched_off_is_told_with_the_way_out():
    """A firmware switched Modbus TCP off on wireless links, and the inverter was thought broken."""
    (said,) = of_maker("roof", "SolarEdge SE5K", {"PORT_REFUSED"})
    assert "since firmware 4.14 has Modbus TCP off on wireless links" in said.what + said.do
    assert "by cable" in said.do


def test_lesson_064_a_device_is_tried_for_ever_and_found_soon_after_it_is_back(virtual, clock):
    """After a night, or weeks of snow, polling never went on."""

    async def main():
        line = Scripted(clock, OSError("away"))
        await ask_for(line, 21 * 24 * HOUR / SECOND, every_s=HOUR / SECOND)
        tries = len(line.tries)
        await ask_for(line, 30, every_s=0.5)
        return tries, len(line.tries) - tries

    tries, soon = virtual(main())
    assert tries >= 21 * 24 - 1
    assert soon >= 5


def test_lesson_065_after_a_write_the_device_settles_before_it_is_read_back(virtual, clock):
    """Reads right after a write failed behind a dongle."""

    class Settling(RegisterMemory):
        written_s = -1.0

        def read(self, unit, address, count):
            if asyncio.get_running_loop().time() - self.written_s < 0.5:
                raise DeviceUnavailable("still busy with the write")
            return super().read(unit, address, count)

        def write(self, unit, address, words):
            super().write(unit, address, words)
            self.written_s = asyncio.get_running_loop().time()

    async def main():
        line = MemLine(Settling({1: WORDS}), clock)
        line.pace(Pacing(settle=Duration(600 * MILLISECOND)))
        await line.write(1, 5, [9], timeout=LONG)
        return await ask(line, 5)

    assert virtual(main()) == (9,)


def test_lesson_066_a_dongle_that_answers_oddly_is_named_with_the_better_port():
    """A dongle brought wrong data and odd frames where the LAN port beside it worked."""
    (said,) = of_maker("roof", "Sungrow SH10RT", {"ANSWERS_BADLY"})
    assert "WiNet-S" in said.what + said.do
    assert "LAN port" in said.do
