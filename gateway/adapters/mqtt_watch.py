"""A reader's view of a broker, for displays in another process."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import aiomqtt

from gateway.adapters.mqtt_client import connected, connection, lost, reason, subscribe
from gateway.ports.broker import SYSTEM_TRUST, MqttVersion, Trust

_RETRY_S = 0.25
_DEFAULT_PORT, _TLS_PORT = 1883, 8883
_SETTLE_S = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """The oldest common version: a reader needs nothing newer."""

    host: str
    port: int
    username: str
    password: str | None = field(repr=False)
    tls: bool = False
    kind: str = "external"
    protocol: MqttVersion = 4
    alive: bool = True
    trust: Trust = SYSTEM_TRUST


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What one short look at a broker brought.

    Attributes:
        retained: payloads by topic.
        refused: filters that the user may not listen to.
        lost: why there was no connection, empty where there was one.
    """

    retained: Mapping[str, bytes]
    refused: tuple[str, ...] = ()
    lost: str = ""


async def glance(
    url: str,
    username: str,
    password: str | None,
    filters: Iterable[str],
    settle_s: float = _SETTLE_S,
) -> Glance:
    """Everything retained under the filters; it comes at once after subscribing."""
    retained: dict[str, bytes] = {}

    def receive(message: aiomqtt.Message) -> None:
        if message.retain and message.payload:
            retained[message.topic.value] = bytes(message.payload)

    try:
        client = connection(_reader(url, username, password), receive)
        async with connected(client):
            refused = await subscribe(client, tuple(filters))
            await asyncio.sleep(settle_s)
    except (aiomqtt.MqttError, OSError) as error:  # TimeoutError is one of these
        return Glance(retained={}, lost=reason(error))
    return Glance(retained=retained, refused=refused)


async def watch(  # noqa: PLR0917 - all that a reader is made of
    url: str,
    username: str,
    password: str | None,
    filters: Iterable[str],
    on_message: Callable[[str, bytes], None],
    on_lost: Callable[[str], None] = lambda _: None,
    *,
    trust: Trust = SYSTEM_TRUST,
) -> None:
    """Call ``on_message(topic, payload)`` for all that comes; reconnects for ever.

    ``url`` is ``mqtt://host:port``.  ``on_lost(reason)`` tells that there is no connection.  The
    callbacks must neither block nor raise.
    """
    reader = replace(_reader(url, username, password), trust=trust)
    wanted = tuple(filters)

    def receive(message: aiomqtt.Message) -> None:
        on_message(message.topic.value, bytes(message.payload or b""))

    while True:
        on_lost(await _once(reader, receive, wanted))
        await asyncio.sleep(_RETRY_S)


def _reader(url: str, username: str, password: str | None) -> _Reader:
    parts = urlsplit(url)
    tls = parts.scheme == "mqtts"
    return _Reader(
        host=parts.hostname or "localhost",
        port=parts.port or (_TLS_PORT if tls else _DEFAULT_PORT),
        username=username,
        password=password,
        tls=tls,
    )


async def _once(
    reader: _Reader, receive: Callable[[aiomqtt.Message], None], filters: tuple[str, ...]
) -> str:
    """Be connected as long as it goes; returns what ended it."""
    stopping = False
    try:
        client = connection(reader, receive)
        async with connected(client):
            try:
                await subscribe(client, filters)
                await lost(client)
            except asyncio.CancelledError:
                stopping = True
                raise
    except (aiomqtt.MqttError, OSError) as error:
        if stopping:
            raise asyncio.CancelledError from None
        return reason(error)
    return "the connection ended"
