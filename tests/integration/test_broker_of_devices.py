"""User ``devices`` of a broker of our own: its topics alone, and nobody else on them."""

import pytest

from gateway.adapters.broker import open_broker
from gateway.model.site import BrokerSettings
from tests.integration.test_broker import AREA, BASE, USERS, client, heard, needs_mosquitto, nothing

pytestmark = pytest.mark.integration
PLUG = "zigbee2mqtt/plug"
KINDS = [pytest.param("mosquitto", marks=needs_mosquitto), "embedded"]
EVERYBODY = (("devices", "plugs"), ("alice", None), ("owner", None), (None, None))


@pytest.fixture(params=KINDS)
async def broker(request, tmp_path):
    settings = BrokerSettings(kind=request.param, guest=True, devices=("zigbee2mqtt/#",))
    async with open_broker(settings, AREA, tmp_path, {**USERS, "devices": "plugs"}) as endpoint:
        yield endpoint


async def delivered(broker, listener, says, topic):
    """Whether what one client says on a topic reaches the other."""

    async def say(_gateway):
        await says.publish(topic, b"x", qos=1)

    return topic in await heard(broker, listener, topic, say)


async def test_devices_hear_each_other_and_the_gateway_on_their_topics(broker):
    async with client(broker, "devices", "plugs") as one, client(broker, "gateway") as gateway:
        assert await delivered(broker, one, one, f"{PLUG}/set")
        assert await delivered(broker, one, gateway, PLUG)


@pytest.mark.parametrize(("user", "password"), EVERYBODY[1:])
async def test_nobody_else_says_or_hears_anything_on_them(broker, user, password):
    async with (
        client(broker, user, password) as other,
        client(broker, "devices", "plugs") as plug,
    ):
        assert not await delivered(broker, plug, other, f"{PLUG}/set")
        assert not await delivered(broker, other, plug, f"{PLUG}/set")


@pytest.mark.parametrize(
    "topic", [f"{BASE}/d/roof/set", f"{BASE}/owner/control", f"{BASE}/status", "tele/plug"]
)
async def test_devices_say_nothing_elsewhere(broker, topic):
    async with (
        client(broker, "devices", "plugs") as plug,
        client(broker, "gateway") as gateway,
    ):
        assert not await delivered(broker, gateway, plug, topic)


@pytest.mark.parametrize("topic", [f"{BASE}/owner/control", f"{BASE}/u/alice/in/x", "tele/plug"])
async def test_devices_hear_nothing_that_is_not_theirs(broker, topic):
    async with (
        client(broker, "devices", "plugs") as plug,
        client(broker, "gateway") as gateway,
    ):
        assert not await delivered(broker, plug, gateway, topic)
        assert await heard(broker, plug, PLUG, nothing) == []
