"""Every shipped map that steers keeps the promises of a driver, under every fault of a line."""

import json

import pytest

from drivers import modbus
from gateway.testing import BrokenPromises, check_driver
from tests.drivers.map_box import FIXTURES

# role, power as laid out, a setpoint, and what its control holds while nobody steers it
STEERED = {
    "go-e-home": ("ev", 3600, 8280, {}),
    "goodwe-et-battery": ("storage", -2500, 2000, {}),
    "sg-ready-relays": ("heat", 0, 3000, {0: 0, 1: 0}),
    "solaredge-battery": ("storage", -1480.5, 2000, {0xE00D: 7}),
    "solaredge-power": ("solar", -3125, -4000, {0xF310: 90}),
    "sungrow-sh-battery": ("storage", -1500, 1999, {}),
}


def check(name, role, power_w, level_w, own):
    fixture = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    tables = [fixture["registers"]] if "table" in fixture else fixture.values()
    laid_out = {int(at): word for registers in tables for at, word in registers.items()}
    words = laid_out | own
    mapping = {"role": role, "map": f"{name}.yaml"}
    check_driver(modbus.package, mapping, lambda: dict(words), power_w=power_w, level_w=level_w)


@pytest.mark.parametrize("name", STEERED)
def test_a_map_that_steers_keeps_every_promise(name):
    check(name, *STEERED[name])


def test_a_watchdog_without_a_register_breaks_one_promise_only():
    """The time of an Alfen's watchdog stands in no register, so no renewal can set it."""
    with pytest.raises(BrokenPromises) as broken:
        check("alfen-ng9xx", "ev", 3565.5, 6900, {})
    told = [line for line in str(broken.value).splitlines()[1:] if not line.startswith("  ")]
    assert told == ["every renewal sets the device's timer to the lease:"]
