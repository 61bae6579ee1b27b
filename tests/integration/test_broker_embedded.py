"""What amqtt does not bound by itself, the gateway's in-process broker does."""

import asyncio
import os
import socket

import aiomqtt
import pytest

from gateway.adapters.broker import open_broker
from gateway.model.site import BrokerSettings

pytestmark = pytest.mark.integration

BASE = "rmf/1/home"
CONNECT = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01x"
CONNACK = b"\x20\x02\x00\x00"
SUBSCRIBE_ALL = b"\x82\x06\x00\x01\x00\x01#\x00"


@pytest.fixture
async def broker(tmp_path):
    settings = BrokerSettings(kind="embedded")
    async with open_broker(settings, "home", tmp_path, {}) as endpoint:
        yield endpoint


def gateway(broker):
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.username,
        password=broker.password,
        protocol=aiomqtt.ProtocolVersion.V311,
        timeout=5,
    )


async def test_a_client_that_does_not_read_is_hung_up_on(broker):
    """Its backlog stays within a few megabytes, whatever is published."""
    loop = asyncio.get_running_loop()
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.setblocking(False)
        await loop.sock_connect(lazy, (broker.host, broker.port))
        await loop.sock_sendall(lazy, CONNECT + SUBSCRIBE_ALL)
        assert await loop.sock_recv(lazy, 4) == CONNACK
        async with gateway(broker) as publisher, asyncio.timeout(20):
            while len(broker._broker.sessions) > 1:
                await publisher.publish(f"{BASE}/m/ref", os.urandom(200_000), qos=1)

    assert broker.alive


async def test_a_packet_too_long_to_keep_ends_its_connection(broker):
    reader, writer = await asyncio.open_connection(broker.host, broker.port)
    announced = b"\x30\xff\xff\xff\x7f\x00\x01x"  # a PUBLISH of 256 MB
    writer.write(CONNECT + announced)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()

    assert answer == CONNACK
    assert broker.alive


async def test_nothing_is_kept_of_clients_that_are_gone_or_were_refused(broker):
    for username, password in ((None, None), ("gateway", "guess")):
        for _ in range(3):
            guest = aiomqtt.Client(
                broker.host,
                broker.port,
                username=username,
                password=password,
                protocol=aiomqtt.ProtocolVersion.V311,
                timeout=5,
            )
            try:
                async with guest:
                    await guest.subscribe("#")
            except aiomqtt.MqttError:
                assert username == "gateway"

    async with asyncio.timeout(5):
        while broker._broker.sessions or broker._broker.subscriptions:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_after_leaving_it_is_gone(tmp_path):
    async with open_broker(BrokerSettings(kind="embedded"), "home", tmp_path, {}) as broker:
        assert broker.alive
        _, silent = await asyncio.open_connection(broker.host, broker.port)

    assert not broker.alive
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(broker.host, broker.port)
    silent.close()
