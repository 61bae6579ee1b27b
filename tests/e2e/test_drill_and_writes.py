"""A drill and the write counts with the real programs, judged at the registers."""

import json

import pytest

from tests.e2e.processes import NO_HEAT, until

pytestmark = pytest.mark.e2e


async def test_a_drill_measures_the_real_fall_back_and_the_gateway_takes_over_again(place):
    await place.build()
    quick = {**NO_HEAT, "battery": {"fallback": {"after": "5s"}}}
    config = place.write(broker={"kind": "embedded"}, devices=quick, grid={"import_limit_w": None})
    daemon = await place.run(config)
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)

    said = await place.command("drill", "battery", "--yes", "--json", "--config", str(config))
    assert said.code == 0, said.out + said.err
    result = json.loads(said.out)["result"]
    assert 4.5 <= result["observed_s"] <= 7.5
    assert result["timer_s"] == 5
    await until(lambda: place.point("battery", "124.StorCtl_Mod") == 3, "it is steered again")
    await until(lambda: place.truth("battery_w") > 3000, "the battery charges again", 25)

    checked = await place.command("check", str(config), "--json")
    devices = json.loads(checked.out)["site"]["devices"]
    battery = next(device for device in devices if device["id"] == "battery")
    assert battery["fallback_observed_s"] == result["observed_s"]

    refused = await place.command("drill", "grid", "--yes", "--state-dir", str(place.state))
    assert (refused.code, "does not steer it" in refused.out) == (1, True)
    unknown = await place.command("drill", "attic", "--yes", "--state-dir", str(place.state))
    assert (unknown.code, "battery" in unknown.out) == (2, True)
    await daemon.end()
    alone = await place.command("drill", "battery", "--yes", "--state-dir", str(place.state))
    assert (alone.code, "no gateway runs" in alone.err) == (1, True)


async def test_write_counts_are_kept_at_a_clean_stop_and_go_on(place):
    await place.build()
    config = place.write(
        broker={"kind": "embedded"}, devices=NO_HEAT, grid={"import_limit_w": None}
    )
    file, totals = place.state / "writes.json", []
    for _ in range(2):
        daemon = await place.run(config)
        await until(lambda: place.truth("battery_w") > 3000, "the battery charges", 25)
        await daemon.end()
        (battery,) = (
            d for d in json.loads(file.read_text())["devices"] if d["device"] == "battery"
        )
        totals.append((battery["volatile_total"], battery["total"]))
    (timed, kept), (timed_later, kept_later) = totals
    assert 0 < timed < timed_later
    assert 0 < kept < kept_later <= 12  # mode and source of charging, once each and at the end
