"""Frames at QoS 0 are what the client library would have sent."""

import itertools
import socket

import paho.mqtt.client as paho
import pytest

from gateway.adapters.mqtt_burst import frame, json_properties
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
