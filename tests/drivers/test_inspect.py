"""A look at a whole device, over a socket: eleven real maps, and devices that misbehave."""

import asyncio
import json
import math
from pathlib import Path

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from drivers.sunspec import package
from drivers.transport import serve_tcp
from gateway.model.device import Control, Role
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.reading import Quality
from gateway.model.time import MILLISECOND, Duration
from gateway.ports.driver import Inspecting
from gateway.wire.inspection import document

FOLDER = Path(__file__).parent.parent / "fixtures" / "register_maps"
MAPS = sorted(path.stem for path in FOLDER.glob("*.json"))
AXS, SMA, SOLAREDGE, FIMER = (
    "jdblair_AXS_PORT",
    "nielsbasjes_DeviceSMASunnyBoy36Dated20230810",
    "nielsbasjes_DeviceSolarEdgeDated20191001",
    "nielsbasjes_DeviceFimerPVSDated20240722",
)


def memory(rig, name):
    registers = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["registers"]
    return rig.Memory({1: {int(at): word for at, word in registers.items() if word is not None}})


async def look(rig, registers, timeout_ms=500):
    async with rig.tcp(registers) as line:
        asked = rig.device("meter", timeout=Duration(timeout_ms * MILLISECOND))
        return await package.inspect(asked, line)


def model(found, number, index=1):
    return next(one for one in found.models if (one.id, one.index) == (number, index))


def point(found, name):
    number, name = name.split(".", 1)
    return next(one for one in model(found, int(number)).body.points if one.name == name)


def problems(found, number):
    return [problem.text for problem in found.problems if problem.model == number]


def flat(prefix, content):
    """(path, value) of everything in a document's points and groups."""
    for name, value in content.items():
        if isinstance(value, list):
            for number, one in enumerate(value, 1):
                yield from flat(f"{prefix}{name}.{number}.", one)
        else:
            yield prefix + name, value


def oracle(group, prefix=""):
    """The same of pysunspec2's model."""
    for name, one in group.points.items():
        value = one.cvalue
        yield prefix + name, value.split("\0", 1)[0] if isinstance(value, str) else value
    for name, inner in group.groups.items():
        repeated = inner if isinstance(inner, list) else [inner]
        for number, one in enumerate(repeated, 1):
            yield from oracle(one, f"{prefix}{name}.{number}.")


def equal(ours, theirs):
    if isinstance(ours, float) or isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=1e-12)
    return ours == theirs


def client_of(port):
    client = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port)
    try:
        client.scan()
    finally:
        client.close()
    return client.model_list


@pytest.mark.parametrize("name", MAPS)
async def test_every_value_of_pysunspec2_on_the_same_socket_is_there_and_equal(rig, name):
    registers = memory(rig, name)
    async with await serve_tcp(registers) as server:
        theirs = await asyncio.to_thread(client_of, server.port)
    shown = document("tcp://x", await look(rig, registers))
    assert json.loads(json.dumps(shown)) == shown
    ours = {
        one["address"]: dict([*flat("", one["points"]), *flat("", one["groups"])])
        for one in shown["models"]
    }
    decoded = sum(value is not None for values in ours.values() for value in values.values())
    expected = 0
    for one in theirs:
        for path, value in oracle(one):
            if value is None or value == "":
                continue
            expected += 1
            mine = ours[one.model_addr].get(path)
            if mine is not None:
                assert equal(mine, value), (one.model_id, path)
    assert decoded >= expected > 20


@pytest.mark.parametrize("name", MAPS)
async def test_every_register_of_the_chain_is_shown(rig, name):
    found = await look(rig, memory(rig, name))

    def words(group):
        here = sum(len(one.words) for one in group.points)
        return here + sum(words(one) for repeated in group.groups.values() for one in repeated)

    for one in found.models:
        undefined = any("in no definition" in text for text in problems(found, one.id))
        shown = words(one.body) if one.raw is None else len(one.raw)
        assert shown == one.length + 2 or (undefined and shown < one.length + 2)


def test_the_driver_is_found_as_one_that_can_look():
    assert isinstance(package, Inspecting)


async def test_an_inverter_says_who_it_is_and_what_it_could_be(rig):
    found = await look(rig, memory(rig, SMA))
    assert (found.identity.maker, found.identity.model) == ("SMA", "SB3.6-1AV-41")
    assert set(found.parts) == {Role.SOLAR}  # its 124 has no size: no battery
    assert found.parts[Role.SOLAR].steered_by == 123
    assert found.parts[Role.SOLAR].capabilities.control is Control.LIMIT
    assert point(found, "101.St").meaning == ("MPPT",)
    assert point(found, "101.W").unit == "W"
    assert point(found, "101.W").words == (0x6C,)
    assert point(found, "101.AphB").quality is Quality.MISSING


async def test_a_battery_is_a_storage_with_its_sizes(rig):
    found = await look(rig, rig.battery().memory)
    part = found.parts[Role.STORAGE]
    assert (part.steered_by, part.capabilities.charge_w) == (124, 5000)
    assert part.capabilities.capacity_wh == 10000


async def test_vendors_models_are_shown_raw_with_their_length(rig):
    found = await look(rig, memory(rig, FIMER))
    raw = model(found, 65232)
    assert raw.raw is not None
    assert len(raw.raw) == raw.length + 2
    assert f"{raw.length} registers" in " ".join(problems(found, 65232))


async def test_a_vendors_variant_of_a_known_model_is_shown_raw_rather_than_as_nonsense(rig):
    made = rig.Map(1, (502, 88))
    made.memory.units[1] |= {made.places[502] + 2 + i: 0x4142 for i in range(88)}
    found = await look(rig, made.memory)
    assert model(found, 502).raw is not None
    assert "powers of ten" in problems(found, 502)[0]


async def test_a_model_shorter_than_its_definition_is_decoded_as_far_as_it_goes(rig):
    found = await look(rig, memory(rig, SOLAREDGE))
    assert model(found, 1).length == 65
    assert found.identity.maker == "SolarEdge"
    made = rig.Map(1, (103, 20)).put(W_103=3000, W_SF_103=0)
    found = await look(rig, made.memory)
    assert point(found, "103.W").value == 3000
    assert any("ends before" in text and "WH" in text for text in problems(found, 103))


async def test_a_longer_model_is_decoded_and_its_rest_named(rig):
    made = rig.Map(1, (103, 53)).put(W_103=3000, W_SF_103=0)
    found = await look(rig, made.memory)
    assert point(found, "103.W").value == 3000
    assert "its last 3 of 53 registers are in no definition" in problems(found, 103)


async def test_a_value_without_a_usable_scale_factor_has_no_size(rig):
    made = rig.inverter(W_SF_103=0x8000)
    found = await look(rig, made.memory)
    assert point(found, "103.W").value is None
    assert point(found, "103.W").quality is Quality.SUSPECT
    assert any(text.startswith("W:") and "W_SF" in text for text in problems(found, 103))


async def test_an_enumeration_outside_its_values_is_suspect(rig):
    found = await look(rig, rig.inverter(St_103=0).memory)
    assert point(found, "103.St").value == 0
    assert point(found, "103.St").quality is Quality.SUSPECT
    assert "St: 0 is none of its values" in problems(found, 103)


async def test_the_largest_float_means_nothing(rig):
    made = rig.Map(1, (113, 60)).put(W_113=0x7F7FFFFF, Hz_113=0x42480000)
    found = await look(rig, made.memory)
    assert point(found, "113.W").value is None
    assert "means nothing" in point(found, "113.W").note
    assert point(found, "113.Hz").value == 50


async def test_a_count_that_its_length_denies_is_named(rig):
    made = rig.Map(1, (160, 8 + 20 * 2)).put(N_160=6)
    found = await look(rig, made.memory)
    assert len(model(found, 160).body.groups["module"]) == 2
    assert "N says 6, but its length has room for 2" in problems(found, 160)


class Holed:
    """A memory where some registers are refused, or not answered."""

    def __init__(self, memory, refused=(), silent=(), code=2):
        self.memory, self.refused, self.silent, self.code = memory, refused, silent, code
        self.asked = []

    def read(self, unit, address, count):
        self.asked.append((address, count))
        wanted = range(address, address + count)
        if any(at in self.silent for at in wanted):
            message = "silent"
            raise DeviceUnavailable(message)
        if any(at in self.refused for at in wanted):
            message = "no"
            raise RequestRefused(message, code=self.code)
        return self.memory.read(unit, address, count)

    def write(self, unit, address, words):
        raise AssertionError


async def test_a_hole_costs_half_a_block_and_no_neighbour(rig):
    made = rig.inverter()
    hole = made.at("103.TmpOt")
    registers = Holed(made.memory, refused={hole})
    found = await look(rig, registers)
    assert point(found, "103.W").value == 3000
    assert point(found, "103.TmpOt").value is None
    assert point(found, "103.TmpOt").note == "cannot be read"
    assert point(found, "120.WRtg").value == 8200
    assert any("exception 2" in text for text in problems(found, 103))
    inside = [a for a, n in registers.asked if a <= hole < a + n]
    assert len(inside) == 2  # the block, and the half that has the hole


async def test_a_value_whose_scale_factor_cannot_be_read_has_no_size(rig):
    made = rig.inverter()
    made.memory.units[1][made.at("103.TmpOt")] = 7
    registers = Holed(made.memory, refused={made.at("103.WH_SF")})
    found = await look(rig, registers)
    assert point(found, "103.W").value == 3000
    assert point(found, "103.WH").value is None
    assert "WH_SF cannot be read" in point(found, "103.WH").note


async def test_a_model_that_is_not_answered_costs_no_neighbour(rig):
    made = rig.inverter()
    start = made.places[120]
    registers = Holed(made.memory, silent=range(start + 2, start + 28))
    found = await look(rig, registers, timeout_ms=150)
    assert point(found, "103.W").value == 3000
    assert point(found, "120.WRtg").value is None
    assert point(found, "121.WMax").value == 8000
    assert any("are not answered" in text for text in problems(found, 120))


async def test_a_chain_without_an_end_says_so_and_is_shown(rig):
    made = rig.Map(1, 103, end=False).put(W_103=5, W_SF_103=0)
    found = await look(rig, made.memory)
    assert point(found, "103.W").value == 5
    assert [problem.text for problem in found.problems if "no end model" in problem.text]


async def test_a_chain_that_breaks_names_the_register(rig):
    made = rig.Map(1, 103, end=False)
    made.memory.units[1] |= {made.end: 1, made.end + 1: 9999}
    found = await look(rig, made.memory)
    assert any(problem.address == made.end for problem in found.problems)
    assert [one.id for one in found.models] == [1, 103]


async def test_devices_in_one_chain_are_told_apart(rig):
    made = rig.Map(1, 103, 1, 203)
    found = await look(rig, made.memory)
    assert len(found.identities) == 2
    assert model(found, 1, index=2).address > model(found, 103).address
    assert set(found.parts) == {Role.SOLAR, Role.METER}


@pytest.mark.parametrize("base", [50000, 0])
async def test_a_map_elsewhere_is_found_even_if_the_device_is_silent_before(rig, base):
    made = rig.Map(1, 103, base=base)
    registers = Holed(made.memory, silent=range(40000, 40002))
    found = await look(rig, registers, timeout_ms=150)
    assert found.base == base


async def test_a_device_without_a_map_is_said_to_answer(rig):
    with pytest.raises(DeviceMisbehaves, match="answers, but no SunSpec marker"):
        await look(rig, rig.Memory({1: dict.fromkeys(range(40000, 40100), 7)}))


async def test_a_device_that_is_silent_is_unavailable(rig):
    registers = Holed(rig.inverter().memory, silent=range(0x10000))
    with pytest.raises(DeviceUnavailable):
        await look(rig, registers, timeout_ms=100)
