"""RTU over a real terminal and over a socket: what a bus without transaction numbers can do."""

import asyncio
import os
import pty
import tty
from contextlib import asynccontextmanager

import pytest
from pymodbus.framer import FramerRTU

from drivers.transport import open_rtu, open_rtu_over_tcp
from drivers.transport.debts import FORGOTTEN_S, Debts
from drivers.transport.request import reading, writing
from gateway.adapters.clock import WallClock
from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.model.time import MILLISECOND, SECOND, Duration

SOON = Duration(100 * MILLISECOND)


def framed(payload):
    return payload + FramerRTU.compute_CRC(payload).to_bytes(2, "big")


class Bus:
    """Devices on a serial bus; ``reply(request, answer)`` says what is sent, and may send later."""

    def __init__(self, memory):
        self.memory, self.unread, self.requests = memory, b"", []
        self.send = lambda data: None
        self.reply = lambda request, answer: answer

    def feed(self, data):
        self.unread += data
        while len(self.unread) >= 8:
            size = 8 if self.unread[1] == 3 else 9 + self.unread[6]
            if len(self.unread) < size:
                return
            request, self.unread = self.unread[:size], self.unread[size:]
            assert framed(request[:-2]) == request
            self.requests.append(request)
            if answer := self.reply(request, self.answer(request)):
                self.send(answer)

    def answer(self, request):
        unit, function = request[0], request[1]
        address, count = (int.from_bytes(request[at : at + 2], "big") for at in (2, 4))
        try:
            if function == 3:
                words = self.memory.read(unit, address, count)
                data = b"".join(word.to_bytes(2, "big") for word in words)
                return framed(bytes([unit, 3, len(data)]) + data)
            data = request[7:-2]
            words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
            self.memory.write(unit, address, words)
            return framed(request[:6])
        except RequestRefused as refused:
            return framed(bytes([unit, function | 0x80, refused.code]))
        except DeviceUnavailable:
            return b""


@asynccontextmanager
async def plugged_in(bus, link):
    """The bus on a terminal whose name is ``link``; unplugged at the end."""
    loop = asyncio.get_running_loop()
    near, far = pty.openpty()
    tty.setraw(far)
    link.symlink_to(os.ttyname(far))
    os.close(far)

    def arrived():
        try:
            bus.feed(os.read(near, 4096))
        except OSError:  # nobody has the other side open
            loop.remove_reader(near)
            loop.call_later(0.005, loop.add_reader, near, arrived)

    bus.send = lambda data: os.write(near, data)
    held = os.open(link, os.O_RDWR | os.O_NOCTTY)
    loop.add_reader(near, arrived)
    try:
        yield link
    finally:
        loop.remove_reader(near)
        os.close(held)
        os.close(near)
        link.unlink()


@asynccontextmanager
async def on_serial(bus, tmp_path):
    async with (
        plugged_in(bus, tmp_path / "ttyUSB0") as link,
        open_rtu(f"rtu://{link}?baud=115200", WallClock()) as line,
    ):
        yield line


class SerialServer(asyncio.Protocol):
    """A connection to the bus in transparent mode."""

    def __init__(self, bus, ends):
        self.bus, self.end = bus, asyncio.get_running_loop().create_future()
        ends.append(self.end)

    def connection_made(self, transport):
        self.bus.send = transport.write

    def data_received(self, data):
        self.bus.feed(data)

    def connection_lost(self, exc):
        self.end.set_result(None)


@asynccontextmanager
async def on_socket(bus, tmp_path):
    ends = []
    server = await asyncio.get_running_loop().create_server(
        lambda: SerialServer(bus, ends), "127.0.0.1", 0
    )
    url = f"rtu+tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        async with open_rtu_over_tcp(url, WallClock()) as line:
            yield line
        for end in ends:
            await end


@pytest.fixture(params=[on_serial, on_socket], ids=["serial", "socket"])
def over(request, tmp_path):
    return lambda bus: request.param(bus, tmp_path)


@pytest.fixture
def bus(rig):
    return Bus(rig.Memory({1: dict.fromkeys(range(300), 7) | {100: 100, 200: 200}, 2: {200: 20}}))


async def test_words_written_are_read_back(over, bus):
    async with over(bus) as line:
        await line.write(1, 100, [1, 2, 0xFFFF], timeout=SECOND)
        assert (await line.read(1, 99, 5, timeout=SECOND)).words == (7, 1, 2, 0xFFFF, 7)
        assert len((await line.read(1, 0, 125, timeout=SECOND)).words) == 125


async def test_a_refusal_keeps_its_code(over, bus):
    async with over(bus) as line:
        with pytest.raises(RequestRefused) as refused:
            await line.read(2, 5, 1, timeout=SECOND)
    assert refused.value.code == 2


async def test_waiting_writes_go_before_waiting_reads_and_never_two_at_once(over, bus):
    async with over(bus) as line, asyncio.TaskGroup() as tasks:
        for address in (10, 11, 12):
            tasks.create_task(line.read(1, address, 1, timeout=SECOND))
        tasks.create_task(line.write(1, 13, [3], timeout=SECOND))
    assert [request[3] for request in bus.requests] == [10, 13, 11, 12]


async def test_an_adapter_that_hears_itself_is_not_answered_by_its_echo(over, bus):
    bus.reply = lambda request, answer: request + answer
    async with over(bus) as line:
        assert (await line.read(1, 200, 1, timeout=SECOND)).words == (200,)
        await line.write(1, 100, [5, 6], timeout=SECOND)
        assert (await line.read(1, 100, 2, timeout=SECOND)).words == (5, 6)


async def test_an_echo_without_an_answer_is_no_answer(over, bus):
    bus.reply = lambda request, answer: request
    async with over(bus) as line:
        with pytest.raises(DeviceUnavailable, match="no answer in"):
            await line.write(1, 100, [5], timeout=SOON)


@pytest.mark.parametrize("noise", [b"\x00", b"\xff" * 9, b"\x01\x03\xfa", b"\x01\x03\x02\x00\x07"])
async def test_noise_before_an_answer_is_passed_over(over, bus, noise):
    bus.reply = lambda request, answer: noise + answer
    async with over(bus) as line:
        assert (await line.read(1, 200, 1, timeout=SECOND)).words == (200,)


async def test_a_damaged_answer_is_none_and_the_next_one_counts(over, bus):
    bus.reply = lambda request, answer: answer[:-1] + bytes([answer[-1] ^ 1])
    async with over(bus) as line:
        with pytest.raises(DeviceUnavailable, match="no Modbus RTU frame"):
            await line.read(1, 200, 1, timeout=Duration(200 * MILLISECOND))
        bus.reply = lambda request, answer: answer
        assert (await line.read(1, 200, 1, timeout=SECOND)).words == (200,)


async def test_an_answer_in_pieces_is_put_together(over, bus):
    def in_pieces(request, answer):
        for start in range(len(answer)):
            asyncio.get_running_loop().call_later(
                0.002 * start, bus.send, answer[start : start + 1]
            )

    bus.reply = in_pieces
    async with over(bus) as line:
        assert (await line.read(1, 199, 3, timeout=SECOND)).words == (7, 200, 7)


async def test_registers_that_look_like_an_answer_are_not_taken_for_one(over, bus):
    inside = framed(bytes([1, 3, 2, 0xBA, 0xD0]))
    late = framed(bytes([1, 3, 8]) + inside + b"\0")
    bus.reply = lambda request, answer: late + answer
    async with over(bus) as line:
        assert (await line.read(1, 200, 1, timeout=SECOND)).words == (200,)


@pytest.mark.parametrize("late_s", [0.15, 0.35, 0.6])
async def test_a_late_answer_is_never_taken_for_the_next(over, bus, late_s):
    """Every answer is later than the timeout: nothing may be read, above all nothing wrong."""

    def late(request, answer):
        asyncio.get_running_loop().call_later(late_s, bus.send, answer)

    bus.reply = late
    async with over(bus) as line:
        for address in (100, 200, 100, 200, 100, 200):
            try:
                words = (await line.read(1, address, 1, timeout=SOON)).words
            except DeviceUnavailable:
                continue
            assert words == (address,)
        bus.reply = lambda request, answer: answer
        assert (await again(line, 1, 200)).words == (200,)


async def test_a_late_confirmation_is_not_taken_for_the_next_write(over, bus):
    held = []

    def hold_writes(request, answer):
        if request[1] == 3:
            return b"".join(held) + answer
        held.append(answer)
        return b""

    bus.reply = hold_writes
    async with over(bus) as line:
        with pytest.raises(DeviceUnavailable):
            await line.write(1, 100, [1], timeout=SOON)
        with pytest.raises(DeviceUnavailable):
            await line.write(1, 100, [2], timeout=SOON)


async def test_a_cancelled_request_is_owed_as_well(over, bus):
    owed = []

    def second_answers_first(request, answer):
        owed.append(answer)
        return b"" if len(owed) == 1 else b"".join(owed[-2:])

    bus.reply = second_answers_first
    async with over(bus) as line:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await line.read(1, 100, 1, timeout=SECOND)
        assert (await line.read(1, 200, 1, timeout=SECOND)).words == (200,)


async def test_a_silent_unit_costs_the_others_nothing_but_its_own_timeout(over, bus):
    bus.reply = lambda request, answer: b"" if request[0] == 1 else answer
    async with over(bus) as line:
        with pytest.raises(DeviceUnavailable, match=r"no answer in 0\.1 s"):
            await line.read(1, 100, 1, timeout=SOON)
        assert (await line.read(2, 200, 1, timeout=SOON)).words == (20,)
        assert len(bus.requests) == 2


async def again(line, unit, address, within_s=10.0):
    async with asyncio.timeout(within_s):
        while True:
            try:
                return await line.read(unit, address, 1, timeout=Duration(300 * MILLISECOND))
            except DeviceUnavailable:
                await asyncio.sleep(0.02)


async def test_an_adapter_unplugged_is_told_and_found_again(bus, tmp_path):
    link = tmp_path / "ttyUSB0"
    async with open_rtu(f"rtu://{link}?baud=19200&parity=even", WallClock()) as line:
        async with plugged_in(bus, link):
            assert (await line.read(1, 200, 1, timeout=SECOND)).words == (200,)
        with pytest.raises(DeviceUnavailable, match=r"port is gone|no such port"):
            await line.read(1, 200, 1, timeout=SECOND)
        with pytest.raises(DeviceUnavailable, match=r"no such port; is the adapter|not sent"):
            await line.read(1, 200, 1, timeout=SECOND)
        async with plugged_in(bus, link):
            assert (await again(line, 1, 200)).words == (200,)


async def test_unplugging_ends_the_wait_for_an_answer(bus, tmp_path):
    bus.reply = lambda request, answer: b""
    link = tmp_path / "ttyUSB0"
    async with open_rtu(f"rtu://{link}", WallClock()) as line:
        waiting = Duration(10 * SECOND)
        async with asyncio.timeout(3), asyncio.TaskGroup() as tasks, plugged_in(bus, link):
            asked = tasks.create_task(refused(line, waiting))
            while not bus.requests:  # noqa: ASYNC110 - a terminal tells nobody
                await asyncio.sleep(0.01)
        assert "the port is gone" in asked.result()


async def refused(line, timeout):
    with pytest.raises(DeviceUnavailable) as error:
        await line.read(1, 200, 1, timeout=timeout)
    return str(error.value)


async def test_a_port_is_held_by_one_program_alone(bus, tmp_path):
    async with plugged_in(bus, tmp_path / "ttyUSB0") as link:
        url = f"rtu://{link}"
        async with open_rtu(url, WallClock()) as first, open_rtu(url, WallClock()) as second:
            await first.read(1, 200, 1, timeout=SECOND)
            assert "another program holds the port" in await refused(second, SECOND)


async def test_what_is_no_serial_port_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    async with open_rtu(f"rtu://{tmp_path / 'file'}", WallClock()) as line:
        assert "it is no serial port" in await refused(line, SECOND)


@pytest.mark.parametrize("url", ["rtu://ttyUSB0", "rtu:///dev/x?baud=300", "rtu:///dev/x?parity=N"])
def test_a_url_that_cannot_be_a_port_is_refused(url):
    with pytest.raises(ValueError, match=r"ttyUSB0|baud"):
        open_rtu(url, WallClock())


def test_a_proof_is_of_another_length_than_all_that_is_owed():
    debts = Debts(lambda: 0.0)
    for count in (1, 3):
        debts.owe(reading(1, 100, count))
    assert debts.proof(reading(1, 100, 2)).registers == 4


def test_a_write_is_no_debt_of_a_read():
    debts = Debts(lambda: 0.0)
    debts.owe(writing(1, 100, [1]))
    assert not debts.owes(reading(1, 100, 1))
    assert debts.owes(writing(1, 200, [1]))
    assert not debts.owes(writing(2, 200, [1]))


def test_a_refusal_proves_nothing_while_several_answers_are_owed():
    debts = Debts(lambda: 0.0)
    for count in (1, 3):
        debts.owe(reading(1, 100, count))
    debts.proven(1, b"\x83\x02")
    assert debts.owes(reading(1, 100, 1))
    debts.proven(1, b"\x83\x02")
    assert not debts.owes(reading(1, 100, 1))


def test_what_is_too_old_is_forgotten():
    now_s = [0.0]
    debts = Debts(lambda: now_s[0])
    debts.owe(reading(1, 100, 1))
    now_s[0] = FORGOTTEN_S + 1
    assert not debts.owes(reading(1, 100, 1))
