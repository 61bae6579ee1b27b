"""What a running gateway serves to other programs, judged by other people's clients."""

import asyncio
import socket

import pytest
from pymodbus.client import AsyncModbusTcpClient
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from tests.e2e.processes import free_port, lasts, until

pytestmark = pytest.mark.e2e


def site_by_pysunspec2(port):
    """Scaled values by model and point, None where unimplemented."""
    device = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port, timeout=3)
    device.scan()
    found = {
        number: {name: point.cvalue for name, point in device.models[number][0].points.items()}
        for number in (1, 701, 203)
    }
    device.close()
    return found


async def test_others_read_through_the_gateway_while_it_steers_and_find_the_house_as_one(place):
    await place.build(solar_w=6000, battery_soc_pct=100)
    port, site = free_port(), free_port()
    config = place.write(
        broker={"kind": "embedded"},
        grid={"export_limit_w": 0},
        share={"roof": {"listen": f"127.0.0.1:{port}", "writes": {"127.0.0.1": "40000-50000"}}},
        aggregate={"listen": f"127.0.0.1:{site}"},
    )
    daemon = await place.run(config)
    await daemon.says("share.served")
    await daemon.says("aggregate.served")
    roof = place.house._world.roof.bank
    await until(lambda: place.point("roof", "123.WMaxLim_Ena") == 1, "the roof is steered", 25)

    async with AsyncModbusTcpClient("127.0.0.1", port=port, timeout=5) as client:
        identity = await client.read_holding_registers(40004, count=60, device_id=1)
        assert identity.registers == roof.read(40004, 60)
        address = roof.address("123.WMaxLimPct")
        said = await client.write_register(address, 0, device_id=1)
        assert said.exception_code == 4
    await daemon.says("share.write_refused")

    def settled():
        return abs(place.truth("grid_w")) < 100

    # Longer than the meter's poll: what is served is of the settled house.
    await lasts(settled, "the export limit is kept", 25, for_s=2.5)
    found = await asyncio.to_thread(site_by_pysunspec2, site)
    assert (found[1]["Mn"], found[1]["SN"]) == ("Gridtender", "home")
    assert abs(found[203]["W"] - place.truth("grid_w")) < 200
    assert abs(found[701]["W"] - found[203]["W"]) < 20_000
    assert found[203]["Hz"] is None

    code, _ = await daemon.end()
    assert code == 0
    assert "Traceback" not in daemon.text
    for closed in (port, site):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", closed), timeout=2)
