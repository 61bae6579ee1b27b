"""``doctor`` beside a running gateway: it takes no connection, and names what is unplugged."""

import json

import pytest

from tests.e2e.processes import NO_EXPORT, NO_HEAT, until

pytestmark = pytest.mark.e2e


async def doctored(place, *more):
    said = await place.command("doctor", "--config", str(place.folder / "site.yaml"), *more)
    assert "Traceback" not in said.err
    return said


async def found(place, *more):
    """Codes of what is amiss, without the machine's clock, which a container does not set."""
    said = await doctored(place, "--json", *more)
    findings = json.loads(said.out)["findings"]
    codes = {one["code"] for one in findings}
    amiss = {one["code"] for one in findings if one["level"] == "amiss"}
    return codes, amiss - {"CLOCK_UNSYNCHRONISED"}


async def test_a_healthy_house_is_well_and_its_devices_are_left_to_the_gateway(place):
    await place.build()
    await place.run(place.write(broker={"kind": "embedded"}, devices=NO_HEAT))
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)
    codes, amiss = await found(place)
    assert amiss == set()
    assert {"GATEWAY_RUNS", "DEVICE_SPARED", "DEVICE_FINE", "BROKER_FINE"} <= codes


async def test_an_unplugged_device_is_named_while_it_runs_and_after(place):
    await place.build(solar_w=6000, battery_soc_pct=100)
    settings = {"broker": {"kind": "embedded"}, "grid": NO_EXPORT, "devices": NO_HEAT}
    daemon = await place.run(place.write(**settings))
    await until(lambda: abs(place.truth("grid_w")) < 100, "the roof is held down", 25)
    await place.house.unplug("roof")
    await daemon.says("state=offline")
    said = await doctored(place, "roof")
    assert said.code == 1
    assert "Check its power" in " ".join(said.out.split())
    await daemon.end()
    codes, amiss = await found(place, "roof")
    assert amiss == {"PORT_REFUSED", "ARMING_LEFT"}
    assert "GATEWAY_RESTS" in codes
