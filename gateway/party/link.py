"""The party's MQTT connection: MQTT 5, else 3.1.1, and again for ever."""

import asyncio
import logging
import math
import secrets
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.party.errors import NotAdmitted

_KEEPALIVE_S: Final = 10
_CONFIRMED_S: Final = 5.0
_FIRST_RETRY_S: Final = 0.25
_LAST_RETRY_S: Final = 5.0
_SESSION_S: Final = 60
# Bad user name or password, not authorised: of MQTT 3.1.1 (s.3.2.2.3) and of 5 (s.3.2.2.2).
_NOT_ADMITTED: Final = frozenset({4, 5, 0x86, 0x87, 0x8C})
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_log = logging.getLogger("gridtender.party")


class Away(Exception):
    """There is no connection, or the broker did not confirm in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the broker is and how it is spoken to.

    Attributes:
        url: ``mqtt://host[:port]`` or ``mqtts://host[:port]``.
        ca: file of the authorities that the broker is believed by; empty: the system's.
        certificate, key: files of the party's own certificate; empty: it has none.
        grace_s: a connection that is back so soon leaves no will (MQTT 5), real seconds.
    """

    url: str
    user: str
    password: str | None = None
    ca: str = ""
    certificate: str = ""
    key: str = ""
    grace_s: int = 5

    def __post_init__(self) -> None:
        url = urlsplit(self.url)
        if url.scheme not in _PORTS or not url.hostname:
            message = f"url {self.url!r}: write mqtt://host:1883 or mqtts://host:8883"
            raise ValueError(message)


class Link:
    """Connected as long as it goes.

    Args:
        filters: subscribed to after every connect.
        will: topic and payload that the broker publishes when the party is gone.
        receive: called for each message, in order.
        greet: awaited after every connect, before ``connected`` is set.
    """

    def __init__(
        self,
        address: Address,
        *,
        filters: tuple[str, ...],
        will: tuple[str, bytes],
        receive: Callable[[str, bytes], None],
        greet: Callable[[], Awaitable[None]],
    ) -> None:
        self._address = address
        self._filters = filters
        self._will = will
        self._receive = receive
        self._greet = greet
        # The same at every connect: so the broker knows the session, and holds back the will.
        self._identifier = f"{address.user}-{secrets.token_hex(4)}"
        self._version = aiomqtt.ProtocolVersion.V5
        self._proven = False
        self._client: aiomqtt.Client | None = None
        self.connected = asyncio.Event()

    @property
    def version(self) -> int:
        """The protocol level in use: 4 is MQTT 3.1.1."""
        return int(self._version)

    async def run(self) -> None:
        """Keep connected for ever.

        Raises:
            NotAdmitted: the broker refused the very first connection.
        """
        retry_s = _FIRST_RETRY_S
        while True:
            try:
                await self._be_connected()
            except (aiomqtt.MqttError, OSError, Away) as error:
                was_connected = self.connected.is_set()
                self._judge(error)
                _log.log(
                    logging.WARNING if was_connected else logging.DEBUG,
                    "no connection to %s: %s",
                    self._address.url,
                    error,
                )
                retry_s = _FIRST_RETRY_S if was_connected else min(2 * retry_s, _LAST_RETRY_S)
            finally:
                self.connected.clear()
                self._client = None
            await asyncio.sleep(retry_s)

    async def say(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1; returns when the broker has confirmed it.

        Raises:
            Away: there is no connection, or no confirmation in time.
        """
        client = self._client
        if client is None:
            message = "there is no connection"
            raise Away(message)
        try:
            async with asyncio.timeout(_CONFIRMED_S):
                await client.publish(topic, payload, qos=1, timeout=math.inf)
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise Away(str(error)) from error

    async def _be_connected(self) -> None:
        client = _client(self._address, self._version, self._identifier, self._will)
        async with client:
            self._proven, self._client = True, client
            async with asyncio.timeout(_CONFIRMED_S):
                await client.subscribe([(one, 1) for one in self._filters], timeout=math.inf)
            await self._greet()
            self.connected.set()
            async for message in client.messages:
                self._receive(message.topic.value, bytes(message.payload or b""))

    def _judge(self, error: BaseException) -> None:
        """Give up on a wrong password, and speak the older MQTT where the newer is not known."""
        if self._proven:
            return
        code = getattr(error, "rc", None)
        if getattr(code, "value", code) in _NOT_ADMITTED:
            message = f"{self._address.url} does not admit {self._address.user!r}: {error}"
            raise NotAdmitted(message)
        if self._is_reachable(error):
            older = self._version == aiomqtt.ProtocolVersion.V5
            self._version = aiomqtt.ProtocolVersion.V311 if older else aiomqtt.ProtocolVersion.V5

    @staticmethod
    def _is_reachable(error: BaseException) -> bool:
        """Whether somebody answered, if not in our language."""
        text = str(error).lower()
        return not any(word in text for word in ("refused", "unreachable", "name or service"))


def _client(
    address: Address,
    version: aiomqtt.ProtocolVersion,
    identifier: str,
    will: tuple[str, bytes],
) -> aiomqtt.Client:
    url = urlsplit(address.url)
    five = version == aiomqtt.ProtocolVersion.V5
    return aiomqtt.Client(
        url.hostname or "localhost",
        url.port or _PORTS[url.scheme],
        username=address.user,
        password=address.password,
        identifier=identifier,
        protocol=version,
        keepalive=_KEEPALIVE_S,
        timeout=_CONFIRMED_S,
        # Without it Nagle and delayed acknowledgement make 40 ms of every confirmation.
        socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        tls_context=_tls(address) if url.scheme == "mqtts" else None,
        logger=_silent(),
        will=aiomqtt.Will(*will, qos=1, properties=_late(address.grace_s) if five else None),
        properties=_remembered() if five else None,
        clean_start=False if five else MQTT_CLEAN_START_FIRST_ONLY,
    )


def _late(grace_s: int) -> Properties:
    properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
    properties.WillDelayInterval = grace_s
    return properties


def _remembered() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = _SESSION_S
    return properties


def _tls(address: Address) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=address.ca or None)
    if address.certificate:
        context.load_cert_chain(address.certificate, address.key or None)
    return context


def _silent() -> logging.Logger:
    """The library's own log repeats, as errors, what its exceptions say."""
    logger = logging.getLogger("gridtender.party.mqtt")
    logger.setLevel(logging.CRITICAL)
    logger.propagate = False
    return logger
