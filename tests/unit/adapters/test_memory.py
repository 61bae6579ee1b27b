"""What is remembered of devices: whole files, and broken ones that hurt nobody."""

import asyncio
import json

import pytest

from gateway.adapters.memory import FileMemory
from gateway.adapters.state import StateUnusable
from gateway.model.device import Capabilities, Control, Description, Identity, Timer
from gateway.model.known import Known
from gateway.model.time import Instant

ROOF = Known(
    device="roof",
    at=Instant(1_782_041_400_000_000_000),
    description=Description(
        identity=Identity(maker="Maker", model="Roof 8", version="1.0", serial="S-1"),
        capabilities=Capabilities(
            control=Control.LIMIT, rating_w=8200.5, stages_w=(1.5, 3.0), timer=Timer(max_s=60)
        ),
        models=(1, 103, 123),
    ),
    slept_at=Instant(1_782_000_000_000_000_000),
)


@pytest.mark.parametrize("threaded", [True, False])
def test_what_was_kept_is_there_after_a_restart(tmp_path, threaded):
    asyncio.run(FileMemory(tmp_path / "known", threaded=threaded).keep(ROOF))
    assert FileMemory(tmp_path / "known").get("roof") == ROOF
    assert FileMemory(tmp_path / "known").get("other") is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"v": 2, "known": {}}',
        '{"v": 1}',
        '{"v": 1, "known": {"device": "roof", "at": "noon", "description": {}}}',
        '{"v": 1, "known": [1]}',
    ],
)
def test_a_broken_file_is_reported_with_its_name_and_replaced_by_the_next(tmp_path, content):
    memory = FileMemory(tmp_path)
    (tmp_path / "roof.json").write_text(content)
    with pytest.raises(StateUnusable, match=r"roof\.json: .*it is not used"):
        memory.get("roof")
    asyncio.run(memory.keep(ROOF))
    assert memory.get("roof") == ROOF


def test_a_file_about_another_device_is_not_believed(tmp_path):
    memory = FileMemory(tmp_path)
    asyncio.run(memory.keep(ROOF))
    (tmp_path / "roof.json").rename(tmp_path / "shed.json")
    with pytest.raises(StateUnusable, match="about device 'roof'"):
        memory.get("shed")


def test_what_cannot_be_written_is_said(tmp_path):
    (tmp_path / "known").write_text("a file where the folder should be")
    with pytest.raises(StateUnusable, match="not remembered"):
        asyncio.run(FileMemory(tmp_path / "known").keep(ROOF))


def test_the_file_is_for_people_too(tmp_path):
    asyncio.run(FileMemory(tmp_path).keep(ROOF))
    content = json.loads((tmp_path / "roof.json").read_text())
    assert content["known"]["description"]["identity"]["serial"] == "S-1"
