"""What registers in the field have taught: missing values, scales, counters, signs, sums."""

import struct

import pytest

from drivers.sunspec.codec import layout
from drivers.sunspec.dialect import Dialect
from drivers.sunspec.pace import SELDOM
from drivers.sunspec.quirks import table
from gateway.metering.counter import CONFIRMED, Sample, count
from gateway.model.device import Role
from gateway.model.energy import Counter
from gateway.model.reading import Quality
from gateway.model.setpoint import Outcome
from tests.drivers.conftest import Map, Rig, battery, inverter
from tests.drivers.map_box import boxed
from tests.drivers.test_shipped_maps import EXPECTED, MAPS

FLT_MAX = 0x7F7FFFFF
NO_NUMBERS = {
    "A": 0xFF7FFFFF,
    "Hz": 0x7FBFFF80,
    "VA": 0x7F800000,
    "VAr": FLT_MAX,
    "PF": 0xFFFFFFFF,
}


async def read(made, role="solar", **keys):
    async with Rig.mem(made.memory) as line:
        # So seldom that every model is read every time.
        driver = Rig.driver(line, role, keys=keys, poll=SELDOM)
        await driver.connect()
        return await driver.read()


async def test_lesson_001_what_is_not_implemented_is_no_number_whatever_its_scale():
    """An inverter with one phase sent the largest and the smallest number for the other two."""
    made = inverter(
        PhVphA_103=2301, PhVphB_103=0xFFFF, V_SF_103=-1, TmpCab_103=0x8000, Tmp_SF_103=1
    )
    reading = await read(made)
    assert reading.points["103.PhVphA"] == 230.1
    assert reading.points["103.PhVphB"] is None
    assert reading.points["103.TmpCab"] is None


async def test_lesson_002_every_pattern_of_no_number_is_missing():
    """An inverter's float NaN was another bit pattern than the one that was looked for."""
    made = Map(1, 113).put(W_113=struct.unpack(">I", struct.pack(">f", 1500.0))[0], St_113=4)
    made.put(**{f"{name}_113": word for name, word in NO_NUMBERS.items()})
    reading = await read(made)
    assert reading.power_w == -1500
    assert [reading.points[f"113.{name}"] for name in NO_NUMBERS] == [None] * len(NO_NUMBERS)


async def test_lesson_003_the_largest_float_is_none():
    """At night and without a battery, values of -3.4e38 were published."""
    made = Map(1, 113).put(W_113=0xFF7FFFFF, DCW_113=FLT_MAX, St_113=4)
    reading = await read(made)
    assert (reading.power_w, reading.quality) == (None, Quality.MISSING)
    assert reading.points["113.DCW"] is None


async def test_lesson_004_no_number_is_understood_in_both_orders_of_words():
    """A sleeping battery sent NaN high word first, while its values come low word first."""
    for words in ((0xFFFF, 0xFF7F), (0xFF7F, 0xFFFF), (0x7FC0, 0), (0, 0x7FC0)):
        async with boxed("solaredge-battery", Role.STORAGE) as (driver, box, _):
            box.tables["holding"] |= dict(zip((0xE174, 0xE175), words, strict=True))
            await driver.connect()
            assert (await driver.read()).power_w is None, words
    made = Map(1, 203).put(W_203=10, W_SF_203=0, TotWhImp_203=0x00010000, TotWh_SF_203=0)
    assert (await read(made, "grid", quirks={"low_word_first": True})).counted_in_wh == 1
    asleep = Map(1, 113).put(W_113=0x7FC00000, St_113=4)
    assert (await read(asleep, quirks={"low_word_first": True})).power_w is None
    turned = layout(704, 65, (), Dialect(low_word_first=True))
    point = turned.point("WSet")
    for words in ((0x8000, 0), (0, 0x8000)):
        body = [704, 65, *[0] * 65]
        body[point.offset : point.offset + 2] = words
        assert turned.decode(body)["704.WSet"] is None, words


async def test_lesson_005_word_order_is_per_point_and_a_counter_is_held_to_physics():
    """A counter read with its words the wrong way round stood at 4e14 kWh instead of 1453 Wh."""
    made = Map(1, 701, 702).put(W_701=10, W_SF_701=0, InvSt_701=3, TotWh_SF_701=0)
    made.put(TotWhInj_701=1453 << 48)
    wrong, right = [await read(made, quirks={"low_word_first": on}) for on in (False, True)]
    assert right.counted_out_wh == 1453
    counter = Counter()
    for raw_wh in [1400.0] * CONFIRMED + [wrong.counted_out_wh, 1453.0]:
        counter = count(counter, Sample(raw_wh=raw_wh, power_wh=0.0, most_wh=100.0))
    assert counter.total_wh == 53


async def test_lesson_006_a_value_and_its_scale_come_out_of_one_read():
    """A power jumped by ten: the device changes its scale factors while it runs."""
    made = inverter(W_103=3000, W_SF_103=0)
    async with Rig.mem(made.memory) as line:
        driver = await Rig.connected(line, "solar")
        made.put(W_103=300, W_SF_103=1)
        made.memory.requests.clear()
        assert (await driver.read()).power_w == -3000
    spans = [range(at, at + size) for _, at, size in made.memory.requests]
    assert any(made.at("103.W") in span and made.at("103.W_SF") in span for span in spans)


async def test_lesson_007_none_is_looked_for_in_the_words_before_they_are_scaled():
    """Sentinels were compared after scaling, so that a true value was taken for none."""
    made = inverter(WAval_122=6553, WAval_SF_122=1, DCV_103=0xFFFE, DCV_SF_103=2)
    reading = await read(made)
    assert reading.points["122.WAval"] == 65530
    assert reading.points["103.DCV"] == 6553400


async def test_lesson_008_one_value_that_fails_costs_no_other():
    """One idle input read 65535, failed a check of its range, and ended the whole read."""
    made = Map(1, 103, 120, (160, 48)).put(W_103=3000, W_SF_103=0, St_103=4, WRtg_120=5000)
    made.put(WRtg_SF_120=0, N_160=2, DCW_SF_160=0, **{"1.DCW_160": 1500, "2.DCW_160": 0xFFFF})
    del made.memory.units[1][made.at("160.2.Tms")]
    reading = await read(made)
    assert reading.power_w == -3000
    assert reading.points["160.1.DCW"] == 1500
    assert reading.points["160.2.DCW"] is None


@pytest.mark.parametrize("samples", [2, 20])
def test_lesson_009_at_wake_up_no_step_is_counted_that_cannot_have_happened(samples):
    """At wake-up all counters stood at 0xFFFFFFFF for a while, and the clock at 1970."""
    counter, absurd = Counter(), 4294967295.0
    for raw_wh in [5000.0] * CONFIRMED + [absurd] * samples + [5000.0] * CONFIRMED + [5003.0]:
        counter = count(counter, Sample(raw_wh=raw_wh, power_wh=0.0, most_wh=10.0))
    assert counter.total_wh == 3


@pytest.mark.parametrize(("raw", "factor"), [(-9691, -0.9691), (93, 0.93), (-20000, None)])
async def test_lesson_010_a_power_factor_is_a_number_of_ones(raw, factor):
    """One inverter tells -96.91 where others tell 0.93."""
    made = inverter(PF_103=raw & 0xFFFF, PF_SF_103=-2)
    assert (await read(made)).points["103.PF"] == factor


async def test_lesson_011_a_large_counter_is_negative_only_where_the_device_counts_so():
    """A meter counts feed-in as a negative number; a cure for all of them broke a large counter."""
    large = 3_000_000_000
    made = Map(1, 203).put(Mn_1="KOSTAL", Md_1="KOSTAL Smart Energy Meter", W_203=0, W_SF_203=0)
    made.put(TotWhExp_203=(1 << 32) - 1234, TotWhImp_203=5, TotWh_SF_203=0)
    assert (await read(made, "grid")).counted_out_wh == 1234
    assert any("signed_counters" in row.values for row in table())
    assert (await read(inverter(WH_103=large, WH_SF_103=0))).counted_out_wh == large


async def test_lesson_012_a_state_of_charge_beyond_all_is_none():
    """An empty battery was shown at 6554 percent."""
    full = await read(battery(ChaState_124=10000, ChaState_SF_124=-2), "storage")
    absurd = await read(battery(ChaState_124=65534, ChaState_SF_124=-1), "storage")
    assert (full.soc_pct, absurd.soc_pct) == (100, None)


async def test_lesson_013_an_enumeration_that_is_none_of_its_values_is_shown_and_not_believed():
    """An inverter answers 49, the letter 1, where 0 or 1 is allowed."""
    made = inverter(WMaxLim_Ena_123=49, St_103=77)
    async with Rig.mem(made.memory) as line:
        driver = await Rig.connected(line, "solar", poll=SELDOM)
        reading = await driver.read()
        made.memory.after_write = lambda words: words.update({made.at("123.WMaxLim_Ena"): 49})
        written = await driver.write(Rig.setpoint(-2000))
    assert (reading.points["123.WMaxLim_Ena"], reading.points["103.St"]) == (49, 77)
    assert not reading.asleep
    assert not reading.fault
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, -2000)


async def test_lesson_014_a_power_far_beyond_the_nameplate_is_suspect_and_says_so():
    """An inverter of a few kilowatts showed more than a million."""
    reading = await read(inverter(W_103=12000, W_SF_103=2))
    assert reading.quality is Quality.SUSPECT
    assert "beyond 1.5 times its rating, 8200 W" in reading.note
    assert (await read(inverter(W_103=8400))).quality is Quality.GOOD


def test_lesson_015_the_types_of_every_map_were_tried_on_known_values():
    """Float registers were read as whole numbers: 8 V became 1090519040."""
    shipped = {path.stem for path in MAPS.glob("*.yaml") if not path.stem.endswith("-demo")}
    assert set(EXPECTED) == shipped
    for name, (_, power_w, *_, points) in EXPECTED.items():
        assert power_w is None or 0 < abs(power_w) < 100_000, name
        assert power_w is not None or points, name


async def test_lesson_016_no_scale_is_inferred_from_a_quiet_moment():
    """A scale was guessed while the battery idled, and stayed wrong."""
    made = battery(W_103=0, W_SF_103=0)
    async with Rig.mem(made.memory) as line:
        driver = await Rig.connected(line, "storage")
        assert (await driver.read()).power_w == 0
        for raw, factor, power_w in ((-150, 1, 1500), (15, 2, -1500), (-1500, 0, 1500)):
            made.put(W_103=raw & 0xFFFF, W_SF_103=factor)
            assert (await driver.read()).power_w == power_w


async def test_lesson_017_solar_beside_a_battery_is_counted_by_its_own_strings():
    """The inverter's own counter holds what the battery gave; on others the strings stand at 0."""
    made = Map(1, 103, 120, 124, (160, 88)).put(W_103=3000, W_SF_103=0, St_103=4, WH_103=9000)
    made.put(WH_SF_103=0, N_160=4, DCWH_SF_160=0, WChaMax_124=5000, WChaMax_SF_124=0)
    made.put(**{"1.DCWH_160": 4000, "2.DCWH_160": 3000, "3.DCWH_160": 800, "4.DCWH_160": 900})
    for number, name in enumerate(("MPPT 1", "MPPT 2", "StCha 3", "StDisCha 4"), 1):
        words = struct.unpack(">8H", name.encode().ljust(16, b"\0"))
        at = made.at(f"160.{number}.IDStr")
        made.memory.units[1] |= dict(enumerate(words, at))
    async with Rig.mem(made.memory) as line:
        driver = Rig.driver(line, "solar", poll=SELDOM)
        notes = (await driver.connect()).notes
        by_strings = (await driver.read()).counted_out_wh
        made.put(**{"1.DCWH_160": 0, "2.DCWH_160": 0})
        by_inverter = (await driver.read()).counted_out_wh
    assert (by_strings, by_inverter) == (7000, 9000)
    assert "its energy is counted by DCWH of 160.1. 160.2." in notes


async def test_lesson_018_ac_and_dc_power_are_both_there_and_ac_is_what_is_balanced():
    """Users argue whether the sum of the strings or the output is the power of the sun."""
    reading = await read(inverter(W_103=3000, DCW_103=3110, DCW_SF_103=0))
    assert reading.power_w == -3000
    assert (reading.points["103.W"], reading.points["103.DCW"]) == (3000, 3110)
