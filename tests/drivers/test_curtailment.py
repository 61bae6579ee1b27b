"""A solar inverter under model 123, judged at its own registers over a real socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sunspec.discovery import Header
from drivers.sunspec.inverter_123 import Curtailment
from drivers.sunspec.pace import SELDOM
from gateway.model.device import Control, Fallback
from gateway.model.errors import DeviceMisbehaves, RequestRefused
from gateway.model.reading import Quality
from gateway.model.setpoint import Outcome

POINTS = ("WMaxLimPct", "WMaxLimPct_WinTms", "WMaxLimPct_RvrtTms", "WMaxLimPct_RmpTms")


def words(made):
    return [made.get(f"123.{name}") for name in (*POINTS, "WMaxLim_Ena")]


async def test_connect_tells_what_the_inverter_can_do_and_writes_nothing(rig):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        description = await rig.driver(line, "solar").connect()
    able = description.capabilities
    assert (able.control, able.rating_w, able.floor_w) == (Control.LIMIT, 8200, 80)
    assert able.resolution_w == pytest.approx(0.8)
    assert able.timer.max_s == 65534
    assert not able.timer.reaches_level
    assert made.writes() == []


async def test_generation_is_negative_and_comes_with_all_points(rig):
    made = rig.inverter(W_103=31415, W_SF_103=-1, WAval_122=5000, WAval_SF_122=0)
    async with rig.tcp(made.memory) as line:
        reading = await (await rig.connected(line, "solar", poll=SELDOM)).read()
    assert (reading.power_w, reading.available_w) == (-3141.5, 5000)
    assert reading.points["103.W"] == 3141.5
    assert reading.points["123.WMaxLimPct"] == 100
    assert (reading.asleep, reading.fault, reading.quality) == (False, "", Quality.GOOD)


async def test_a_poll_is_one_request_and_two_when_it_is_steered(rig):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        made.memory.requests.clear()
        await driver.read()
        free = len(made.memory.requests)
        await driver.write(rig.setpoint(-3000))
        made.memory.requests.clear()
        reading = await driver.read()
    assert (free, len(made.memory.requests)) == (1, 2)
    assert reading.points["123.WMaxLim_Ena"] == 1


async def test_what_an_inverter_could_give_is_read_at_every_poll_where_it_tells_it(rig):
    made = rig.inverter(WAval_122=5000, WAval_SF_122=0)
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        told = [(await driver.read()).available_w for _ in range(3)]
    assert told == [5000, 5000, 5000]


async def test_a_limit_goes_in_one_request_with_value_timer_and_enable(rig):
    made = rig.inverter(WMaxLimPct_WinTms_123=5, WMaxLimPct_RmpTms_123=7)
    async with rig.tcp(made.memory) as line:
        written = await (await rig.connected(line, "solar")).write(rig.setpoint(-3000, 60))
    assert words(made) == [3750, 0, 60, 0, 1]
    assert len(made.writes()) == 1
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, -3000)


async def test_each_renewal_writes_value_and_enable_again(rig):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        for _ in range(3):
            await driver.write(rig.setpoint(-3000, 0))
    assert [request[2] for request in made.writes()] == [(3750, 0, 0, 0, 1)] * 3


async def test_release_is_100_percent_and_enable_as_it_was_found(rig):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-3000))
        written = await driver.write(rig.setpoint(None))
    assert words(made) == [10000, 0, 0, 0, 0]
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, None)


@pytest.mark.parametrize(("limit_w", "percent"), [(-79, 100), (-1, 100), (0, 0), (-9000, 10000)])
async def test_a_limit_keeps_between_1_and_100_percent_or_is_0(rig, limit_w, percent):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        await (await rig.connected(line, "solar")).write(rig.setpoint(limit_w))
    assert made.get("123.WMaxLimPct") == percent


@given(
    limit_w=st.floats(0, 20_000),
    base_w=st.integers(500, 60_000),
    power=st.integers(-3, 0),
)
def test_no_limit_is_ever_rounded_up_except_to_one_percent(limit_w, base_w, power):
    model = [0] * 26
    model[23] = power & 0xFFFF
    lever = Curtailment.of(Header(123, 1000, 24), float(base_w), model)
    (group,) = lever.command(-limit_w, 60)
    allowed_w = group[1005] * 10.0**power * base_w / 100
    at_least = 0 if limit_w == 0 else base_w / 100
    assert allowed_w <= max(limit_w, at_least) + 1e-4
    largest_w = 0xFFFE * lever.resolution_w
    assert allowed_w >= min(limit_w, base_w, largest_w) - lever.resolution_w - 1e-4


async def test_percent_are_of_the_nameplate_where_no_setting_stands(rig):
    made = rig.inverter(WMax_121=0xFFFF)
    async with rig.tcp(made.memory) as line:
        await (await rig.connected(line, "solar")).write(rig.setpoint(-4100))
    assert made.get("123.WMaxLimPct") == 5000


async def test_a_device_without_timer_says_so_and_keeps_its_missing_registers(rig):
    made = rig.inverter(WMaxLimPct_RvrtTms_123=0xFFFF)
    async with rig.tcp(made.memory) as line:
        driver = rig.driver(line, "solar")
        description = await driver.connect()
        written = await driver.write(rig.setpoint(-4000, 60))
    assert description.capabilities.timer is None
    assert words(made) == [5000, 0, 0xFFFF, 0, 1]
    assert written.outcome is Outcome.ACCEPTED


async def test_a_device_that_ignores_the_write_refuses(rig):
    made = rig.inverter()
    made.memory.after_write = lambda _: made.put(
        WMaxLimPct_123=10000, WMaxLim_Ena_123=0, WMaxLimPct_RvrtTms_123=0
    )
    async with rig.tcp(made.memory) as line:
        written = await (await rig.connected(line, "solar")).write(rig.setpoint(-4000))
    assert (written.outcome, written.quantity) == (Outcome.REFUSED, None)
    assert "wrote 5000, reads 10000" in written.detail


async def test_another_hand_on_the_limit_is_seen_with_what_now_stands(rig):
    made = rig.inverter()
    made.memory.after_write = lambda _: made.put(WMaxLimPct_123=7000)
    async with rig.tcp(made.memory) as line:
        written = await (await rig.connected(line, "solar")).write(rig.setpoint(-4000))
    assert (written.outcome, written.quantity) == (Outcome.OVERRIDDEN, pytest.approx(-5600))


async def test_a_refused_write_is_an_outcome_with_what_stands(rig):
    made = rig.inverter()

    def refuse(_):
        message = "no"
        raise RequestRefused(message, code=4)

    made.memory.after_write = refuse
    async with rig.tcp(made.memory) as line:
        written = await (await rig.connected(line, "solar")).write(rig.setpoint(-4000))
    assert written.outcome is Outcome.REFUSED
    assert "exception 4" in written.detail


async def test_a_timer_that_counts_down_and_an_odd_enable_are_accepted(rig):
    made = rig.inverter()
    made.memory.after_write = lambda _: made.put(WMaxLimPct_RvrtTms_123=59, WMaxLim_Ena_123=49)
    async with rig.tcp(made.memory) as line:
        written = await (await rig.connected(line, "solar")).write(rig.setpoint(-4000, 60))
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, -4000)


async def test_a_limit_that_cannot_be_read_back_is_told_with_the_writes_it_took(rig):
    """Else nobody counts them, and it is written again every second."""
    made = rig.inverter()
    async with rig.mem(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-4000))
        del made.memory.units[1][made.at("123.WMaxLimPct_SF")]
        written = await driver.write(rig.setpoint(-2000))
    assert (written.outcome, written.quantity) == (Outcome.REFUSED, None)
    assert "cannot be read back" in written.detail
    assert [taken.address for taken in written.taken] == [made.at("123.WMaxLimPct")]


async def test_arming_holds_identity_found_words_and_level_and_writes_nothing(rig):
    made = rig.inverter(WMaxLimPct_123=7000, WMaxLimPct_RvrtTms_123=120, WMaxLim_Ena_123=1)
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar", fallback=Fallback(level_w=0.0))
        arming = await driver.arm()
    limit = made.at("123.WMaxLimPct")
    header, serial = arming.identity
    assert (header.address, header.words) == (made.places[123], (123, 24))
    assert serial.address == made.at("1.SN")
    assert serial.words[:2] == (0x532D, 0x3100)
    assert [(w.address, w.words) for w in arming.found] == [(limit, (7000, 0, 120, 0, 1))]
    assert [(w.address, w.words) for w in arming.level] == [(limit, (0, 0, 0, 0, 1))]
    assert "gridtender release" in arming.promise
    assert made.writes() == []


async def test_without_a_level_the_devices_own_timer_is_the_promise(rig):
    async with rig.tcp(rig.inverter().memory) as line:
        arming = await (await rig.connected(line, "solar")).arm()
    assert arming.level == ()
    assert "its own timer (model 123)" in arming.promise
    assert "60 s" in arming.promise


async def test_an_inverter_without_controls_is_read_only_and_says_why(rig):
    made = rig.Map(1, 103).put(W_103=100, W_SF_103=0)
    async with rig.tcp(made.memory) as line:
        driver = rig.driver(line, "solar")
        description = await driver.connect()
        assert description.capabilities.control is Control.NONE
        with pytest.raises(DeviceMisbehaves, match="no readable model 704 or 123"):
            await driver.arm()


async def test_a_standing_limit_of_somebody_else_is_given_back(rig):
    made = rig.inverter(WMaxLimPct_123=7000, WMaxLim_Ena_123=1)
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.arm()
        await driver.write(rig.setpoint(-3000))
        await driver.write(rig.setpoint(None))
    assert words(made) == [7000, 0, 0, 0, 1]


async def test_after_a_crash_the_rule_is_what_was_found_first_and_not_what_was_left(rig):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        first = await rig.connected(line, "solar")
        arming = await first.arm()
        await first.write(rig.setpoint(-3000, 0))
        second = await rig.connected(line, "solar")
        await second.arm()
        second.recall(arming)
        await second.write(rig.setpoint(-2000, 0))
        await second.write(rig.setpoint(None))
    assert words(made) == [10000, 0, 0, 0, 0]


async def test_a_reconnect_while_curtailing_keeps_what_was_found_first(rig):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.arm()
        await driver.write(rig.setpoint(-3000))
        await driver.connect()
        await driver.write(rig.setpoint(None))
    assert words(made) == [10000, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("points", "quality", "asleep"),
    [
        ({"W_103": 0x8000}, Quality.MISSING, False),
        ({"W_SF_103": 0x8000}, Quality.MISSING, False),
        ({"W_103": 20000}, Quality.SUSPECT, False),
        ({"W_103": 0, "St_103": 2}, Quality.GOOD, True),
        ({"W_103": 0, "Hz_103": 0}, Quality.GOOD, True),
        ({"W_103": 3000, "St_103": 1}, Quality.GOOD, False),
        ({"W_103": 0x8000, "St_103": 0xFFFF, "Hz_103": 0xFFFF}, Quality.MISSING, True),
    ],
)
async def test_missing_absurd_and_sleeping_are_three_things(rig, points, quality, asleep):
    async with rig.tcp(rig.inverter(**points).memory) as line:
        reading = await (await rig.connected(line, "solar")).read()
    assert (reading.quality, reading.asleep) == (quality, asleep)
    assert (reading.power_w is None) == (quality is Quality.MISSING)


async def test_fault_bits_are_named(rig):
    made = rig.inverter(Evt1_103=0b1000_0001, W_103=0)
    async with rig.tcp(made.memory) as line:
        reading = await (await rig.connected(line, "solar")).read()
    assert reading.fault == "GROUND_FAULT, OVER_TEMP"
    assert reading.events == {"GROUND_FAULT": "103 Evt1 bit 0", "OVER_TEMP": "103 Evt1 bit 7"}


async def test_a_hole_in_one_model_costs_its_points_only_and_is_asked_around(rig):
    made = rig.inverter().put(WAval_122=2500, WAval_SF_122=0)
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar", poll=SELDOM)
        del made.memory.units[1][made.at("122.Ris")]
        found = await driver.read()
        made.memory.requests.clear()
        reading = await driver.read()
    assert found.power_w == reading.power_w == -3000
    assert reading.points["123.WMaxLimPct"] == 100
    assert reading.points["122.WAval"] == reading.available_w == 2500
    assert reading.points["122.Ris"] is None
    hole = made.at("122.Ris")
    asked = [(at, at + count) for _, at, count in made.memory.requests]
    assert not any(first <= hole < end for first, end in asked)


async def test_a_limit_that_somebody_takes_off_shows_in_the_next_reading(rig):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-3000))
        kept = await driver.read()
        made.put(WMaxLimPct_RvrtTms_123=41)  # the timer only counts down
        counted = await driver.read()
        made.put(WMaxLim_Ena_123=0)
        lost = await driver.read()
    assert (kept.overridden, counted.overridden) == (None, None)
    assert (
        lost.overridden
        == f"someone changed register {made.at('123.WMaxLim_Ena')}: wrote 1, reads 0"
    )


async def test_after_a_release_nothing_is_watched(rig):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-3000))
        await driver.write(rig.setpoint(None))
        made.put(WMaxLimPct_123=4000, WMaxLim_Ena_123=1)
        assert (await driver.read()).overridden is None


async def test_a_restarted_device_is_seen_to_have_forgotten(rig):
    made = rig.inverter()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-3000))
        made.put(WMaxLimPct_123=10000, WMaxLim_Ena_123=0)
        await driver.connect()
        assert "someone changed" in (await driver.read()).overridden
