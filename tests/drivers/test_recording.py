"""A device as a document, and the document as a device, over sockets."""

import asyncio
import json
import struct
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.sunspec import package
from drivers.transport import MemLine, open_tcp, serve_tcp
from gateway.adapters.clock import WallClock
from gateway.model.errors import (
    DeviceMisbehaves,
    DeviceUnavailable,
    RequestRefused,
    SettingsError,
)
from gateway.model.time import MILLISECOND, Duration, in_seconds
from gateway.ports.driver import Recording

FOLDER = Path(__file__).parent.parent / "fixtures" / "register_maps"
MAPS = sorted(path.stem for path in FOLDER.glob("*.json"))
SHORT = Duration(120 * MILLISECOND)


@asynccontextmanager
async def playing(document, *, night=False):
    """A line to the served recording, over TCP."""
    again = package.replay(document, night=night)
    async with (
        await serve_tcp(again.registers, delay=again.delay) as server,
        open_tcp(f"tcp://127.0.0.1:{server.port}", WallClock()) as line,
    ):
        yield line


def device(rig, document, timeout=Duration(500 * MILLISECOND)):
    return rig.device("meter", unit=document["unit"], timeout=timeout)


async def recorded(rig, document, day=None, *, night=False, timeout=Duration(500 * MILLISECOND)):
    async with playing(document, night=night) as line:
        return await package.record(device(rig, document, timeout), line, day)


def without(document, *keys):
    return {key: value for key, value in document.items() if key not in keys}


def plain(words, unit=1, **more):
    return {"unit": unit, "registers": {str(at): word for at, word in words.items()}, **more}


def text_at(document, address, size):
    words = [document["registers"][str(at)] for at in range(address, address + size)]
    return struct.pack(f">{size}H", *words).split(b"\0", 1)[0].decode()


def test_the_driver_is_found_as_one_that_records():
    assert isinstance(package, Recording)


@pytest.mark.parametrize("name", MAPS)
async def test_a_real_devices_recording_is_its_map_without_the_serial_number(rig, name):
    found = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    first = await recorded(rig, found)
    assert {"source", "device", "kind", "unit", "base", "note", "registers"} <= set(first)
    assert first["base"] == found["base"]
    changed = {at for at, word in first["registers"].items() if found["registers"].get(at) != word}
    common = range(first["chain"][0]["address"], first["chain"][0]["address"] + 68)
    elsewhere = {at for at in changed if int(at) not in common}
    assert not elsewhere or "64020.1.SerialNumber" in first["redacted"]
    again = await recorded(rig, json.loads(json.dumps(first)))
    assert without(again, "timings") == without(first, "timings")


def _one(at, code):
    return {"address": at, "count": 1, "code": code}


@st.composite
def devices(draw):
    """A chain with refused registers of several codes; any serial number."""
    serial = draw(st.text("ABC0123456789", min_size=1, max_size=32)).encode().ljust(32, b"\0")
    words = [0x5375, 0x6E53, 1, 66, *[0x4142] * 48, *struct.unpack(">16H", serial), 1, 0x8000]
    for model, length in draw(st.lists(st.sampled_from([(103, 50), (123, 24), (64110, 30)]))):
        body = draw(st.lists(st.integers(0, 0xFFFF), min_size=length, max_size=length))
        words += [model, length, *body]
    words += draw(st.sampled_from([[0xFFFF, 0], []]))
    base = draw(st.sampled_from([0, 40000, 50000]))
    registers = dict(enumerate(words, base))
    holes = draw(st.lists(st.integers(base + 70, base + len(words)), max_size=6))
    codes = draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=6, max_size=6))
    for at in holes:
        registers.pop(at, None)
    refused = [_one(at, code) for at, code in zip(holes, codes, strict=False)]
    return plain(registers, unit=draw(st.integers(1, 247)), exceptions=refused)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(device_document=devices())
@pytest.mark.slow
def test_a_recording_of_a_served_recording_is_the_same(rig, device_document):
    async def once(document):
        again = package.replay(document, night=False)
        line = MemLine(again.registers, WallClock())
        return await package.record(device(rig, document), line, None)

    async def twice():
        first = await once(device_document)
        return first, await once(json.loads(json.dumps(first)))

    first, second = asyncio.run(twice())
    assert without(second, "timings") == without(first, "timings")
    start, end = first["base"], first["chain"][-1]
    for at in range(start, end["address"] + end["length"] + 2):
        there = str(at) in first["registers"]
        assert there == (str(at) in device_document["registers"]), at


async def test_holes_are_found_to_the_register_with_their_code(rig):
    made = rig.inverter()
    words = dict(made.memory.units[1])
    first = made.at("103.TmpOt")
    for at in (first, first + 1, made.at("121.VRef")):
        del words[at]
    refused = [{"address": first, "count": 2, "code": 4}]
    document = await recorded(rig, plain(words, exceptions=refused))
    assert document["exceptions"] == [
        {"address": first, "count": 2, "code": 4},
        {"address": made.at("121.VRef"), "count": 1, "code": 2},
    ]
    async with playing(document) as line:
        with pytest.raises(RequestRefused) as failure:
            await line.read(1, first, 1, timeout=SHORT)
    assert failure.value.code == 4


async def test_silence_is_recorded_and_played_back(rig):
    made = rig.inverter()
    start = made.places[122]
    silent = [{"address": start + 2, "count": 44}]
    first = await recorded(rig, plain(made.memory.units[1], silent=silent), timeout=SHORT)
    assert first["silent"][0]["count"] >= 44
    assert str(made.at("103.W")) in first["registers"]
    async with playing(first) as line:
        with pytest.raises(DeviceUnavailable, match="no answer"):
            await line.read(1, start + 10, 1, timeout=SHORT)
        assert (await line.read(1, 40000, 2, timeout=SHORT)).words == (0x5375, 0x6E53)
    again = await recorded(rig, first, timeout=SHORT)
    assert without(again, "timings") == without(first, "timings")


async def test_delays_are_recorded_and_played_back(rig):
    slow = plain(rig.inverter().memory.units[1], timings={"answer_ms": 60})
    document = await recorded(rig, slow)
    assert 60 <= document["timings"]["answer_ms"] < 400
    assert in_seconds(package.replay(document, night=False).delay) >= 0.06


async def test_serial_numbers_are_replaced_wherever_they_stand_and_other_texts_kept(rig):
    made = rig.Map(1, 103, 1, 203, (64110, 20), (19, 30))
    made.put(Mn_1="Maker", Md_1="Model 5", SN_1="7E1234567", W_103=5)
    words = made.memory.units[1]
    second = made.places[203] - 68  # the second model 1
    number = b"Meter at 7E1234567\0\0"
    words |= dict(enumerate(struct.unpack(">10H", number), made.places[64110] + 2))
    words |= dict(enumerate(struct.unpack(">16H", b"30050674".ljust(32, b"\0")), second + 50))
    words |= dict(
        enumerate(struct.unpack(">2H", struct.pack(">I", 30050674)), made.places[203] + 5)
    )
    made.put(Pw_19="secret").put(W_203=1)
    document = await recorded(rig, plain(words))
    body = json.dumps(document)
    assert document["device"] == "Maker Model 5"
    assert text_at(document, made.at("1.SN"), 16) == "SERIAL1--"
    assert text_at(document, second + 50, 16) == "SERIAL2-"
    assert text_at(document, made.places[64110] + 2, 10) == "Meter at SERIAL1--"
    assert text_at(document, made.at("19.Pw"), 6) == ""
    raw = b"".join(word.to_bytes(2) for word in document["registers"].values())
    for told in (b"7E1234567", b"30050674", struct.pack(">I", 30050674), b"secret"):
        assert told not in raw
    assert "7E1234567" not in body


async def test_a_night_is_recorded_beside_the_day_and_played_back(rig):
    made = rig.inverter()
    day = await recorded(rig, plain(made.memory.units[1]))
    made.put(W_103=0x8000, St_103=2)
    both = await recorded(rig, plain(made.memory.units[1]), day)
    at = str(made.at("103.W"))
    assert both["registers"] == day["registers"]
    assert both["night"]["registers"][at] == 0x8000
    assert len(both["night"]["registers"]) == 2
    for night, word in ((False, 3000), (True, 0x8000)):
        async with playing(both, night=night) as line:
            assert (await line.read(1, int(at), 1, timeout=SHORT)).words == (word,)


async def test_a_device_that_does_not_answer_by_night_is_silent_when_played_back(rig):
    day = await recorded(rig, plain(rig.inverter().memory.units[1]))
    asleep = {**day, "night": {"answers": False}}
    both = await recorded(rig, asleep, day, night=True, timeout=SHORT)
    assert both["night"] == {"answers": False}
    async with playing(both, night=True) as line:
        with pytest.raises(DeviceUnavailable):
            await line.read(1, 40000, 2, timeout=SHORT)


async def test_the_night_of_another_device_is_not_added(rig):
    day = await recorded(rig, plain(rig.inverter().memory.units[1]))
    other = rig.inverter(Md_1="Other")
    with pytest.raises(DeviceMisbehaves, match="Other"):
        await recorded(rig, plain(other.memory.units[1]), day)
    with pytest.raises(SettingsError):
        await recorded(rig, plain(other.memory.units[1]), {"registers": {"x": 1}})


async def test_another_unit_is_refused_as_a_gateway_refuses_it(rig):
    document = await recorded(rig, plain(rig.inverter().memory.units[1]))
    async with playing(document) as line:
        with pytest.raises(RequestRefused) as failure:
            await line.read(7, 40000, 2, timeout=SHORT)
    assert failure.value.code == 0x0B


async def test_a_served_recording_keeps_what_is_written(rig):
    document = await recorded(rig, plain(rig.inverter().memory.units[1]))
    async with playing(document) as line:
        driver = rig.driver(line, "solar")
        await driver.connect()
        await driver.arm()
        written = await driver.write(rig.setpoint(-4000))
    assert written.quantity == -4000


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({}, ("registers",)),
        ({"registers": {"40000": 70000}}, ("registers", "40000")),
        ({"registers": {"x": 1}}, ("registers", "x")),
        ({"registers": {}, "unit": 300}, ("unit",)),
        ({"registers": {}, "exceptions": [{"count": 1}]}, ("exceptions", 0, "address")),
        ({"registers": {}, "silent": 5}, ("silent",)),
        ({"registers": {}, "timings": {"answer_ms": -1}}, ("timings", "answer_ms")),
    ],
)
def test_what_is_no_recording_says_where(document, path):
    with pytest.raises(SettingsError) as wrong:
        package.replay(document, night=False)
    assert wrong.value.path == path


def test_a_recording_without_a_night_says_so():
    with pytest.raises(SettingsError, match="night"):
        package.replay({"registers": {}}, night=True)
