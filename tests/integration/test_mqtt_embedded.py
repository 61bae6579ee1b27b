"""The adapter on the in-process broker, which speaks MQTT 3.1.1 only."""

import asyncio
import json

import aiomqtt
import pytest

from gateway.adapters.broker import open_broker
from gateway.adapters.clock import WallClock
from gateway.adapters.installation import client_id
from gateway.adapters.mqtt import MqttAdapter
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.site import BrokerSettings
from gateway.wire.border import border
from gateway.wire.mirror import Mirror
from scripts.mqtt_docs import SITE

pytest.importorskip("amqtt")
pytestmark = pytest.mark.integration

DEADLINE_S = 15.0


class DeafExchange:
    """Nobody may get as far as here."""

    async def handle(self, request):
        raise AssertionError(request)

    async def owner(self, request):
        raise AssertionError(request)

    def hear(self, party):
        pass

    def price(self, heard):
        raise AssertionError(heard)


async def test_state_is_mirrored_and_a_bad_request_answered(tmp_path):
    clock = WallClock()
    settings = BrokerSettings(kind="embedded", guest=True)
    async with open_broker(settings, "home", tmp_path, {}) as broker:
        adapter = MqttAdapter(
            endpoint=broker,
            identifier=client_id("home", str(tmp_path)),
            mirror=Mirror(SITE),
            border=border(SITE),
            exchange=DeafExchange(),
            clock=clock,
        )
        task = asyncio.get_running_loop().create_task(adapter.run())
        try:
            async with asyncio.timeout(DEADLINE_S):
                await adapter.connected.wait()
                adapter.listen(Reading(device="roof", at=clock.now(), flows={POWER: -5.0}))
                heard = await conversation(broker)
        finally:
            task.cancel()
            await asyncio.wait([task])
    assert heard["rmf/1/home/status"]["status"] == "online"
    assert heard["rmf/1/home/d/roof/reading"]["flows"] == {"POWER": -5}
    assert heard["rmf/1/home/u/guest/in/created-tender"]["response"]["responseCode"] == 400
    assert task.cancelled()


async def conversation(broker):
    """What guest hears until the last of three topics has spoken."""
    wanted = {"status", "d/roof/reading", "u/guest/in/created-tender"}
    heard = {}
    async with aiomqtt.Client(
        broker.host, broker.port, username="guest", password="guest"
    ) as guest:
        await guest.subscribe("rmf/1/home/#", qos=1)
        await guest.publish("rmf/1/home/u/guest/req/power/create-tender", b"[]", qos=1)
        async for message in guest.messages:
            heard[message.topic.value] = json.loads(message.payload)
            if {f"rmf/1/home/{one}" for one in wanted} <= set(heard):
                break
    return heard
