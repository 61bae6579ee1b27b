"""Coils, and registers written one at a time, over every framing and both ways.

The device here is bytes laid out by hand from the Modbus specification, none of our own code.
"""

import asyncio
import struct
from contextlib import asynccontextmanager

import pytest

from drivers.transport import open_tcp
from drivers.transport.request import can_answer, reading, writing
from drivers.transport.rtu_session import _sizes
from gateway.adapters.clock import WallClock
from gateway.model.errors import DeviceMisbehaves
from gateway.model.time import SECOND
from gateway.ports.line import COILS, WRITE_COIL, WRITE_COILS, WRITE_REGISTER


class Relays(asyncio.Protocol):
    """A board of ten relays, of which every third is on; it answers with the bytes given."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.asked.append(data[7:])
        body = self.answers.get(data[7], data[7:12])
        self.transport.write(data[:4] + struct.pack(">H", len(body) + 1) + data[6:7] + body)


@asynccontextmanager
async def relays(**answers):
    board = Relays({int(function[1:]): body for function, body in answers.items()})
    server = await asyncio.get_running_loop().create_server(lambda: board, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_tcp(f"tcp://127.0.0.1:{port}", WallClock()) as line:
        yield board, line


async def test_coils_are_read_as_words_of_zero_and_one_lowest_bit_first():
    # 1, 4, 7 and 10 are on: bits 0, 3, 6 of the first byte, bit 1 of the second
    async with relays(_1=b"\x01\x02\x49\x02") as (board, line):
        block = await line.read(1, 16, 10, timeout=SECOND, function=COILS)
    assert block.words == (1, 0, 0, 1, 0, 0, 1, 0, 0, 1)
    assert board.asked == [b"\x01\x00\x10\x00\x0a"]


@pytest.mark.parametrize("answer", [b"\x01\x01\x49", b"\x01\x02\x49", b"\x01\x04\x49\x02\x00\x00"])
async def test_an_answer_of_another_number_of_coils_is_not_taken(answer):
    async with relays(_1=answer) as (_, line):
        with pytest.raises(DeviceMisbehaves):
            await line.read(1, 16, 10, timeout=SECOND, function=COILS)


async def test_each_writing_function_is_laid_out_as_specified():
    async with relays() as (board, line):
        await line.write(1, 0xAC, (1,), timeout=SECOND, function=WRITE_COIL)
        await line.write(1, 0xAC, (0,), timeout=SECOND, function=WRITE_COIL)
        await line.write(1, 7, (0x1234,), timeout=SECOND, function=WRITE_REGISTER)
        await line.write(
            1, 19, (1, 0, 1, 1, 0, 0, 1, 1, 1, 0), timeout=SECOND, function=WRITE_COILS
        )
    assert board.asked == [
        b"\x05\x00\xac\xff\x00",
        b"\x05\x00\xac\x00\x00",
        b"\x06\x00\x07\x12\x34",
        b"\x0f\x00\x13\x00\x0a\x02\xcd\x01",
    ]


async def test_a_coil_that_was_switched_the_other_way_is_told():
    async with relays(_5=b"\x05\x00\xac\x00\x00") as (_, line):
        with pytest.raises(DeviceMisbehaves, match="confirmed"):
            await line.write(1, 0xAC, (1,), timeout=SECOND, function=WRITE_COIL)


@pytest.mark.parametrize("function", [WRITE_COIL, WRITE_REGISTER])
async def test_a_function_of_one_word_takes_no_second(function):
    async with relays() as (board, line):
        with pytest.raises(ValueError, match=r"can write 1\.\.1 registers"):
            await line.write(1, 0, (1, 1), timeout=SECOND, function=function)
    assert not board.asked


@pytest.mark.parametrize(
    ("request_", "answer", "fits"),
    [
        (reading(1, 16, 10, COILS), b"\x01\x02\x49\x02", True),
        (reading(1, 16, 10, COILS), b"\x01\x01\x49", False),
        (reading(1, 16, 10, COILS), b"\x03\x02\x49\x02", False),
        (writing(1, 7, (5,), WRITE_REGISTER), b"\x06\x00\x07\x00\x05", True),
        (writing(1, 7, (5,), WRITE_REGISTER), b"\x06\x00\x07\x00\x06", False),
        (writing(1, 7, (1,), WRITE_COIL), b"\x05\x00\x07\xff\x00", True),
        (writing(1, 7, (1, 1), WRITE_COILS), b"\x0f\x00\x07\x00\x02", True),
    ],
)
def test_where_answers_have_no_number_their_shape_tells_whose_they_are(request_, answer, fits):
    assert can_answer(request_.body, answer) is fits


@pytest.mark.parametrize(
    ("frame", "size"),
    [
        (b"\x01\x01\x02\x49\x02\x00\x00", 7),
        (b"\x01\x05\x00\xac\xff\x00\x00\x00", 8),
        (b"\x01\x06\x00\x07\x00\x05\x00\x00", 8),
        (b"\x01\x0f\x00\x13\x00\x0a\x00\x00", 8),
    ],
)
def test_a_serial_frame_of_coils_ends_where_its_function_says(frame, size):
    assert list(_sizes(frame + b"\xff" * 5)) == [size]
