"""A car's wish as its owner says it from outside: by topic, by command, and over a restart."""

import pytest

from tests.e2e.processes import NO_HEAT, free_port, listening, until

pytestmark = pytest.mark.e2e


async def test_a_wish_by_topic_and_by_command_reaches_the_charger_and_outlives_a_restart(place):
    await place.build(car_wh=60_000, solar_w=0)
    settings = {"kind": "embedded", "listen": {"port": free_port()}}
    devices = {**NO_HEAT, "car": {"wish": "surplus", "limits": {"min_rest": "0s"}}}
    config = place.write(broker=settings, devices=devices)
    daemon = await place.run(config)
    password = (place.state / "credentials" / "owner").read_text().strip()
    async with listening(settings["listen"]["port"], "owner", password, ["d/+/wish"]) as owner:
        wish = lambda: (owner.newest.get("d/car/wish") or {}).get("wish")  # noqa: E731
        await until(lambda: wish() == "surplus", "the configured wish is told")
        await until(lambda: place.truth("car_w") == 0, "no surplus, no charging", 30)

        await owner.client.publish("rmf/1/home/owner/wish/car", "20 kWh, now", qos=1)
        await until(lambda: wish() == "20 kWh, now", "what the topic said is told")
        await until(lambda: place.truth("car_w") > 4_000, "it charges", 30)

        before = len(owner.heard)
        await owner.client.publish("rmf/1/home/owner/wish/car", "20 apples", qos=1)
        again = lambda: [t for t, _ in owner.heard[before:] if t == "d/car/wish"]  # noqa: E731
        await until(again, "what holds is told again")
        assert wish() == "20 kWh, now"
        await daemon.says("allowed: an amount")

    await daemon.end()
    await place.run(config)
    async with listening(settings["listen"]["port"], "owner", password, ["d/+/wish"]) as owner:
        told = lambda: owner.newest.get("d/car/wish") or {}  # noqa: E731
        await until(lambda: told().get("wish") == "20 kWh, now", "a restart forgets nothing")
        ended = await place.command("wish", "car", "--end", "--config", str(config))
        assert ended.code == 0, ended.err
        await until(lambda: told().get("wish") == "surplus", "what is configured holds again")
        alone = await place.command(
            "hands-off", "--device", "car", "--reason", "guests", "--config", str(config)
        )
        assert "left alone until it is taken back: guests" in alone.out
        own_rule = 0xFFFF
        car = place.house._world.car
        await until(lambda: car.read(210, 1) == [own_rule], "its own rule")
