"""A plug, a sensor and a meter that speak MQTT; judged at what the plug gets and does."""

import asyncio
import contextlib
import json

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto
from tests.e2e.processes import Mosquitto, free_port, listening, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

TOPICS = ["zigbee2mqtt/#"]
PLUG_W = 2000
DEVICES = {
    "boiler": {
        "driver": "mqtt",
        "connection": "mqtt://",
        "role": "heat",
        "shape": "zigbee2mqtt",
        "topic": "zigbee2mqtt/plug",
        "switch_w": PLUG_W,
        "price_cap": 0.5,
        "no_timer": "accept",
    },
    "room": {
        "driver": "mqtt",
        "connection": "mqtt://",
        "role": "sensor",
        "shape": "zigbee2mqtt",
        "topic": "zigbee2mqtt/room",
    },
    "grid": {
        "driver": "mqtt",
        "connection": "mqtt://",
        "role": "grid",
        "values": {"power": {"topic": "zigbee2mqtt/meter", "path": "power"}},
    },
}


class House:
    """What a Zigbee bridge says of three devices; ``commands`` are those the plug got."""

    def __init__(self, port, password):
        self.port, self.password = port, password
        self.commands = []
        self.on = self.room = True

    async def live(self):
        """On one connection after the other: the broker may be gone for a while."""
        while True:
            try:
                await self.be_connected()
            except* aiomqtt.MqttError:
                pass  # tried again below
            await asyncio.sleep(0.1)

    async def be_connected(self):
        login = {"username": "devices", "password": self.password()}
        async with (
            aiomqtt.Client("127.0.0.1", self.port, timeout=2, **login) as client,
            asyncio.TaskGroup() as tasks,
        ):
            await client.subscribe("zigbee2mqtt/plug/+", qos=1)
            tasks.create_task(self.obey(client))
            tasks.create_task(self.tell(client))

    async def obey(self, client):
        async for message in client.messages:
            last = message.topic.value.rpartition("/")[2]
            if last == "set":
                self.commands.append(json.loads(message.payload))
                self.on = self.commands[-1]["state"] == "ON"
            if last in {"set", "get"}:
                await self.plug(client)

    async def tell(self, client):
        while True:
            await self.plug(client)
            await self.say(client, "plug/availability", {"state": "online"}, retain=True)
            state = {"state": "online" if self.room else "offline"}
            await self.say(client, "room/availability", state, retain=True)
            if self.room:
                await self.say(client, "room", {"temperature": 19.5})
            await self.say(client, "meter", {"power": 300 + PLUG_W * self.on})
            await asyncio.sleep(0.4)

    async def plug(self, client):
        told = {"state": "ON" if self.on else "OFF", "power": PLUG_W * self.on}
        await self.say(client, "plug", told)

    async def say(self, client, topic, payload, *, retain=False):
        text = json.dumps(payload)
        await client.publish(f"zigbee2mqtt/{topic}", text, qos=1, retain=retain)


@contextlib.asynccontextmanager
async def a_house(port, password):
    house = House(port, password)
    house.on = False
    async with asyncio.TaskGroup() as tasks:
        living = tasks.create_task(house.live())
        try:
            yield house
        finally:
            living.cancel()


def site(folder, broker):
    path = folder / "site.yaml"
    path.write_text(
        json.dumps(
            {
                "area": "home",
                "timezone": "UTC",
                "currency": "EUR",
                "control": "act",
                "state_dir": str(folder / "state"),
                "devices": DEVICES,
                "products": {"power": {"resource": "POWER", "unit": "W", "interval": "3s"}},
                "grid": {"import_limit_w": 17000, "import_price": 0.30, "export_price": 0.08},
                "broker": broker,
            }
        )
    )
    return path


def state(ear, device):
    return (ear.newest.get(f"d/{device}/state") or {}).get("state")


async def test_on_a_broker_of_our_own_devices_are_steered_and_wait_for_the_gateway(place):
    port = free_port()
    own = {"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}, "devices": TOPICS}
    config = site(place.folder, own)
    said = await place.command("check", str(config))
    assert said.code == 0, said.out
    assert "then the device stays as it was told until the gateway is back" in " ".join(
        said.out.split()
    )

    def password():
        return (place.state / "credentials" / "devices").read_text().strip()

    daemon = await place.run(config)
    async with a_house(port, password) as house:
        await until(lambda: house.on, "the plug is switched on", 20)
        assert house.commands[-1] == {"state": "ON"}
        async with listening(port) as ear:
            await until(lambda: state(ear, "room") == "online", "the sensor is there")
            house.room = False
            await until(lambda: state(ear, "room") == "offline", "it says that it is gone", 5)
            house.room = True
            await until(lambda: state(ear, "room") == "online", "and is there again")
            assert state(ear, "boiler") == "online"

        await daemon.kill()
        said = await place.release()
        assert said.code == 1
        assert "its record is kept: run `gridtender release` again" in said.out
        assert house.on

        daemon = await place.run(config)
        async with listening(port) as ear:
            await until(lambda: state(ear, "boiler") == "online", "the plug is known again")
        code, _ = await daemon.end()
        assert code == 0
        assert not house.on
        assert house.commands[-1] == {"state": "OFF"}


async def test_over_a_broker_that_lives_on_release_switches_a_plug_off(place):
    secrets = {"gateway": "secret", "devices": "plugs"}
    broker = Mosquitto(folder=place.folder, passwords=secrets, devices=tuple(TOPICS))
    await broker.start()
    try:
        config = site(place.folder, broker.settings())
        daemon = await place.run(config)
        async with a_house(broker.port, lambda: "plugs") as house:
            await until(lambda: house.on, "the plug is switched on", 20)
            await daemon.kill()
            assert house.on
            said = await place.release()
            assert said.code == 0, said.err
            assert house.commands[-1] == {"state": "OFF"}
            assert not house.on
    finally:
        await broker.kill()
