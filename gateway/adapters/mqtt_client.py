"""One MQTT connection, made the way this project needs it."""

import asyncio
import logging
import math
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Final

import aiomqtt
from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.model.errors import BrokerUnavailable
from gateway.ports.broker import BrokerEndpoint, MqttVersion, Trust
from gateway.wire.message import Message

KEEPALIVE_S: Final = 10
ANSWER_S: Final = 5.0
"""How long a broker may take to confirm anything before it counts as hung."""

_SESSION_TAKEN_OVER: Final = 0x8E
_REFUSED: Final = 0x80
_MQTT_5: Final = 5


def connection(
    endpoint: BrokerEndpoint,
    receive: Callable[[aiomqtt.Message], None],
    *,
    identifier: str | None = None,
    will: Message | None = None,
    ca: str | None = None,
) -> aiomqtt.Client:
    """A client that is not yet connected.

    ``receive`` is called for each message and must neither block nor raise.  ``ca`` is the file
    of the authorities that a broker with TLS is believed by; None = those of the system.

    Raises:
        BrokerUnavailable: the file cannot be read or holds no certificate.
    """
    client = _Client(
        endpoint.host,
        endpoint.port,
        username=endpoint.username or None,
        password=endpoint.password,
        identifier=identifier,
        protocol=_version(endpoint.protocol),
        keepalive=KEEPALIVE_S,
        timeout=ANSWER_S,
        # Without it Nagle and delayed acknowledgement make 40 ms of every confirmation.
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        tls_context=_context(_trust(endpoint, ca)) if endpoint.tls else None,
        queue_type=_calling(receive),
        logger=_silent(),
        will=None
        if will is None
        else aiomqtt.Will(will.topic, will.payload, will.qos, will.retain),
    )
    client.pending_calls_threshold = 1000
    return client


def largest_packet(client: aiomqtt.Client) -> int | None:
    """The most bytes of one packet that the broker takes, where it said so (MQTT 5)."""
    return client.largest if isinstance(client, _Client) else None


async def publish(client: aiomqtt.Client, message: Message, version: MqttVersion) -> None:
    """Return when the message is confirmed (QoS 1) or on its way (QoS 0).

    Raises:
        aiomqtt.MqttError: the connection is gone.
        TimeoutError: the broker hangs.
    """
    five = version == _MQTT_5 and message.payload
    properties = _properties(message) if five else None
    wanted = client.publish(
        message.topic,
        message.payload,
        qos=message.qos,
        retain=message.retain,
        properties=properties,
        timeout=math.inf,
    )
    if not message.qos:
        # Nothing confirms it: a hung broker is noticed by the keepalive.
        await wanted
        return
    async with asyncio.timeout(ANSWER_S):
        await wanted


def _properties(message: Message) -> Properties:
    if not message.correlation:
        return json_properties(message.expiry_s)
    properties = _new_properties(message.expiry_s)
    properties.CorrelationData = message.correlation
    return properties


@lru_cache(maxsize=64)
def json_properties(expiry_s: int | None) -> Properties:
    """That the payload is JSON, and how long the broker may keep it (MQTT 5)."""
    return _new_properties(expiry_s)


def _new_properties(expiry_s: int | None) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = "application/json"
    properties.PayloadFormatIndicator = 1
    if expiry_s is not None:
        properties.MessageExpiryInterval = expiry_s
    return properties


async def subscribe(client: aiomqtt.Client, filters: tuple[str, ...]) -> tuple[str, ...]:
    """Subscribe at QoS 1; returns the filters the broker refused.

    Raises:
        aiomqtt.MqttError: the connection is gone.
        TimeoutError: the broker hangs.
    """
    async with asyncio.timeout(ANSWER_S):
        codes = await client.subscribe([(one, 1) for one in filters], timeout=math.inf)
    values = [code if isinstance(code, int) else code.value for code in codes]
    return tuple(one for one, code in zip(filters, values, strict=True) if code >= _REFUSED)


def leaves_out_own(version: MqttVersion) -> bool:
    """Whether ``subscribe_to_others`` brings nothing that we publish meanwhile."""
    return version == _MQTT_5


async def subscribe_to_others(
    client: aiomqtt.Client, filters: tuple[str, ...], version: MqttVersion
) -> None:
    """Subscribe to what others publish, and to what is retained, our own as well.

    MQTT 3.1.1 brings back what is published meanwhile too.

    Raises:
        aiomqtt.MqttError: the connection is gone.
        TimeoutError: the broker hangs.
    """
    if not leaves_out_own(version):
        await subscribe(client, filters)
        return
    options = SubscribeOptions(qos=1, noLocal=True)
    async with asyncio.timeout(ANSWER_S):
        await client.subscribe([(one, options) for one in filters], timeout=math.inf)


async def unsubscribe(client: aiomqtt.Client, filters: tuple[str, ...]) -> None:
    """Hear no more of the filters.

    Raises:
        aiomqtt.MqttError: the connection is gone.
        TimeoutError: the broker hangs.
    """
    async with asyncio.timeout(ANSWER_S):
        await client.unsubscribe(list(filters), timeout=math.inf)


@asynccontextmanager
async def connected(client: aiomqtt.Client) -> AsyncIterator[None]:
    """Connected while inside; as ``async with client``, and a cancellation is never lost.

    ``asyncio.wait_for`` of Python 3.11 swallows a cancellation that meets its result.  The
    library uses it to connect; its other calls are made here with timeouts of our own.
    """
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()
    async with client:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError
        yield


async def lost(client: aiomqtt.Client) -> None:
    """Wait until the connection is lost.

    Raises:
        aiomqtt.MqttError: always, with the reason.
    """
    async for _ in client.messages:  # the queue hands on at once and never holds anything
        pass


def taken_over(error: BaseException) -> bool:
    """Whether the broker said that another client connected with the same id (MQTT 5)."""
    if isinstance(error, BaseExceptionGroup):
        return any(taken_over(inner) for inner in error.exceptions)
    code = getattr(error, "rc", None)
    if getattr(code, "value", code) == _SESSION_TAKEN_OVER:
        return True
    return error.__cause__ is not None and taken_over(error.__cause__)


def reason(error: BaseException) -> str:
    """What the broker or the socket said, for a person."""
    if isinstance(error, BaseExceptionGroup):
        return reason(error.exceptions[0])
    if error.__cause__ is not None:
        return reason(error.__cause__)
    return str(error) or type(error).__name__


class _Client(aiomqtt.Client):
    """Remembers what the library does not tell of the broker's answer to CONNECT."""

    largest: int | None = None

    def _on_connect(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: mqtt.ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.largest = getattr(properties, "MaximumPacketSize", None)
        super()._on_connect(client, userdata, flags, reason_code, properties)


def _trust(endpoint: BrokerEndpoint, ca: str | None) -> Trust:
    return endpoint.trust if ca is None else replace(endpoint.trust, ca=ca)


def _context(trust: Trust) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=trust.ca)
    except OSError as error:  # of the system as well as what is in the file
        message = f"the certificates in {trust.ca} cannot be used: {error.strerror or error}"
        raise BrokerUnavailable(message) from None
    if trust.certificate is not None:
        try:
            context.load_cert_chain(trust.certificate, trust.key)
        except OSError as error:
            message = (
                f"the certificate {trust.certificate} with the key {trust.key} cannot be used: "
                f"{error.strerror or error}"
            )
            raise BrokerUnavailable(message) from None
    return context


def _silent() -> logging.Logger:
    """The library's own log repeats, as errors, what its exceptions say."""
    logger = logging.getLogger("gridtender.mqtt.client")
    logger.setLevel(logging.CRITICAL)
    logger.propagate = False
    return logger


def _version(version: MqttVersion) -> aiomqtt.ProtocolVersion:
    return aiomqtt.ProtocolVersion(version)


def _calling(receive: Callable[[aiomqtt.Message], None]) -> type[asyncio.Queue[aiomqtt.Message]]:
    class Dispatch(asyncio.Queue[aiomqtt.Message]):
        """Calls instead of queueing: a task per message would cost more than the message."""

        def put_nowait(self, item: aiomqtt.Message) -> None:
            receive(item)

    return Dispatch
