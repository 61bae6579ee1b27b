"""A whole gateway, a real mosquitto, and a Home Assistant of thirty lines."""

import asyncio
import contextlib
import json
import socket
from dataclasses import dataclass

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto, open_broker
from gateway.adapters.clock import Scale, ScaledClock, real_now
from gateway.adapters.installation import installation
from gateway.adapters.plugins import driver_packages, house_factories
from gateway.app import World, open_gateway
from gateway.app.mirroring import Mirroring
from gateway.app.tasks import Tasks
from gateway.config import load
from gateway.model.site import BrokerSettings, ControlMode
from gateway.model.time import parse_rfc3339
from tests.simulation.harness import write_site
from tests.unit.wire.home_assistant_rules import entities, is_available, render

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
DEADLINE_S = 15.0
_BEGAN, _NOON = real_now(), parse_rfc3339("2026-06-21T12:00:00Z")
HOUSE = {"seed": 7, "battery_soc_pct": 60}
GATEWAY = "homeassistant/device/gridtender-home-G/config"
ROOF = "homeassistant/device/gridtender-home-D-roof/config"
BATTERY = "homeassistant/device/gridtender-home-D-battery/config"


class Assistant:
    """Discovers what is announced, shows states, and sends commands, as user owner."""

    def __init__(self):
        self.retained, self.heard = {}, []
        self.client = None

    @contextlib.asynccontextmanager
    async def at(self, endpoint, password="mine"):
        login = {"username": "owner", "password": password}
        async with aiomqtt.Client(endpoint.host, endpoint.port, **login) as self.client:
            await self.client.subscribe("homeassistant/#")
            await self.client.subscribe("rmf/1/home/#")
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self.listen())
                try:
                    yield self
                finally:
                    listening.cancel()

    async def listen(self):
        async for message in self.client.messages:
            topic, payload = message.topic.value, bytes(message.payload)
            self.heard.append(topic)
            self.retained[topic] = payload
            if not payload:
                del self.retained[topic]

    def entities(self, topic):
        found = entities(topic, self.retained[topic]) if topic in self.retained else {}
        return {id_.rsplit("-", 1)[1]: entity for id_, entity in found.items()}

    def state(self, topic, name):
        entity = self.entities(topic).get(name)
        if entity is None or not is_available(entity, self.retained):
            return None
        payload = self.retained.get(entity["state_topic"])
        return None if payload is None else render(entity["value_template"], payload)

    async def command(self, topic, name, payload):
        await self.client.publish(self.entities(topic)[name]["command_topic"], payload, qos=1)

    async def until(self, condition, what):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE_S):
                while not condition():  # noqa: ASYNC110 - what is watched is another process
                    await asyncio.sleep(0.02)
        assert condition(), what


@pytest.fixture
async def broker(tmp_path):
    settings = BrokerSettings(kind="mosquitto")
    async with open_broker(settings, "home", tmp_path / "broker", {"owner": "mine"}) as endpoint:
        yield endpoint


@contextlib.asynccontextmanager
async def a_gateway(folder, endpoint, *, unplugged=(), **changes):
    """The gateway on a simulated house, in real time, mirrored to the broker."""
    clock = ScaledClock(Scale(epoch_real=_BEGAN, epoch_sim=_NOON, speed=1.0))
    house = house_factories()["demo"](clock, HOUSE)
    for device in unplugged:
        await house.unplug(device)
    if endpoint is not None:
        password = folder / "password"
        password.write_text(endpoint.password)
        url = f"mqtt://{endpoint.host}:{endpoint.port}"
        changes["broker"] = {"url": url, "password_file": str(password)}
    loaded = load(write_site(folder, house, **changes), driver_packages(), ("mem",), environ={})
    assert not loaded.problems, [str(one) for one in loaded.problems]
    world = World(clock=clock, packages=driver_packages(), lines={"mem": house.line})
    async with Tasks() as tasks, open_gateway(loaded.site, world) as gateway:
        mirroring = Mirroring(gateway, world)
        tasks.start("mqtt", mirroring.run, clock)
        yield gateway


async def test_everything_appears_by_itself_and_shows_what_is_measured(tmp_path, broker):
    async with a_gateway(tmp_path, broker) as gateway, Assistant().at(broker) as home:
        devices = [f"homeassistant/device/gridtender-home-D-{d}/config" for d in gateway.stations]
        for topic in devices:
            await home.until(lambda topic=topic: home.state(topic, "power"), topic)
            await home.until(lambda topic=topic: home.state(topic, "state") == "online", topic)
            assert home.state(topic, "problem") == "OFF"
        await home.until(lambda: home.state(BATTERY, "charge_w"), "limits")
        assert 55 < float(home.state(BATTERY, "soc")) < 65
        await home.until(lambda: home.state(GATEWAY, "price_power"), "a price")
        assert home.state(GATEWAY, "control") == "act"
        assert home.state(GATEWAY, "connected") == "ON"
        about = json.loads(home.retained[BATTERY])["dev"]
        assert about["mf"]
        assert about["sn"]


async def test_limits_jump_back_when_refused_and_hold_over_a_restart(tmp_path, broker):
    async with Assistant().at(broker) as home:
        async with a_gateway(tmp_path, broker) as gateway:
            await home.until(lambda: home.state(BATTERY, "min_soc_pct") == "10", "a reserve")
            await home.command(BATTERY, "min_soc_pct", "40")
            await home.until(lambda: home.state(BATTERY, "min_soc_pct") == "40", "it was set")
            topic = home.entities(BATTERY)["min_soc_pct"]["state_topic"]
            for refused in ("101", "NaN", "forty", "", "-1"):
                told = home.heard.count(topic)
                await home.command(BATTERY, "min_soc_pct", refused)
                await home.until(lambda n=told: home.heard.count(topic) > n, f"again: {refused}")
                assert home.state(BATTERY, "min_soc_pct") == "40"
            await home.command(GATEWAY, "import_limit_w", "9000")
            await home.until(lambda: home.state(GATEWAY, "import_limit_w") == "9000", "import")
            limited = gateway.beside.limits.site
            assert limited.limits.import_w == 9000
        await home.until(lambda: home.state(GATEWAY, "connected") == "OFF", "it stopped")
        async with a_gateway(tmp_path, broker) as gateway:
            await home.until(lambda: home.state(GATEWAY, "import_limit_w") == "9000", "kept")
            await home.until(lambda: home.state(BATTERY, "min_soc_pct") == "40", "kept")
            limited = {s.device.id: s.device for s in gateway.beside.limits.site.devices}
            assert limited["battery"].limits.min_soc_pct == 40


@pytest.mark.slow
async def test_a_device_that_does_not_answer_after_a_restart_keeps_all_it_had(tmp_path, broker):
    async with Assistant().at(broker) as home:
        async with a_gateway(tmp_path, broker, unplugged=["battery"]):
            await home.until(lambda: home.state(BATTERY, "state") == "offline", "announced unasked")
            assert "setpoint" not in home.entities(BATTERY)
        async with a_gateway(tmp_path, broker):
            await home.until(lambda: home.state(BATTERY, "setpoint"), "it has answered")
            full = home.retained[BATTERY]
        login = {"username": "gateway", "password": broker.password}
        async with aiomqtt.Client(broker.host, broker.port, **login) as somebody:
            await somebody.publish(ROOF, b"", qos=1, retain=True)
        await home.until(lambda: ROOF not in home.retained, "the roof's was lost")
        async with a_gateway(tmp_path, broker, unplugged=["battery", "roof"]):
            await home.until(lambda: ROOF in home.retained, "announced again unasked")
            assert home.state(BATTERY, "state") == "offline"
            assert home.retained[BATTERY] == full


async def test_hands_off_by_a_switch_and_back_to_what_is_configured(tmp_path, broker):
    async with a_gateway(tmp_path, broker) as gateway, Assistant().at(broker) as home:
        await home.until(lambda: home.state(GATEWAY, "hands_off") == "OFF", "a switch")
        await home.command(GATEWAY, "hands_off", home.entities(GATEWAY)["hands_off"]["payload_on"])
        await home.until(lambda: home.state(GATEWAY, "hands_off") == "ON", "on")
        assert gateway.control.mode() is ControlMode.HANDS_OFF
        await home.command(GATEWAY, "control", "dance")
        await home.command(GATEWAY, "hands_off", home.entities(GATEWAY)["hands_off"]["payload_off"])
        await home.until(lambda: home.state(GATEWAY, "control") == "act", "off")
        await home.command(GATEWAY, "control", "advise")
        await home.until(lambda: home.state(GATEWAY, "control") == "advise", "selected")


async def test_home_assistant_that_starts_again_is_told_again(tmp_path, broker):
    async with a_gateway(tmp_path, broker), Assistant().at(broker) as home:
        await home.until(lambda: home.state(BATTERY, "power"), "the battery")
        before = {t: home.heard.count(t) for t in home.retained if t.endswith("/config")}
        await home.client.publish("homeassistant/status", "online")
        await home.until(
            lambda: all(home.heard.count(t) > n for t, n in before.items()), "announced again"
        )


async def test_ghosts_of_this_installation_go_and_a_strangers_announcements_stay(tmp_path, broker):
    own = installation(str(tmp_path / "state"))
    removed = "homeassistant/device/gridtender-home-D-old/config"
    renamed = "homeassistant/device/gridtender-flat-G/config"
    neighbour = "homeassistant/device/gridtender-next-G/config"
    foreign = "homeassistant/device/zigbee/config"

    def announcement(name, installed):
        return json.dumps({"o": {"name": name}, "dev": {"ids": [f"gridtender-{installed}-G"]}})

    login = {"username": "gateway", "password": broker.password}
    async with aiomqtt.Client(broker.host, broker.port, **login) as earlier:
        for topic, payload in (
            (removed, announcement("gridtender", own)),
            (renamed, announcement("gridtender", own)),
            (neighbour, announcement("gridtender", "0" * 8)),
            (foreign, announcement("zigbee2mqtt", own)),
        ):
            await earlier.publish(topic, payload, qos=1, retain=True)
    async with Assistant().at(broker) as home:
        await home.until(lambda: {removed, renamed, foreign} <= set(home.retained), "ghosts")
        async with a_gateway(tmp_path, broker):
            await home.until(lambda: not {removed, renamed} & set(home.retained), "cleared")
            await home.until(lambda: GATEWAY in home.retained, "announced")
            assert {neighbour, foreign} <= set(home.retained)


async def test_turned_off_its_announcements_are_taken_back(tmp_path, broker):
    async with Assistant().at(broker) as home:
        async with a_gateway(tmp_path, broker):
            await home.until(lambda: home.state(BATTERY, "power"), "the battery")
        assert GATEWAY in home.retained
        async with a_gateway(tmp_path, broker, home_assistant={"discovery": False}):
            announced = "homeassistant/device/"
            await home.until(
                lambda: not [t for t in home.retained if t.startswith(announced)], "taken back"
            )


@dataclass
class Own:
    """Where the gateway's own broker listens."""

    host: str
    port: int


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
async def test_on_the_gateways_own_broker_the_owner_sees_and_sets_and_nobody_else(tmp_path, kind):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = Own(*probe.getsockname())
    listening = {"kind": kind, "listen": {"port": own.port}}
    async with a_gateway(tmp_path, None, broker=listening):
        password = tmp_path / "state" / "credentials" / "owner"
        async with asyncio.timeout(DEADLINE_S):
            while not await answers(own, password):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)
        async with Assistant().at(own, password.read_text().strip()) as home:
            await home.until(lambda: home.state(BATTERY, "min_soc_pct") == "10", "a reserve")
            async with aiomqtt.Client(own.host, own.port) as stranger:
                topic = home.entities(BATTERY)["min_soc_pct"]["command_topic"]
                with contextlib.suppress(aiomqtt.MqttError):
                    await stranger.publish(topic, "60", qos=1, timeout=1.0)
            await home.command(BATTERY, "min_soc_pct", "40")
            await home.until(lambda: home.state(BATTERY, "min_soc_pct") == "40", "it was set")
            assert home.state(BATTERY, "min_soc_pct") != "60"
            before = home.heard.count(BATTERY)
            await home.client.publish("homeassistant/status", "online")
            await home.until(lambda: home.heard.count(BATTERY) > before, "announced again")


async def answers(own, password):
    """Whether the broker is there, and the owner's password is known."""
    try:
        _, writer = await asyncio.open_connection(own.host, own.port)
    except OSError:
        return False
    writer.close()
    return password.exists()
