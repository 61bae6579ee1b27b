"""The site as a SunSpec device, read by the reference client."""

import asyncio
from dataclasses import replace

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from drivers.sunspec import package
from drivers.transport import serve_tcp
from gateway.model.errors import RequestRefused
from gateway.model.share import Totals
from gateway.ports.driver import Presenting

KNOWN = Totals(
    name="home",
    version="1.2.3",
    grid_w=-1234.0,
    imported_wh=5_000_000,
    exported_wh=6_000_001,
    sources_w=-4321.0,
    injected_wh=12_345_678_901,
    absorbed_wh=77,
)
NOTHING = Totals(name="home", version="1.2.3")


def by_pysunspec2(port):
    device = SunSpecModbusClientDeviceTCP(slave_id=9, ipaddr="127.0.0.1", ipport=port, timeout=3)
    device.scan()
    found = {
        f"{number}.{name}": point.cvalue
        for number in (1, 701, 203)
        for name, point in device.models[number][0].points.items()
    }
    device.close()
    return found


async def read(totals):
    assert isinstance(package, Presenting)
    async with await serve_tcp(package.present(lambda: totals, 9)) as server:
        return await asyncio.to_thread(by_pysunspec2, server.port)


async def test_the_reference_client_reads_what_the_site_is():
    found = await read(KNOWN)
    assert [found[f"1.{name}"] for name in ("Mn", "Md", "Vr", "SN")] == [
        "Gridtender", "Site", "1.2.3", "home",
    ]  # fmt: skip
    assert (found["203.W"], found["203.TotWhImp"], found["203.TotWhExp"]) == (
        -1234, 5_000_000, 6_000_001,
    )  # fmt: skip
    assert (found["701.W"], found["701.TotWhInj"], found["701.TotWhAbs"]) == (
        4321, 12_345_678_901, 77,
    )  # fmt: skip


async def test_what_is_not_known_is_not_implemented_and_never_zero():
    found = await read(NOTHING)
    powers = [found[name] for name in ("203.W", "701.W", "701.TotWhInj", "701.TotWhAbs")]
    assert powers == [None] * 4
    assert [found["701.Hz"], found["203.Hz"], found["203.PhV"]] == [None] * 3


async def test_a_site_of_a_hundred_kilowatts_is_not_cut_at_32():
    found = await read(replace(KNOWN, grid_w=123_456.0, sources_w=-99_999.0))
    assert (found["203.W"], found["701.W"]) == (123_500, 100_000)


def test_what_was_known_a_moment_ago_is_not_told_again():
    told = [KNOWN]
    registers = package.present(lambda: told[0], 1)
    before = registers.read(1, 40000, 125)
    told[0] = NOTHING
    assert registers.read(1, 40000, 125) != before
    told[0] = KNOWN
    assert registers.read(1, 40000, 125) == before


def test_the_site_is_one_unit_and_read_only():
    registers = package.present(lambda: KNOWN, 1)
    with pytest.raises(RequestRefused) as elsewhere:
        registers.read(2, 40000, 2)
    with pytest.raises(RequestRefused) as written:
        registers.write(1, 40100, [0])
    assert (elsewhere.value.code, written.value.code) == (0x0B, 1)
