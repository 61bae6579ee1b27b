"""A broker that refuses, closes, hangs, forgets, or is shared with a stranger of the same name."""

import asyncio
import random
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiomqtt
import pytest
from structlog.testing import capture_logs

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.clock import WallClock
from gateway.adapters.mqtt import MqttAdapter
from gateway.wire.border import border
from gateway.wire.mirror import Mirror
from tests.chaos.extent import RUNS
from tests.chaos.modbus_faults import FaultyDevice, FaultyWire
from tests.integration.test_mqtt import (
    BASE,
    SITE,
    FakeExchange,
    House,
    Mosquitto,
    ear,
    reading,
    transaction,
)

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

LONG_S = 30.0


@asynccontextmanager
async def a_broker(folder, protocol=5, more=""):
    broker = Mosquitto(folder=folder / "broker", protocol=protocol)
    broker.prepare()
    with broker.conf.open("a") as conf:
        conf.write(more)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


@dataclass
class Door:
    """An endpoint that leads elsewhere than to the broker itself."""

    broker: object
    port: int
    password: str | None = None
    host: str = "127.0.0.1"
    tls: bool = False
    kind: str = "external"
    username: str = "gateway"
    alive: bool = True
    protocol: int = field(init=False)

    def __post_init__(self):
        self.protocol = self.broker.protocol
        self.password = self.password or self.broker.password


@asynccontextmanager
async def a_house(endpoint, within_s=8.0):
    """A running adapter, when it is connected."""
    clock = WallClock()
    exchange = FakeExchange(clock)
    adapter = MqttAdapter(
        endpoint=endpoint,
        identifier="gridtender-home-test",
        mirror=Mirror(SITE),
        border=border(SITE),
        exchange=exchange,
        clock=clock,
    )
    home = House(adapter, exchange, clock, asyncio.get_running_loop().create_task(adapter.run()))
    try:
        async with asyncio.timeout(within_s):
            await adapter.connected.wait()
        yield home
    finally:
        await home.stop()


async def until(condition, within_s, what):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)
    assert condition(), what


async def retained_on(broker, topic_filter=f"{BASE}/#"):
    """What a newcomer is told, by topic."""
    async with ear(broker, topic_filter) as other:
        await other.client.publish("test/end", b"", qos=1)
        await other.client.subscribe("test/end", qos=1)
        await other.client.publish("test/end", b"1", qos=1)
        heard = await other.until(lambda all_: any(t == "test/end" for t, _, _ in all_))
    return {topic: payload for topic, payload, retain in heard if retain}


@pytest.mark.parametrize("seed", range(2 * RUNS))
async def test_over_a_wire_that_breaks_at_random_every_push_arrives_and_state_is_complete(
    tmp_path, seed
):
    print(f"seed {seed}")
    dice = random.Random(seed)
    faults = ["reset", "half", "drop", "dead"]
    async with (
        a_broker(tmp_path, dice.choice([4, 5])) as broker,
        FaultyWire(broker.port) as wire,
        ear(broker, f"{BASE}/u/alice/in/#") as alice,
        a_house(Door(broker, wire.own_port)) as home,
    ):
        wire.fault = lambda: dice.choice(faults) if dice.random() < 0.02 else None
        for number in range(300):
            home.adapter.listen(transaction(number))
            home.adapter.listen(reading(home.clock, float(number)))
            await asyncio.sleep(0.02)
        wire.fault = lambda: None
        wire.cut()
        wanted = [f"home-tx-1-{number}".encode() for number in range(300)]

        def all_there(heard):
            text = b" ".join(payload for _, payload, _ in heard)
            return all(one + b'"' in text for one in wanted)

        async with asyncio.timeout(LONG_S):
            while not all_there(alice.heard):
                message = await anext(alice.client.messages)
                alice.heard.append((message.topic.value, bytes(message.payload), False))
        firsts = list(dict.fromkeys(p for _, p, _ in alice.heard))
        order = [next(w for w in wanted if w + b'"' in p) for p in firsts]
        assert list(dict.fromkeys(order)) == wanted
        kept = {t: m.payload for t, m in home.adapter._outbox._retained.items()}
        await until(home.adapter.connected.is_set, 10, "connected")
        found = await retained_on(broker)
        assert kept.items() <= found.items()
        assert b"299" in found[f"{BASE}/d/roof/reading"]


@pytest.mark.parametrize("seed", range(2 * RUNS))
async def test_a_broker_that_is_killed_at_random_is_told_everything_again(tmp_path, seed):
    print(f"seed {seed}")
    dice = random.Random(seed)
    async with a_broker(tmp_path) as broker, a_house(broker) as home:
        for number in range(5):
            home.adapter.listen(reading(home.clock, float(number)))
            await asyncio.sleep(dice.uniform(0, 0.6))
            broker.process.kill()
            await broker.process.wait()
            home.adapter.listen(transaction(number))
            await asyncio.sleep(dice.uniform(0, 0.6))
            await broker.start()
        await until(home.adapter.connected.is_set, 15, "connected")
        await until(lambda: not home.adapter._outbox._ready, 5, "all state is sent")
        kept = {t: m.payload for t, m in home.adapter._outbox._retained.items()}
        found = await retained_on(broker)
        assert kept.items() <= found.items()
        assert b"online" in found[f"{BASE}/status"]


async def test_each_way_not_to_get_in_is_told_once_and_the_first_that_opens_is_taken(tmp_path):
    """Nobody listens; it accepts and closes; it accepts and says nothing; a wrong password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = probe.getsockname()[1]

    async def closes(_device, wire):
        await wire.reader.read(1)
        wire.hang_up()

    async def silent(_device, wire):
        await wire.reader.read(-1)

    async with (
        a_broker(tmp_path) as broker,
        FaultyDevice(closes) as closing,
        FaultyDevice(silent) as hung,
    ):
        door = Door(broker, nobody)
        with capture_logs() as logs:
            async with asyncio.TaskGroup() as tasks:

                async def open_doors():
                    def told(count):
                        said = [e for e in logs if e["event"] == "mqtt.unreachable"]
                        return len([e for e in said if e["log_level"] == "warning"]) >= count

                    await until(lambda: told(1), 10, "nobody listens")
                    door.port = closing.port
                    await until(lambda: closing.connections >= 2 and told(2), 20, "it closes")
                    door.port = hung.port
                    await until(lambda: hung.connections >= 1, 30, "it says nothing")
                    door.password, door.port = "wrong", broker.port
                    await until(lambda: told(3), 20, "a wrong password")
                    door.password = broker.password

                tasks.create_task(open_doors())
                async with a_house(door, within_s=60) as home:
                    await until(home.adapter.connected.is_set, 10, "connected")
    said = [e for e in logs if e["event"] == "mqtt.unreachable" and e["log_level"] == "warning"]
    reasons = [e["reason"] for e in said]
    assert len(reasons) == len(set(reasons)) == 3, reasons
    assert "refused" in reasons[0]
    assert "timed out" in reasons[1]
    assert "ot authori" in reasons[2]
    assert closing.connections < 8  # it backs off


@pytest.mark.parametrize("protocol", [5, 4], ids=["mqtt5", "mqtt3.1.1"])
async def test_a_stranger_with_our_client_id_is_named_and_left_alone_with_it(tmp_path, protocol):
    async with a_broker(tmp_path, protocol) as broker:

        async def stranger():
            while True:
                try:
                    async with aiomqtt.Client(
                        broker.host,
                        broker.port,
                        username="gateway",
                        password=broker.password,
                        identifier="gridtender-home-test",
                        protocol=aiomqtt.ProtocolVersion(protocol),
                    ) as client:
                        async for _ in client.messages:
                            pass
                except aiomqtt.MqttError:
                    await asyncio.sleep(0.05)

        with capture_logs() as logs:
            async with a_house(broker) as home, asyncio.TaskGroup() as tasks:
                other = tasks.create_task(stranger())

                def named():
                    return [e for e in logs if e["event"] == "mqtt.taken_over"]

                await until(named, 15, "it is named")
                await until(home.adapter.connected.is_set, 10, "connected again")
                since = asyncio.get_running_loop().time()
                await until(lambda: asyncio.get_running_loop().time() > since + 4, 8, "a while")
                assert home.adapter.connected.is_set()
                assert len(named()) == 1
                assert (await retained_on(broker, f"{BASE}/status"))[f"{BASE}/status"]
                other.cancel()
    assert named()[0]["client_id"] == "gridtender-home-test"
    assert named()[0]["next_id"].startswith("gridtender-home-test-")
    connects = [e for e in logs if e["event"] == "mqtt.connected"]
    assert len(connects) <= 5


def too_large():
    """A push longer than the broker takes."""
    push = transaction(1000)
    return replace(push, fact=replace(push.fact, tender="t" * 5000))


GHOSTS = {
    f"{BASE}/d/oldroof/state",
    f"{BASE}/d/oldroof/fault/OVER_TEMP",
    f"{BASE}/p/oldpower/clearing",
    f"{BASE}/p/power/tender/carla",
    f"{BASE}/u/carla/pos/power",
    f"{BASE}/m/old",
    f"{BASE}/tie/north",
}
OTHERS = {
    "rmf/1/home2/status",
    "rmf/1/barn/d/oldroof/state",
    "rmf/1/homer/p/power/clearing",
    "rmf/2/home/status",
    "homeassistant/sensor/kitchen/config",
    "zigbee2mqtt/bridge/state",
    f"{BASE}x/d/a/state",
    f"{BASE}/u/carla/avail",
    f"{BASE}/owner/note",
}


async def test_thousands_of_ghosts_are_cleared_and_not_one_topic_of_others(tmp_path):
    async with a_broker(tmp_path) as broker:
        many = {f"{BASE}/d/ghost-{number}/reading" for number in range(3000)}
        async with ear(broker) as former:
            for topic in sorted(GHOSTS | OTHERS | many):
                await former.client.publish(topic, b'{"v": 1}', qos=0, retain=True)
            await former.client.publish("test/end", b"1", qos=1)
        before = await retained_on(broker, "#")
        assert GHOSTS | OTHERS | many <= set(before)
        async with a_house(broker) as home:
            home.adapter.listen(reading(home.clock, 5.0))
            async with asyncio.timeout(LONG_S):
                while (GHOSTS | many) & set(after := await retained_on(broker, "#")):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            assert set(after) >= OTHERS
            assert f"{BASE}/d/roof/reading" in after


async def test_a_broker_with_tiny_limits_is_served_and_what_is_too_large_for_it_is_named(tmp_path):
    limits = "max_inflight_messages 1\nmax_packet_size 2000\n"
    async with a_broker(tmp_path, more=limits) as broker:
        with capture_logs() as logs:
            async with a_house(broker) as home, ear(broker, f"{BASE}/u/alice/in/#") as alice:
                for number in range(50):
                    home.adapter.listen(transaction(number))
                    if number == 25:
                        home.adapter.listen(too_large())
                async with asyncio.timeout(LONG_S):
                    while len({p for _, p, _ in alice.heard}) < 50:
                        message = await anext(alice.client.messages)
                        alice.heard.append((message.topic.value, bytes(message.payload), False))
                home.adapter.listen(reading(home.clock, 7.0))
                await until(home.adapter.connected.is_set, 10, "connected")
                async with asyncio.timeout(LONG_S):
                    topic = f"{BASE}/d/roof/reading"
                    while b"7" not in (await retained_on(broker)).get(topic, b""):  # noqa: ASYNC110
                        await asyncio.sleep(0.2)
    named = [e for e in logs if e["event"] == "mqtt.too_large"]
    assert len(named) == 1, named
