"""A stepped heat pump behind its register map."""

import pytest

from drivers.modbus import load, package
from drivers.simulated import open_house
from gateway.adapters.clock import WallClock
from gateway.model.device import Control, Device, Fallback, Role
from gateway.model.errors import DeviceMisbehaves
from gateway.model.reading import Quality
from gateway.model.setpoint import Outcome
from gateway.model.time import SECOND

MAP = "heat-pump-demo.yaml"
COMMAND, TIMER = 110, 111


def pump_words(**changed):
    words = dict.fromkeys(range(100, 112), 0)
    words |= {100: 0x4850, 101: 1500, 102: 205, 103: 1, COMMAND: 0xFFFF}
    return words | {int(at[1:]): word for at, word in changed.items()}


def driver(line, **more):
    device = Device(
        id="pump", role=Role.HEAT, driver="modbus", connection="", line="tcp://h:502", **more
    )
    return package.open(device, package.parse(device, {"map": MAP}), line)


async def test_its_stages_and_timer_are_told_by_the_map(rig):
    async with rig.tcp(rig.Memory({1: pump_words()})) as line:
        able = (await driver(line).connect()).capabilities
    assert (able.control, able.stages_w, able.rating_w) == (Control.TARGET, (1500, 3000), 3000)
    assert (able.floor_w, able.timer.max_s) == (1500, 65535)


async def test_power_and_temperature_are_read_in_one_request(rig):
    memory = rig.Memory({1: pump_words()})
    async with rig.tcp(memory) as line:
        pump = driver(line)
        await pump.connect()
        memory.requests.clear()
        reading = await pump.read()
    assert (reading.power_w, reading.points["room"]) == (1500, 20.5)
    assert len(memory.requests) == 1


async def test_a_power_far_beyond_its_largest_stage_is_suspect(rig):
    async with rig.tcp(rig.Memory({1: pump_words(_101=30000)})) as line:
        assert (await driver(line).read()).quality is Quality.SUSPECT


@pytest.mark.parametrize(
    ("quantity", "word", "flow"),
    [(0, 0, 0), (1499, 0, 0), (1500, 1, 1500), (2999.9, 1, 1500), (9000, 2, 3000), (-50, 0, 0)],
)
async def test_a_target_is_the_largest_stage_that_draws_no_more(rig, quantity, word, flow):
    memory = rig.Memory({1: pump_words()})
    async with rig.tcp(memory) as line:
        written = await driver(line).write(rig.setpoint(quantity))
    assert [request[1:] for request in memory.requests if request[0] == "write"] == [
        (TIMER, (60,)),
        (COMMAND, (word,)),
    ]
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, flow)


async def test_release_gives_it_back_to_its_thermostat(rig):
    memory = rig.Memory({1: pump_words(_110=2, _111=60)})
    async with rig.tcp(memory) as line:
        written = await driver(line).write(rig.setpoint(None))
    assert (memory.units[1][COMMAND], memory.units[1][TIMER]) == (0xFFFF, 0)
    assert (written.outcome, written.quantity) == (Outcome.ACCEPTED, None)


async def test_another_hand_on_the_command_is_seen(rig):
    memory = rig.Memory({1: pump_words()})
    memory.after_write = lambda words: words.update({COMMAND: 1})
    async with rig.tcp(memory) as line:
        written = await driver(line).write(rig.setpoint(3000))
    assert (written.outcome, written.quantity) == (Outcome.OVERRIDDEN, 1500)


async def test_arming_holds_the_words_found_and_the_level(rig):
    async with rig.tcp(rig.Memory({1: pump_words()})) as line:
        arming = await driver(line, fallback=Fallback(level_w=0.0)).arm()
    assert [(w.address, w.words) for w in arming.identity] == [(100, (0x4850,))]
    assert [(w.address, w.words) for w in arming.found] == [(TIMER, (0,)), (COMMAND, (0xFFFF,))]
    assert [(w.address, w.words) for w in arming.level] == [(TIMER, (0,)), (COMMAND, (0,))]


async def test_another_device_under_the_address_is_not_taken_for_it(rig):
    async with rig.tcp(rig.Memory({1: pump_words(_100=1)})) as line:
        with pytest.raises(DeviceMisbehaves, match="another device"):
            await driver(line).connect()


async def test_the_simulated_heat_pump_speaks_the_shipped_map(rig):
    clock = WallClock()
    line = open_house(clock, {}).line("mem://heatpump", clock)
    pump = driver(line)
    await pump.connect()
    written = await pump.write(rig.setpoint(3000, 30))
    words = (await line.read(1, COMMAND, 2, timeout=SECOND)).words
    assert (words, written.outcome, written.quantity) == ((2, 30), Outcome.ACCEPTED, 3000)


def errors(text, path):
    path.write_text(text, "utf-8")
    return "\n".join(str(error) for error in load(str(path)))


def test_errors_of_a_map_name_file_and_key(tmp_path):
    said = errors(
        "map: x\npoints:\n  p: {address: 70000, type: uint99, role: power}\nfoo: 1\n",
        tmp_path / "bad.yaml",
    )
    assert "bad.yaml:3: points.p.address: 70000" in said
    assert "bad.yaml:3: points.p.type: 'uint99'" in said
    assert "bad.yaml:4: foo" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("points: [", "a YAML file"),
        ("map: x\npoints: {p: {address: 1, type: uint16}}", "at least one point has role power"),
        (
            (
                "map: x\npoints: {p: {address: 1, type: uint16, role: power}}\n"
                "control: {kind: target, stages_w: [100, 200], "
                "steps: [{address: 2, stages: {100: 1, 200: 2}}], "
                "release: [{address: 2, const: 9}]}"
            ),
            "stages_w need one of 0 W",
        ),
        (
            (
                "map: x\npoints: {p: {address: 1, type: uint16, role: power}}\n"
                "control: {kind: target, stages_w: [0, 200], "
                "steps: [{address: 2, stages: {0: 0, 200: 2}}], "
                "release: [{address: 2, const: 2}]}"
            ),
            "release is the stage of 200 W",
        ),
    ],
)
def test_a_map_that_cannot_work_is_refused(tmp_path, text, said):
    assert said in errors(text, tmp_path / "m.yaml")


@pytest.mark.parametrize(
    ("mapping", "path"),
    [
        ({}, ("map",)),
        ({"map": 3}, ("map",)),
        ({"map": "no.yaml"}, ("map",)),
        ({"mpa": MAP}, ("mpa",)),
    ],
)
def test_wrong_keys_are_named(mapping, path):
    device = Device(id="p", role=Role.HEAT, driver="modbus", connection="", line="")
    found = package.parse(device, mapping)
    assert isinstance(found, tuple)
    assert path in [error.path for error in found]


def test_a_map_for_other_roles_is_refused():
    device = Device(id="p", role=Role.SOLAR, driver="modbus", connection="", line="")
    (error,) = package.parse(device, {"map": MAP})
    assert "for heat, load" in error.allowed


async def test_a_command_that_lapsed_shows_in_the_next_reading(rig):
    memory = rig.Memory({1: pump_words()})
    async with rig.tcp(memory) as line:
        pump = driver(line)
        await pump.write(rig.setpoint(1500))
        memory.units[1][TIMER] = 12
        kept = await pump.read()
        memory.units[1][COMMAND] = 0xFFFF
        lost = await pump.read()
    assert kept.overridden is None
    assert lost.overridden == "someone changed register 110: wrote 1, reads 65535"
