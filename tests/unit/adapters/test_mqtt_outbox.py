"""The outbox: state is conflated, pushes are kept in order, and memory is bounded."""

import asyncio

import pytest

from gateway.adapters.mqtt_outbox import Outbox
from gateway.wire.message import Message


def state(topic, text):
    return Message(topic, text.encode(), retain=True)


def push(number):
    return Message("inbox", str(number).encode())


def tick(number):
    return Message("tick", str(number).encode(), qos=0)


async def drained(outbox):
    """Payloads taken until nothing is ready."""
    taken = []
    while True:
        try:
            async with asyncio.timeout(0.001):
                message = await outbox.take()
        except TimeoutError:
            return taken
        taken.append(message.payload.decode())
        outbox.done(message)


async def test_newest_state_wins_and_pushes_go_first_in_order():
    outbox = Outbox()
    for number in range(3):
        outbox.put(state("a", f"a{number}"))
        outbox.put(push(number))
        outbox.put(tick(number))
    outbox.put(state("b", "b0"))
    assert await drained(outbox) == ["0", "1", "2", "a2", "b0", "0", "1", "2"]


async def test_overflow_drops_the_oldest_push_and_counts():
    outbox = Outbox(kept=2)
    for number in range(5):
        outbox.put(push(number))
    assert outbox.dropped == 3
    assert await drained(outbox) == ["3", "4"]


async def test_replay_repeats_all_state_and_what_was_not_confirmed():
    outbox = Outbox()
    outbox.put(state("a", "a"))
    outbox.put(state("b", "b"))
    outbox.put(Message("b", b"", retain=True))
    outbox.put(push(1))
    outbox.put(push(2))
    await outbox.take()  # push 1, never confirmed
    await drained(outbox)
    outbox.replay()
    assert await drained(outbox) == ["1", "a"]


async def test_cleared_state_is_no_longer_meant_to_be_retained():
    outbox = Outbox()
    outbox.put(state("a", "a"))
    assert outbox.retains("a")
    outbox.put(Message("a", b"", retain=True))
    assert not outbox.retains("a")
    assert await drained(outbox) == [""]


async def test_fast_topic_is_held_back_and_its_newest_state_comes_later():
    outbox = Outbox(min_interval_s=0.05)
    outbox.put(state("a", "first"))
    assert await drained(outbox) == ["first"]
    outbox.put(state("a", "second"))
    outbox.put(state("a", "third"))
    outbox.put(push(1))
    assert await drained(outbox) == ["1"]
    async with asyncio.timeout(5):
        assert (await outbox.take()).payload == b"third"


async def test_waiting_writer_is_woken_by_the_next_message():
    outbox = Outbox()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        taken = group.create_task(outbox.take())
        group.create_task(asyncio.sleep(0)).add_done_callback(lambda _: outbox.put(push(1)))
    assert taken.result().payload == b"1"


@pytest.mark.parametrize("count", [1500])
async def test_ticks_nobody_takes_are_forgotten(count):
    outbox = Outbox()
    for number in range(count):
        outbox.put(tick(number))
    assert len(await drained(outbox)) == 1000
