"""A broker as the line of devices that speak MQTT: the newest message of each of their topics.

A connection of its own, beside the one that mirrors the house: another broker may be meant, and
a device's talk must not wait behind the mirror.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, NoReturn, Self
from urllib.parse import parse_qs, urlsplit

import aiomqtt
import structlog

from gateway.adapters.broker import ExternalBroker
from gateway.adapters.mqtt_client import connected, connection, lost, reason, subscribe
from gateway.model.errors import BrokerUnavailable, DeviceMisbehaves, DeviceUnavailable
from gateway.model.time import Duration, Instant, in_seconds
from gateway.ports.clock import Clock
from gateway.ports.line import HOLDING, WRITE_REGISTERS, Block
from gateway.ports.messages import Heard

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_FIRST_RETRY_S = 0.25
_LAST_RETRY_S = 5.0
_STABLE_S = 60.0
_MOST_BYTES = 65_536  # of one message; what a device tells is smaller by far


def open_mqtt(url: str, clock: Clock) -> "BrokerLine":
    """A line factory for ``mqtt://`` and ``mqtts://HOST:PORT?user=U&password_file=F&ca=F``."""
    return BrokerLine(Address.of(url), clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the broker is, and as whom; the password is read at every connect."""

    broker: ExternalBroker
    password_file: Path | None
    ca: str | None

    @classmethod
    def of(cls, url: str) -> Self:
        """The parts of a URL that the configuration has checked."""
        parts = urlsplit(url)
        given = parse_qs(parts.query)
        file = given.get("password_file", [""])[0]
        broker = ExternalBroker(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            tls=parts.scheme == "mqtts",
            username=given.get("user", [""])[0],
            password=None,
            protocol=4,  # every broker speaks it, and nothing newer is needed here
        )
        ca = given.get("ca", [None])[0]
        return cls(broker=broker, password_file=Path(file) if file else None, ca=ca)

    def endpoint(self) -> ExternalBroker:
        """With its password, None where the file is empty.

        Raises:
            OSError: the password file cannot be read (a broker of our own makes it).
        """
        if self.password_file is None:
            return self.broker
        return replace(self.broker, password=self.password_file.read_text("utf-8").strip() or None)

    def __str__(self) -> str:
        return f"{self.broker.host}:{self.broker.port}"


class BrokerLine:
    """Implements the messages port, and of the line port what every line has."""

    def __init__(self, address: Address, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._topics: set[str] = set()
        self._newest: dict[str, Heard] = {}
        self._client: aiomqtt.Client | None = None
        self._asked = asyncio.Event()
        self._tasks = asyncio.TaskGroup()
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._wanted = asyncio.Event()
        self._away = f"the broker at {address} was not reached yet"
        self._told = ""
        self._log = structlog.get_logger().bind(broker=str(address))

    @property
    def away(self) -> str:
        """Why the broker does not hear us; empty while it does."""
        return "" if self._client is not None else self._away

    def now(self) -> Instant:
        """By the wall clock."""
        return self._clock.now()

    def age(self, heard: Heard) -> Duration:
        """How long ago the message arrived, whatever became of the wall clock."""
        return Duration(self._clock.monotonic() - heard.since)

    def listen(self, topics: Collection[str]) -> None:
        """Keep the newest message of these topics from now on."""
        self._asked.set()
        if not self._topics.issuperset(topics):
            self._topics.update(topics)
            self._wanted.set()

    def newest(self, topic: str) -> Heard | None:
        """The newest message, None where there was none or an empty one."""
        return self._newest.get(topic)

    async def publish(self, topic: str, payload: str, *, timeout: Duration) -> None:
        """Return when the broker has confirmed it.

        Raises:
            DeviceUnavailable: there is no connection, or no confirmation in time.
        """
        self.listen(())
        await self.until(lambda: self._client is not None, timeout=timeout)
        if self._client is None:
            raise DeviceUnavailable(self._away)
        try:
            async with asyncio.timeout(in_seconds(timeout)):
                await self._client.publish(topic, payload, qos=1, timeout=in_seconds(timeout))
        except (aiomqtt.MqttError, TimeoutError) as error:
            message = f"the broker at {self._address} did not take {topic}: {reason(error)}"
            raise DeviceUnavailable(message) from error

    async def until(self, satisfied: Callable[[], bool], *, timeout: Duration) -> bool:
        """Wait for messages until the condition holds; whether it does in the end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(in_seconds(timeout)):
                while not satisfied():
                    self._news.clear()
                    await self._news.wait()
        return satisfied()

    async def read(
        self, unit: int, address: int, count: int, *, timeout: Duration, function: int = HOLDING
    ) -> Block:
        """Nothing here has registers.

        Raises:
            DeviceMisbehaves: always.
        """
        del unit, address, count, timeout, function
        self._no_registers()

    async def write(
        self,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int = WRITE_REGISTERS,
    ) -> None:
        """Nothing here has registers.

        Raises:
            DeviceMisbehaves: always.
        """
        del unit, address, words, timeout, function
        self._no_registers()

    def _no_registers(self) -> NoReturn:
        message = f"the broker at {self._address} speaks MQTT, not Modbus: set driver: mqtt"
        raise DeviceMisbehaves(message)

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._task = self._tasks.create_task(self._keep_connected(), name="mqtt[devices]")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
        await self._tasks.__aexit__(kind, error, trace)

    async def _keep_connected(self) -> None:
        await self._asked.wait()
        retry_s, loop = _FIRST_RETRY_S, asyncio.get_running_loop()
        while True:
            began = loop.time()
            error: BaseException = aiomqtt.MqttError("the connection ended")
            try:
                await self._be_connected()
            except* (aiomqtt.MqttError, OSError, BrokerUnavailable, UnicodeError) as group:
                error = group
            was_connected, self._client = self._client is not None, None
            self._report(error, was_connected=was_connected)
            # A broker that hangs up at once is not hurried: only a stable minute counts.
            retry_s = _FIRST_RETRY_S if loop.time() - began > _STABLE_S else retry_s
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, _LAST_RETRY_S)

    async def _be_connected(self) -> None:
        # An id of this life alone: nobody else has it, so nobody is hung up for it.
        identifier = f"gridtender-devices-{secrets.token_hex(6)}"
        endpoint, ca = self._address.endpoint(), self._address.ca
        client = connection(endpoint, self._receive, identifier=identifier, ca=ca)
        async with connected(client):
            self._client, self._told = client, ""
            self._log.info("fieldbroker.connected")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(lost(client), name="mqtt[devices-watch]")
                tasks.create_task(self._subscribe(client), name="mqtt[devices-subscribe]")

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        """Everything that is listened to, and what is added meanwhile."""
        done: set[str] = set()
        while True:
            self._wanted.clear()
            new = tuple(sorted(self._topics - done))
            if new:
                for refused in await subscribe(client, new):
                    self._log.error("fieldbroker.subscription_refused", topic=refused)
                done.update(new)
            self._news.set()
            await self._wanted.wait()

    def _receive(self, message: aiomqtt.Message) -> None:
        topic, payload = message.topic.value, bytes(message.payload or b"")
        before = self._newest.get(topic)
        if len(payload) > _MOST_BYTES:
            self._log.warning("fieldbroker.message_ignored", topic=topic, bytes=len(payload))
        elif not payload:
            self._newest.pop(topic, None)  # the broker was told to forget it
        elif message.retain and before is not None and before.payload == payload:
            pass  # heard when it was new, whose age is known
        else:
            since = self._clock.monotonic()
            self._newest[topic] = Heard(payload, since, retained=bool(message.retain))
        self._news.set()

    def _report(self, error: BaseException, *, was_connected: bool) -> None:
        why = reason(error)
        self._away = f"the broker at {self._address} is away: {why}"
        if was_connected:
            self._log.warning("fieldbroker.lost", reason=why)
        elif why != self._told:
            self._log.warning("fieldbroker.unreachable", reason=why)
        self._told = why
        self._news.set()
