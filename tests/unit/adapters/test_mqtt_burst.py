"""Frames at QoS 0 are what the client library would have sent; it may be another one."""

import asyncio
import itertools
import math
import socket

import paho.mqtt.client as paho
import pytest

from gateway.adapters.mqtt_burst import frame, publish_burst, takes_bursts
from gateway.adapters.mqtt_client import json_properties
from gateway.wire.message import Message


def sent_by_the_library(message, version):
    """The bytes that paho writes for the same publication."""
    near, far = socket.socketpair()
    with near, far:
        protocol = paho.MQTTProtocolVersion(version)
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=protocol)
        client._sock = near
        properties = json_properties(message.expiry_s) if version == 5 and message.payload else None
        client.publish(message.topic, message.payload, 0, message.retain, properties)
        client._sock = None
        return far.recv(100_000)


MESSAGES = [
    Message(topic, payload, qos=0, retain=retain, expiry_s=expiry_s)
    for topic, payload, retain, expiry_s in itertools.product(
        ("a", "rmf/1/home/d/roof/reading", "\u00e4/\u2603"),
        (b"", b"{}", b"x" * 200, b"y" * 20_000),
        (True, False),
        (None, 60),
    )
]


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: f"{m.topic}-{len(m.payload)}")
def test_frame_is_byte_for_byte_the_librarys(message, version):
    assert frame(message, version) == sent_by_the_library(message, version)


class Client:
    """Publishes, and has nothing else."""

    def __init__(self):
        self.published = []

    async def publish(self, topic, payload, *, qos, retain, properties, timeout):
        assert (qos, timeout) == (0, math.inf)
        self.published.append((topic, payload, retain, properties is not None))


@pytest.fixture
def remade(request, monkeypatch):
    """A client library whose inside is another one."""
    request.param(monkeypatch)
    takes_bursts.cache_clear()
    yield
    takes_bursts.cache_clear()


@pytest.mark.parametrize(
    "remade",
    [
        lambda patch: patch.delattr(paho.Client, "_packet_queue"),
        lambda patch: patch.setattr(paho.Client, "_packet_queue", lambda _self, _packet: None),
        lambda patch: patch.delattr(paho.MQTTMessageInfo, "_set_as_published"),
    ],
    ids=["no queue", "another queue", "nothing told"],
    indirect=True,
)
def test_with_a_library_made_otherwise_each_is_published_by_itself(remade):
    client = Client()
    asyncio.run(publish_burst(client, MESSAGES, 5))
    assert client.published == [
        (one.topic, one.payload, one.retain, bool(one.payload)) for one in MESSAGES
    ]


def test_the_library_of_today_takes_bursts():
    assert takes_bursts()
