"""Events of a device on the bus, on MQTT and in the log; what is remembered, whole and broken."""

import json

import pytest
from structlog.testing import capture_logs

from gateway.app.telling import FaultTeller
from gateway.model.event import Described, FaultChanged, HealthChanged, StateChanged
from gateway.model.reading import Reading
from gateway.model.time import parse_rfc3339
from gateway.runtime.past import EXCHANGED
from gateway.wire.mirror import Mirror
from tests.drivers.conftest import inverter
from tests.lessons.test_night import House, life

NOON = parse_rfc3339("2026-06-21T11:40:00Z")
_OVER_TEMP = 1 << 7


def states(home):
    return [fact.state.value for fact in home.facts if isinstance(fact, StateChanged)]


def test_an_event_is_a_fault_on_mqtt_and_two_lines_in_the_log(tmp_path, virtual):
    house = House(inverter())

    async def script():
        async with life(tmp_path, NOON, house) as home:
            home.gateway.bus.listen(FaultTeller().listen)
            await home.pass_time(20, 10)
            for event in (_OVER_TEMP, 0):
                house.made.put(Evt1_103=event)
                await home.pass_time(60, 10)
            mirror = Mirror(home.gateway.settings)
            return home, [m for f in home.facts for m in mirror.messages(f, home.clock.now())]

    with capture_logs() as said:
        home, told = virtual(script())
    on_topic = [m.payload for m in told if m.topic == "rmf/1/home/d/roof/fault/OVER_TEMP"]
    assert json.loads(on_topic[0])["text"] == "the device reports it: 103 Evt1 bit 7"
    assert on_topic[1:] == [b""]
    of_faults = [one["event"] for one in said if one["event"].startswith("fault.")]
    assert of_faults == ["fault.raised", "fault.cleared"]
    ill = [f.faults for f in home.facts if isinstance(f, HealthChanged) and f.device == "roof"]
    assert ill[-2:] == [("OVER_TEMP",), ()]
    assert states(home) == ["online"]  # it gives 3 kW all the time


def test_an_event_of_a_device_that_gives_nothing_is_its_failure(tmp_path, virtual):
    house = House(inverter())

    async def script():
        async with life(tmp_path, NOON, house) as home:
            await home.pass_time(20, 10)
            house.made.put(Evt1_103=1, W_103=0)
            await home.pass_time(20, 10)
            return states(home), [f for f in home.facts if isinstance(f, StateChanged)][-1].reason

    assert virtual(script()) == (["online", "faulty"], "GROUND_FAULT")


@pytest.mark.parametrize("content", ["", "{", '{"v": 9}', '{"v": 1, "known": {"device": "x"}}'])
def test_a_broken_memory_is_said_once_and_not_used(tmp_path, virtual, content):
    house = House(inverter())
    house.answers(answers=False)
    known = tmp_path / "state" / "known" / "roof.json"
    known.parent.mkdir(parents=True)
    known.write_text(content)

    async def script():
        async with life(tmp_path, NOON, house) as home:
            await home.pass_time(30, 10)
            before = [fact for fact in home.facts if isinstance(fact, Described)]
            house.answers(answers=True)
            await home.pass_time(30, 10)
            return before

    with capture_logs() as said:
        before = virtual(script())
    assert before == []
    assert [one["event"] for one in said].count("memory.unusable") == 1
    kept = json.loads(known.read_text())["known"]["description"]
    assert kept["identity"]["serial"] == "S-1"


def test_another_device_at_the_address_is_said_and_nothing_remembered_is_used(tmp_path, virtual):
    house = House(inverter(SN_1="S-1"))

    async def script():
        async with life(tmp_path, NOON, house) as home:
            await home.pass_time(20, 10)
        house.answers(answers=False)
        async with life(tmp_path, NOON, house) as home:
            await home.pass_time(20, 10)
            house.made = inverter(SN_1="S-2", WRtg_120=5000, WMax_121=4800, W_103=1000)
            await home.pass_time(40, 10)
            return home

    home = virtual(script())
    told = [fact for fact in home.facts if isinstance(fact, FaultChanged)]
    faults = [fault for fault in told if fault.code == EXCHANGED]
    assert [(fault.code, fault.text) for fault in faults] == [
        (EXCHANGED, "another device answers than before: serial S-1 is now S-2")
    ]
    described = [fact.description for fact in home.facts if isinstance(fact, Described)]
    assert [one.identity.serial for one in described] == ["S-1", "S-2"]
    assert home.gateway.site.capabilities("roof").rating_w == described[-1].capabilities.rating_w
    assert [f for f in home.facts if isinstance(f, Reading)][-1].power_w == -1000


def test_polling_never_stops_however_long_a_device_is_away(tmp_path, virtual):
    house = House(inverter(), poll="30s")

    async def script():
        async with life(tmp_path, NOON, house) as home:
            await home.pass_time(60, 30)
            house.answers(answers=False)
            await home.pass_time(2 * 3600, 600)
            house.made.memory.requests.clear()
            await home.pass_time(300, 60)
            asked = len(house.made.memory.requests)
            house.answers(answers=True)
            await home.pass_time(40, 10)
            return asked, states(home)

    asked, entered = virtual(script())
    assert 8 <= asked <= 30
    assert entered == ["online", "offline", "online"]
