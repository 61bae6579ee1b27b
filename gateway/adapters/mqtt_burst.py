"""Publications at QoS 0: framed here, and handed to the client library many in one piece.

Nothing confirms them, so nothing needs the library's bookkeeping for each: with it a publication
costs 150 us of processor time and a system call, in a burst 8 us.  The library still owns the
socket and everything else on it.  One that is made otherwise than this module knows publishes
them one by one.

Source: MQTT 5.0 and 3.1.1, section 3.3.
"""

import asyncio
import inspect
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

import aiomqtt
from paho.mqtt import client as mqtt

from gateway.adapters.mqtt_client import json_properties, publish
from gateway.ports.broker import MqttVersion
from gateway.wire.message import Message

_PUBLISH: Final = 0x30
_RETAIN: Final = 0x01
_MQTT_5: Final = 5
_NO_PROPERTIES: Final = b"\0"
_MORE: Final = 0x80


async def publish_burst(
    client: aiomqtt.Client, messages: Iterable[Message], version: MqttVersion
) -> None:
    """Return when all of them are on their way; order is kept, also towards other packets.

    With the connection lost it does not return: whoever waits for the loss ends it.

    Raises:
        aiomqtt.MqttError: the connection is gone.
    """
    if not takes_bursts():
        for message in messages:
            await publish(client, message, version)
        return
    written = _Written()
    burst = b"".join([frame(message, version) for message in messages])
    # One packet to the library, which tells its end but looks for no identifier at QoS 0.
    client._client._packet_queue(_PUBLISH, burst, 0, 0, written)  # type: ignore[arg-type]  # noqa: SLF001
    await written.all


def frame(message: Message, version: MqttVersion) -> bytes:
    """A PUBLISH packet at QoS 0."""
    expiry_s = message.expiry_s if message.payload else None
    head = _head(message.topic, expiry_s, bool(message.payload), version)
    first = bytes((_PUBLISH | (_RETAIN if message.retain else 0),))
    return b"".join((first, _length(len(head) + len(message.payload)), head, message.payload))


@cache
def takes_bursts() -> bool:
    """Whether the client library has the queue of packets that is used here."""
    queue = getattr(mqtt.Client, "_packet_queue", None)
    known = ["self", "command", "packet", "mid", "qos", "info"]
    tells = hasattr(mqtt.MQTTMessageInfo, "_set_as_published")
    return queue is not None and tells and [*inspect.signature(queue).parameters] == known


class _Written:
    """Takes the place of what the library marks when a packet at QoS 0 has gone out."""

    def __init__(self) -> None:
        self.all: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def _set_as_published(self) -> None:
        if not self.all.done():
            self.all.set_result(None)


@lru_cache(maxsize=4096)
def _head(topic: str, expiry_s: int | None, has_payload: bool, version: MqttVersion) -> bytes:  # noqa: FBT001
    name = topic.encode()
    return len(name).to_bytes(2, "big") + name + _packed(expiry_s, has_payload, version)


def _packed(expiry_s: int | None, has_payload: bool, version: MqttVersion) -> bytes:  # noqa: FBT001
    if version != _MQTT_5:
        return b""
    if not has_payload:
        return _NO_PROPERTIES
    packed: bytes = json_properties(expiry_s).pack()  # type: ignore[no-untyped-call]
    return packed


def _length(size: int) -> bytes:
    """A variable byte integer: seven bits a byte, the least first."""
    digits = bytearray()
    while size >= _MORE:
        digits.append(size % _MORE | _MORE)
        size //= _MORE
    digits.append(size)
    return bytes(digits)
