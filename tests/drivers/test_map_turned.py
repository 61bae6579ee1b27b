"""The key ``sign`` of a device behind a register map turns the power of one that was wired so."""

import pytest

from drivers.modbus import Settings, package
from gateway.model.device import Device, Role
from gateway.model.errors import SettingsError
from gateway.ports.driver import Signed
from tests.drivers.map_box import boxed

METER = Device(id="x", role=Role.GRID, driver="modbus", connection="tcp://x", line="tcp://x")


def parsed(device=METER, **keys):
    return package.parse(device, {"map": "eastron-sdm630.yaml"} | keys)


async def test_a_meter_wired_the_wrong_way_round_is_turned_by_the_key_its_settings_propose():
    async with boxed("eastron-sdm630", Role.GRID) as (driver, _, line):
        await driver.connect()
        before = await driver.read()
        settings = parsed()
        assert isinstance(settings, Signed)
        proposed = {key: int(value) for key, value in settings.turned(Role.GRID).items()}
        later = package.open(driver._device, parsed(**proposed), line)
        await later.connect()
        after = await later.read()
    assert (before.power_w, after.power_w) == pytest.approx((-1949.25, 1949.25))
    assert (after.counted_in_wh, after.points) == (before.counted_in_wh, before.points)


def test_one_that_is_turned_proposes_the_way_back():
    assert parsed(sign=-1).turned(Role.GRID) == {"sign": "1"}


def test_what_is_steered_is_not_turned_since_setpoints_would_go_the_old_way():
    battery = Device(id="b", role=Role.STORAGE, driver="modbus", connection="tcp://x", line="x")
    keys = {"map": "victron-gx-ess.yaml"}
    settings = package.parse(battery, keys)
    assert isinstance(settings, Settings)
    assert settings.turned(Role.STORAGE) == {}
    (error,) = package.parse(battery, keys | {"sign": -1})
    assert (error.path, error.allowed) == (("sign",), "1 (a map that steers is not turned)")


@pytest.mark.parametrize("sign", [0, 2, True, "export", None, [], {}])
def test_a_sign_that_is_none_is_told_with_what_is_allowed(sign):
    (error,) = parsed(sign=sign)
    assert isinstance(error, SettingsError)
    assert (error.path, error.found, error.allowed) == (("sign",), repr(sign), "1 or -1")
