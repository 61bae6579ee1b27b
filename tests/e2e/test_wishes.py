"""Wishes as their owner says them from outside: by topic, by command, and over a restart."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.adapters.clock import real_now
from tests.e2e.processes import NO_HEAT, free_port, lasts, listening, until

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


TEMPLATE = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VTODO
UID:wash
SUMMARY:Wash 3 kW
DURATION:PT20M
RELATED-TO;RELTYPE=FINISHTOSTART;GAP=PT2M:spin
END:VTODO
BEGIN:VTODO
UID:spin
SUMMARY:Spin 500 W
DURATION:PT10M
END:VTODO
END:VCALENDAR
"""


async def test_a_template_is_started_by_topic_at_any_price_and_not_before(place):
    """The relay of the heat pump stands for the machine's."""
    await place.build(solar_w=0)
    (place.folder / "wash.ics").write_text(TEMPLATE)
    settings = {"kind": "embedded", "listen": {"port": free_port()}}
    now = datetime.fromtimestamp(real_now() // 10**9, UTC)
    later = f"{now + timedelta(hours=12):%H:%M}"
    machine = {"role": "load", "price_cap": None, "limits": {"min_rest": "0s"}}
    devices = {"heatpump": {**machine, "programme": "wash.ics", "wish": {"start": later}}}
    config = place.write(broker=settings, devices=devices, timezone="UTC")
    checked = await place.command("check", str(config))
    assert "draws 3000 W for 20min, 0 W for 2min, 500 W for 10min" in " ".join(checked.out.split())
    daemon = await place.run(config)
    password = (place.state / "credentials" / "owner").read_text().strip()
    async with listening(settings["listen"]["port"], "owner", password, ["d/+/wish"]) as owner:
        told = lambda: owner.newest.get("d/heatpump/wish") or {}  # noqa: E731
        topic = "rmf/1/home/owner/wish/heatpump"
        tomorrow = f"{now + timedelta(days=1):%FT%TZ}"
        await owner.client.publish(topic, f"start at {tomorrow}", qos=1)
        await until(lambda: told().get("start", "")[:19] == tomorrow[:19], "the start is told")
        await lasts(lambda: place.truth("heatpump_w") < 50, "not before its start", 30, for_s=3)
        await owner.client.publish(topic, "start", qos=1)
        await until(lambda: place.truth("heatpump_w") > 1_000, "it begins", 30)
        await owner.client.publish(topic, "start at 2020-01-01T00:00:00Z", qos=1)
        await daemon.says("the start 2020-01-01T00:00:00Z is past")
