import asyncio

import pytest

from drivers.transport.gate import PriorityGate, check_read, check_write


async def hold(gate, kind, name, order, release=None):
    await (gate.enter_writing() if kind == "write" else gate.enter_reading())
    try:
        order.append(name)
        if release is not None:
            await release.wait()
    finally:
        gate.leave()


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_waiting_writes_go_before_waiting_reads_and_each_in_order():
    gate, order, release = PriorityGate(), [], asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(gate, "read", "running", order, release))
        await settled()
        for kind, name in (("read", "r1"), ("write", "w1"), ("read", "r2"), ("write", "w2")):
            tasks.create_task(hold(gate, kind, name, order))
            await settled()
        release.set()
    assert order == ["running", "w1", "w2", "r1", "r2"]


async def test_a_cancelled_waiter_leaves_the_gate_to_the_next():
    gate, order, release = PriorityGate(), [], asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(gate, "read", "running", order, release))
        await settled()
        gone = tasks.create_task(hold(gate, "write", "gone", order))
        tasks.create_task(hold(gate, "read", "next", order))
        await settled()
        release.set()
        gone.cancel()
    assert order == ["running", "next"]


async def test_a_waiter_cancelled_with_its_turn_passes_it_on():
    gate, order, release = PriorityGate(), [], asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(gate, "read", "running", order, release))
        gone = tasks.create_task(hold(gate, "write", "gone", order))
        tasks.create_task(hold(gate, "read", "next", order))
        await settled()
        release.set()
        while gate._writers:  # noqa: ASYNC110 - the very moment between turn and wake
            await asyncio.sleep(0)
        gone.cancel()
    assert order == ["running", "next"]


@pytest.mark.parametrize("count", [0, 126])
def test_a_read_of_impossible_size_is_refused(count):
    with pytest.raises(ValueError, match=r"1\.\.125"):
        check_read(count)


@pytest.mark.parametrize("count", [0, 124])
def test_a_write_of_impossible_size_is_refused(count):
    with pytest.raises(ValueError, match=r"1\.\.123"):
        check_write([0] * count)
