"""amqtt in this process, MQTT 3.1.1, under the same access rules as mosquitto.

amqtt trusts its clients more than we may.  Where it differs from mosquitto, it is overridden:

- retained messages go to any subscriber unasked: filtered on subscribe;
- a will is published unasked: refused to who may not write there;
- a session can be taken over, with its queue, by anybody who knows the client id, and its user
  is changed before the password is looked at: sessions belong to a user and are always clean;
- packets and the backlog of a client that does not read are unbounded: bounded.
"""

import asyncio
import logging
import struct
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog
from amqtt.adapters import ReaderAdapter, StreamReaderAdapter, StreamWriterAdapter, WriterAdapter
from amqtt.broker import Broker, Server
from amqtt.contexts import Action, BrokerConfig, ListenerConfig
from amqtt.errors import AMQTTError, BrokerError, MQTTError, NoDataError
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import ApplicationMessage, Session
from amqtt.utils import gen_client_id

from gateway.adapters.broker_accounts import GATEWAY, Accounts, may_read, may_write
from gateway.adapters.broker_files import MAX_PACKET_BYTES, Listener
from gateway.adapters.broker_mosquitto import connectable
from gateway.model.errors import BrokerUnavailable
from gateway.ports.broker import SYSTEM_TRUST, MqttVersion

_CONNECT_S = 10.0
_STOP_S = 5.0
_MAX_BACKLOG_BYTES = 4 * 1024 * 1024
_NEVER_PAUSE = 2**30  # the backlog is judged by us, not waited for
_OVERRIDDEN = (
    "_authenticate",
    "_cleanup_session",
    "_handle_client_session",
    "_initialize_client_session",
    "_publish_retained_messages_for_subscription",
    "_topic_filtering",
    "stream_connected",
)

_log = structlog.get_logger()


class EmbeddedBroker:
    """Entered, it listens; left, it is gone.

    It shares the event loop: what blocks the gateway blocks its clients.
    """

    kind = "embedded"
    protocol: MqttVersion = 4
    tls = False
    trust = SYSTEM_TRUST
    username = GATEWAY

    def __init__(self, listener: Listener, accounts: Accounts) -> None:
        self.host = connectable(listener.host)
        self.port = listener.port
        self.password: str | None = accounts.passwords[GATEWAY]
        self._listener = listener
        self._accounts = accounts
        self._broker: _GuardedBroker | None = None

    @property
    def alive(self) -> bool:
        """Whether it listens and passes messages on."""
        return self._broker is not None and self._broker.passes_on

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            BrokerUnavailable: it could not, or this version of amqtt cannot be guarded.
        """
        _require_overridden()
        _quieten()
        broker = _GuardedBroker(self._listener, self._accounts)
        try:
            await broker.start()
        except BrokerError as error:
            message = f"amqtt does not listen on {self.host}:{self.port}: {error}"
            raise BrokerUnavailable(message) from error
        self._broker = broker
        _log.info("broker.started", kind=self.kind, host=self.host, port=self.port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up on everybody and stop listening."""
        broker, self._broker = self._broker, None
        if broker is not None:
            with suppress(TimeoutError):  # a client that never says CONNECT may not hold us
                async with asyncio.timeout(_STOP_S):
                    await broker.shutdown()

    async def admit(self, users: Mapping[str, str]) -> None:
        """Go by them from now on, and hang up on whoever is none of them any more."""
        self._accounts = self._accounts.with_users(users)
        if self._broker is not None:
            await self._broker.renew(self._accounts)


class _GuardedBroker(Broker):  # type: ignore[misc]  # amqtt is not typed
    """amqtt with the access rules in all the places where it hands something on."""

    def __init__(self, listener: Listener, accounts: Accounts) -> None:
        default = ListenerConfig(bind=f"{listener.host}:{listener.port}")
        super().__init__(BrokerConfig(listeners={"default": default}, plugins={}))
        self._accounts = accounts
        self._rules = accounts.rules

    @property
    def passes_on(self) -> bool:
        """Whether it was started and its broadcast task still runs."""
        task = self._broadcast_task
        return bool(self.transitions.state == "started") and task is not None and not task.done()

    async def renew(self, accounts: Accounts) -> None:
        """Judge by other accounts, who is connected as well."""
        self._accounts, self._rules = accounts, accounts.rules
        for client_id, (session, _) in list(self._sessions.items()):
            if not accounts.knows(session.username, session.password):
                await self._hang_up(client_id)

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        writer.transport.set_write_buffer_limits(high=_NEVER_PAUSE)
        try:
            await self._client_connected(
                listener_name, _BoundedReader(reader), _BoundedWriter(writer)
            )
        finally:
            writer.close()

    async def _initialize_client_session(
        self,
        reader: ReaderAdapter,
        writer: WriterAdapter,
        remote_address: str,  # noqa: ARG002 - amqtt's signature
        remote_port: int,  # noqa: ARG002
    ) -> tuple[BrokerProtocolHandler, Session]:
        """Read CONNECT, judge it before it touches anything, and make its session the user's."""
        try:
            async with asyncio.timeout(_CONNECT_S):
                handler, session = await BrokerProtocolHandler.init_from_connect(
                    reader, writer, self.plugins_manager
                )
        except (MQTTError, NoDataError, OSError, ValueError, TypeError, struct.error) as error:
            message = f"no CONNECT: {error}"
            raise AMQTTError(message) from error
        if not await self._authenticate(session):
            handler.attach(session, reader, writer)
            await handler.mqtt_connack_authorize(authorize=False)
            message = "unknown user or wrong password"
            raise AMQTTError(message)
        session.clean_session, session.parent = True, 0
        session.client_id = f"{session.username or ''}:{session.client_id or gen_client_id()}"
        session.is_anonymous = not session.username
        if session.will_flag and not self._may_write(session, session.will_topic):
            session.will_flag = False
        await self._hang_up(session.client_id)
        return handler, session

    async def _handle_client_session(  # noqa: PLR0917 - amqtt's signature
        self,
        reader: ReaderAdapter,
        writer: WriterAdapter,
        client_session: Session,
        handler: BrokerProtocolHandler,
        server: Server,
        listener_name: str,
    ) -> None:
        """Serve the client, and leave nothing of it behind."""
        client_id = client_session.client_id
        try:
            await super()._handle_client_session(
                reader, writer, client_session, handler, server, listener_name
            )
        finally:
            if self._sessions.get(client_id, (None, None))[1] is handler:
                await self._cleanup_session(client_id)

    async def _hang_up(self, client_id: str) -> None:
        """End the user's older connection under the same client id."""
        _, handler = self._sessions.get(client_id, (None, None))
        if handler is not None:
            await handler.handle_connection_closed()
        await self._delete_session(client_id)

    async def _authenticate(self, session: Session, _listener: object = None) -> bool:
        return self._accounts.knows(session.username, session.password)

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        """Subscribing is never refused as such, as with mosquitto: delivering is."""
        if action is Action.SUBSCRIBE:
            return True
        if action is Action.PUBLISH:
            return self._may_write(session, topic)
        return self._may_read(session, topic)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Send what is retained under the filter, if the session asked for it and may read it."""
        topic_filter, qos = subscription
        handler = self._get_handler(session)
        asked = any(client is session for client, _ in self._subscriptions.get(topic_filter, ()))
        if handler is None or not asked:
            return
        async with asyncio.TaskGroup() as sending:
            for topic, message in self._retained_messages.items():
                if self._matches(topic, topic_filter) and self._may_read(session, topic):
                    sending.create_task(_deliver(handler, message, qos))

    def _may_read(self, session: Session, topic: str) -> bool:
        return may_read(self._rules, session.username or None, topic, client=_own_id(session))

    def _may_write(self, session: Session, topic: str | None) -> bool:
        client, user = _own_id(session), session.username or None
        return bool(topic) and may_write(self._rules, user, str(topic), client=client)


def _own_id(session: Session) -> str:
    """The client id as the client gave it, without the user that it is kept under."""
    return str(session.client_id or "").partition(":")[2]


class _BoundedReader(StreamReaderAdapter):  # type: ignore[misc]
    """Ends the connection at a packet that is too long to keep."""

    async def read(self, n: int = -1) -> bytes:
        if n > MAX_PACKET_BYTES:
            message = f"a packet of {n} bytes, at most {MAX_PACKET_BYTES} are taken"
            raise ConnectionAbortedError(message)
        data: bytes = await super().read(n)
        return data


class _BoundedWriter(StreamWriterAdapter):  # type: ignore[misc]
    """Hangs up on a client that does not read, rather than keep everything for it."""

    def write(self, data: bytes) -> None:
        transport = self._writer.transport
        if transport.get_write_buffer_size() > _MAX_BACKLOG_BYTES:
            transport.abort()
        if not transport.is_closing():
            super().write(data)


async def _deliver(handler: BrokerProtocolHandler, message: ApplicationMessage, qos: int) -> None:
    """Publish a retained message; a client that goes away meanwhile is no fault."""
    with suppress(AMQTTError, OSError):
        await handler.mqtt_publish(
            message.topic, message.data, min(qos, message.qos or 0), retain=True
        )


def _require_overridden() -> None:
    """An amqtt whose inner names moved would pass everything on unguarded: refuse it."""
    missing = [name for name in _OVERRIDDEN if not hasattr(Broker, name)]
    if missing:
        message = (
            f"this version of amqtt cannot be guarded (it has no {', '.join(missing)}): "
            "install amqtt 0.12 or mosquitto"
        )
        raise BrokerUnavailable(message)


def _quieten() -> None:
    """Do not repeat that amqtt takes every client that goes away for an error."""
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.WARNING)
