"""An app tells a better forecast of the sun, as the owner; a party may not."""

import json

import pytest

from gateway.adapters.clock import WallClock
from gateway.model.time import HOUR, rfc3339
from tests.e2e.processes import NO_HEAT, free_port, listening, until

pytestmark = pytest.mark.e2e
TOPIC = "rmf/1/home/owner/forecast/sun"


def series(watts):
    start = rfc3339(WallClock().now() - HOUR)
    return json.dumps({"v": 1, "start": start, "step": "PT1H", "mean_w": [watts] * 40})


async def test_it_stands_in_for_the_own_forecast_and_only_the_owner_may_tell_it(place):
    await place.build(solar_w=0)
    settings = {"kind": "embedded", "listen": {"port": free_port()}}
    config = place.write(broker=settings, devices=NO_HEAT, parties={"anna": {}})
    daemon = await place.run(config)
    port, folder = settings["listen"]["port"], place.state / "credentials"
    anna, owner = ((folder / name).read_text().strip() for name in ("anna", "owner"))
    async with (
        listening(port, "anna", anna, ["f/+"]) as party,
        listening(port, "owner", owner, ["f/+"]) as app,
    ):
        await app.client.publish(TOPIC, series(1234), qos=1, retain=True)
        mean = lambda: (app.newest.get("f/sun") or {}).get("mean_w")  # noqa: E731
        await until(lambda: mean() == [1234] * 144, "it is told at once", 30)
        assert "outside_until" in app.newest["f/sun"]

        await party.client.publish(TOPIC, series(99), qos=1)
        await app.client.publish(TOPIC, '{"v":1,"start":"now"}', qos=1)
        await daemon.says("step: Field required")
        await app.client.publish(TOPIC, "", qos=1, retain=True)
        await daemon.says("it was taken back")
        assert [
            told for topic, told in party.heard if topic == "f/sun" and 99 in told["mean_w"]
        ] == []
