"""Every shipped register map, served with its fixture and read by the whole driver.

The fixture holds registers as the device lays them out, and the expected values were written
down apart from the maps.
"""

from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from drivers.modbus import load
from gateway.model.device import Control, Role
from gateway.model.errors import RequestRefused
from gateway.model.reading import Quality
from tests.drivers.map_box import boxed

ROOT = Path(__file__).parent.parent
MAPS = ROOT.parent / "config" / "maps"
SIMULATED = {"heat-pump-demo", "charger-demo", "generator-demo", "boiler-demo"}
SHIPPED = sorted(path.stem for path in MAPS.glob("*.yaml") if path.stem not in SIMULATED)

# role, power into the device (W), charge (%), energy in and out (Wh), and some points
EXPECTED = {
    "alfen-ng9xx": (
        Role.EV, 3565.5, None, 1_234_567, None,
        {"state": "C2", "current_l1": 15.5, "applied": 15.5, "valid": 42, "safe_current": 6},
    ),
    "carlo-gavazzi-em24": (
        Role.GRID, -70154.8, None, 123_456_700, 8_900, {"voltage_l2": 231.0, "frequency": 49.9},
    ),
    "carlo-gavazzi-em340": (
        Role.METER, -70154.8, None, 123_456_700, 8_900, {"current_l3": -2.25, "frequency": 50.0},
    ),
    "deepsea-7310": (
        Role.GENERATOR, -12_000, None, None, 9_876_500, {"coolant": 82, "battery": 13.7},
    ),
    "eastron-sdm120": (Role.LOAD, 1498.25, None, 777_500, 500, {"voltage": 230.5}),
    "eastron-sdm630": (
        Role.GRID, -1949.25, None, 1_234_500, 99_250, {"power_l3": -2295, "frequency": 50},
    ),
    "go-e-home": (
        Role.EV, 3600, None, 13_000, None,
        {"state": "charging", "error": "none", "current_l1": 12.3},
    ),
    # (65536 + 2) x 100 Wh
    "goodwe-et": (Role.SOLAR, -3907, None, None, 6_553_800, {"power_2": -1800}),
    "goodwe-et-battery": (Role.STORAGE, -2500, 64, None, 1_234_500, {}),
    "goodwe-et-meter": (Role.GRID, 3210, None, 4_567_890, None, {}),
    "huawei-sun2000": (
        Role.SOLAR, -5010, None, None, 12_345_670,
        {"name": "SUN2000-8KTL-M1", "serial": "HV2150123456", "power_dc": 5123},
    ),
    "huawei-sun2000-battery": (Role.STORAGE, -1750, 65.5, None, 456_780, {}),
    "huawei-sun2000-meter": (Role.GRID, 2345, None, 987_650, None, {}),
    "keba-p30": (Role.EV, 98.661, None, None, None, {"state": 3, "serial": 18_416_854}),
    "sg-ready-relays": (Role.HEAT, 3000, None, None, None, {"state": "ordered"}),
    "solaredge-battery": (
        Role.STORAGE, -1480.5, 42.5, None, None,
        {"serial": "7E1500AB", "max_charge": 5000, "max_discharge": 4500},
    ),
    # 31250 x 10^-1 W; (188 x 65536 + 24910) x 10^0 Wh
    "solaredge-power": (
        Role.SOLAR, -3125, None, None, 12_345_678,
        {"state": "running", "max_power": 8000, "serial": "7E0418F2"},
    ),
    "sungrow-sh": (Role.SOLAR, -70_210, None, None, 34_567_800, {}),
    # state 0x0D: discharging (bit 2), so 1500 W flow out of it
    "sungrow-sh-battery": (
        Role.STORAGE, -1500, 61.3, None, 1_234_500, {"flows": "sun, discharging, load"},
    ),
    "sungrow-sh-meter": (Role.GRID, 1234, None, 5_678_900, None, {}),
    # 1.57 kW; 0xFD2B is -7.25 C
    "thermia-genesis": (
        Role.HEAT, 1570, None, None, None,
        {
            "state": "heating", "speed": 3120, "supply": 34.9, "return": 29.5, "outdoor": -7.25,
            "brine_out": -0.55, "tap_water": 49.0, "hours": 12_345, "speed_share": 52,
            "smart_grid": "normal", "meter_l3": 530, "alarms": "",
        },
    ),
    "victron-gx-battery": (Role.STORAGE, -546, 87, None, None, {"voltage": 52.5, "state": 2}),
    # -123 x 10 W at its AC input, 231.2 V, 65.5 %
    "victron-gx-ess": (
        Role.STORAGE, -1230, 65.5, None, None, {"voltage": 231.2, "state": "bulk protection"},
    ),
    "victron-gx-grid": (Role.GRID, 950, None, None, None, {"power_l2": -300}),
}  # fmt: skip

STEERED = {
    "alfen-ng9xx", "go-e-home", "goodwe-et-battery", "sg-ready-relays", "solaredge-battery",
    "solaredge-power", "sungrow-sh-battery", "victron-gx-ess",
}  # fmt: skip


@asynccontextmanager
async def device(name, **changed):
    """The driver with the shipped map, on a socket where its fixture answers."""
    async with boxed(name, EXPECTED[name][0]) as (driver, box, _):
        for at, word in changed.items():
            (table,) = (table for table in box.tables.values() if int(at[1:]) in table)
            table[int(at[1:])] = word
        yield driver


def test_every_shipped_map_has_its_test():
    assert sorted(EXPECTED) == SHIPPED


def test_every_map_that_steers_has_its_test_of_steering():
    assert {name for name in SHIPPED if load(f"{name}.yaml").control} == STEERED


@pytest.mark.parametrize("name", SHIPPED)
async def test_a_shipped_map_reads_its_device(name):
    _, power_w, soc_pct, in_wh, out_wh, points = EXPECTED[name]
    async with device(name) as driver:
        description = await driver.connect()
        reading = await driver.read()
    assert (description.capabilities.control is Control.NONE) is (name not in STEERED)
    assert (description.identity.maker, reading.quality) == (
        load(f"{name}.yaml").maker,
        Quality.GOOD,
    )
    assert reading.power_w == pytest.approx(power_w)
    assert (reading.soc_pct, reading.counted_in_wh, reading.counted_out_wh) == pytest.approx(
        (soc_pct, in_wh, out_wh)
    )
    assert {point: reading.points[point] for point in points} == pytest.approx(points)
    assert None not in reading.points.values()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_map_says_where_its_facts_stand(name):
    known = load(f"{name}.yaml")
    assert known.map == name
    assert known.source.startswith("https://")
    assert known.maker
    assert known.model
    assert known.roles
    assert "facts" in yaml.safe_load((MAPS / f"{name}.yaml").read_text("utf-8"))


async def test_a_battery_that_is_not_there_is_missing_and_not_zero():
    async with device("huawei-sun2000-battery", _37001=0x7FFF, _37002=0xFFFF) as driver:
        reading = await driver.read()
    assert reading.power_w is None
    assert reading.quality is Quality.MISSING


async def test_a_part_of_the_phases_is_no_power():
    async with device("deepsea-7310", _1054=0x7FFF, _1055=0xFFFF) as driver:
        reading = await driver.read()
    assert (reading.power_w, reading.points["power_l1"]) == (None, -4000)


async def test_strings_without_panels_do_not_hide_the_others():
    async with device("goodwe-et", _35113=0xFFFF, _35114=0xFFFF) as driver:
        reading = await driver.read()
    assert (reading.power_w, reading.points["power_3"]) == (-3900, None)


async def test_the_other_table_is_another_device():
    async with device("eastron-sdm630") as driver:
        with pytest.raises(RequestRefused):
            await driver._unit.block("holding", 52, 2)


async def test_a_heat_pump_names_its_alarms_and_a_sensor_it_has_not_is_none():
    async with boxed("thermia-genesis", Role.HEAT) as (driver, box, _):
        await driver.connect()
        assert (await driver.read()).fault == ""
        box.tables["discrete"] |= {0: 1, 9: 1, 34: 1}
        box.tables["input"][12] = 20_000
        reading = await driver.read()
    assert reading.fault == "class A alarm, high pressure switch, outdoor sensor"
    assert reading.points["supply"] is None
    assert reading.power_w == 1570
