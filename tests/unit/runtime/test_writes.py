"""Counts of writes: by day, by registers, kept over restarts, and told at midnight."""

import asyncio
import json
from types import SimpleNamespace

import pytest
import structlog

from gateway.adapters.state import StateUnusable
from gateway.adapters.wear import WearFile
from gateway.model.device import WriteBudget
from gateway.model.setpoint import TakenWrite
from gateway.model.time import HOUR, Instant, seconds
from gateway.runtime.writes import Writes

FIVE = TakenWrite(address=40232, count=5)
NOON = SimpleNamespace(now=lambda: Instant(20_000 * 24 * HOUR + 12 * HOUR))
TIMED = TakenWrite(address=40155, count=5, lapses=True)


@pytest.fixture
def writes(fakes):
    """``writes(**budget)`` of one device at noon; what it stores is in ``.stored``."""

    def made(kept=(), clock=NOON, **budget):
        stored = []
        devices = {"d": fakes.device(writes=WriteBudget(**budget))}
        counted = Writes(devices, clock, kept=kept, store=stored.append)
        counted.stored = stored
        return counted

    return made


def test_what_the_timer_ends_is_counted_apart_and_registers_by_block(writes):
    counted = writes()
    counted.note("d", (FIVE, TIMED, TIMED))
    count = counted.of("d")
    assert (count.today, count.volatile_today) == (1, 2)
    assert {name: block.today for name, block in count.blocks.items()} == {
        "40232..40236": 1,
        "40155..40159": 2,
    }


@pytest.mark.parametrize(("volatile", "expected"), [(True, (0, 2)), (False, (2, 0))])
def test_the_owners_word_goes_before_the_drivers(writes, volatile, expected):
    counted = writes(volatile=volatile)
    counted.note("d", (FIVE, TIMED))
    assert (counted.of("d").today, counted.of("d").volatile_today) == expected


def test_a_new_day_begins_at_nothing_and_the_total_goes_on(virtual, writes, clock):
    async def main():
        counted = writes(clock=clock)
        counted.note("d", (FIVE, FIVE))
        await clock.sleep(seconds(24 * 3600))
        counted.note("d", (FIVE,))
        return counted.of("d")

    count = virtual(main())
    assert (count.today, count.total) == (1, 3)
    assert count.blocks["40232..40236"].today == 1
    assert count.blocks["40232..40236"].total == 3


def test_they_are_kept_at_most_every_quarter_of_an_hour(virtual, writes, clock):
    async def main():
        counted = writes(clock=clock)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(counted.run())
            for _ in range(6 * 3600 // 10):
                counted.note("d", (FIVE,))
                await clock.sleep(seconds(10))
            running.cancel()
        return counted.stored

    stored = virtual(main())
    assert 20 <= len(stored) <= 24
    assert stored[-1][0].total > 2000


def test_nothing_is_written_to_disk_while_nothing_was_counted(virtual, writes, clock):
    async def main():
        counted = writes(clock=clock)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(counted.run())
            await clock.sleep(seconds(7200))
            running.cancel()
        await counted.keep()
        return counted.stored

    assert virtual(main()) == []


def test_the_days_figure_is_logged_at_its_end(virtual, writes, clock):
    async def main():
        counted = writes(clock=clock, per_day=500)
        counted.note("d", (FIVE,) * 12 + (TIMED,))
        with structlog.testing.capture_logs() as said:
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(counted.run())
                await clock.sleep(seconds(12 * 3600 + 61))
                running.cancel()
        return said

    (line,) = virtual(main())
    assert line["event"] == "writes.day_ended"
    assert (line["writes"], line["per_day"], line["volatile"]) == (12, 500, 1)


def test_a_disk_that_fails_is_said_and_tried_again(virtual, clock, fakes):
    fails, stored = [True], []

    def store(counts):
        if fails:
            message = "no space left"
            raise StateUnusable(message)
        stored.append(counts)

    async def main():
        counted = Writes({"d": fakes.device()}, clock, store=store)
        counted.note("d", (FIVE,))
        with structlog.testing.capture_logs() as said:
            await counted.keep()
        fails.clear()
        await counted.keep()
        return said

    assert virtual(main())[0]["event"] == "writes.not_kept"
    assert len(stored) == 1


def test_what_was_kept_is_found_again(tmp_path, writes):
    counted, file = writes(), WearFile(tmp_path)
    assert file.load() == ()
    counted.note("d", (FIVE, TIMED))
    file.store([counted.of("d")])
    assert file.load() == (counted.of("d"),)
    assert writes(kept=file.load()).of("d").total == 1


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"v": 2}', '{"v": 1, "devices": [{"day": 1}]}']
)
def test_a_broken_file_is_set_aside_and_counting_begins_anew(tmp_path, content):
    (tmp_path / "writes.json").write_text(content)
    with structlog.testing.capture_logs() as said:
        assert WearFile(tmp_path).load() == ()
    assert (tmp_path / "writes.broken").read_text() == content
    assert said[0]["event"] == "writes.unreadable"
    assert not (tmp_path / "writes.json").exists()


def test_the_file_is_one_line_of_json(tmp_path, writes):
    counted = writes()
    counted.note("d", (FIVE,))
    WearFile(tmp_path).store([counted.of("d")])
    assert json.loads((tmp_path / "writes.json").read_text())["devices"][0]["device"] == "d"
