"""A reader's view of a broker, for displays in another process."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiomqtt

from gateway.adapters.mqtt_client import connected, connection, lost, reason, subscribe
from gateway.ports.broker import MqttVersion

_RETRY_S = 0.25
_DEFAULT_PORT = 1883


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


async def watch(  # noqa: PLR0917 - all that a reader is made of
    url: str,
    username: str,
    password: str | None,
    filters: Iterable[str],
    on_message: Callable[[str, bytes], None],
    on_lost: Callable[[str], None] = lambda _: None,
) -> None:
    """Call ``on_message(topic, payload)`` for all that comes; reconnects for ever.

    ``url`` is ``mqtt://host:port``.  ``on_lost(reason)`` tells that there is no connection.  The
    callbacks must neither block nor raise.
    """
    parts = urlsplit(url)
    reader = _Reader(
        host=parts.hostname or "localhost",
        port=parts.port or _DEFAULT_PORT,
        username=username,
        password=password,
    )

    wanted = tuple(filters)

    def receive(message: aiomqtt.Message) -> None:
        on_message(message.topic.value, bytes(message.payload or b""))

    while True:
        on_lost(await _once(reader, receive, wanted))
        await asyncio.sleep(_RETRY_S)


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
