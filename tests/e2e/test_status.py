"""``status``: a person asks a running gateway, one that is gone, and one whose broker is."""

import json

import pytest

from tests.e2e.processes import NO_HEAT, a_mosquitto, until

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
async def test_a_healthy_house_is_exit_code_0_and_one_that_is_gone_1(place, kind):
    await place.build()
    daemon = await place.run(place.write(broker={"kind": kind}, devices=NO_HEAT))
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)
    said = await place.command("status", "--state-dir", str(place.state))
    assert "running, version" in said.out
    assert "EUR/kWh" in said.out
    assert "lease" in said.out
    # In a container nothing sets the clock: that is all that may be wrong here.
    machine = await place.command("status", "--state-dir", str(place.state), "--json")
    found = json.loads(machine.out)
    wrong = [one for one in found["attention"] if one["subject"] != "clock"]
    assert wrong == []
    assert said.code == machine.code == (0 if found["clockSynchronised"] else 1)
    await daemon.kill()
    said = await place.command("status", "--state-dir", str(place.state))
    assert said.code == 1
    assert "NOT RUNNING" in said.out
    assert "gridtender release" in said.out


async def test_a_device_that_is_unplugged_is_named_with_what_to_do(place):
    await place.build()
    await place.run(place.write(broker={"kind": "embedded"}))
    await place.house.unplug("roof")
    options = ("status", "--state-dir", str(place.state))
    async for said in _asked(place, *options):
        if "OFFLINE" in said.out:
            break
    assert said.code == 1
    assert "Check its power" in said.out


async def test_a_broker_that_is_gone_is_said_and_the_house_still_runs(place):
    await place.build()
    async with a_mosquitto(place.folder / "b") as broker:
        config = place.write(broker=broker.settings(), devices=NO_HEAT)
        await place.run(config)
        said = await place.command("status", "--config", str(config))
        assert "external at 127.0.0.1" in said.out
        assert "connected" in said.out
        await broker.kill()
        said = await place.command("status", "--config", str(config))
    assert said.code == 1
    assert "gateway   running" in said.out
    assert "NOT REACHED" in said.out


async def test_wrong_input_is_exit_code_2(place):
    broken = place.folder / "broken.yaml"
    broken.write_text("aera: home\n")
    said = await place.command("status", "--config", str(broken))
    assert said.code == 2
    assert "aera" in said.err


async def test_watching_goes_on_until_it_is_told_to_stop(place):
    await place.build()
    await place.run(place.write(broker={"kind": "embedded"}, devices=NO_HEAT))
    watching = await place.start(
        "status", "--watch", "--state-dir", str(place.state), name="status"
    )
    await watching.says("battery", 20)
    code, _ = await watching.end(number=2)
    assert code == 0
    assert "Traceback" not in watching.text


async def _asked(place, *options):
    for _ in range(10):
        yield await place.command(*options)
