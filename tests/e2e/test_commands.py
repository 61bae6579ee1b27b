"""The commands that need no running gateway."""

import json

import pytest

from gateway.adapters.journal import read_journal
from tests.e2e.processes import NO_HEAT, until

pytestmark = pytest.mark.e2e


async def test_check_explains_a_site_or_what_is_wrong_in_it(place):
    await place.build()
    config = place.write()
    good = await place.command("check", str(config))
    assert good.code == 0, good.out
    assert "battery" in good.out
    machine = await place.command("check", str(config), "--json")
    assert machine.code == 0
    json.loads(machine.out)
    config.write_text(config.read_text().replace('"storage"', '"storeage"'))
    bad = await place.command("check", str(config))
    assert bad.code == 2
    assert "storeage" in bad.out
    missing = await place.command("check", str(place.folder / "nowhere.yaml"))
    assert missing.code == 2


@pytest.mark.parametrize("what", ["config", "payloads"])
async def test_schema_prints_json(place, what):
    said = await place.command("schema", what)
    assert said.code == 0, said.err
    assert json.loads(said.out)


async def test_replay_gives_the_same_rows_and_finds_an_altered_one(place):
    await place.build()
    daemon = await place.run(place.write(broker={"kind": "embedded"}, devices=NO_HEAT))
    await until(lambda: len(place.clearings()) >= 2, "two clearings", 25)
    # Also while the gateway writes.
    assert (await place.command("replay", str(place.journal))).code == 0
    await daemon.end()
    said = await place.command("replay", str(place.journal))
    rows = list(read_journal(place.journal))
    assert said.code == 0, said.err
    assert f"{len(rows)} rows replayed" in said.out
    listed = await place.command("replay", str(place.journal), "--json")
    replayed = [json.loads(line) for line in listed.out.splitlines()]
    assert [row["hash"] for row in replayed] == [row.hash for row in rows]
    assert [row["body"] for row in replayed] == [json.loads(row.body) for row in rows]


async def test_replay_of_what_is_no_journal_is_a_sentence(place):
    file = place.folder / "notes.txt"
    file.write_text("no journal")
    for path in (file, place.folder / "nowhere.sqlite"):
        said = await place.command("replay", str(path))
        assert said.code == 2
        assert str(path) in said.err
        assert "Traceback" not in said.err


async def test_release_without_armed_devices_says_so(place):
    place.state.mkdir()
    said = await place.release()
    assert (said.code, said.out.strip()) == (0, "no device is armed")


async def test_release_names_a_record_it_cannot_use_and_fails(place):
    folder = place.state / "arming"
    folder.mkdir(parents=True)
    (folder / "roof.json").write_text("{")
    said = await place.release()
    assert said.code == 1
    assert "roof" in said.out
    assert "by hand" in said.out


async def test_release_of_a_device_that_does_not_answer_fails_and_serves_the_others(place):
    await place.build()
    daemon = await place.run(place.write(broker={"kind": "embedded"}))
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)
    armed = {file.stem for file in (place.state / "arming").glob("*.json")}
    assert {"battery", "heatpump"} <= armed
    await daemon.kill()
    await place.house.unplug("heatpump")
    said = await place.release()
    assert said.code == 1
    assert "heatpump" in said.out
    assert place.point("battery", "124.InWRte") == 0
    await place.house.plug("heatpump")
    assert (await place.release()).code == 0
    assert not (place.state / "arming" / "heatpump.json").exists()
