"""Arming records: one file per device, written once, never lost."""

import asyncio
import json
import stat
from dataclasses import replace

import pytest

from gateway.adapters.armory import FileArmory
from gateway.model.errors import JournalFailed
from gateway.model.setpoint import Arming, RegisterWrite
from gateway.model.time import SECOND, Duration, Instant
from gateway.ports.armory import Armory

ROOF = Arming(
    device="roof",
    connection="tcp://127.0.0.1:502",
    unit=1,
    at=Instant(5),
    identity=(RegisterWrite(address=40002, words=(1, 66)),),
    found=(RegisterWrite(address=40100, words=(10000, 0)),),
    level=(),
    timeout=Duration(SECOND),
    promise="falls back by itself",
)


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def threaded(request):
    return request.param


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state" / "arming"


async def test_stored_record_is_there_after_a_restart(folder, threaded):
    armory: Armory = FileArmory(folder, threaded=threaded)
    await armory.store(ROOF)
    again = FileArmory(folder)
    assert again.get("roof") == ROOF
    assert again.all() == (ROOF,)
    assert again.get("battery") is None


async def test_words_found_first_are_never_overwritten(folder, threaded):
    armory = FileArmory(folder, threaded=threaded)
    later = replace(ROOF, found=(RegisterWrite(address=40100, words=(5000, 1)),))
    async with asyncio.TaskGroup() as group:
        group.create_task(armory.store(ROOF))
        group.create_task(armory.store(later))
    await FileArmory(folder).store(later)
    assert armory.get("roof") == ROOF
    assert FileArmory(folder).get("roof") == ROOF


async def test_an_address_or_a_level_that_changed_is_kept_with_the_words_found_first(folder):
    armory = FileArmory(folder)
    await armory.store(ROOF)
    level = (RegisterWrite(address=40100, words=(0, 1)),)
    moved = replace(ROOF, connection="tcp://127.0.0.1:1502", level=level, at=Instant(9))
    await armory.store(replace(moved, found=level))
    wanted = replace(ROOF, connection="tcp://127.0.0.1:1502", level=level)
    assert armory.get("roof") == wanted
    assert FileArmory(folder).get("roof") == wanted


async def test_discarded_record_is_gone_and_a_new_one_may_come(folder, threaded):
    armory = FileArmory(folder, threaded=threaded)
    await armory.store(ROOF)
    await armory.discard("roof")
    await armory.discard("roof")
    assert FileArmory(folder).all() == ()
    await armory.store(replace(ROOF, unit=2))
    assert FileArmory(folder).get("roof").unit == 2


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"v": 2}', '{"v": 1, "arming": {"device": 4}}', "\u00ff"],
)
async def test_broken_record_is_reported_and_kept(folder, content):
    folder.mkdir(parents=True)
    path = folder / "roof.json"
    path.write_text(content, "utf-8")
    armory = FileArmory(folder)
    (sentence,) = armory.broken
    assert str(path) in sentence
    assert "restore it by hand" in sentence
    assert armory.all() == ()
    with pytest.raises(JournalFailed, match=r"roof.json: .*in the way"):
        await armory.store(ROOF)
    await armory.discard("roof")
    assert path.read_text("utf-8") == content


async def test_record_of_another_device_is_reported(folder):
    await FileArmory(folder).store(ROOF)
    (folder / "roof.json").rename(folder / "battery.json")
    assert "it is about device 'roof'" in FileArmory(folder).broken[0]


async def test_half_written_file_of_a_crash_is_not_a_record(folder):
    await FileArmory(folder).store(ROOF)
    (folder / ".battery.json.new").write_text("{")
    armory = FileArmory(folder)
    assert (armory.all(), armory.broken) == ((ROOF,), ())


async def test_record_that_cannot_be_kept_is_refused_and_not_held(folder, threaded):
    armory = FileArmory(folder, threaded=threaded)
    folder.rmdir()
    with pytest.raises(JournalFailed, match="cannot be kept"):
        await armory.store(ROOF)
    assert armory.get("roof") is None


def test_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "arming").write_text("")
    with pytest.raises(JournalFailed, match="cannot be read"):
        FileArmory(tmp_path / "arming")


async def test_record_is_private_and_readable_json(folder):
    await FileArmory(folder).store(ROOF)
    path = folder / "roof.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["arming"]["found"] == [
        {"address": 40100, "function": 16, "words": [10000, 0]},
    ]
