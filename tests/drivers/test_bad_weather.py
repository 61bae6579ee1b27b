"""Maps that are none: whatever stands in the registers, a device is read, or a fault is named."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model.errors import (
    DeviceMisbehaves,
    DeviceUnavailable,
    GridtenderError,
    RequestRefused,
)
from gateway.model.reading import Quality

ROLES = ("solar", "storage", "grid", "meter", "load")
LENGTHS = st.sampled_from([0, 1, 2, 49, 51, 65, 124, 126, 999, 1000, 1001, 0x7FFF, 0xFFFF])
MODELS = st.sampled_from([0, 1, 101, 103, 113, 120, 123, 124, 160, 203, 213, 701, 704, 714, 802])
EDGE = st.sampled_from([0, 1, 10, 0x7FFF, 0x8000, 0xFFF6, 0xFFFE, 0xFFFF]) | st.integers(0, 0xFFFF)
MODEL = st.tuples(MODELS | st.integers(0, 0xFFFF), LENGTHS | st.integers(0, 80))


class Same:
    """A device that has the same word in every register behind its marker."""

    def __init__(self, rig, *words):
        self.memory = rig.Memory({1: {}})
        self.memory.units[1] = _Repeated(words)


class _Repeated(dict):
    """Registers 0..65535 that repeat a few words, the marker at 40000."""

    def __init__(self, words):
        marked = {40000: 0x5375, 40001: 0x6E53}
        super().__init__({at: words[at % len(words)] for at in range(0x10000)} | marked)


async def lived(rig, memory, role):
    """One life of a driver; its reading, None where a fault ended it."""
    async with rig.mem(memory) as line:
        driver = rig.driver(line, role)
        with suppress(GridtenderError):
            await driver.connect()
            reading = await driver.read()
            with suppress(GridtenderError):
                await driver.arm()
            return reading
    return None


def nothing_is_written(memory):
    return not [request for request in memory.requests if request[0] == "write"]


@pytest.mark.parametrize("role", ROLES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(chain=st.lists(MODEL, max_size=8), body=st.lists(EDGE, min_size=1, max_size=40))
def test_any_chain_with_any_words_is_read_or_refused_and_never_written_to(rig, role, chain, body):
    words, at = {40000: 0x5375, 40001: 0x6E53}, 40002
    for model, length in chain:
        room = min(length, 1100, 0xFFFF - at - 2)
        if room < 0:
            break
        words |= {at: model, at + 1: length}
        words |= {at + 2 + i: body[(at + i) % len(body)] for i in range(room)}
        at += 2 + room
    memory = rig.Memory({1: words})
    reading = asyncio.run(lived(rig, memory, role))
    if reading is not None and reading.power_w is None and role != "meter":
        assert reading.quality is not Quality.GOOD
    assert nothing_is_written(memory)


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(holes=st.sets(st.integers(0, 420), max_size=30), silent=st.integers(0, 2))
def test_holes_anywhere_cost_no_more_than_what_stands_in_them(rig, role, holes, silent):
    made = {"storage": rig.battery, "solar": rig.inverter}.get(role)
    made = made() if made else rig.Map(1, 203, 120).put(W_203=700, W_SF_203=0)
    for hole in holes:
        made.memory.units[1].pop(40002 + hole, None)
    if silent:
        made.memory.silent = lambda at: at // 50 % 3 == silent
    reading = asyncio.run(lived(rig, made.memory, role))
    expected = {"storage": 1500, "solar": -3000}.get(role, 700)
    assert reading is None or reading.power_w in {None, expected}
    assert nothing_is_written(made.memory)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("words", [(0,), (0xFFFF,), (1, 0), (103, 50), (0x5375, 0x6E53), (1, 66)])
async def test_a_map_of_the_same_words_everywhere_is_refused_after_few_requests(rig, role, words):
    made = Same(rig, *words)
    reading = await lived(rig, made.memory, role)
    assert reading is None or reading.quality is Quality.MISSING
    assert len(made.memory.requests) < 600
    assert nothing_is_written(made.memory)


@pytest.mark.parametrize(
    "other",
    [
        lambda rig: rig.Map(1, 113, 120, 121, 122, 123),
        lambda rig: rig.Map((1, 65), 103, 120),
        lambda rig: rig.Map(1, 203),
        lambda rig: rig.Map(1),
        lambda rig: Same(rig, 0),
        lambda rig: Same(rig, 0xFFFF),
    ],
)
async def test_what_another_device_says_in_its_place_is_never_its_value(rig, other):
    made = rig.inverter()
    async with rig.mem(made.memory) as line:
        driver = rig.driver(line, "solar")
        await driver.connect()
        await driver.read()
        await driver.arm()
        made.memory.units[1] = other(rig).memory.units[1]
        made.memory.requests.clear()
        with suppress(DeviceUnavailable, DeviceMisbehaves, RequestRefused):
            await driver.read()
            pytest.fail("it was read as if it were the device of before")
        with suppress(DeviceUnavailable, DeviceMisbehaves, RequestRefused):
            await driver.write(rig.setpoint(-1000))
    assert nothing_is_written(made.memory)
