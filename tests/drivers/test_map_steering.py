"""Every shipped map that steers, judged by the registers of the device behind it.

The words were worked out by hand from the maker's and users' descriptions of the registers.
"""

import struct

import pytest

from drivers.modbus import Settings, package
from drivers.transport import MemLine, RegisterMemory
from gateway.adapters.armory import FileArmory
from gateway.adapters.clock import WallClock
from gateway.model.device import Control, Device, Fallback, Role
from gateway.model.errors import DeviceMisbehaves
from gateway.model.setpoint import Outcome, Setpoint
from gateway.model.time import MILLISECOND, SECOND, Duration, Instant
from gateway.ports.line import Pacing
from gateway.runtime.release import release
from tests.drivers.map_box import Refused, boxed

SOLAREDGE_F = {100.0: (0, 0x42C8), 50.0: (0, 0x4248), 25.0: (0, 0x41C8), 0.0: (0, 0)}


def setpoint(quantity, timer_s=60):
    return Setpoint(
        device="x", quantity=quantity, valid_until=Instant(0), timer_s=timer_s, because="a test"
    )


async def let_go(folder, arming, line, *, restore=False):
    """As `gridtender release` does: by the record alone, without the driver."""

    class Borrowed:
        async def __aenter__(self):
            return line

        async def __aexit__(self, *_):
            pass

    armory, said = FileArmory(folder, threaded=False), []
    await armory.store(arming)
    done = await release(armory, lambda _: Borrowed(), restore=restore, say=said.append, attempts=1)
    return done, said


# map, role, quantity, what is expressed, the writes: function, address, words
STEERED = [
    ("solaredge-power", Role.SOLAR, -4000, -4000, [
        (16, 0xF312, *SOLAREDGE_F[100.0]), (16, 0xF322, *SOLAREDGE_F[50.0]), (16, 0xF300, 1),
    ]),
    ("solaredge-battery", Role.STORAGE, 2000, 2000, [
        (16, 0xE00A, 7), (16, 0xE00B, 60, 0), (16, 0xE00E, 0, 0x44FA), (16, 0xE010, 0, 0),
        (16, 0xE00D, 3), (16, 0xE004, 4),
    ]),
    ("solaredge-battery", Role.STORAGE, -1000, -1000, [
        (16, 0xE00A, 7), (16, 0xE00B, 60, 0), (16, 0xE00E, 0, 0), (16, 0xE010, 0, 0x447A),
        (16, 0xE00D, 4), (16, 0xE004, 4),
    ]),
    ("solaredge-battery", Role.STORAGE, 0, 0, [
        (16, 0xE00A, 7), (16, 0xE00B, 60, 0), (16, 0xE00E, 0, 0), (16, 0xE010, 0, 0),
        (16, 0xE00D, 1), (16, 0xE004, 4),
    ]),
    ("sungrow-sh-battery", Role.STORAGE, 1999.7, 1999, [
        (6, 13051, 1999), (6, 13050, 0xAA), (6, 13049, 2),
    ]),
    ("sungrow-sh-battery", Role.STORAGE, -750, -750, [
        (6, 13051, 750), (6, 13050, 0xBB), (6, 13049, 2),
    ]),
    ("sungrow-sh-battery", Role.STORAGE, 0.4, 0, [
        (6, 13051, 0), (6, 13050, 0xCC), (6, 13049, 2),
    ]),
    ("goodwe-et-battery", Role.STORAGE, 12_000, 10_000, [(16, 47512, 10_000), (16, 47511, 11)]),
    ("goodwe-et-battery", Role.STORAGE, -2500, -2500, [(16, 47512, 2500), (16, 47511, 12)]),
    ("goodwe-et-battery", Role.STORAGE, 0, 0, [(16, 47512, 0), (16, 47511, 8)]),
    ("victron-gx-ess", Role.STORAGE, 1500, 1500, [(16, 37, 1500)]),
    ("victron-gx-ess", Role.STORAGE, -1500.5, -1500, [(16, 37, 65536 - 1500)]),
    ("victron-gx-ess", Role.STORAGE, -99_999, -32_768, [(16, 37, 0x8000)]),
    ("alfen-ng9xx", Role.EV, 7000, 6900, [(16, 1210, 0x4120, 0)]),  # 10 A
    ("alfen-ng9xx", Role.EV, 4000, 0, [(16, 1210, 0, 0)]),  # less than 6 A is nothing
    ("go-e-home", Role.EV, 8280, 8280, [(16, 299, 12)]),  # 200 allows it already
    ("go-e-home", Role.EV, 0, 0, [(16, 299, 6), (16, 200, 0)]),
    ("sg-ready-relays", Role.HEAT, 3000, 3000, [(5, 1, 1), (5, 0, 1)]),
    ("sg-ready-relays", Role.HEAT, 2999, 0, [(5, 1, 0), (5, 0, 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "role", "quantity", "expressed", "writes"), STEERED)
async def test_a_setpoint_becomes_these_words_in_this_order(
    name, role, quantity, expressed, writes
):
    async with boxed(name, role) as (driver, box, _):
        await driver.connect()
        written = await driver.write(setpoint(quantity))
        reading = await driver.read()
    assert box.writes == writes
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, expressed)
    assert reading.overridden is None


# map, role, control, timer, what its charge and discharge are, its stages
ABLE = [
    ("solaredge-power", Role.SOLAR, Control.LIMIT, (86_400, True), (8000, None, None), 0),
    ("solaredge-battery", Role.STORAGE, Control.TARGET, (86_400, False), (None, 5000, 4500), 0),
    ("sungrow-sh-battery", Role.STORAGE, Control.TARGET, None, (None, None, None), 0),
    ("goodwe-et-battery", Role.STORAGE, Control.TARGET, None, (None, None, None), 0),
    ("victron-gx-ess", Role.STORAGE, Control.TARGET, (10, False), (None, None, None), 0),
    ("alfen-ng9xx", Role.EV, Control.TARGET, (60, False), (11_040, None, None), 6),
    ("go-e-home", Role.EV, Control.TARGET, None, (11_040, None, None), 6),
    ("sg-ready-relays", Role.HEAT, Control.TARGET, None, (3000, None, None), 1),
]


@pytest.mark.parametrize(("name", "role", "control", "timer", "ratings", "stages"), ABLE)
async def test_a_map_says_what_can_be_asked_of_its_device(
    name, role, control, timer, ratings, stages
):
    async with boxed(name, role) as (driver, _, _):
        able = (await driver.connect()).capabilities
    assert able.control is control
    assert (able.timer and (able.timer.max_s, able.timer.reaches_level)) == timer
    assert (able.rating_w, able.charge_w, able.discharge_w) == ratings
    assert len(able.stages_w) == stages


@pytest.mark.parametrize(("name", "role"), sorted({(case[0], case[1]) for case in STEERED}))
async def test_after_a_kill_the_record_alone_gives_it_back(name, role, tmp_path):
    """What the record holds is what the driver's own release writes; settings as they were."""
    async with boxed(name, role) as (driver, box, line):
        await driver.connect()
        arming = await driver.arm()
        assert not box.writes
        before = {table: dict(words) for table, words in box.tables.items()}
        await driver.write(setpoint(5000 if role is Role.EV else -1000))
        forced = {table: dict(words) for table, words in box.tables.items()}
        done, said = await let_go(tmp_path, arming, line)
        by_record = {table: dict(words) for table, words in box.tables.items()}
        await driver.write(setpoint(2000))
        released = await driver.write(setpoint(None))
        by_driver = {table: dict(words) for table, words in box.tables.items()}
    assert done, said
    assert forced != before
    assert by_record == by_driver
    assert (released.outcome, released.quantity) == (Outcome.ACCEPTED, None)


SETTINGS = {
    "solaredge-power": (0xF310, 0xF311, 0xF312, 0xF313, 0xF300),
    "solaredge-battery": (0xE004, 0xE00A, 0xE00B, 0xE00C, 0xE00E, 0xE00F, 0xE010, 0xE011),
    "go-e-home": (299, 200),
}


@pytest.mark.parametrize("name", SETTINGS)
async def test_settings_of_the_owner_stand_again_after_a_release(name):
    role = next(case[1] for case in STEERED if case[0] == name)
    async with boxed(name, role) as (driver, box, _):
        before = dict(box.tables["holding"])
        await driver.connect()
        await driver.arm()
        await driver.write(setpoint(-1000 if role is not Role.EV else 0))
        during = dict(box.tables["holding"])
        await driver.write(setpoint(None))
        after = box.tables["holding"]
    assert any(during[at] != before[at] for at in SETTINGS[name])
    assert {at: after[at] for at in SETTINGS[name]} == {at: before[at] for at in SETTINGS[name]}


async def test_a_later_life_gives_back_what_the_first_one_found_and_not_its_own_words():
    async with boxed("solaredge-battery", Role.STORAGE) as (driver, box, line):
        await driver.connect()
        arming = await driver.arm()
        await driver.write(setpoint(2000))
        later = package.open(driver._device, Settings(map=driver._map), line)
        later.recall(arming)
        await later.connect()
        await later.arm()
        later.recall(arming)
        await later.write(setpoint(None))
    assert box.tables["holding"][0xE004] == 1
    assert box.float_at(0xE00E) == 3300


async def test_without_a_record_the_maps_own_rule_is_given():
    async with boxed("solaredge-battery", Role.STORAGE) as (driver, box, _):
        await driver.connect()
        await driver.write(setpoint(None))
    assert (box.tables["holding"][0xE00D], box.tables["holding"][0xE004]) == (7, 1)
    assert box.float_at(0xE010) == 5000


async def test_what_keeps_its_value_is_written_once_and_the_command_at_every_renewal():
    async with boxed("solaredge-battery", Role.STORAGE) as (driver, box, _):
        await driver.connect()
        await driver.write(setpoint(2000))
        box.writes.clear()
        written = await driver.write(setpoint(2500))
    assert [write[1] for write in box.writes] == [0xE00E, 0xE010, 0xE00D]
    assert [taken.lapses for taken in written.taken] == [True] * 3


async def test_writes_that_wear_are_told_from_those_that_do_not():
    """Without a timer all wears, but for what the maker keeps in working memory."""
    async with boxed("go-e-home", Role.EV) as (driver, _, _):
        await driver.connect()
        written = await driver.write(setpoint(0))
    assert [(taken.address, taken.lapses) for taken in written.taken] == [(299, True), (200, False)]


async def test_the_level_is_in_the_device_before_the_limit_acts():
    async with boxed("solaredge-power", Role.SOLAR, fallback=Fallback(level_w=2000)) as it:
        driver, box, _ = it
        await driver.connect()
        arming = await driver.arm()
        await driver.write(setpoint(-4000, 30))
    order = [write[1] for write in box.writes]
    assert order == [0xF310, 0xF312, 0xF322, 0xF300]
    assert (box.float_at(0xF312), box.float_at(0xF322)) == (25, 50)
    assert [(w.address, w.words) for w in arming.level] == [
        (0xF310, (86_400 & 0xFFFF, 86_400 >> 16)),
        (0xF312, SOLAREDGE_F[25.0]),
        (0xF322, SOLAREDGE_F[25.0]),
        (0xF300, (1,)),
    ]
    assert "brings it to 2000 W" in arming.promise


async def test_the_level_of_a_kill_is_reached_by_the_record(tmp_path):
    async with boxed("solaredge-power", Role.SOLAR, fallback=Fallback(level_w=2000)) as it:
        driver, box, line = it
        await driver.connect()
        arming = await driver.arm()
        await driver.write(setpoint(-6000))
        done, said = await let_go(tmp_path, arming, line)
    assert done, said
    assert box.float_at(0xF322) == 25


async def test_an_inverter_that_does_not_tell_its_rating_is_only_read():
    """A percentage of nothing known is not written."""
    async with boxed("solaredge-power", Role.SOLAR) as (driver, box, _):
        box.tables["holding"] |= {0xF304: 0xFFFF, 0xF305: 0x7FFF}
        description = await driver.connect()
        with pytest.raises(Exception, match="does not tell its rating"):
            await driver.write(setpoint(-4000))
    assert description.capabilities.control is Control.NONE
    assert "does not tell its max_power" in description.notes[0]
    assert not box.writes


async def test_an_inverter_that_goes_dark_keeps_the_rating_it_told_by_day():
    async with boxed("solaredge-power", Role.SOLAR) as (driver, box, _):
        await driver.connect()
        box.tables["holding"] |= {0xF304: 0xFFFF, 0xF305: 0x7FFF}
        description = await driver.connect()
        await driver.write(setpoint(-4000))
    assert description.capabilities.rating_w == 8000
    assert box.float_at(0xF322) == 50


async def test_a_watchdog_that_cannot_be_set_is_told_where_it_breaks_the_promise():
    short = Fallback(after=Duration(30 * SECOND))
    async with boxed("alfen-ng9xx", Role.EV, fallback=short) as (driver, _, _):
        notes = (await driver.connect()).notes
    assert "its watchdog is 60 s" in notes[0]


async def test_what_the_wallbox_says_is_left_of_its_countdown_is_in_the_reading():
    async with boxed("alfen-ng9xx", Role.EV) as (driver, _, _):
        assert (await driver.read()).timer_left_s == 42


async def test_a_relay_that_somebody_else_switched_shows_in_the_next_reading():
    async with boxed("sg-ready-relays", Role.HEAT) as (driver, box, _):
        await driver.connect()
        await driver.write(setpoint(3000))
        box.tables["coil"][1] = 0
        reading = await driver.read()
    assert reading.overridden == "someone changed register 1: wrote 1, reads 0"


async def test_a_device_that_refuses_the_mode_says_so_and_what_it_took():
    async with boxed("goodwe-et-battery", Role.STORAGE) as (driver, box, _):
        await driver.connect()
        box.takes = {6}
        written = await driver.write(setpoint(2000))
    assert written.outcome is Outcome.REFUSED
    assert "exception 1" in written.detail
    assert written.taken == ()
    assert not box.writes


def refusing(box, address):
    """The device refuses every write to the register."""
    write = box._write

    def unwilling(body):
        if int.from_bytes(body[1:3]) == address:
            raise Refused(4)
        return write(body)

    box._write = unwilling


async def test_a_setpoint_of_which_half_is_refused_leaves_the_one_before():
    """A new amount with the old direction would charge with what was to be discharged."""
    async with boxed("sungrow-sh-battery", Role.STORAGE) as (driver, box, _):
        await driver.connect()
        await driver.arm()
        await driver.write(setpoint(1000))
        refusing(box, 13050)
        for _ in range(2):
            written = await driver.write(setpoint(-5000))
            assert written.outcome is Outcome.REFUSED
            assert [box.tables["holding"][at] for at in (13049, 13050, 13051)] == [2, 0xAA, 1000]
        assert (await driver.read()).overridden is None
    assert [taken.address for taken in written.taken] == [13051, 13051]


async def test_a_first_setpoint_of_which_half_is_refused_leaves_what_was_found(tmp_path):
    async with boxed("solaredge-battery", Role.STORAGE) as (driver, box, line):
        before = dict(box.tables["holding"])
        await driver.connect()
        arming = await driver.arm()
        refusing(box, 0xE00D)
        assert (await driver.write(setpoint(2000))).outcome is Outcome.REFUSED
        assert box.tables["holding"] == before
        box._write = type(box)._write.__get__(box)
        done, said = await let_go(tmp_path, arming, line)
    assert done, said


async def test_a_release_of_which_half_is_refused_forces_nothing_again():
    async with boxed("sungrow-sh-battery", Role.STORAGE) as (driver, box, _):
        await driver.connect()
        await driver.arm()
        await driver.write(setpoint(1000))
        refusing(box, 13051)
        await driver.write(setpoint(None))
    assert (box.tables["holding"][13049], box.tables["holding"][13050]) == (0, 0xCC)


async def test_another_device_is_not_armed_because_the_map_says_what_it_was():
    async with boxed("solaredge-power", Role.SOLAR) as (driver, box, _):
        await driver.connect()
        mark = driver._map.identity.address
        box.tables["holding"][mark] ^= 1
        with pytest.raises(DeviceMisbehaves, match="another device"):
            await driver.arm()


async def test_float_words_are_laid_out_low_word_first():
    """The constants of this file, once more by the standard library."""
    for number, (low, high) in SOLAREDGE_F.items():
        assert struct.pack(">HH", high, low) == struct.pack(">f", number)


async def test_the_pauses_of_a_map_are_kept_by_its_line():
    """A Huawei drops who asks at once after connecting."""

    class Patient(MemLine):
        def pace(self, pacing):
            self.pacing = pacing

    battery = Device(id="b", role=Role.STORAGE, driver="modbus", connection="", line="tcp://h:502")
    words = RegisterMemory({1: dict.fromkeys([37001, 37002, 37004, 37068, 37069], 0)})
    line = Patient(words, WallClock())
    settings = package.parse(battery, {"map": "huawei-sun2000-battery.yaml"})
    await package.open(battery, settings, line).connect()
    assert line.pacing == Pacing(connect_delay=SECOND, gap=50 * MILLISECOND)
