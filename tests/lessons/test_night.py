"""What nights, restarts and updates have taught: asleep is not away, zero is not measured."""

import json
from contextlib import asynccontextmanager

from structlog.testing import capture_logs

from drivers.transport import MemLine
from gateway.app.telling import FaultTeller
from gateway.model.device import DeviceState
from gateway.model.event import BookView, Described, EnergyCounted, FaultChanged, StateChanged
from gateway.model.reading import Quality, Reading
from gateway.model.time import parse_rfc3339
from gateway.runtime.past import FIRMWARE
from gateway.testing import VirtualClock
from gateway.wire.home_assistant import HomeAssistant
from gateway.wire.mirror import Mirror
from tests.drivers.conftest import Map, inverter
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T11:40:00Z")
EVENING = parse_rfc3339("2026-06-21T19:30:00Z")
SUNSET = parse_rfc3339("2026-06-21T20:06:00Z")
PLACE = {"latitude": 52.0, "longitude": 4.4}  # there the sun sets at 20:06 and rises at 03:22
ASLEEP = {"W_103": 0, "St_103": 2, "Hz_103": 0, "PhVphA_103": 0, "V_SF_103": -1}
AWAKE = {"W_103": 3000, "St_103": 4, "Hz_103": 5000, "PhVphA_103": 2300, "V_SF_103": -1}


class House:
    """One inverter on a line in memory."""

    def __init__(self, made, **config):
        self.made = made
        common = {"driver": "sunspec", "role": "solar", "poll": "10s", "timeout": "500ms"}
        self.devices = {"roof": {**common, **config}}

    def line(self, _url, clock):
        return MemLine(self, clock)

    def read(self, unit, address, count):
        return self.made.memory.read(unit, address, count)

    def write(self, unit, address, words):
        self.made.memory.write(unit, address, words)

    def truth(self):
        return {}

    def answers(self, answers):
        self.made.memory.silent = lambda _: not answers


@asynccontextmanager
async def life(folder, epoch, house, **changes):
    """A gateway over the house; the same folder again is the same gateway restarted."""
    grid = {"import_limit_w": None}
    clock = VirtualClock(epoch)
    folder.mkdir(exist_ok=True)
    async with open_home(folder, epoch, {}, house, clock, grid=grid, **changes) as home:
        yield home


def states(home):
    return [(f.state.value, f.reason) for f in home.facts if isinstance(f, StateChanged)]


def last(home, kind):
    return [fact for fact in home.facts if isinstance(fact, kind)][-1]


def test_lesson_040_a_firmware_change_is_told_and_its_moved_registers_are_found(tmp_path, virtual):
    """An update moved registers, and what was read at the old addresses made no sense."""
    house = House(inverter(Vr_1="1.0", SN_1="S-1"))

    async def script():
        async with life(tmp_path, NOON, house) as home:
            await home.pass_time(30, 10)
        house.made = Map(1, 121, 120, 122, 103).put(Mn_1="Maker", Vr_1="1.1", SN_1="S-1")
        house.made.put(WRtg_120=8200, WRtg_SF_120=0, W_SF_103=0, Hz_SF_103=-2, **AWAKE)
        async with life(tmp_path, NOON, house) as home:
            await home.pass_time(30, 10)
            return last(home, Reading).power_w, [f for f in home.facts if type(f) is FaultChanged]

    power_w, faults = virtual(script())
    assert power_w == -3000
    assert [(fault.code, fault.active) for fault in faults] == [(FIRMWARE, True)]
    assert "firmware 1.0 is now 1.1; models 123 vanished" in faults[0].text


def test_lesson_067_the_zeros_of_the_night_are_no_measurement_and_waking_is_seen(tmp_path, virtual):
    """Zeros were published as healthy all night, so the device never seemed away nor to wake."""
    zeros = {"W_103": 0, "St_103": 0, "Hz_103": 0, "PhVphA_103": 0, "WH_103": 0}
    house = House(inverter(**AWAKE))

    async def script():
        async with life(tmp_path, EVENING, house) as home:
            await home.pass_time(30, 10)
            house.made.put(**zeros)
            await home.pass_time(60, 10)
            by_night = last(home, Reading)
            house.made.put(**AWAKE)
            await home.pass_time(30, 10)
            return by_night, states(home)

    by_night, entered = virtual(script())
    assert (by_night.power_w, by_night.quality) == (None, Quality.MISSING)
    assert [state for state, _ in entered] == ["online", "sleeping", "online"]
    assert "it reads 0 Hz and 0 V" in entered[1][1]


def test_lesson_068_a_gateway_that_starts_at_night_shows_the_device_it_knew(tmp_path, virtual):
    """After a restart by night the device's entities were missing until somebody reloaded."""
    house = House(inverter(Md_1="Roof 8", Vr_1="1.0", SN_1="S-1", **AWAKE))

    async def script():
        async with life(tmp_path, EVENING, house) as home:
            await home.pass_time(15, 15)
            house.made.put(**ASLEEP)
            await home.pass_time(20, 10)
        house.answers(answers=False)
        house.made.memory.requests.clear()
        async with life(tmp_path, EVENING, house) as home:
            await home.pass_time(60, 10)
            mirror = Mirror(
                home.gateway.settings,
                HomeAssistant(home.gateway.settings, installation="i", version="0"),
            )
            told = [m for f in home.facts for m in mirror.messages(f, home.clock.now())]
            return states(home), last(home, Described), told, home.facts, house.made.writes()

    entered, described, told, facts, writes = virtual(script())
    assert [state for state, _ in entered] == ["sleeping"]
    assert "it slept when it was last heard, before this start" in entered[0][1]
    identity, able = described.description.identity, described.description.capabilities
    assert (identity.model, identity.serial, able.rating_w) == ("Roof 8", "S-1", 8200)
    assert "remembered from" in described.description.notes[0]
    announced = [json.loads(m.payload) for m in told if m.topic.endswith("D-roof/config")]
    assert announced[-1]["dev"]["sn"] == "S-1"
    assert any(name.endswith("-setpoint") for name in announced[-1]["cmps"])
    assert not any(f.sets for f in facts if isinstance(f, BookView) and f.party == "roof")
    assert writes == []


def test_lesson_069_waking_is_a_new_connect_and_all_is_looked_at_again(tmp_path, virtual):
    """After waking some values stayed unavailable until the gateway was restarted."""
    house = House(inverter(WRtg_120=0xFFFF, WMax_121=0xFFFF, **ASLEEP))

    async def script():
        async with life(tmp_path, EVENING, house) as home:
            await home.pass_time(30, 10)
            by_night = home.gateway.site.capabilities("roof").rating_w
            house.made.put(WRtg_120=8200, WMax_121=8000, **AWAKE)
            await home.pass_time(30, 10)
            return by_night, home.gateway.site.capabilities("roof").rating_w

    assert virtual(script()) == (None, 8200)


def test_lesson_070_a_night_of_silence_is_two_lines_in_the_log(tmp_path, virtual):
    """A warning every 30 seconds filled the log all night."""
    house = House(inverter(**AWAKE), poll="60s")

    async def script():
        async with life(tmp_path, SUNSET, house, location=PLACE) as home:
            home.gateway.bus.listen(FaultTeller().listen)
            await home.pass_time(300, 60)
            house.answers(answers=False)
            await home.pass_time(3600, 600)
            house.answers(answers=True)
            await home.pass_time(300, 60)

    with capture_logs() as said:
        virtual(script())
    of_roof = [one for one in said if one.get("device") == "roof"]
    entered = [one["state"] for one in of_roof if one["event"] == "device.state_changed"]
    assert entered == ["online", "sleeping", "online"]
    assert [one for one in of_roof if one["log_level"] in {"warning", "error"}] == []


def test_lesson_071_a_device_that_leaves_with_the_sun_sleeps_and_one_that_leaves_at_noon_is_away(
    tmp_path, virtual
):
    """Devices went unavailable each night, and their owners took it for a fault."""
    house = House(inverter(**AWAKE))

    async def script(folder, epoch):
        house.answers(answers=True)
        async with life(folder, epoch, house, location=PLACE) as home:
            await home.pass_time(20, 10)
            house.answers(answers=False)
            await home.pass_time(60, 10)
            return states(home)

    night = virtual(script(tmp_path / "a", parse_rfc3339("2026-06-21T22:00:00Z")))
    noon = virtual(script(tmp_path / "b", NOON))
    assert night[-1] == ("sleeping", "it does not answer, and the sun is down")
    assert noon[-1][0] == "offline"


def test_lesson_072_a_counter_that_drops_and_comes_back_is_counted_once(tmp_path, virtual):
    """A yield that fell to nothing by night and came back was counted twice."""
    house = House(inverter(WH_103=70_000_000, WH_SF_103=0, **AWAKE))

    async def script():
        told = []
        for counter in (70_000_000, 0, 5, 70_000_000):
            house.made.put(WH_103=counter)
            async with life(tmp_path, EVENING, house) as home:
                await home.pass_time(200, 20)
                told += [fact.out_wh for fact in home.facts if isinstance(fact, EnergyCounted)]
        return told

    totals = virtual(script())
    assert totals == sorted(totals)
    assert 0 < totals[-1] < 3000


def test_lesson_073_a_first_sample_after_the_start_that_cannot_be_is_not_counted(tmp_path, virtual):
    """The first sample after boot was rubbish, and the totals never recovered from it."""
    house = House(inverter(WH_103=70_000_000, WH_SF_103=0, **AWAKE))

    async def script():
        async with life(tmp_path, NOON, house) as home:
            await home.pass_time(700, 20)
            before = last(home, EnergyCounted).out_wh
        house.made.put(WH_103=4_000_000_000)
        async with life(tmp_path, NOON, house) as home:
            await home.pass_time(12, 1)
            house.made.put(WH_103=70_000_900)
            await home.pass_time(700, 20)
            return before, last(home, EnergyCounted).out_wh

    before, after = virtual(script())
    assert before <= after < before + 2000


def test_lesson_074_no_frequency_and_no_voltage_are_sleep_whatever_the_state_says(
    tmp_path, virtual
):
    """An inverter asleep read 0 V and 0 Hz as if measured, and was taken to be at work."""
    house = House(inverter(**{**ASLEEP, "St_103": 8, "PhVphA_103": 0}))
    dead = House(inverter(**{**ASLEEP, "St_103": 4, "Hz_103": 0xFFFF}))

    async def script(folder, one):
        async with life(folder, EVENING, one) as home:
            await home.pass_time(20, 10)
            return home.gateway.site.state("roof"), states(home)[-1][1]

    assert virtual(script(tmp_path / "a", house)) == (
        DeviceState.SLEEPING,
        "it reads 0 Hz and 0 V",
    )
    assert virtual(script(tmp_path / "b", dead)) == (DeviceState.SLEEPING, "it reads 0 V")
