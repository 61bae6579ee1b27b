"""Register maps of real devices, read over a socket and compared with pysunspec2."""

import json
import math
import struct
from pathlib import Path

import pytest
from sunspec2.device import Model

from drivers.sunspec.codec import known, layout
from drivers.sunspec.discovery import walk
from gateway.model.reading import Quality
from gateway.model.time import SECOND

MAPS = sorted((Path(__file__).parent.parent / "fixtures" / "register_maps").glob("*.json"))
OURS = {1, *range(101, 104), *range(111, 114), *range(120, 125), 160, *range(201, 205)}


def memory(rig, path):
    registers = json.loads(path.read_text("utf-8"))["registers"]
    words = {int(at): word for at, word in registers.items() if word is not None}
    return rig.Memory({1: words})


def expected(header, words):
    data = struct.pack(f">{len(words)}H", *words)
    model = Model(
        model_id=header.model, model_addr=header.address, model_len=header.length, data=data
    )
    groups = [("", model)]
    for repeated in model.groups.values():
        groups += [(f"{number}.", group) for number, group in enumerate(repeated, 1)]
    for prefix, group in groups:
        for name, point in group.points.items():
            if point.pdef["type"] in {"sunssf", "pad"} or (not prefix and name in {"ID", "L"}):
                continue
            value = point.cvalue
            if point.sf and model.points[point.sf].value is None:
                value = None  # pysunspec2 gives the raw value out
            if isinstance(value, str):
                value = value.split("\0", 1)[0] or None
            yield f"{header.model}.{prefix}{name}", value


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
async def test_every_point_of_our_models_equals_the_oracles(rig, path):
    async with rig.tcp(memory(rig, path)) as line:

        async def read(address, count):
            return (await line.read(1, address, count, timeout=SECOND)).words

        chain = await walk(read)
        compared = 0
        for header in (header for part in chain.parts for header in part):
            if header.model not in OURS:
                continue
            assert known(header.model)
            words = ()
            while len(words) < header.length + 2:
                left = min(header.length + 2 - len(words), 125)
                words += await read(header.address + len(words), left)
            points = layout(header.model, header.length).decode(words)
            for name, value in expected(header, words):
                compared += 1
                if isinstance(value, float):
                    assert math.isclose(points[name], value, rel_tol=1e-12), name
                else:
                    assert points.get(name) == value, name
    assert compared > 30


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
async def test_a_real_inverter_is_connected_and_read(rig, path):
    async with rig.tcp(memory(rig, path)) as line:
        driver = rig.driver(line, "solar")
        description = await driver.connect()
        reading = await driver.read()
    assert description.identity.maker
    assert description.identity.serial
    assert reading.quality is Quality.GOOD
    assert reading.power_w <= 0


async def test_a_real_controllable_inverter_takes_a_limit_in_its_coarse_steps(rig):
    path = next(path for path in MAPS if "Fimer" in path.stem)
    async with rig.tcp(memory(rig, path)) as line:
        driver = rig.driver(line, "solar")
        description = await driver.connect()
        written = await driver.write(rig.setpoint(-100_000))
    step = description.capabilities.resolution_w
    assert step == pytest.approx(185.0)
    assert -100_000 <= written.quantity < -100_000 + step
