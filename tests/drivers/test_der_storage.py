"""A battery under model 704 with 802 beside it, judged at its own registers over a socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.sunspec.der_704 import Der
from drivers.sunspec.discovery import Header
from gateway.model.device import Control, Fallback, Limits
from gateway.model.errors import DeviceMisbehaves
from gateway.model.reading import Quality
from gateway.model.setpoint import Outcome

OWNER = Limits(min_soc_pct=10)


def signed(number, bits=32):
    return number - (1 << bits) if number >> bits - 1 else number


async def test_connect_tells_the_settings_and_the_capacity(rig):
    async with rig.tcp(rig.der_battery().memory) as line:
        description = await rig.driver(line, "storage").connect()
    able = description.capabilities
    assert (able.control, able.rating_w) == (Control.TARGET, 5000)
    assert (able.charge_w, able.discharge_w, able.capacity_wh) == (4500, 4300, 10_000)
    assert (able.timer.reaches_level, able.resolution_w) == (True, 10)


async def test_charging_is_positive_and_the_charge_is_that_of_713(rig):
    async with rig.tcp(rig.der_battery().memory) as line:
        reading = await (await rig.connected(line, "storage")).read()
    assert (reading.power_w, reading.soc_pct, reading.quality) == (1500, 55.1, Quality.GOOD)


async def test_watts_are_set_where_it_can_with_the_way_back_before_them(rig):
    made = rig.der_battery()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage", fallback=Fallback(level_w=0.0))
        written = await driver.write(rig.setpoint(2005, 60))
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, 2000)
    assert (made.get("704.WSetMod"), signed(made.get("704.WSet"))) == (1, -200)
    assert (made.get("704.WSetRvrt"), made.get("704.WSetEnaRvrt")) == (0, 1)
    assert (made.get("704.WSetRvrtTms"), made.get("704.WSetEna")) == (60, 1)
    assert [request[1] for request in made.writes()] == [
        made.at("704.WSetMod"),
        made.at("704.WSetRvrt"),
        made.at("704.WSetEnaRvrt"),
        made.at("704.WSet"),
        made.at("704.WSetEna"),
    ]


async def test_a_32_bit_value_is_never_written_by_half(rig):
    made = rig.der_battery()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage")
        await driver.write(rig.setpoint(-3000))
        await driver.write(rig.setpoint(-3010))
    sizes = {len(words) for _, at, words in made.writes() if at == made.at("704.WSet")}
    assert sizes == {2}


async def test_percent_are_of_wmax_where_there_are_no_watts(rig):
    made = rig.der_battery(WSet_SF_704=0x8000)
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage")
        written = await driver.write(rig.setpoint(-1250, 60))
    assert (made.get("704.WSetMod"), made.get("704.WSetPct")) == (0, 250)
    assert written.quantity == -1250


async def test_without_a_charge_rate_in_702_the_battery_is_steered_by_124(rig):
    made = rig.Map(1, 103, 120, 124, 702, 704)
    made.put(W_103=0, W_SF_103=0, WMax_702=5000, W_SF_702=0, WSetEna_704=0, WSet_704=0)
    made.put(WSet_SF_704=0, WChaMax_124=5000, WChaMax_SF_124=0, StorCtl_Mod_124=0)
    made.put(OutWRte_124=10000, InWRte_124=10000, InOutWRte_SF_124=-2)
    async with rig.tcp(made.memory) as line:
        await (await rig.connected(line, "storage")).write(rig.setpoint(1000))
    assert (made.get("124.StorCtl_Mod"), made.get("704.WSetEna")) == (3, 0)


async def test_the_owners_reserve_is_raised_while_it_steers_and_given_back(rig):
    made = rig.der_battery()
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage", limits=OWNER)
        arming = await driver.arm()
        await driver.write(rig.setpoint(-1000))
        raised = made.get("802.SoCRsvMin")
        await driver.write(rig.setpoint(None))
    assert (raised, made.get("802.SoCRsvMin")) == (1000, 500)
    assert (made.at("802.SoCRsvMin"), (500,)) in [(w.address, w.words) for w in arming.found]


@pytest.mark.parametrize(("points", "expected"), [({"SoCRsvMin_802": 2000}, 2000),
                                                  ({"SocRsvMax_802": 800}, 800)])  # fmt: skip
async def test_a_reserve_is_never_lowered_nor_above_what_the_bank_takes(rig, points, expected):
    made = rig.der_battery(**points)
    async with rig.tcp(made.memory) as line:
        await (await rig.connected(line, "storage", limits=OWNER)).write(rig.setpoint(-1000))
    assert made.get("802.SoCRsvMin") == expected


@pytest.mark.parametrize(
    ("keys", "points", "operation"),
    [
        ({}, {}, 0),
        ({"connect": True}, {}, 1),
        ({"connect": True}, {"Evt1_802": 1 << 20}, 0),
        ({"connect": True}, {"State_802": 3}, 0),
    ],
)
async def test_a_bank_is_connected_only_where_allowed_and_nothing_is_wrong(
    rig, keys, points, operation
):
    made = rig.der_battery(**({"State_802": 1, "SetOp_802": 0} | points))
    async with rig.tcp(made.memory) as line:
        driver = await rig.connected(line, "storage", keys=keys)
        arming = await driver.arm()
        written = await driver.write(rig.setpoint(1000))
    assert made.get("802.SetOp") == operation
    assert written.outcome is Outcome.ACCEPTED
    restored = {at for part in arming.found for at in range(part.address, part.address + 2)}
    assert made.at("802.SetOp") not in restored


async def test_an_802_alone_is_read_and_says_that_it_takes_no_power(rig):
    made = rig.der_battery()
    alone = rig.Map(1, 802)
    alone.memory.units[1] |= {
        alone.places[802] + i: made.memory.units[1][made.places[802] + i] for i in range(64)
    }
    async with rig.tcp(alone.memory) as line:
        driver = rig.driver(line, "storage")
        description = await driver.connect()
        reading = await driver.read()
    assert description.capabilities.control is Control.NONE
    assert (reading.power_w, reading.soc_pct) == (1450, 55)
    assert "802 has no setpoint of power" in " ".join(description.notes)


async def test_a_bank_whose_sign_contradicts_its_state_is_not_believed(rig):
    alone = rig.Map(1, 802).put(W_802=1450, W_SF_802=0, ChaSt_802=4, SoC_802=50, SoC_SF_802=0)
    async with rig.tcp(alone.memory) as line:
        doubted = await (await rig.connected(line, "storage")).read()
        driver = await rig.connected(line, "storage", keys={"bank_sign": "charge"})
        believed = await driver.read()
    assert (doubted.quality, "bank_sign: charge" in doubted.note) == (Quality.SUSPECT, True)
    assert (believed.quality, believed.power_w, believed.note) == (Quality.GOOD, 1450, "")


@pytest.mark.parametrize(
    ("points", "fault"),
    [({"Sta_713": 2}, "713 ERROR"), ({"State_802": 99}, "802 FAULT"),
     ({"Evt1_802": 1 << 2 | 1 << 20}, "CONTACTOR_ERROR"), ({"Evt1_802": 1 << 2}, "")],
)  # fmt: skip
async def test_alarms_of_the_bank_are_faults_and_warnings_are_not(rig, points, fault):
    async with rig.tcp(rig.der_battery(**points).memory) as line:
        assert (await (await rig.connected(line, "storage")).read()).fault == fault


async def test_713_without_a_capacity_is_no_battery(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        with pytest.raises(DeviceMisbehaves, match="713 no capacity"):
            await rig.driver(line, "storage").connect()


def test_a_target_without_any_value_says_why():
    model = [0xFFFF] * 67
    assert "WSetEna is not implemented" in Der.target(Header(704, 1000, 65), model, 1.0, None)
    model = [0x8000] * 67
    assert "neither WSet nor WSetPct" in Der.target(Header(704, 1000, 65), model, 1.0, None)


@given(quantity=st.floats(-20_000, 20_000), base_w=st.integers(500, 30_000), watts=st.booleans())
def test_a_target_is_rounded_toward_standstill_in_watts_and_in_percent(quantity, base_w, watts):
    model = [0] * 67
    model[55] = 0 if watts else 0x8000  # WSet_SF
    model[56] = 0xFFFE  # WSetPct_SF: hundredths
    lever = Der.target(Header(704, 1000, 65), model, float(base_w), None)
    held = dict(lever.words)
    for group in lever.command(quantity, 60):
        held |= group
    flow = lever.renewed(held).expressed()
    wanted = quantity if watts else max(-base_w, min(base_w, quantity))
    assert abs(flow) <= abs(wanted) + 1e-6 * base_w
    assert abs(flow) > abs(wanted) - lever.resolution_w - 1e-6 * base_w
    assert flow * quantity >= 0
