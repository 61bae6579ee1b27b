"""MQTT: the house mirrored to a broker, and the door for parties outside.

The house never waits for it.  Facts go into an outbox; a loop keeps connecting for ever.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace

import aiomqtt
import structlog

from gateway.adapters.mqtt_burst import publish_burst
from gateway.adapters.mqtt_client import (
    connected,
    connection,
    largest_packet,
    leaves_out_own,
    lost,
    publish,
    reason,
    subscribe,
    subscribe_to_others,
    taken_over,
    unsubscribe,
)
from gateway.adapters.mqtt_ghosts import Ghosts
from gateway.adapters.mqtt_inbox import Inbox
from gateway.adapters.mqtt_newcomers import Newcomers
from gateway.adapters.mqtt_outbox import Outbox
from gateway.adapters.mqtt_reply_to import NOWHERE_ELSE, ReplyTo, reply_to
from gateway.model.admittance import AskRegistration, ConsentGiven, RegistrationTold
from gateway.model.delivered import AskDelivery
from gateway.model.errors import GridtenderError
from gateway.model.event import Detail, Fact, ProductsChanged, Refused, ResponseCode
from gateway.model.forecast import OutsideForecast, TakenBack
from gateway.model.request import (
    LimitRequest,
    OwnerRequest,
    PartyLeft,
    PriceHeard,
    Request,
    WishRequest,
)
from gateway.ports.broker import BrokerEndpoint
from gateway.ports.clock import Clock
from gateway.ports.exchange import Exchange
from gateway.wire.border import Border
from gateway.wire.filters import matches
from gateway.wire.home_assistant import HomeAssistant
from gateway.wire.message import Message
from gateway.wire.mirror import Mirror
from gateway.wire.newcomers import registration_message
from gateway.wire.operations import operation_of
from gateway.wire.replies import refusal_message, reply_message
from gateway.wire.requests import Acknowledged, Answer, Ignored, PartyThere, parse

# Enough to keep a broker busy that confirms each message only after 40 ms.
_WRITERS = 32
_FIRST_RETRY_S = 0.25
_LAST_RETRY_S = 5.0
_STABLE_S = 60.0
_SWEEP_S = 2.0
_GOODBYE_S = 1.0
_SHORT_S = 15.0
_SHORT_LIVES_TO_SUSPECT = 3
_ENVELOPE = 64  # bytes of a PUBLISH beside topic and payload, rather too many
_OWN_FAULT = "a fault of the gateway's own; its log has the traceback"
_OfOwner = OwnerRequest | LimitRequest | WishRequest | ConsentGiven
_Wish = Request | _OfOwner | PartyLeft | AskRegistration
_UNANSWERED = (OwnerRequest, LimitRequest, WishRequest, PartyLeft, AskRegistration, ConsentGiven)


class MqttAdapter:
    """Mirrors every fact to the broker and brings parties' requests to the exchange.

    Args:
        endpoint: where the broker is; its address is asked anew at every connect.
        identifier: the MQTT client id.
        min_interval_s: at least so long between two mirrored messages on one topic, real time
            (0.2 when the clock runs faster than real time, else 0).
        on_overflow: called when undelivered pushes begin to be dropped.
        assistant: what Home Assistant is told; None = it is neither told nor listened to.
    """

    def __init__(
        self,
        *,
        endpoint: BrokerEndpoint,
        identifier: str,
        mirror: Mirror,
        border: Border,
        exchange: Exchange,
        clock: Clock,
        min_interval_s: float = 0.0,
        on_overflow: Callable[[int], None] = lambda _: None,
        assistant: HomeAssistant | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._own_id = self._identifier = identifier
        self._mirror = mirror
        self._border = border
        self._exchange = exchange
        self._clock = clock
        self._on_overflow = on_overflow
        self._assistant = assistant
        self._outbox = Outbox(min_interval_s=min_interval_s)
        self._ghosts = Ghosts(self._outbox, border, assistant)
        self._inbox: Inbox[tuple[_Wish, ReplyTo]] | None = None
        self._newcomers = Newcomers()
        self._log = structlog.get_logger()
        self._short_lives = 0
        self._told = ""
        self._stopping = False
        self.connected = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many messages the broker has not taken yet."""
        return self._outbox.waiting

    def listen(self, fact: Fact) -> None:
        """The bus listener: puts the fact's messages into the outbox, and returns."""
        if isinstance(fact, ProductsChanged):
            self._trade(fact)
        for message in self._mirror.messages(fact, self._clock.now()):
            self._put(message)

    def _trade(self, changed: ProductsChanged) -> None:
        """Take requests about these products, and clear what is retained and told no more."""
        self._border = replace(self._border, products={one.id: one for one in changed.products})
        topics = self._border.topics
        gone = [
            *(topics.of_product(product) for product in changed.gone),
            *(topics.forward(one.id) for one in changed.products if one.ahead is None),
            *(
                topics.price(one.id, "+")
                for one in changed.products
                if "session" not in one.publish
            ),
        ]
        for topic in self._outbox.retained:
            if any(matches(one, topic) for one in gone):
                self._put(Message(topic, b"", retain=True))

    async def run(self) -> None:
        """Keep connected for ever; a missing broker is waited for, never an error."""
        self._stopping = False
        for message in self._mirror.standing():
            # What a device has told meanwhile is more than what stands without asking it.
            if not self._outbox.retains(message.topic):
                self._outbox.put(message)
        async with asyncio.TaskGroup() as parties:
            self._inbox = Inbox(parties, self._handle)
            await self._keep_connected()

    async def _keep_connected(self) -> None:
        retry_s = _FIRST_RETRY_S
        loop = asyncio.get_running_loop()
        while True:
            begin = loop.time()
            error = await self._connection_error()
            stable = self.connected.is_set() and loop.time() - begin > _STABLE_S
            retry_s = _FIRST_RETRY_S if stable else retry_s
            self._report(error, loop.time() - begin, retry_s)
            self.connected.clear()
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, _LAST_RETRY_S)

    async def _connection_error(self) -> BaseException:
        """Be connected as long as it goes, and return what ended it."""
        error: BaseException = aiomqtt.MqttError("the connection ended")
        try:
            await self._be_connected()
        except* (aiomqtt.MqttError, OSError) as group:
            error = group
        if self._stopping:
            # A goodbye that failed must not hide that we were asked to stop.
            raise asyncio.CancelledError
        return error

    async def _be_connected(self) -> None:
        client = connection(
            self._endpoint, self._hear, identifier=self._identifier, will=self._mirror.will()
        )
        async with connected(client):
            try:
                await self._introduce(client)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(lost(client), name="mqtt[watch]")
                    tasks.create_task(self._sweep(client), name="mqtt[sweep]")
                    tasks.create_task(self._write_bursts(client), name="mqtt[bursts]")
                    for number in range(_WRITERS):
                        tasks.create_task(self._write(client), name=f"mqtt[writer-{number}]")
            except asyncio.CancelledError:
                self._stopping = True
                async with asyncio.timeout(_GOODBYE_S):
                    await self._say_goodbye(client)
                raise

    async def _say_goodbye(self, client: aiomqtt.Client) -> None:
        """Clear what ends with this run, then say offline: that one is confirmed."""
        for topic in self._outbox.retained:
            if any(matches(one, topic) for one in self._border.topics.passing):
                cleared = Message(topic, b"", qos=0, retain=True)
                await publish(client, cleared, self._endpoint.protocol)
        await publish(client, self._mirror.will(), self._endpoint.protocol)

    async def _introduce(self, client: aiomqtt.Client) -> None:
        birth = () if self._assistant is None else (self._assistant.birth,)
        wanted = (*self._border.listened, *sorted(self._border.prices), *birth)
        for refused in await subscribe(client, wanted):
            self._log.error("mqtt.subscription_refused", topic=refused)
        await publish(client, self._mirror.birth(self._clock.now()), self._endpoint.protocol)
        self._outbox.replay()
        self.connected.set()
        self._log.info("mqtt.connected", host=self._endpoint.host, port=self._endpoint.port)

    async def _write(self, client: aiomqtt.Client) -> None:
        while True:
            message = await self._outbox.take()
            if self._fits(client, message):
                await publish(client, message, self._endpoint.protocol)
            self._outbox.done(message)

    async def _write_bursts(self, client: aiomqtt.Client) -> None:
        while True:
            burst = [m for m in await self._outbox.take_burst() if self._fits(client, m)]
            if burst:
                await publish_burst(client, burst, self._endpoint.protocol)

    def _fits(self, client: aiomqtt.Client, message: Message) -> bool:
        """Whether the broker takes it; for one that it does not it would hang up for ever."""
        most = largest_packet(client)
        size = len(message.payload)
        beside = len(message.topic) + len(message.correlation) + _ENVELOPE
        if most is None or size + beside <= most:
            return True
        self._log.error("mqtt.too_large", topic=message.topic, bytes=size, broker_takes=most)
        return False

    async def _sweep(self, client: aiomqtt.Client) -> None:
        """Hear for a moment what is retained in our name, so that ghosts are cleared."""
        self._ghosts.begin()
        filters = self._ghosts.filters
        await subscribe_to_others(client, filters, self._endpoint.protocol)
        await asyncio.sleep(_SWEEP_S)
        await unsubscribe(client, filters)
        self._ghosts.end()

    def _hear(self, message: aiomqtt.Message) -> None:
        """A message that the gateway fails at may come again at once: it stays connected."""
        try:
            self._receive(message)
        except Exception:  # noqa: BLE001 - whoever publishes must not cost others the connection
            self._log.exception("mqtt.message_failed", topic=message.topic.value)

    def _receive(self, message: aiomqtt.Message) -> None:
        topic, payload = message.topic.value, bytes(message.payload or b"")
        own_back = not leaves_out_own(self._endpoint.protocol)
        if self._ghosts.hear(topic, payload, retained=message.retain, own_back=own_back):
            return
        border = self._border
        if message.retain and topic not in border.prices and not border.topics.stands(topic):
            # Whoever retained it did so before we listened: it is not meant for now.
            self._log.warning("mqtt.message_ignored", topic=topic, reason="it was retained")
            return
        if self._border.topics.is_registration(topic) and not self._newcomers.admit():
            return
        if party := self._border.topics.speaker(topic):
            self._exchange.hear(party)
        self._act_on(topic, payload, reply_to(message, border.topics))

    def _act_on(  # noqa: C901, PLR0912 - one arm per kind of message
        self, topic: str, payload: bytes, back: ReplyTo
    ) -> None:
        parsed = parse(topic, payload, self._border, self._clock.now())
        match parsed:
            case Answer(message=message, refused=refused):
                self._log.info(
                    "request.refused",
                    party=refused.party,
                    code=int(refused.code),
                    reason=refused.description,
                )
                self._put(back.address(message))
            case PriceHeard():
                self._exchange.price(parsed)
            case OutsideForecast() | TakenBack():
                self._exchange.foresee(parsed)
            case RegistrationTold():  # refused at the border
                self._put(registration_message(self._border, parsed))
            case AskRegistration():
                self._queue("reg", parsed)
            case ConsentGiven():
                self._queue("owner/consent", parsed)
            case PartyThere(party=party):
                self._exchange.back(party)
            case OwnerRequest():
                self._queue("owner", parsed)
            case LimitRequest():  # which come by the dozen, and must not stand in hands-off's way
                self._queue("owner/limit", parsed)
            case WishRequest():
                self._queue("owner/wish", parsed)
            case AskDelivery(party=party):  # it may wait, and must not stand in the way
                self._queue(f"{party}/delivery", parsed, back)
            case Acknowledged(party=party, transaction=transaction):
                self._log.debug("transaction.acknowledged", party=party, transaction=transaction)
                self._exchange.acknowledge(party, transaction)
            case Ignored(topic=ignored, reason=why, holds=holds):
                self._log.warning("mqtt.message_ignored", topic=ignored, reason=why)
                self._outbox.again(holds)
            case _:
                self._queue(parsed.party, parsed, back)

    def _queue(self, party: str, request: _Wish, back: ReplyTo = NOWHERE_ELSE) -> None:
        if self._inbox is not None and self._inbox.put(party, (request, back)):
            return
        self._log.warning("request.dropped", party=party, reason="too many wait")
        if not isinstance(request, _UNANSWERED):
            self._refuse(
                (request, back),
                ResponseCode.RULES_VIOLATION,
                Detail.RULES_VIOLATION,
                "too many requests are waiting; wait for their answers",
                term="budget",
            )

    async def _handle(self, asked: tuple[_Wish, ReplyTo]) -> None:
        """Carry out a request; one that the gateway fails at costs nobody else theirs."""
        request, back = asked
        try:
            await self._answer(asked)
        except Exception:  # noqa: BLE001 - whoever asks must not cost others the connection
            self._log.exception("request.failed", reason=_OWN_FAULT)
            if not isinstance(request, _UNANSWERED):
                code, detail = ResponseCode.FORCE_MAJEURE, Detail.FORCE_MAJEURE
                self._refuse((request, back), code, detail, _OWN_FAULT)

    async def _answer(self, asked: tuple[_Wish, ReplyTo]) -> None:
        request, back = asked
        try:
            match request:
                case OwnerRequest():
                    return await self._exchange.owner(request)
                case LimitRequest():
                    return await self._exchange.limit(request)
                case WishRequest():
                    return await self._exchange.wish(request)
                case PartyLeft(party=party):
                    return self._exchange.withdraw(party)
                case ConsentGiven():
                    return await self._exchange.consent(request)
                case AskRegistration():
                    told = await self._exchange.register(request)
                    return self._put(registration_message(self._border, told))
                case _:
                    reply = await self._exchange.handle(request)
        except GridtenderError as error:
            self._log.error("request.failed", reason=str(error))
            if not isinstance(request, _UNANSWERED):
                code, detail = ResponseCode.FORCE_MAJEURE, Detail.FORCE_MAJEURE
                self._refuse((request, back), code, detail, str(error))
        else:
            self._put(back.address(reply_message(self._border, request, reply)))

    def _refuse(
        self,
        asked: tuple[Request, ReplyTo],
        code: ResponseCode,
        detail: Detail,
        description: str,
        term: str = "",
    ) -> None:
        request, back = asked
        refused = Refused(
            party=request.party,
            product="",
            code=code,
            detail=detail,
            description=description,
            term=term,
        )
        refusal = refusal_message(
            self._border.area,
            operation_of(request).name,
            refused,
            request_id=request.request_id,
            at=self._clock.now(),
        )
        self._put(back.address(refusal))

    def _put(self, message: Message) -> None:
        dropped = self._outbox.dropped
        self._outbox.put(message)
        if self._outbox.dropped != dropped:
            self._on_overflow(self._outbox.dropped)
            if not dropped:
                self._log.error("mqtt.pushes_dropped", reason="the broker was away too long")

    def _report(self, error: BaseException, lived_s: float, retry_s: float) -> None:
        was_connected = self.connected.is_set()
        short = was_connected and lived_s < _SHORT_S
        self._short_lives = self._short_lives + 1 if short else 0
        why, told = reason(error), self._told
        self._told = "" if was_connected else why
        if taken_over(error) or self._short_lives >= _SHORT_LIVES_TO_SUSPECT:
            self._take_another_id()
        elif was_connected:
            self._log.warning("mqtt.lost", reason=why, retry_s=retry_s)
        elif why != told:
            self._log.warning("mqtt.unreachable", reason=why, retry_s=retry_s)
        else:
            self._log.debug("mqtt.unreachable", reason=why, retry_s=retry_s)

    def _take_another_id(self) -> None:
        """Two clients with one id would hang each other up for ever."""
        before, self._short_lives = self._identifier, 0
        self._identifier = f"{self._own_id}-{secrets.token_hex(2)}"
        self._log.error(
            "mqtt.taken_over",
            client_id=before,
            next_id=self._identifier,
            reason="another client seems to use the same id; is a second gateway running?",
        )
