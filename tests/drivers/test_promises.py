"""Our own drivers keep what the port promises, on devices of every kind."""

import json
from pathlib import Path

import pytest

from drivers import modbus, sunspec
from gateway.testing import check_driver

FIXTURES = Path(__file__).parent.parent / "fixtures"
FOLDER = FIXTURES / "register_maps"

# role, power, a level, and words as they are when nobody steers the device
RECORDED = {
    "nielsbasjes_DeviceSMASunnyBoy36Dated20230810": ("solar", -1080, -500, {40348: 10_000}),
    "nielsbasjes_DeviceFimerPVSDated20240722": ("solar", -141_380, -50_000, {40235: 0}),
    "nielsbasjes_DeviceSolarEdgeDated20191001": ("solar", -509.2, None, {}),
    "jdblair_IGplusV3.0U": ("solar", -37, None, {}),
    "jdblair_DTS_SMX": ("meter", 1060, None, {}),
    "jdblair_E51C2": ("meter", 0, None, {}),
}
SIMULATED = {  # the models that steer it: role, maker, power, a level, the point without a value
    "123": ("solar", "inverter", -3000, -2000, "103.W"),
    "124": ("storage", "battery", 1500, 1000, "103.W"),
    "704": ("solar", "der", -3000, -2000, "701.W"),
    "704 and 802": ("storage", "der_battery", 1500, 1000, None),
}
HEAT_PUMP = {
    **dict.fromkeys(range(100, 112), 0), 100: 0x4850, 101: 1480, 102: 213, 103: 1, 110: 0xFFFF,
}  # fmt: skip

# role, power, a level, words as they are when nobody steers it, whether its timer is a watchdog
SHIPPED = {
    "alfen-ng9xx": ("ev", 3565.5, 6900, {}, True),
    "go-e-home": ("ev", 3600, 6900, {}, False),
    "goodwe-et-battery": ("storage", -2500, 1000, {}, False),
    "sg-ready-relays": ("heat", 0, 3000, {0: 0, 1: 0}, False),
    "solaredge-battery": ("storage", -1480.5, 1000, {57357: 7}, False),
    "solaredge-power": ("solar", -3125, -2000, {}, False),
    "sungrow-sh-battery": ("storage", -1500, 1000, {}, False),
    "victron-gx-ess": ("storage", -1230, 1000, {}, True),
}
GAP = 40  # registers that may be read along, of no meaning


def lengthy(names, slow):
    """The names, those of many requests for the slow suite."""
    return [pytest.param(n, marks=pytest.mark.slow) if n in slow else n for n in names]


@pytest.mark.parametrize("name", lengthy(RECORDED, list(RECORDED)[:2]))
def test_the_sunspec_driver_keeps_its_promises_on_a_recorded_device(name):
    role, power_w, level_w, at_rest = RECORDED[name]
    registers = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["registers"]
    words = {int(at): word for at, word in registers.items() if word is not None} | at_rest
    check_driver(sunspec.package, {"role": role}, lambda: words, power_w=power_w, level_w=level_w)


@pytest.mark.parametrize("models", lengthy(SIMULATED, ["704", "704 and 802"]))
def test_the_sunspec_driver_keeps_its_promises_on_a_device_steered_by(rig, models):
    role, make, power_w, level_w, missing = SIMULATED[models]
    made = getattr(rig, make)()
    check_driver(
        sunspec.package,
        {"role": role, "connection": "tcp://127.0.0.1?unit=1"},
        lambda: made.memory.units[1],
        power_w=power_w,
        level_w=level_w,
        missing={made.at(missing): 0x8000} if missing else None,
    )


def test_the_register_map_driver_keeps_its_promises():
    mapping = {"role": "heat", "map": "heat-pump-demo.yaml"}
    check_driver(modbus.package, mapping, lambda: HEAT_PUMP, power_w=1480, level_w=1500)


def test_every_shipped_map_that_steers_is_tried():
    maps = (FIXTURES.parent.parent / "config" / "maps").glob("*.yaml")
    steering = {path.stem for path in maps if modbus.load(path.name).control}
    # The simulated house tries its own two in tests/simulation, by registers.
    assert steering == {*SHIPPED, "heat-pump-demo", "charger-demo", "generator-demo", "boiler-demo"}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_map_that_steers_keeps_the_promises(name):
    role, power_w, level_w, at_rest, watchdog = SHIPPED[name]
    tables = json.loads((FIXTURES / "modbus_maps" / f"{name}.json").read_text("utf-8"))
    known = {int(at): word for table in tables.values() for at, word in table.items()} | at_rest
    between = {at - back: 0xDEAD for at in known for back in range(GAP) if at >= back}
    check_driver(
        modbus.package,
        {"role": role, "map": f"{name}.yaml"},
        lambda: between | known,
        power_w=power_w,
        level_w=level_w,
        watchdog=watchdog,
    )
