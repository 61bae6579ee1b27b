"""What is remembered of a device, and what is said when it is not as it was."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.model.device import Capabilities, Description, Identity
from gateway.model.errors import JournalFailed
from gateway.model.event import Described, FaultChanged
from gateway.model.time import HOUR, Duration
from gateway.runtime.past import EXCHANGED, FIRMWARE, Past, change

ROOF = Description(
    identity=Identity(maker="Maker", model="Roof 8", version="1.0", serial="S-1"),
    capabilities=Capabilities(rating_w=8000.0),
    models=(1, 103, 120, 123),
    notes=("odd today",),
)


def other(**identity):
    return replace(ROOF, identity=replace(ROOF.identity, **identity))


@pytest.mark.parametrize(
    ("now", "code", "text"),
    [
        (ROOF, None, ""),
        (other(version="1.1"), FIRMWARE, "firmware 1.0 is now 1.1; its models are the same"),
        (
            replace(other(version="2"), models=(1, 701, 704)),
            FIRMWARE,
            "models 701, 704 appeared; models 103, 120, 123 vanished",
        ),
        (other(serial="S-2"), EXCHANGED, "serial S-1 is now S-2"),
        (other(model="Roof 9", version="2"), EXCHANGED, "model Roof 8 is now Roof 9"),
        (other(serial="", model="", version=""), None, ""),  # asleep, it tells less
        (replace(ROOF, models=(1,)), None, ""),
    ],
)
def test_another_device_and_another_firmware_are_told_apart(now, code, text):
    found = change(ROOF, now)
    assert (None if found is None else found.code) == code
    assert found is None or text in found.text


@pytest.fixture
def lives(clock, fakes, virtual):
    """``lives(script, ...)``: each script is one life of a gateway with one memory."""
    memory = fakes.Memory()

    def run(*scripts):
        async def main():
            buses = []
            for script in scripts:
                bus = fakes.Heard()
                past = Past(device=fakes.device(), memory=memory, sun=None, clock=clock, bus=bus)
                await script(past)
                await past.keep()
                buses.append(bus)
            return buses

        return virtual(main())

    run.memory = memory
    return run


async def met(past):
    past.connected(ROOF)


async def missed(past):
    past.recall()
    past.recall()


def test_it_is_recalled_once_with_a_note_and_without_those_of_the_day(lives):
    (_, heard) = lives(met, missed)
    (told,) = heard
    assert isinstance(told, Described)
    assert told.description.identity == ROOF.identity
    assert [note[:15] for note in told.description.notes] == ["remembered from"]


def test_one_that_answers_is_not_recalled(lives):
    async def answers_then_vanishes(past):
        past.connected(ROOF)
        past.recall()

    assert lives(met, answers_then_vanishes)[1] == []


def test_what_a_sleeper_does_not_say_is_not_forgotten(lives):
    async def asleep(past):
        past.connected(other(serial="", version=""))

    async def updated(past):
        past.connected(other(version="1.1"))

    *_, heard = lives(met, asleep, updated)
    assert [fault.code for fault in heard] == [FIRMWARE]


def test_nothing_of_another_device_is_kept(lives):
    async def another(past):
        past.connected(other(serial="S-2", version=""))

    _, heard = lives(met, another)
    assert [fault.code for fault in heard] == [EXCHANGED]
    assert lives.memory["d"].description.identity.version == ""


def test_the_disk_is_written_only_when_something_changed(lives, fakes, clock):
    kept = []

    class Counting(type(lives.memory)):
        async def keep(self, known):
            kept.append(known)
            await super().keep(known)

    lives.memory.__class__ = Counting

    async def a_day(past):
        for notes in (("a",), ("b",)):
            past.connected(replace(ROOF, notes=notes))
            await past.keep()
        for asleep in (False, False, True, True, False):
            past.heard(fakes.reading("d", clock.now(), 0.0, asleep=asleep))
            await past.keep()

    lives(a_day)
    assert [known.slept_at is not None for known in kept] == [False, True, False]


def test_a_disk_that_fails_is_said_and_tried_again(clock, fakes, virtual):
    class Full(fakes.Memory):
        full = True

        async def keep(self, known):
            if self.full:
                message = "no space"
                raise JournalFailed(message)
            await super().keep(known)

    async def main():
        memory = Full()
        past = Past(device=fakes.device(), memory=memory, sun=None, clock=clock, bus=fakes.Heard())
        past.connected(ROOF)
        await past.keep()
        memory.full = False
        await past.keep()
        return memory

    with capture_logs() as said:
        memory = virtual(main())
    assert [one["event"] for one in said] == ["memory.not_kept"]
    assert "d" in memory


def test_a_memory_that_cannot_be_read_is_said_and_none(clock, fakes, virtual):
    class Broken(fakes.Memory):
        def get(self, device):
            message = "rubbish"
            raise JournalFailed(message)

    bus = fakes.Heard()

    async def main():
        past = Past(device=fakes.device(), memory=Broken(), sun=None, clock=clock, bus=bus)
        past.recall()
        past.connected(ROOF)

    with capture_logs() as said:
        virtual(main())
    assert [one["event"] for one in said] == ["memory.unusable"]
    assert bus == []


def test_a_notice_stands_for_a_day(lives, fakes, clock):
    async def updated(past):
        past.connected(other(version="1.1"))
        for _ in range(25):
            await clock.sleep(Duration(HOUR))
            await asyncio.sleep(0)
            past.heard(fakes.reading("d", clock.now(), 0.0))

    _, heard = lives(met, updated)
    faults = [fact for fact in heard if isinstance(fact, FaultChanged)]
    assert [(fault.code, fault.active) for fault in faults] == [(FIRMWARE, True), (FIRMWARE, False)]
    assert faults[1].at - faults[0].at == 24 * HOUR
