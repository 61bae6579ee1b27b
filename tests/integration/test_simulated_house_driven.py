"""The gateway's drivers on the simulated house: judged by what the house knows, not they."""

import pytest

from drivers.modbus import package as modbus
from drivers.simulated import open_house
from drivers.sunspec import package as sunspec
from gateway.model.device import Device, Role
from gateway.model.setpoint import Outcome, Setpoint
from gateway.model.time import SECOND, Duration, Instant

CALM = {"solar_w": 6000, "load_w": 500, "meter_noise_w": 0, "temperature_c": 21.2}
COMMON = {"driver", "role", "limits", "tender", "price_cap"}
PACKAGES = {"sunspec": sunspec, "modbus": modbus}
POWER = {name: f"{name}_w" for name in ("roof", "battery", "grid", "house", "heatpump")}


async def drive(house, clock, name):
    how = house.devices[name]
    line = f"mem://{name}"
    device = Device(
        id=name, role=Role(how["role"]), driver=how["driver"], connection=line, line=line
    )
    package = PACKAGES[how["driver"]]
    settings = package.parse(device, {k: v for k, v in how.items() if k not in COMMON})
    assert not isinstance(settings, tuple), settings
    driver = package.open(device, settings, house.line(line, clock))
    await driver.connect()
    return driver


async def hold(driver, clock, name, quantity, timer_s=60):
    return await driver.write(
        Setpoint(
            device=name,
            quantity=quantity,
            valid_until=Instant(clock.now() + 60 * SECOND),
            timer_s=timer_s,
            because="a test",
        )
    )


@pytest.mark.parametrize("name", list(POWER))
def test_reading_has_the_sign_and_size_of_the_truth(virtual, clock, name):
    async def main():
        house = open_house(clock, CALM | {"temperature_c": 19})
        driver = await drive(house, clock, name)
        await clock.sleep(Duration(3 * SECOND))
        assert (await driver.read()).power_w == house.truth()[POWER[name]]

    virtual(main())


@pytest.mark.parametrize(
    ("name", "quantity", "own_rule"),
    [
        ("roof", -2000, -6000),
        ("battery", 1500, 0),
        ("battery", -1500, 0),
        ("heatpump", 3000, 0),
    ],
)
def test_setpoint_is_followed_until_the_timer_ends(virtual, clock, name, quantity, own_rule):
    async def main():
        house = open_house(clock, CALM)
        driver = await drive(house, clock, name)
        await driver.arm()
        written = await hold(driver, clock, name, quantity)
        assert written.outcome is Outcome.ACCEPTED
        assert written.quantity == pytest.approx(quantity)
        await clock.sleep(Duration(10 * SECOND))
        assert house.truth()[POWER[name]] == pytest.approx(quantity)
        await clock.sleep(Duration(60 * SECOND))
        assert house.truth()[POWER[name]] == own_rule

    virtual(main())


@pytest.mark.parametrize("name", ["roof", "battery", "heatpump"])
def test_release_brings_the_own_rule_back(virtual, clock, name):
    async def main():
        house = open_house(clock, CALM)
        driver = await drive(house, clock, name)
        await driver.arm()
        before = house.truth()[POWER[name]]
        await hold(driver, clock, name, {"roof": -1000, "battery": 1000, "heatpump": 1500}[name])
        await clock.sleep(Duration(10 * SECOND))
        assert house.truth()[POWER[name]] != before
        await hold(driver, clock, name, None)
        await clock.sleep(Duration(10 * SECOND))
        assert house.truth()[POWER[name]] == before

    virtual(main())


def test_state_of_charge_is_read(virtual, clock):
    async def main():
        house = open_house(clock, CALM | {"battery_soc_pct": 37})
        driver = await drive(house, clock, "battery")
        assert (await driver.read()).soc_pct == pytest.approx(37)

    virtual(main())
