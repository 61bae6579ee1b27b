"""Our own drivers keep what the port promises, on devices of every kind."""

import json
from pathlib import Path

import pytest

from drivers import modbus, sunspec
from gateway.testing import check_driver

FOLDER = Path(__file__).parent.parent / "fixtures" / "register_maps"

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
