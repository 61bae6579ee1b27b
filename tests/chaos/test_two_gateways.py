"""Two gateways on one state folder: the second says so and ends, whatever became of the first."""

import asyncio
import os
import shutil

import pytest

from tests.e2e.processes import NO_HEAT, until

pytestmark = [pytest.mark.e2e, pytest.mark.chaos]

EMBEDDED = {"kind": "embedded"}


async def second(place, config):
    """How another ``run`` on the same folder ends, and what it says."""
    daemon = await place.start("run", "--config", str(config), name="second")
    async with asyncio.timeout(20):
        code = await daemon.process.wait()
    return code, daemon.text


async def test_second_gateway_is_refused_and_the_first_goes_on(place):
    await place.build()
    config = place.write(broker=EMBEDDED, devices=NO_HEAT)
    first = await place.run(config)
    code, text = await second(place, config)
    assert code == 1
    assert f"{place.state} is in use by process {first.process.pid}" in text
    assert "stop that gridtender first" in text
    assert "Traceback" not in text
    gates = len(place.gates())
    await until(lambda: len(place.gates()) > gates + 1, "the first one clears on", 15)


async def test_lock_of_a_killed_gateway_holds_nobody_up(place):
    await place.build()
    config = place.write(broker=EMBEDDED, devices=NO_HEAT)
    first = await place.run(config)
    await until(place.clearings, "a clearing", 15)
    told = place.clearings()
    await first.kill()
    again = await place.run(config)
    await until(lambda: len(place.clearings()) > len(told), "it clears on", 15)
    assert place.clearings()[: len(told)] == told
    assert (await again.end())[0] == 0


async def test_lock_file_in_a_copied_folder_is_a_file_like_any_other(place):
    """It names a process that runs, but not one that holds this folder."""
    await place.build()
    first = await place.run(place.write(broker=EMBEDDED, devices=NO_HEAT))
    await until(place.clearings, "a clearing", 15)
    await first.end()
    shutil.copytree(place.state, place.folder / "copy")
    (place.folder / "copy" / "lock").write_text(f"{os.getpid()}\n")
    there = place.write(broker=EMBEDDED, devices=NO_HEAT, state_dir=str(place.folder / "copy"))
    moved = await place.run(there)
    assert (await moved.end())[0] == 0


async def test_folder_that_is_a_link_to_the_same_is_the_same(place):
    await place.build()
    first = await place.run(place.write(broker=EMBEDDED, devices=NO_HEAT))
    (place.folder / "link").symlink_to(place.state)
    linked = place.write(broker=EMBEDDED, devices=NO_HEAT, state_dir=str(place.folder / "link"))
    code, text = await second(place, linked)
    assert code == 1
    assert f"in use by process {first.process.pid}" in text
