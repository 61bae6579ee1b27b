"""What every line keeps to: in memory and over a real socket."""

import asyncio

import pytest

from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.model.time import MILLISECOND, SECOND, Duration
from gateway.ports.line import MAX_READ, MAX_WRITE

SOON = Duration(100 * MILLISECOND)


@pytest.fixture(params=["mem", "tcp"])
def over(request, rig):
    return {"mem": rig.mem, "tcp": rig.tcp}[request.param]


async def test_words_written_are_read_back_with_a_time(over, rig):
    memory = rig.Memory({3: dict.fromkeys(range(300), 7)})
    async with over(memory) as line:
        await line.write(3, 100, [1, 2, 0xFFFF], timeout=SECOND)
        first = await line.read(3, 99, 5, timeout=SECOND)
        second = await line.read(3, 99, MAX_READ, timeout=SECOND)
    assert first.words == (7, 1, 2, 0xFFFF, 7)
    assert len(second.words) == MAX_READ
    assert 0 < first.at < second.at


async def test_units_are_kept_apart(over, rig):
    async with over(rig.Memory({1: {5: 10}, 247: {5: 20}})) as line:
        words = [(await line.read(unit, 5, 1, timeout=SECOND)).words for unit in (1, 247)]
    assert words == [(10,), (20,)]


async def test_a_hole_is_refused_with_code_2_and_nothing_of_the_write_is_taken(over, rig):
    memory = rig.Memory({1: {0: 1, 1: 1, 3: 1}})
    async with over(memory) as line:
        with pytest.raises(RequestRefused) as read:
            await line.read(1, 0, 4, timeout=SECOND)
        with pytest.raises(RequestRefused) as write:
            await line.write(1, 1, [9, 9], timeout=SECOND)
    assert (read.value.code, write.value.code) == (2, 2)
    assert memory.units[1] == {0: 1, 1: 1, 3: 1}


async def test_an_unknown_unit_is_refused_with_code_11(over, rig):
    async with over(rig.Memory({1: {0: 1}})) as line:
        with pytest.raises(RequestRefused) as refused:
            await line.read(9, 0, 1, timeout=SECOND)
    assert refused.value.code == 0x0B


@pytest.mark.parametrize("count", [0, MAX_READ + 1])
async def test_a_request_of_impossible_size_is_the_callers_mistake(over, rig, count):
    async with over(rig.Memory({1: {0: 1}})) as line:
        with pytest.raises(ValueError, match="one request"):
            await line.read(1, 0, count, timeout=SECOND)
        with pytest.raises(ValueError, match="one request"):
            await line.write(1, 0, [0] * (MAX_WRITE + 1), timeout=SECOND)


async def test_silence_costs_its_own_timeout_and_the_next_request_is_answered(over, rig):
    memory = rig.Memory({1: {0: 1, 50: 5}})
    memory.silent = lambda address: address == 0
    loop = asyncio.get_running_loop()
    async with over(memory) as line:
        await line.read(1, 50, 1, timeout=SECOND)
        start = loop.time()
        with pytest.raises(DeviceUnavailable):
            await line.read(1, 0, 1, timeout=SOON)
        took = loop.time() - start
        assert (await line.read(1, 50, 1, timeout=SECOND)).words == (5,)
    assert 0.09 < took < 0.6


async def test_waiting_writes_go_before_waiting_reads(over, rig):
    memory = rig.Memory({1: dict.fromkeys(range(10), 0)})
    memory.silent = lambda address: address == 0
    async with over(memory) as line:
        await line.read(1, 9, 1, timeout=SECOND)
        memory.requests.clear()

        async def silent():
            with pytest.raises(DeviceUnavailable):
                await line.read(1, 0, 1, timeout=SOON)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(silent())
            tasks.create_task(line.read(1, 1, 1, timeout=SECOND))
            tasks.create_task(line.read(1, 2, 1, timeout=SECOND))
            tasks.create_task(line.write(1, 3, [3], timeout=SECOND))
            tasks.create_task(line.write(1, 4, [4], timeout=SECOND))
    assert [address for _, address, _ in memory.requests] == [0, 3, 4, 1, 2]


async def test_a_cancelled_request_leaves_the_line_usable(over, rig):
    memory = rig.Memory({1: {0: 1, 5: 5}})
    memory.silent = lambda address: address == 0
    async with over(memory) as line:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await line.read(1, 0, 1, timeout=SECOND)
        assert (await line.read(1, 5, 1, timeout=SECOND)).words == (5,)
