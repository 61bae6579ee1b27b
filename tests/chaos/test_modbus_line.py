"""The wire to a device misbehaves: no value is taken that is not the answer to its request."""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from dataclasses import replace

import pytest

from drivers.transport import open_tcp
from drivers.transport.tcp import TcpLine
from gateway.adapters.clock import WallClock
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.time import MILLISECOND, SECOND, Duration
from tests.chaos.extent import RUNS
from tests.chaos.modbus_faults import (
    FaultyDevice,
    FaultyWire,
    frame,
    honest,
    words_at,
)

pytestmark = pytest.mark.chaos

SOON = Duration(100 * MILLISECOND)
READ_ANSWER = 9 + 2 * 10
WRITE_ANSWER = 12
READ_REQUEST = 12
WRITE_REQUEST = 13 + 2 * 3
FAULTS = (DeviceUnavailable, DeviceMisbehaves, RequestRefused)


async def read_again(line, within_s, unit=1, address=700):
    """Ask until it answers; the seconds that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(within_s):
        while True:
            try:
                block = await line.read(unit, address, 2, timeout=SOON)
            except FAULTS:
                await asyncio.sleep(0.02)
            else:
                assert block.words == words_at(unit, address, 2)
                return loop.time() - began


def first(misdeed):
    """A device whose first request meets the misdeed; all others are answered."""

    async def behave(device, wire):
        if not device.requests:
            await misdeed(device, wire)
        await honest(device, wire)

    return behave


def cut_answer(at, how):
    async def misdeed(device, wire):
        asked = await wire.asked()
        device.requests.append(asked)
        wire.send(asked.answer()[:at])
        await (wire.reset() if how == "reset" else wire.writer.drain())
        if how == "end":
            wire.hang_up()

    return first(misdeed)


def cut_request(at):
    async def misdeed(device, wire):
        device.requests.append(None)
        await wire.reader.readexactly(at)
        await wire.reset()

    return first(misdeed)


async def each(cases, play):
    """Play every case on a device of its own, all at once."""
    async with asyncio.TaskGroup() as tasks:
        for case in cases:
            tasks.create_task(play(case))


@pytest.mark.parametrize("how", ["reset", "end", "silence"])
async def test_a_read_cut_at_any_byte_of_its_answer_gives_nothing_and_the_next_is_right(how):
    async def play(at):
        device = FaultyDevice(cut_answer(at, how))
        async with device, open_tcp(device.url, WallClock()) as line:
            with pytest.raises(DeviceUnavailable):
                await line.read(1, 100, 10, timeout=SOON)
            assert await read_again(line, 5) < 2.0, at

    await each(range(READ_ANSWER), play)


@pytest.mark.parametrize("how", ["reset", "end", "silence"])
async def test_a_write_cut_at_any_byte_of_its_answer_is_unsure_and_is_not_sent_twice(how):
    async def play(at):
        device = FaultyDevice(cut_answer(at, how))
        async with device, open_tcp(device.url, WallClock()) as line:
            with pytest.raises(DeviceUnavailable):
                await line.write(1, 100, [1, 2, 3], timeout=SOON)
            await read_again(line, 5)
        assert [asked.function for asked in device.requests].count(16) == 1

    await each(range(WRITE_ANSWER), play)


def ask_to_read(line):
    return line.read(1, 100, 10, timeout=SECOND)


def ask_to_write(line):
    return line.write(1, 100, [1, 2, 3], timeout=SECOND)


@pytest.mark.parametrize(
    ("ask", "request_bytes"), [(ask_to_read, READ_REQUEST), (ask_to_write, WRITE_REQUEST)]
)
async def test_a_reset_at_any_byte_of_the_request_is_told_and_the_next_is_right(ask, request_bytes):
    async def play(at):
        device = FaultyDevice(cut_request(at))
        async with device, open_tcp(device.url, WallClock()) as line:
            with pytest.raises(DeviceUnavailable, match="closed the connection instead"):
                await ask(line)
            assert await read_again(line, 5) < 2.0, at

    await each(range(request_bytes), play)


def torn(at):
    """The first answer stops, and the next one begins with what was missing."""

    async def behave(device, wire):
        if device.connections == 1:
            asked = await wire.asked()
            wire.send(asked.answer()[:at])
            rest = asked.answer()[at:]
            asked = await wire.asked()
            wire.send(rest + asked.answer())
        await honest(device, wire)

    return behave


async def test_half_an_answer_now_and_the_rest_with_the_next_one_mixes_nothing():
    async def play(at):
        async with FaultyDevice(torn(at)) as device, open_tcp(device.url, WallClock()) as line:
            with pytest.raises(DeviceUnavailable):
                await line.read(1, 100, 10, timeout=SOON)
            assert await read_again(line, 5) < 2.0, at

    await each(range(READ_ANSWER), play)


async def test_the_rest_of_an_answer_that_was_not_waited_for_hides_no_forged_one():
    """The half that is missing is made of the next answer: nothing of it may be believed."""

    async def misdeed(device, wire):
        asked = await wire.asked()
        device.requests.append(asked)
        wire.send(asked.answer()[:-2])

    async def behave(device, wire):
        if not device.requests:
            await misdeed(device, wire)
        while True:
            asked = await wire.asked()
            wrong = struct.pack(">BB2H", 3, 4, 0xDEAD, 0xBEEF)
            forged = frame(asked.transaction, asked.unit, wrong)
            # On the old connection two bytes end the old answer, and the forged one is whole.
            wire.send((b"\0\0" + forged if device.connections == 1 else b"") + asked.answer())

    async with FaultyDevice(behave) as device, open_tcp(device.url, WallClock()) as line:
        with pytest.raises(DeviceUnavailable):
            await line.read(1, 100, 10, timeout=SOON)
        assert await read_again(line, 5) < 2.0
        assert device.connections == 2


async def test_what_a_bridge_still_owes_an_old_connection_is_not_taken_on_the_new_one():
    """A serial bridge brings late answers to whoever is connected now."""
    owed = []

    async def behave(device, wire):
        if device.connections == 1:
            while True:
                owed.append(await wire.asked())
        for old in owed:
            wire.send(old.answer())
        while True:
            asked = await wire.asked()
            for old in owed:
                wire.send(old.answer())
            wire.send(asked.answer())

    async with FaultyDevice(behave) as device, open_tcp(device.url, WallClock()) as line:
        for address in (100, 200, 300):
            with pytest.raises(DeviceUnavailable):
                await line.read(1, address, 2, timeout=SOON)
        await read_again(line, 5)
        assert device.connections == 2


async def test_transactions_that_wrap_around_stay_apart_from_late_ones():
    """An answer that comes one request late each time, over the end of the numbers."""
    late = []

    async def behave(device, wire):
        while True:
            asked = await wire.asked()
            device.requests.append(asked)
            for old in late[-3:]:
                wire.send(old.answer())
            late.append(asked)
            if len(device.requests) % 3:
                wire.send(asked.answer())

    async with FaultyDevice(behave) as device:
        line = TcpLine("127.0.0.1", device.port, WallClock())
        line._transaction = 0xFFFF - 20
        async with line:
            for number in range(60):
                with contextlib.suppress(DeviceUnavailable):
                    block = await line.read(1, 10 * number, 2, timeout=Duration(20 * MILLISECOND))
                    assert block.words == words_at(1, 10 * number, 2)
    numbers = [asked.transaction for asked in device.requests]
    assert 0xFFFF in numbers
    assert 0 not in numbers
    assert len(set(numbers)) == len(numbers)


def flip(asked, dice):
    """An answer that is wrong in one respect."""
    transaction, unit, body = asked.transaction, asked.unit, asked.answer()[7:]
    match dice.randrange(8):
        case 0:
            transaction = (transaction + dice.choice([-1, 1, 256, 0x8000])) & 0xFFFF
            body = replace(asked, body=b"\3\x12\x34" + asked.body[3:]).answer()[7:]
        case 1:
            unit = (unit + dice.randrange(1, 255)) & 0xFF
            body = replace(asked, unit=unit).answer()[7:]
        case 2:
            body = bytes([dice.choice([1, 2, 4, 6, 17, 43])]) + body[1:]
        case 3:
            body = body[:1] + bytes([body[1] ^ 2]) + body[2:]
        case 4:
            body = body[:-2]
        case 5:
            body = body + b"\0\0"
        case 6:
            body = bytes([asked.function | 0x80, dice.choice([1, 2, 3, 4, 5, 6, 10, 11, 99])])
        case _:
            body = bytes([0x80 | dice.choice([1, 6, 43]), 2])
    return frame(transaction, unit, body)


class AtRandom:
    """Every misdeed of the list, half of the time; the device's registers are never wrong."""

    def __init__(self, dice):
        self.dice, self.well, self.backlog = dice, False, []

    async def __call__(self, device, wire):
        while True:
            asked = await wire.asked()
            if self.well or self.dice.random() < 0.5:
                wire.send(asked.answer())
            else:
                await self.misbehave(wire, asked)

    async def misbehave(self, wire, asked):
        match self.dice.randrange(12):
            case 0:
                await wire.reset()
            case 1:
                wire.hang_up()
            case 2:
                await asyncio.sleep(self.dice.uniform(0.01, 0.15))
                wire.send(asked.answer())
            case kind:
                wire.send(self.said(kind, asked))

    def said(self, kind, asked):
        whole = asked.answer()
        match kind:
            case 3:
                return whole[: self.dice.randrange(1, len(whole))]
            case 4:
                self.backlog.append(whole)
                return b""
            case 5:
                late, self.backlog = b"".join(self.backlog), []
                return late
            case 6:
                return self.dice.randbytes(self.dice.randrange(1, 400))
            case 7:
                return whole * 2
            case _:
                return flip(asked, self.dice)


async def ask_for_a_while(line, dice, during_s):
    """Reads at random; how many were answered, every one of them rightly."""
    loop = asyncio.get_running_loop()
    until, right = loop.time() + during_s, 0
    while loop.time() < until:
        unit, address, count = dice.choice([1, 2]), dice.randrange(60_000), dice.randrange(1, 9)
        try:
            block = await line.read(unit, address, count, timeout=SOON)
        except FAULTS:
            await asyncio.sleep(0.02)
        else:
            assert block.words == words_at(unit, address, count)
            right += 1
    return right


@pytest.mark.parametrize("batch", range(RUNS))
async def test_whatever_a_device_sends_a_value_is_its_own_and_it_recovers_within_12_s(batch):
    answered = []

    async def play(seed):
        print(f"seed {seed}")
        dice = random.Random(seed)
        misdeeds = AtRandom(dice)
        device = FaultyDevice(misdeeds)
        async with device, open_tcp(device.url, WallClock()) as line:
            answered.append(await ask_for_a_while(line, dice, 4.0))
            misdeeds.well = True
            await read_again(line, 12)
            assert device.most_clients <= 2, seed  # the old one may not have noticed yet

    await each(range(40 * batch, 40 * batch + 40), play)
    assert sum(answered) > 200


async def test_an_answer_of_another_function_is_not_taken_for_ours():
    async def behave(device, wire):
        asked = await wire.asked()
        wire.send(frame(asked.transaction, asked.unit, bytes([0x90, 2])))
        await honest(device, wire)

    async with FaultyDevice(behave) as device, open_tcp(device.url, WallClock()) as line:
        with pytest.raises(DeviceMisbehaves, match="answered function 144 to 3"):
            await line.read(1, 100, 2, timeout=SECOND)


async def test_the_words_of_another_unit_behind_the_same_gateway_are_not_taken_for_ours():
    async def behave(device, wire):
        while True:
            asked = await wire.asked()
            device.requests.append(asked)
            wire.send(replace(asked, unit=2).answer())
            if len(device.requests) > 1:
                wire.send(asked.answer())

    async with FaultyDevice(behave) as device, open_tcp(device.url, WallClock()) as line:
        with pytest.raises(DeviceUnavailable, match=r"was for transaction 1, unit 2, not trans"):
            await line.read(1, 100, 2, timeout=SOON)
        block = await line.read(1, 100, 2, timeout=SOON)
    assert block.words == words_at(1, 100, 2)


async def test_an_answer_for_somebody_else_is_named_when_ours_does_not_come():
    async def behave(device, wire):
        while True:
            asked = await wire.asked()
            wire.send(frame(asked.transaction + 1, asked.unit, asked.answer()[7:]))

    async with FaultyDevice(behave) as device, open_tcp(device.url, WallClock()) as line:
        with pytest.raises(DeviceUnavailable, match=r"was for transaction 2, unit 1, not trans"):
            await line.read(1, 100, 2, timeout=SOON)


@pytest.mark.parametrize("when", ["on connecting", "instead of answering"])
async def test_a_flood_of_garbage_is_named_kept_small_and_ends_when_it_ends(when):
    flooding = True

    async def behave(device, wire):
        if flooding:
            if when == "instead of answering":
                await wire.asked()
            for _ in range(100):
                wire.send(random.Random(1).randbytes(10_000))
                await wire.writer.drain()
        await honest(device, wire)

    async with FaultyDevice(behave) as device, open_tcp(device.url, WallClock()) as line:
        texts = []
        for _ in range(40):
            with pytest.raises(DeviceUnavailable) as fault:
                await line.read(1, 100, 2, timeout=SOON)
            texts.append(str(fault.value))
            await asyncio.sleep(0.02)
        assert any("not Modbus TCP" in text for text in texts)
        assert device.connections < 8  # it backs off
        flooding = False
        assert await read_again(line, 8) < 6.0


async def test_a_serial_server_in_transparent_mode_is_recognised():
    async def behave(device, wire):
        asked = await wire.asked()
        wire.send(bytes([asked.unit]) + asked.answer()[7:] + b"\x12\x34")
        await wire.asked()

    async with FaultyDevice(behave) as device, open_tcp(device.url, WallClock()) as line:
        with pytest.raises(DeviceUnavailable, match="transparent mode"):
            await line.read(1, 100, 2, timeout=SECOND)


async def test_a_device_that_accepts_and_says_nothing_costs_its_timeouts_and_is_not_hammered():
    async def behave(device, wire):
        while True:
            device.requests.append(await wire.asked())

    loop = asyncio.get_running_loop()
    async with FaultyDevice(behave) as device, open_tcp(device.url, WallClock()) as line:
        until = loop.time() + 3
        while loop.time() < until:
            with pytest.raises(DeviceUnavailable):
                await line.read(1, 100, 2, timeout=SOON)
            await asyncio.sleep(0.02)
        assert 2 <= device.connections <= 4
        assert len(device.requests) <= 3 * device.connections


async def test_two_devices_behind_the_only_session_of_a_dongle_share_it_over_resets():
    """It takes one client, and whoever comes second is hung up on."""

    async def behave(device, wire):
        if device.clients > 1:
            device.refused += 1
            wire.hang_up()
        while True:
            asked = await wire.asked()
            device.requests.append(asked)
            if len(device.requests) % 7 == 0:
                await wire.reset()
            wire.send(asked.answer())

    device = FaultyDevice(behave)
    device.refused = 0
    async with device, open_tcp(device.url, WallClock()) as line:

        async def poll(unit):
            for _ in range(10):
                await read_again(line, 10, unit=unit)

        await each((1, 2), poll)
    assert device.refused <= 1


async def test_a_connection_that_is_open_and_dead_is_replaced_after_three_timeouts():
    async with (
        FaultyDevice(honest) as device,
        FaultyWire(device.port) as wire,
        open_tcp(wire.url, WallClock()) as line,
    ):
        await line.read(1, 700, 2, timeout=SECOND)
        wire.kill_open_ones()
        assert await read_again(line, 5) < 3 * 0.1 + 0.2 + 0.5
        assert wire.connections == 2


async def test_an_idle_connection_is_watched_by_keepalive_within_a_minute():
    async with FaultyDevice(honest) as device, open_tcp(device.url, WallClock()) as line:
        await line.read(1, 700, 2, timeout=SECOND)
        made = line._session._transport.get_extra_info("socket")
        idle, pause, tries = (
            made.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert idle + pause * tries <= 60


class NameServer:
    """Answers when it is let; counts who waits."""

    def __init__(self):
        self.answers = threading.Event()
        self.asked = 0
        self.found = ("127.0.0.1",)

    def __call__(self, host):
        self.asked += 1
        self.answers.wait(20)
        if not self.found:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return self.found


async def test_a_name_server_that_keeps_silent_holds_up_nobody_else_and_is_asked_once():
    names = NameServer()
    async with FaultyDevice(honest) as device:
        lines = [TcpLine("roof.lan", device.port, WallClock(), names) for _ in range(20)]
        for _ in range(2):
            for line in lines:
                with pytest.raises(DeviceUnavailable, match=r"name was not looked up|not sent"):
                    await line.read(1, 700, 2, timeout=Duration(20 * MILLISECOND))
        # The loop's own pool of threads is for others.
        async with asyncio.timeout(1):
            assert await asyncio.to_thread(lambda: "free") == "free"
        assert names.asked == len(lines)
        names.answers.set()
        assert await read_again(lines[0], 6) < 3.0
        for line in lines:
            await line.__aexit__(None, None, None)


async def test_a_name_that_is_lost_for_a_while_is_found_again():
    names = NameServer()
    names.answers.set()
    names.found = ()
    async with FaultyDevice(honest) as device:
        line = TcpLine("roof.lan", device.port, WallClock(), names)
        async with line:
            with pytest.raises(DeviceUnavailable, match=r"name is not known \(Temporary failure"):
                await line.read(1, 700, 2, timeout=SECOND)
            names.found = ("127.0.0.2", "127.0.0.1")
            assert await read_again(line, 6) < 2.0
