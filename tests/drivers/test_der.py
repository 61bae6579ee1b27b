"""A solar inverter under model 704, judged at its own registers over a real socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sunspec.der_704 import Der
from drivers.sunspec.discovery import Header
from drivers.sunspec.pace import SELDOM
from gateway.model.device import Control, Fallback
from gateway.model.errors import DeviceUnavailable
from gateway.model.reading import Quality
from gateway.model.setpoint import Outcome

LEVEL = Fallback(level_w=2000.0)


def words(made):
    names = ("Ena", "", "Rvrt", "EnaRvrt", "RvrtTms")
    return [made.get(f"704.WMaxLimPct{name}") for name in names]


async def test_connect_tells_a_timer_that_ends_at_a_level_and_writes_nothing(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        description = await rig.driver(line, "solar").connect()
    able = description.capabilities
    assert (able.control, able.rating_w, able.floor_w) == (Control.LIMIT, 8200, 80)
    assert able.timer.reaches_level
    assert able.timer.max_s > 2**31
    assert (description.models, made.writes()) == ((1, 701, 702, 703, 704, 713, 715), [])


async def test_generation_is_negative_and_an_empty_713_is_no_battery(rig):
    async with rig.tcp(rig.der().memory) as line:
        reading = await (await rig.connected(line, "solar", poll=SELDOM)).read()
    assert (reading.power_w, reading.soc_pct) == (-3000, None)
    assert (reading.counted_out_wh, reading.counted_in_wh) == (123456, 789)
    assert (reading.asleep, reading.fault, reading.note, reading.quality) == (
        False,
        "",
        "",
        Quality.GOOD,
    )
    assert reading.points["703.ES"] is None
    assert reading.points["702.WMax"] == 8000


async def test_a_poll_of_six_models_is_three_requests(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        made.memory.requests.clear()
        await driver.read()
    assert len(made.memory.requests) == 3


async def test_the_way_back_stands_before_the_limit_is_enabled(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar", fallback=LEVEL)
        written = await driver.write(rig.setpoint(-4000, 60))
    assert words(made) == [1, 500, 250, 1, 60]
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, -4000)
    assert [request[1] for request in made.writes()] == [
        made.at("704.WMaxLimPctRvrt"),
        made.at("704.WMaxLimPct"),
        made.at("704.WMaxLimPctEna"),
    ]


async def test_a_renewal_writes_value_and_enable_and_not_the_way_back(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar", fallback=LEVEL)
        await driver.write(rig.setpoint(-4000, 60))
        made.memory.requests.clear()
        written = await driver.write(rig.setpoint(-4000, 60))
    assert [request[1:] for request in made.writes()] == [
        (made.at("704.WMaxLimPct"), (500,)),
        (made.at("704.WMaxLimPctEna"), (1,)),
    ]
    assert [taken.lapses for taken in written.taken] == [True, True]


async def test_the_registers_of_the_way_back_do_not_lapse(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        written = await (await rig.connected(line, "solar")).write(rig.setpoint(-4000, 60))
    assert [taken.lapses for taken in written.taken] == [False, True, True]


async def test_without_a_level_the_timer_ends_at_the_rule_that_was_found(rig):
    open_, limited = rig.der(), rig.der(WMaxLimPctEna_704=1, WMaxLimPct_704=700)
    for made, expected in ((open_, [1, 500, 1000, 0, 60]), (limited, [1, 500, 700, 1, 60])):
        async with rig.tcp(made.memory) as line:
            await (await rig.connected(line, "solar")).write(rig.setpoint(-4000, 60))
        assert words(made) == expected


async def test_a_limit_that_counts_down_is_a_command_and_its_reversion_the_rule(rig):
    made = rig.der(WMaxLimPctEna_704=1, WMaxLimPct_704=300, WMaxLimPctRvrt_704=900)
    made.put(WMaxLimPctEnaRvrt_704=1, WMaxLimPctRvrtTms_704=60, WMaxLimPctRvrtRem_704=31)
    async with rig.tcp(made.memory) as line:
        await (await rig.connected(line, "solar")).write(rig.setpoint(None))
    assert words(made)[:2] == [1, 900]


async def test_release_lets_go_first_and_stops_the_timer(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-4000, 60))
        made.memory.requests.clear()
        written = await driver.write(rig.setpoint(None))
    assert words(made) == [0, 1000, 1000, 0, 0]
    assert made.writes()[0][1] == made.at("704.WMaxLimPctEna")
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, None)


async def test_arming_gives_release_what_it_needs_without_the_driver(rig):
    made = rig.der()
    before = dict(made.memory.units[1])
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar", fallback=LEVEL)
        arming = await driver.arm()
        assert made.writes() == []
        await driver.write(rig.setpoint(-4000, 60))
        for part in arming.level:
            await line.write(1, part.address, part.words, timeout=10**9)
        level = words(made)
        for part in arming.found:
            await line.write(1, part.address, part.words, timeout=10**9)
    assert [level[index] for index in (0, 1, 4)] == [1, 250, 0]
    assert made.memory.units[1] == before
    assert arming.identity[0].words == (704, 65)
    assert "its own timer (model 704) brings it to 2000 W 60 s" in arming.promise


async def test_what_is_left_of_the_timer_is_told_and_a_timer_that_stands_is_noted(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        assert (await driver.read()).timer_left_s is None
        await driver.write(rig.setpoint(-4000, 60))
        made.put(WMaxLimPctRvrtRem_704=42)
        counting = await driver.read()
        made.put(WMaxLimPctRvrtRem_704=0)
        standing = await driver.read()
    assert (counting.timer_left_s, counting.note) == (42, "")
    assert standing.timer_left_s == 0
    assert "704.WMaxLimPctRvrtRem stands at 0" in standing.note


async def test_a_timer_that_ended_shows_as_overridden(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-4000, 60))
        assert (await driver.read()).overridden is None
        made.put(WMaxLimPctEna_704=0, WMaxLimPct_704=1000)
        reading = await driver.read()
    assert "wrote 1, reads 0" in reading.overridden


async def test_704_goes_before_123_and_123_is_left_alone(rig):
    made = rig.Map(1, 103, 120, 121, 123, 702, 704)
    made.put(W_103=3000, W_SF_103=0, St_103=4, WMax_121=8000, WMax_SF_121=0)
    made.put(WMaxLimPct_123=10000, WMaxLim_Ena_123=0, WMaxLimPct_SF_123=-2)
    made.put(WMax_702=8000, W_SF_702=0, WMaxLimPctEna_704=0, WMaxLimPct_704=100)
    made.put(WMaxLimPct_SF_704=0)
    async with rig.tcp(made.memory) as line:
        description = await (driver := rig.driver(line, "solar")).connect()
        await driver.write(rig.setpoint(-4000))
    assert description.capabilities.timer is None
    assert (made.get("704.WMaxLimPct"), made.get("704.WMaxLimPctEna")) == (50, 1)
    assert (made.get("123.WMaxLimPct"), made.get("123.WMaxLim_Ena")) == (10000, 0)


async def test_an_unusable_704_leaves_the_inverter_to_123(rig):
    made = rig.Map(1, 103, 120, 121, 123, 702, 704)
    made.put(W_103=3000, W_SF_103=0, WMax_121=8000, WMax_SF_121=0, WMax_702=8000, W_SF_702=0)
    made.put(WMaxLimPct_123=10000, WMaxLim_Ena_123=0, WMaxLimPct_SF_123=-2)
    async with rig.tcp(made.memory) as line:
        await (driver := rig.driver(line, "solar")).connect()
        await driver.write(rig.setpoint(-4000))
    assert (made.get("123.WMaxLimPct"), made.get("123.WMaxLim_Ena")) == (5000, 1)


@pytest.mark.parametrize(
    ("points", "asleep", "fault"),
    [
        ({"InvSt_701": 1, "W_701": 0}, True, ""),
        ({"InvSt_701": 6, "W_701": 0}, False, "FAULT"),
        ({"InvSt_701": 6, "W_701": 0, "Hz_701": 0}, False, "FAULT"),
        ({"InvSt_701": 6}, False, ""),
        ({"InvSt_701": 7, "W_701": 0}, False, ""),
        ({"InvSt_701": 0xFFFF, "St_701": 0, "W_701": 0}, True, ""),
        ({"InvSt_701": 0xFFFF, "St_701": 0xFFFF, "W_701": 0, "Hz_701": 0}, True, ""),
        ({"InvSt_701": 0xFFFF, "St_701": 0xFFFF}, False, ""),
        ({"InvSt_701": 0xFFFF, "St_701": 0xFFFF, "W_701": 0x8000, "Hz_701": -1}, True, ""),
        ({"Alrm_701": 1 << 7 | 1, "W_701": 0}, False, "GROUND_FAULT, OVER_TEMP"),
        ({"Alrm_701": 1 << 7 | 1}, False, ""),
    ],
)
async def test_states_count_from_zero_and_are_derived_where_they_are_missing(
    rig, points, asleep, fault
):
    async with rig.tcp(rig.der(**points).memory) as line:
        reading = await (await rig.connected(line, "solar")).read()
    assert (reading.asleep, reading.fault) == (asleep, fault)


async def test_a_hybrids_roof_and_battery_sum_to_the_inverter(rig):
    made = rig.Map(1, 701, 702, 704, 713, (714, 68))
    made.put(W_701=1000, W_SF_701=0, WMaxRtg_702=5000, WChaRteMax_702=3000, W_SF_702=0)
    made.put(WHRtg_713=8000, WH_SF_713=0, SoC_713=40, Pct_SF_713=0, DCW_SF_714=0)
    made.put(**{"1.PrtTyp_714": 0, "1.DCW_714": 3100, "2.PrtTyp_714": 1, "2.DCW_714": -2000})
    async with rig.tcp(made.memory) as line:
        roof, battery = rig.driver(line, "solar"), rig.driver(line, "storage")
        await roof.connect()
        await battery.connect()
        roof_w, battery_w = (await roof.read()).power_w, (await battery.read()).power_w
    assert battery_w == 2000
    assert roof_w + battery_w == -1000


async def test_local_control_writes_nothing_and_says_why(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-4000))
        made.put(LocRemCtl_715=1)
        note = (await driver.read()).note
        made.memory.requests.clear()
        written = await driver.write(rig.setpoint(-2000))
        listens = driver.listens
    assert "715 LocRemCtl is LOCAL" in note
    assert written.outcome is Outcome.REFUSED
    assert note.startswith(written.detail)
    assert (made.writes(), listens) == ([], False)


async def test_a_chain_that_moved_is_walked_again(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar", poll=SELDOM)
        made.memory.units[1][made.places[704] + 1] = 64
        with pytest.raises(DeviceUnavailable, match=r"the chain has moved: at .* stood model 704"):
            await driver.read()


async def test_into_a_chain_that_moved_between_two_polls_nothing_is_written(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        made.memory.units[1][made.places[704] + 1] = 64
        for attempt in (driver.arm, lambda: driver.write(rig.setpoint(-3000))):
            with pytest.raises(DeviceUnavailable, match="the chain has moved"):
                await attempt()
    assert made.writes() == []


@given(
    limit_w=st.floats(0, 20_000),
    base_w=st.integers(500, 60_000),
    power=st.integers(-2, 0),
    level_w=st.none() | st.floats(0, 20_000),
)
def test_neither_a_limit_nor_its_way_back_is_rounded_up_except_to_one_percent(
    limit_w, base_w, power, level_w
):
    model = [0] * 67
    model[54] = power & 0xFFFF
    lever = Der.limit(Header(704, 1000, 65), model, float(base_w), level_w)
    held = dict(lever.words)
    for group in lever.command(-limit_w, 60):
        held |= group
    step_w = lever.resolution_w
    for asked_w, address in ((limit_w, 1015), (level_w, 1016)):
        if asked_w is not None:
            allowed_w = held[address] * step_w
            assert allowed_w <= max(asked_w, base_w / 100 if asked_w else 0) + 1e-4
            assert allowed_w >= min(asked_w, base_w) - step_w - 1e-4


async def test_a_rule_that_the_owner_set_between_two_armings_is_the_way_back_of_the_second(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.arm()
        await driver.write(rig.setpoint(-3000))
        # It is released by its record, and then its owner sets a limit of his own.
        made.put(WMaxLimPct_704=500, WMaxLimPctEna_704=1, WMaxLimPctRvrtTms_704=0)
        await driver.arm()
        await driver.write(rig.setpoint(-3000))
        held = words(made)
        await driver.write(rig.setpoint(None))
    assert held == [1, 375, 500, 1, 60]
    assert words(made)[:2] == [1, 500]


async def test_a_timer_that_counts_down_in_its_own_register_is_set_anew_at_each_renewal(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.arm()
        await driver.write(rig.setpoint(-3000, 60))
        made.put(WMaxLimPctRvrtTms_704=30)
        reading = await driver.read()
        await driver.write(rig.setpoint(-3000, 60))
    assert reading.overridden is None
    assert words(made) == [1, 375, 1000, 0, 60]
