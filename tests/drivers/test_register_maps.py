"""Register maps of eleven real devices, served over a socket and read by the whole driver.

The oracles are pysunspec2's own client on the same socket, its model objects where that client
gives up, and values computed by hand from the raw words.
"""

import asyncio
import json
import math
import struct
from pathlib import Path

import pytest
from sunspec2.device import Model
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from drivers.sunspec.codec import known, layout_of
from drivers.sunspec.discovery import walk
from drivers.transport import serve_tcp
from gateway.model.device import Control
from gateway.model.reading import Quality
from gateway.model.setpoint import Outcome
from gateway.model.time import SECOND

FOLDER = Path(__file__).parent.parent / "fixtures" / "register_maps"
METERS = ("jdblair_DTS_SMX", "jdblair_E51C2", "jdblair_Mersen-HMMC6A-1", "jdblair_PVmet-200")
MAPS = sorted(path.stem for path in FOLDER.glob("*.json"))
INVERTERS = [name for name in MAPS if name not in METERS]
SMA = "nielsbasjes_DeviceSMASunnyBoy36Dated20230810"
FIMER = "nielsbasjes_DeviceFimerPVSDated20240722"
SOLAREDGE = "nielsbasjes_DeviceSolarEdgeDated20191001"
DER = "nielsbasjes_EmulatedDER"
DARK = "jdblair_MLX"  # it stood by and read 0 V and 0 Hz
_SILENT = {"sunssf", "pad"}


def memory(rig, name):
    registers = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["registers"]
    return rig.Memory({1: {int(at): word for at, word in registers.items() if word is not None}})


def flat(prefix, group, factors):
    """(our name, decoded value) of every point, groups within groups included."""
    for name, point in group.points.items():
        kind, value = point.pdef["type"], point.cvalue
        if kind in _SILENT or (prefix.count(".") == 1 and name in {"ID", "L"}):
            continue
        if isinstance(point.sf, str) and factors[point.sf].value is None:
            value = None  # pysunspec2 gives the raw value out
        if isinstance(value, str):
            value = value.split("\0", 1)[0] or None
        yield prefix + name, value
    for name, inner in group.groups.items():
        if isinstance(inner, list):
            for number, one in enumerate(inner, 1):
                yield from flat(f"{prefix}{number}.", one, factors)
        else:
            yield from flat(f"{prefix}{name}.", inner, factors)


def differences(points, expected):
    for name, value in expected:
        ours = points.get(name)
        if isinstance(value, float) and isinstance(ours, int | float):
            if not math.isclose(ours, value, rel_tol=1e-12):
                yield name, ours, value
        elif ours != value:
            yield name, ours, value


async def models(line):
    """(address, words) of every model in the chain."""

    async def read(address, count):
        return (await line.read(1, address, count, timeout=SECOND)).words

    for header in (header for part in (await walk(read)).parts for header in part):
        words = ()
        while len(words) < header.length + 2:
            words += await read(
                header.address + len(words), min(header.length + 2 - len(words), 125)
            )
        yield header.address, words


def test_there_are_eleven_devices():
    assert len(MAPS) == 11


@pytest.mark.parametrize("name", MAPS)
async def test_every_point_of_every_model_equals_the_oracles(rig, name):
    async with rig.tcp(memory(rig, name)) as line:
        found = [one async for one in models(line)]
    compared = 0
    for address, words in found:
        if not known(words[0]):
            continue
        data = struct.pack(f">{len(words)}H", *words)
        oracle = Model(model_id=words[0], model_addr=address, model_len=words[1], data=data)
        expected = list(flat(f"{words[0]}.", oracle, oracle.points))
        assert not list(differences(layout_of(words).decode(words), expected))
        compared += len(expected)
    assert compared >= 24


@pytest.mark.parametrize("name", MAPS)
async def test_every_point_that_pysunspec2s_client_reads_from_the_socket_is_equal(rig, name):
    registers = memory(rig, name)
    async with await serve_tcp(registers) as server:
        client = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=server.port)
        try:
            await asyncio.to_thread(client.scan)
        finally:
            client.close()
    ours = {}
    async with rig.tcp(registers) as line:
        async for address, words in models(line):
            if known(words[0]):
                ours[address] = layout_of(words).decode(words)
    compared = 0
    for model in client.model_list:
        if model.model_addr in ours and not model.error_info:
            expected = list(flat(f"{model.model_id}.", model, model.points))
            assert not list(differences(ours[model.model_addr], expected))
            compared += len(expected)
    assert compared >= 20


@pytest.mark.parametrize("name", MAPS)
async def test_the_whole_driver_connects_and_reads(rig, name):
    role = "meter" if name in METERS else "solar"
    async with rig.tcp(memory(rig, name)) as line:
        driver = rig.driver(line, role)
        description = await driver.connect()
        reading = await driver.read()
    assert description.identity.maker
    assert description.models
    assert reading.quality is (Quality.MISSING if name == DARK else Quality.GOOD)
    assert reading.points


# Computed by hand: the raw words at the points' offsets and their scale factors.
BY_HAND = {
    # DCV 472 x 10^-1; TmpSnk 24 x 10^0; W 0; St 2
    "jdblair_AXS_PORT": ({"101.DCV": 47.2, "101.TmpSnk": 24, "101.W": 0, "101.St": 2}, 0),
    # W 106 x 10^1; PhVphA 1238 x 10^-1; Hz 5998 x 10^-2
    "jdblair_DTS_SMX": ({"203.W": 1060, "203.PhVphA": 123.8, "203.Hz": 59.98}, 1060),
    # PhV 383 and PhVphA 1147 x 10^-1; Hz 6002 x 10^-2; W 0
    "jdblair_E51C2": ({"203.PhV": 38.3, "203.PhVphA": 114.7, "203.Hz": 60.02}, 0),
    # W 37 x 10^0; Hz 5998 x 10^-2; PhVphA 115 x 10^0
    "jdblair_IGplusV3.0U": ({"101.W": 37, "101.Hz": 59.98, "101.PhVphA": 115}, -37),
    # TmpCab 75 x 10^-1; W 0 x 10^-1; St 8
    "jdblair_MLX": ({"103.W": 0, "103.TmpCab": 7.5, "103.St": 8}, None),
    # DCAMax 7500 x 10^-1; N 30
    "jdblair_Mersen-HMMC6A-1": ({"404.DCAMax": 750, "404.N": 30}, None),
    # TmpAmb 225 x 10^-1; TmpBOM 65136 - 65536 = -400, x 10^-1; POAI 7
    "jdblair_PVmet-200": ({"307.TmpAmb": 22.5, "303.1.TmpBOM": -40, "302.1.POAI": 7}, None),
    # A 3201 x 10^-1; W 14138 x 10^1; Hz 4999 x 10^-2; WH (701 x 65536 + 8564) x 10^1
    FIMER: ({"103.A": 320.1, "103.W": 141380, "103.Hz": 49.99, "103.WH": 459493000}, -141380),
    # W 108 x 10^1; PhVphA 2392 x 10^-1; WH (33 x 65536 + 8109) x 10^1; TmpCab 42
    SMA: ({"101.W": 1080, "101.PhVphA": 239.2, "101.WH": 21707970, "101.TmpCab": 42}, -1080),
    # A 220 x 10^-2; W 5092 x 10^-1; Hz 50006 x 10^-3; TmpSnk 3814 x 10^-2
    SOLAREDGE: ({"101.A": 2.2, "101.W": 509.2, "101.Hz": 50.006, "101.TmpSnk": 38.14}, -509.2),
    # W 9800 x 10^0; Hz 60010 x 10^-3; each of two ports 5500 W; 713 without a battery: SoC 0
    DER: ({"701.W": 9800, "701.Hz": 60.01, "714.2.DCW": 5500, "713.SoC": 0}, -9800),
}


@pytest.mark.parametrize("name", MAPS)
async def test_values_computed_by_hand_from_the_words(rig, name):
    points, power_w = BY_HAND[name]
    role = "meter" if name in METERS else "solar"
    async with rig.tcp(memory(rig, name)) as line:
        driver = rig.driver(line, role)
        await driver.connect()
        reading = await driver.read()
    assert {point: reading.points[point] for point in points} == pytest.approx(points)
    assert reading.power_w == (None if power_w is None else pytest.approx(power_w))


async def test_a_real_controllable_inverter_takes_a_limit_in_its_coarse_steps(rig):
    async with rig.tcp(memory(rig, FIMER)) as line:
        driver = rig.driver(line, "solar")
        description = await driver.connect()
        written = await driver.write(rig.setpoint(-100_000))
    step = description.capabilities.resolution_w
    assert step == pytest.approx(185.0)
    assert -100_000 <= written.quantity < -100_000 + step


async def test_the_sma_has_no_timer_and_gets_its_enable_back(rig):
    registers = memory(rig, SMA)
    before = dict(registers.units[1])
    async with rig.tcp(registers) as line:
        driver = rig.driver(line, "solar")
        description = await driver.connect()
        arming = await driver.arm()
        written = await driver.write(rig.setpoint(-1840, 60))
        limited = {at: w for at, w in registers.units[1].items() if w != before[at]}
        for part in arming.found:
            await line.write(1, part.address, part.words, timeout=SECOND)
    assert description.capabilities.control is Control.LIMIT
    assert description.capabilities.timer is None
    assert "model 123 is in force already" in " ".join(description.notes)
    assert "no timer here" in arming.promise
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, -1840)
    assert list(limited.values()) == [5000]
    assert registers.units[1] == before


async def test_a_storage_without_a_battery_behind_124_is_only_read(rig):
    async with rig.tcp(memory(rig, SMA)) as line:
        description = await rig.driver(line, "storage").connect()
    assert description.capabilities.control is Control.NONE
    assert "124 WChaMax does not say what 100 % is" in " ".join(description.notes)
