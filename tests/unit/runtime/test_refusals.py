"""The last write that a device refused is kept until it takes one."""

from pathlib import Path

import pytest

from gateway.adapters.refusals import RefusalFile
from gateway.model.device import DeviceState
from gateway.model.errors import GridtenderError
from gateway.model.event import StateChanged
from gateway.model.setpoint import Outcome, SetpointStatus
from gateway.model.time import SECOND, parse_rfc3339
from gateway.runtime.bus import LocalBus
from gateway.runtime.refusals import PAUSE, LastRefusals

NOON = parse_rfc3339("2026-06-21T12:00:00Z")


class Hands:
    """A clock that goes on by ten seconds with every look at it."""

    def __init__(self):
        self.now_ns = 0

    def monotonic(self):
        self.now_ns += 10 * SECOND
        return self.now_ns


def status(outcome, detail=""):
    return SetpointStatus(
        device="roof", at=NOON, wanted=None, commanded=None, accepted=None, effective=None,
        outcome=outcome, lease_until=None, timer_until=None, because="", detail=detail,
    )  # fmt: skip


@pytest.fixture
def file(tmp_path):
    return RefusalFile(tmp_path)


@pytest.fixture
def stores():
    return []


@pytest.fixture
def watch(file, stores):
    async def store(refusals):
        stores.append(dict(refusals))
        file.store(refusals)

    bus = LocalBus()
    refusals = LastRefusals(file.load, store, bus, Hands())
    refusals.publish = bus.publish
    return refusals


async def test_a_refusal_is_on_the_disk_and_gone_when_the_device_takes_a_write(watch, file):
    watch.publish(status(Outcome.REFUSED, "exception 4"))
    await watch.keep()
    assert file.load()["roof"].why == "exception 4"
    watch.publish(status(Outcome.ACCEPTED))
    watch._clock.now_ns += PAUSE
    await watch.keep()
    assert file.load() == {}


async def test_a_device_that_refuses_now_and_then_does_not_wear_the_disk(watch, stores):
    for turn in range(60):
        watch.publish(status(Outcome.REFUSED, f"ignored register 7: wrote {turn}, reads 0"))
        watch.publish(status(Outcome.ACCEPTED if turn % 2 else Outcome.COMMANDED))
        watch._clock.now_ns += PAUSE // 10
        await watch.keep()
    assert 1 < len(stores) <= watch._clock.now_ns // PAUSE + 1


async def test_what_says_nothing_new_is_not_written_again(watch, stores):
    for outcome in (Outcome.COMMANDED, Outcome.EFFECTIVE, None):
        watch.publish(status(outcome))
    await watch.keep()
    assert stores == []
    for _ in range(3):
        watch.publish(status(Outcome.REFUSED, "exception 4"))
        await watch.keep()
    assert len(stores) == 1


async def test_a_disk_that_fails_is_tried_again():
    tries = []

    async def store(refusals):
        tries.append(dict(refusals))
        if len(tries) == 1:
            message = "full"
            raise GridtenderError(message)

    bus = LocalBus()
    watch = LastRefusals(dict, store, bus, Hands())
    bus.publish(status(Outcome.REFUSED, "exception 4"))
    for _ in range(3):
        await watch.keep()
    assert len(tries) == 2


@pytest.mark.parametrize("text", ["", "{", '{"v": 2}', '{"v": 1, "refusals": [7]}', "[]"])
def test_a_file_that_cannot_be_read_is_as_none(tmp_path, text):
    Path(tmp_path / "refusals.json").write_text(text)
    assert RefusalFile(tmp_path).load() == {}


@pytest.mark.parametrize("away", [DeviceState.OFFLINE, DeviceState.SLEEPING])
async def test_what_a_device_does_not_answer_as_it_goes_away_is_no_refusal(watch, file, away):
    watch.publish(status(Outcome.REFUSED, "no answer"))
    await watch.keep()
    watch.publish(turned(away))
    watch.publish(status(Outcome.REFUSED, "not connected"))
    watch._clock.now_ns += PAUSE
    await watch.keep()
    assert file.load() == {}
    watch.publish(turned(DeviceState.ONLINE))
    watch.publish(status(Outcome.REFUSED, "exception 4"))
    watch._clock.now_ns += PAUSE
    await watch.keep()
    assert file.load()["roof"].why == "exception 4"


def turned(state):
    return StateChanged(device="roof", state=state, since=NOON, reason="")


async def test_a_refusal_waits_until_it_is_sure_that_the_device_is_still_there(watch, stores):
    watch.publish(status(Outcome.REFUSED, "no answer"))
    watch._clock.now_ns -= 5 * SECOND
    await watch.keep()
    assert stores == []
    await watch.keep()
    assert [kept["roof"].why for kept in stores] == ["no answer"]
