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


def reading(topic, text):
    return Message(topic, text.encode(), qos=0, retain=True)


async def burst(outbox):
    """Payloads at QoS 0 that are ready; at least one is."""
    async with asyncio.timeout(5):
        return [message.payload.decode() for message in await outbox.take_burst()]


async def test_newest_state_wins_and_pushes_go_first_in_order():
    outbox = Outbox()
    for number in range(3):
        outbox.put(state("a", f"a{number}"))
        outbox.put(push(number))
    outbox.put(state("b", "b0"))
    assert await drained(outbox) == ["0", "1", "2", "a2", "b0"]


async def test_what_nothing_confirms_is_taken_at_once_newest_readings_before_ticks():
    outbox = Outbox()
    for number in range(3):
        outbox.put(tick(number))
        outbox.put(reading("r", f"r{number}"))
    outbox.put(push(0))
    assert await burst(outbox) == ["r2", "0", "1", "2"]
    assert await drained(outbox) == ["0"]


async def test_topic_is_published_at_the_quality_of_its_newest_message_only():
    outbox = Outbox()
    outbox.put(reading("a", "read"))
    outbox.put(Message("a", b"", retain=True))
    outbox.put(state("b", "cleared"))
    outbox.put(reading("b", "read again"))
    assert await drained(outbox) == [""]
    assert await burst(outbox) == ["read again"]


async def test_replay_repeats_readings_in_one_burst():
    outbox = Outbox()
    outbox.put(reading("a", "a"))
    outbox.put(reading("b", "b"))
    assert await burst(outbox) == ["a", "b"]
    outbox.replay()
    assert await burst(outbox) == ["a", "b"]


async def test_long_burst_is_taken_in_pieces_that_lose_nothing():
    outbox = Outbox()
    for number in range(1300):
        outbox.put(reading(f"r{number}", str(number)))
    taken = [*await burst(outbox), *await burst(outbox), *await burst(outbox)]
    assert taken == [str(number) for number in range(1300)]


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
    assert sum([len(await burst(outbox)) for _ in range(2)]) == 1000
    assert not await drained(outbox)
