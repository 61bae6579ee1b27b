"""A battery under model 124, judged at its own registers over a real socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sunspec.discovery import Header
from drivers.sunspec.storage_124 import Storage
from gateway.model.device import Control, Fallback, Limits
from gateway.model.reading import Quality
from gateway.model.setpoint import Outcome

NAMES = ("StorCtl_Mod", "OutWRte", "InWRte", "InOutWRte_RvrtTms", "ChaGriSet")


def words(made):
    return [made.get(f"124.{name}") for name in NAMES]


def minus(steps):
    return 0x1_0000 - steps


async def test_connect_tells_what_the_battery_can_do(rig):
    async with rig.tcp(rig.battery().memory) as line:
        able = (await rig.driver(line, "storage").connect()).capabilities
    assert (able.control, able.charge_w, able.discharge_w) == (Control.TARGET, 5000, 4600)
    assert (able.capacity_wh, able.resolution_w, able.floor_w) == (10000, 0.5, 0)
    assert able.timer.max_s == 65534


async def test_an_unknown_capacity_is_none(rig):
    async with rig.tcp(rig.battery(WHRtg_120=0xFFFF).memory) as line:
        assert (await rig.driver(line, "storage").connect()).capabilities.capacity_wh is None


async def test_charging_is_positive_and_the_state_of_charge_comes_along(rig):
    async with rig.tcp(rig.battery().memory) as line:
        reading = await (await rig.connected(line, "storage")).read()
    assert (reading.power_w, reading.soc_pct) == (1500, 55)


async def test_a_state_of_charge_beyond_100_is_none(rig):
    async with rig.tcp(rig.battery(ChaState_124=65500).memory) as line:
        assert (await (await rig.connected(line, "storage")).read()).soc_pct is None


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (2000, [3, minus(4000), 4000, 60, 1]),
        (-1000, [3, 2000, minus(2000), 60, 0]),
        (0, [3, 0, 0, 60, 0]),
        (99_999, [3, minus(10000), 10000, 60, 1]),
    ],
    ids=["charge", "discharge", "hold", "beyond"],
)
async def test_a_target_is_two_limits_that_meet(rig, quantity, expected):
    made = rig.battery()
    async with rig.tcp(made.memory) as line:
        written = await (await rig.connected(line, "storage")).write(rig.setpoint(quantity))
    assert words(made) == expected
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, min(quantity, 5000))


async def test_the_mode_is_enabled_last_and_renewals_write_the_rates_alone(rig):
    made = rig.battery()
    mode, rates = made.at("124.StorCtl_Mod"), made.at("124.OutWRte")
    source = made.at("124.ChaGriSet")
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage")
        first = await driver.write(rig.setpoint(2000))
        again = await driver.write(rig.setpoint(2000))
    assert [address for _, address, _ in made.writes()] == [source, rates, mode, rates]
    assert [write.lapses for write in first.taken] == [False, True, False]
    assert [write.lapses for write in again.taken] == [True]


async def test_a_mode_that_somebody_took_away_is_reported_and_set_again(rig):
    made = rig.battery()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage")
        await driver.write(rig.setpoint(2000))
        made.put(StorCtl_Mod_124=0)
        lost = await driver.write(rig.setpoint(2000))
        again = await driver.write(rig.setpoint(2000))
    assert (lost.outcome, lost.quantity) == (Outcome.OVERRIDDEN, None)
    assert (again.outcome, again.quantity) == (Outcome.ACCEPTED, 2000)


async def test_the_owners_reserve_is_written_once_and_only_if_it_differs(rig):
    made = rig.battery()
    reserve = made.at("124.MinRsvPct")
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage", limits=Limits(min_soc_pct=10))
        await driver.write(rig.setpoint(0))
        await driver.write(rig.setpoint(0))
        assert made.get("124.MinRsvPct") == 1000
        assert [at for _, at, _ in made.writes()].count(reserve) == 1
        await driver.write(rig.setpoint(None))
    assert made.get("124.MinRsvPct") == 500


async def test_release_takes_the_limits_out_of_force_first(rig):
    made = rig.battery()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage")
        await driver.write(rig.setpoint(2000))
        made.memory.requests.clear()
        written = await driver.write(rig.setpoint(None))
    assert words(made) == [0, 10000, 10000, 0, 0]
    assert made.writes()[0][1:] == (made.at("124.StorCtl_Mod"), (0,))
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, None)


async def test_arming_restores_the_mode_first_and_its_level_holds_the_battery_still(rig):
    made = rig.battery(StorCtl_Mod_124=1, ChaGriSet_124=1)
    mode, rates = made.at("124.StorCtl_Mod"), made.at("124.OutWRte")
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage", fallback=Fallback(level_w=0.0))
        arming = await driver.arm()
    assert [(w.address, w.words) for w in arming.found] == [
        (mode, (1,)),
        (made.at("124.MinRsvPct"), (500,)),
        (rates, (10000, 10000, 0, 0, 0, 1)),
    ]
    assert [(w.address, w.words) for w in arming.level] == [(rates, (0, 0, 0, 0, 0)), (mode, (3,))]
    assert arming.identity[0].words == (124, 24)
    assert "writes 0 W" in arming.promise


async def test_missing_rates_make_it_read_only_with_a_reason(rig):
    async with rig.tcp(rig.battery(InWRte_124=0x8000).memory) as line:
        description = await rig.driver(line, "storage").connect()
    assert description.capabilities.control is Control.NONE
    assert "InWRte is not implemented" in description.notes[0]


async def test_a_hybrids_battery_is_read_from_its_named_modules(rig):
    made = rig.Map(1, 103, 124, (160, 88))
    made.put(W_103=2500, W_SF_103=0, DCW_SF_160=0)
    for number, text, watts in ((3, "StCha 3", 0), (4, "StDisCha 4", 1200)):
        at = made.at(f"160.{number}.IDStr")
        raw = text.encode().ljust(16, b"\0")
        words_ = [int.from_bytes(raw[i : i + 2], "big") for i in range(0, 16, 2)]
        made.memory.units[1] |= dict(enumerate(words_, at))
        made.memory.units[1][made.at(f"160.{number}.DCW")] = watts
    async with rig.tcp(made.memory) as line:
        battery = await rig.connected(line, "storage")
        assert (await battery.read()).power_w == -1200


@pytest.mark.parametrize("silent", ["modules", "scale"])
async def test_what_the_panels_give_is_not_the_batterys_where_that_does_not_tell(rig, silent):
    made = rig.Map(1, 103, 124, (160, 88)).put(W_103=3000, W_SF_103=0, St_103=4, DCW_SF_160=0)
    for number, text in enumerate(("MPPT 1", "MPPT 2", "StCha 3", "StDisCha 4"), 1):
        raw = text.encode().ljust(16, b"\0")
        words_ = [int.from_bytes(raw[i : i + 2], "big") for i in range(0, 16, 2)]
        made.memory.units[1] |= dict(enumerate(words_, made.at(f"160.{number}.IDStr")))
        made.memory.units[1][made.at(f"160.{number}.DCW")] = 1500 if number < 3 else 0
    async with rig.mem(made.memory) as line:
        battery = await rig.connected(line, "storage")
        told = await battery.read()
        if silent == "scale":
            made.put(DCW_SF_160=0x8000)
        else:
            made.put(**{"3.DCW_160": 0xFFFF, "4.DCW_160": 0xFFFF})
        lost = await battery.read()
        made.put(W_103=0)
        still = await battery.read()
    assert (told.power_w, told.quality) == (0, Quality.GOOD)
    assert (lost.power_w, lost.quality) == (None, Quality.MISSING)
    assert lost.note
    assert still.power_w == 0


@given(quantity=st.floats(-20_000, 20_000), base_w=st.integers(500, 30_000))
def test_a_target_is_rounded_toward_standstill(quantity, base_w):
    model = [0] * 26
    model[25] = 0xFFFE
    lever = Storage.of(Header(124, 1000, 24), float(base_w), model, None)
    held = dict(lever.words)
    for group in lever.command(quantity, 60):
        held |= group
    flow = lever.renewed(held).expressed()
    wanted = max(-base_w, min(base_w, quantity))
    assert abs(flow) <= abs(wanted) + 1e-6 * base_w
    assert abs(flow) > abs(wanted) - lever.resolution_w - 1e-6 * base_w
    assert flow * quantity >= 0
