"""The house behind memory lines, on virtual time."""

import pytest

from drivers.simulated import open_house
from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.model.time import SECOND, Duration, in_seconds

TIMEOUT = Duration(SECOND)
MARKER = 40_000
CALM = {"solar_w": 6000, "load_w": 500, "meter_noise_w": 0, "temperature_c": 21.2}


async def marker(house, clock, device):
    line = house.line(f"mem://{device}", clock)
    return (await line.read(1, MARKER, 2, timeout=TIMEOUT)).words


def test_every_sunspec_device_has_a_memory_line(virtual, clock):
    async def main():
        house = open_house(clock, CALM)
        sunspec = [name for name, how in house.devices.items() if how["driver"] == "sunspec"]
        assert sunspec == ["roof", "battery", "grid", "house"]
        for device in sunspec:
            assert await marker(house, clock, device) == (0x5375, 0x6E53)

    virtual(main())


def test_time_passes_when_the_house_is_asked(virtual, clock):
    async def main():
        house = open_house(clock, CALM)
        house.set_load(1000)
        assert house.truth()["grid_w"] == -5500
        await clock.sleep(Duration(SECOND))
        assert house.truth()["grid_w"] == -5000

    virtual(main())


def test_switches_act_from_now_on(virtual, clock):
    async def main():
        house = open_house(clock, CALM)
        house.set_sun(2000)
        house.set_cooker(on=True)
        house.set_soc(80)
        await clock.sleep(Duration(3 * SECOND))
        truth = house.truth()
        found = [truth[name] for name in ("roof_w", "house_w", "battery_soc_pct")]
        assert found == [-2000, 2500, 80]

    virtual(main())


def test_unplugged_device_fails_at_once_and_is_back_when_plugged(virtual, clock):
    async def main():
        house = open_house(clock, CALM)
        await house.unplug("grid")
        asked = clock.now()
        with pytest.raises(DeviceUnavailable):
            await marker(house, clock, "grid")
        assert clock.now() == asked
        await house.plug("grid")
        assert await marker(house, clock, "grid") == (0x5375, 0x6E53)

    virtual(main())


def test_hanging_device_costs_the_timeout(virtual, clock):
    async def main():
        house = open_house(clock, CALM)
        house.hang("grid")
        asked = clock.now()
        with pytest.raises(DeviceUnavailable):
            await marker(house, clock, "grid")
        assert in_seconds(clock.now() - asked) == 1.0
        assert await marker(house, clock, "roof") == (0x5375, 0x6E53)

    virtual(main())


def test_physics_goes_on_while_unplugged(virtual, clock):
    async def main():
        house = open_house(clock, CALM)
        line = house.line("mem://heatpump", clock)
        await line.write(1, 110, [2, 30], timeout=TIMEOUT)
        await house.unplug("heatpump")
        await clock.sleep(Duration(10 * SECOND))
        assert house.truth()["heatpump_w"] == 3000
        await clock.sleep(Duration(25 * SECOND))
        assert house.truth()["heatpump_w"] == 0

    virtual(main())


def test_other_unit_is_not_there(virtual, clock):
    async def main():
        line = open_house(clock, CALM).line("mem://roof", clock)
        with pytest.raises(RequestRefused) as refused:
            await line.read(7, MARKER, 2, timeout=TIMEOUT)
        assert refused.value.code == 0x0B

    virtual(main())


def test_unknown_device_is_named(virtual, clock):
    async def main():
        with pytest.raises(DeviceUnavailable, match="mem://cellar"):
            open_house(clock, CALM).line("mem://cellar", clock)

    virtual(main())
