"""The simulated house over real sockets, spoken to by pysunspec2's own client."""

import asyncio
import time
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from drivers.simulated import open_house
from drivers.transport import open_tcp
from gateway.adapters.clock import WallClock
from gateway.model.errors import DeviceUnavailable
from gateway.model.time import SECOND, Duration

pytestmark = pytest.mark.integration

CALM = {"solar_w": 6000, "load_w": 500, "meter_noise_w": 0, "temperature_c": 21.2}
TIMEOUT = Duration(SECOND // 4)
MARKER = 40_000


@asynccontextmanager
async def serving(**settings):
    house = open_house(WallClock(), CALM | settings)
    urls = await house.serve()
    try:
        yield house, urls
    finally:
        await house.close()


@asynccontextmanager
async def client(url):
    """A scanned pysunspec2 device; its calls block, so they run in a thread."""
    parts = urlsplit(url)
    unit = int(parse_qs(parts.query)["unit"][0])
    device = SunSpecModbusClientDeviceTCP(unit, parts.hostname, parts.port, timeout=5)
    await asyncio.to_thread(device.connect)
    try:
        await asyncio.to_thread(device.scan)
        yield device
    finally:
        await asyncio.to_thread(device.disconnect)


async def read(device, model):
    await asyncio.to_thread(device.models[model][0].read)
    return device.models[model][0]


async def write(device, model, **points):
    for name, value in points.items():
        group = device.models[model][0]
        getattr(group, name).cvalue = value
        await asyncio.to_thread(group.write)


async def until(condition, deadline_s=10.0):
    end = time.monotonic() + deadline_s
    while not await condition():
        assert time.monotonic() < end, "it did not come about in time"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("device", "models"),
    [
        ("roof", [1, 103, 120, 121, 122, 123, 160]),
        ("battery", [1, 103, 120, 124]),
        ("grid", [1, 203]),
        ("house", [1, 203]),
    ],
)
async def test_pysunspec2_finds_every_model_without_complaint(device, models):
    async with serving() as (_, urls), client(urls[device]) as found:
        chain = [model.model_id for model in found.model_list]
        assert chain == models
        assert [model.error_info for model in found.model_list] == [""] * len(models)


async def test_pysunspec2_reads_what_is_true():
    async with serving() as (house, urls), client(urls["roof"]) as roof:
        inverter = await read(roof, 103)
        assert (inverter.W.cvalue, inverter.St.value) == (6000, 4)
        assert inverter.PhVphA.cvalue == 230.0
        assert inverter.AphA.cvalue == pytest.approx(6000 / 230 / 3, abs=0.01)
        assert roof.models[120][0].WRtg.cvalue == 8000
        assert roof.models[121][0].WMax.cvalue == 8000
        assert roof.models[122][0].WAval.cvalue is None
        assert house.truth()["roof_w"] == -6000


async def test_pysunspec2_reads_both_meters():
    async with (
        serving(solar_w=0) as (_, urls),
        client(urls["grid"]) as grid,
        client(urls["house"]) as load,
    ):
        assert (await read(grid, 203)).W.cvalue == 500
        assert (await read(load, 203)).W.cvalue == 500
        assert (await read(grid, 203)).TotWhImp.cvalue > 0


async def test_pysunspec2_curtails_the_roof():
    async with serving() as (house, urls), client(urls["roof"]) as roof:
        await write(roof, 123, WMaxLimPct_RvrtTms=60, WMaxLimPct=37.5, WMaxLim_Ena=1)
        controls = await read(roof, 123)
        assert (controls.WMaxLimPct.cvalue, controls.WMaxLim_Ena.value) == (37.5, 1)

        async def curtailed():
            return (await read(roof, 103)).W.cvalue == 3000

        await until(curtailed)
        assert house.truth()["roof_w"] == -3000
        assert (await read(roof, 103)).St.value == 5


async def test_pysunspec2_sees_the_timer_lift_the_limit():
    async with serving() as (_, urls), client(urls["roof"]) as roof:
        await write(roof, 123, WMaxLimPct_RvrtTms=1, WMaxLimPct=50, WMaxLim_Ena=1)

        async def lifted():
            return (await read(roof, 123)).WMaxLim_Ena.value == 0

        await until(lifted)


async def test_pysunspec2_charges_and_discharges_the_battery():
    async with serving() as (house, urls), client(urls["battery"]) as battery:
        await write(battery, 124, ChaGriSet=1, OutWRte=-30, InWRte=30, StorCtl_Mod=3)

        async def charging():
            return (await read(battery, 103)).W.cvalue == -1500

        await until(charging)
        assert house.truth()["battery_w"] == 1500
        await write(battery, 124, InWRte=-20, OutWRte=20)

        async def discharging():
            return (await read(battery, 103)).W.cvalue == 1000

        await until(discharging)
        assert (await read(battery, 124)).ChaState.cvalue == pytest.approx(50, abs=0.5)


async def test_unplugged_device_refuses_and_comes_back_at_its_port():
    async with serving() as (house, urls):
        url = urls["grid"].split("?")[0]
        async with open_tcp(url, WallClock()) as line:
            await line.read(1, MARKER, 2, timeout=TIMEOUT)
            await house.unplug("grid")
            with pytest.raises(DeviceUnavailable):
                await line.read(1, MARKER, 2, timeout=TIMEOUT)
            await house.plug("grid")

            async def answers():
                try:
                    return (await line.read(1, MARKER, 2, timeout=TIMEOUT)).words[0] == 0x5375
                except DeviceUnavailable:
                    return False

            await until(answers)


async def test_hanging_device_takes_requests_and_never_answers():
    async with serving() as (house, urls):
        parts = urlsplit(urls["grid"])
        house.hang("grid")
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(bytes.fromhex("000100000006010300000002"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await reader.readexactly(1)
        writer.close()
        await writer.wait_closed()


async def test_unplugging_one_device_leaves_the_others():
    async with serving() as (house, urls):
        await house.unplug("grid")
        async with client(urls["roof"]) as roof:
            assert (await read(roof, 103)).W.cvalue == 6000
