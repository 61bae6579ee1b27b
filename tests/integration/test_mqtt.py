"""The adapter on a real mosquitto, which is stopped, restarted and asked by strangers."""

import asyncio
import json
import signal
import socket
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from structlog.testing import capture_logs

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.broker_accounts import accounts
from gateway.adapters.broker_files import Listener, write_files
from gateway.adapters.clock import WallClock
from gateway.adapters.mqtt import MqttAdapter
from gateway.adapters.mqtt_watch import watch
from gateway.model.ahead import Ahead, ForwardCurve
from gateway.model.errors import JournalFailed
from gateway.model.event import Accepted, Detail, ProductsChanged, Push, Refused, ResponseCode
from gateway.model.position import Position, PositionStep
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.request import AskPosition, Reply, SubmitTenders
from gateway.model.resource import POWER
from gateway.model.site import (
    BrokerSettings,
    ControlMode,
    DispatchSettings,
    GridLimits,
    JournalSettings,
    LogSettings,
    Site,
    Tariff,
    TopicPrice,
)
from gateway.model.tender import Side
from gateway.model.time import HOUR, SECOND, Duration, rfc3339
from gateway.model.transaction import Transaction
from gateway.wire.border import border
from gateway.wire.mirror import Mirror

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

BASE = "rmf/1/home"
PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
SITE = Site(
    area="home",
    timezone="Europe/Amsterdam",
    currency="EUR",
    control=ControlMode.ACT,
    state_dir="/nowhere",
    broker=BrokerSettings(),
    devices=(),
    products=(PRODUCT,),
    limits=GridLimits(),
    tariff=Tariff(import_price=TopicPrice(topic="tariff/import")),
    dispatch=DispatchSettings(),
    journal=JournalSettings(),
    parties=(),
    log=LogSettings(),
)
DEADLINE_S = 8.0


class FakeExchange:
    """Accepts every tender; positions are flat; fails when told so."""

    def __init__(self, clock):
        self.clock = clock
        self.requests, self.controls, self.prices, self.left = [], [], [], []
        self.speakers = set()
        self.limits = []
        self.acknowledged, self.there = [], []
        self.failure = None
        self.heard = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, request):
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.requests.append(request)
        return Reply(
            party=request.party,
            request_id=request.request_id,
            at=self.clock.now(),
            outcomes=(self.outcome(request),),
        )

    def outcome(self, request):
        match request:
            case SubmitTenders(tenders=tenders):
                return Accepted(
                    party=request.party,
                    product=tenders.product,
                    interval=tenders.interval,
                    orders=tuple((one.id, f"home-o-1-{one.id}") for one in tenders.tenders),
                )
            case AskPosition(interval=interval):
                steps = (PositionStep(interval=interval, quantity=-800),)
                return Position(party=request.party, product=request.product, steps=steps)
        return Refused(
            party=request.party,
            product=request.product,
            code=ResponseCode.NOT_FOUND,
            detail=Detail.INVALID_REFERENCE,
            description="no such tender",
        )

    def withdraw(self, party):
        self.left.append(party)
        self.heard.set()

    def acknowledge(self, party, push):
        self.acknowledged.append((party, push))
        self.heard.set()

    def hear(self, party):
        self.speakers.add(party)

    def back(self, party):
        self.there.append(party)

    async def owner(self, request):
        self.controls.append(request.control)
        self.heard.set()

    async def limit(self, request):
        await self.gate.wait()
        self.limits.append(request.value)
        self.heard.set()

    def price(self, heard):
        self.prices.append(heard)
        self.heard.set()


@dataclass
class Mosquitto:
    """A broker that can be stopped, frozen and started again on the same port."""

    folder: object
    host: str = "127.0.0.1"
    port: int = 0
    tls: bool = False
    kind: str = "external"
    protocol: int = 5
    username: str = "gateway"
    password: str | None = None
    alive: bool = True
    process: object = field(default=None, repr=False)

    def prepare(self):
        users = {"alice": "wonder", "bob": "builder", "owner": "mine"}
        who = accounts("home", users, guest=True, price_topics=["tariff/import"])
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port = probe.getsockname()[1]
        self.password = who.passwords["gateway"]
        self.conf = write_files(self.folder, Listener(host=self.host, port=self.port), who)

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            find_mosquitto(), "-c", self.conf, stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(DEADLINE_S):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection(self.host, self.port)
                    writer.close()
                    await writer.wait_closed()
                    return
                await asyncio.sleep(0.02)

    async def stop(self):
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        await self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)


@pytest.fixture(params=[5, 4], ids=["mqtt5", "mqtt3.1.1"])
async def broker(request, tmp_path):
    own = Mosquitto(folder=tmp_path / "broker", protocol=request.param)
    own.prepare()
    await own.start()
    yield own
    await own.stop()


@dataclass
class House:
    """A running adapter and what it is wired to."""

    adapter: MqttAdapter
    exchange: FakeExchange
    clock: WallClock
    task: asyncio.Task

    async def stop(self):
        self.task.cancel()
        await asyncio.wait([self.task], timeout=DEADLINE_S)
        assert self.task.done(), [task.get_stack() for task in asyncio.all_tasks()]


@asynccontextmanager
async def house(broker, site=SITE, identifier="gridtender-home-test"):
    clock = WallClock()
    exchange = FakeExchange(clock)
    adapter = MqttAdapter(
        endpoint=broker,
        identifier=identifier,
        mirror=Mirror(site),
        border=border(site),
        exchange=exchange,
        clock=clock,
    )
    running = House(adapter, exchange, clock, asyncio.get_running_loop().create_task(adapter.run()))
    try:
        async with asyncio.timeout(DEADLINE_S):
            await adapter.connected.wait()
        yield running
    finally:
        await running.stop()
    assert running.task.cancelled()


class Ear:
    """A subscriber that remembers all it heard, in order."""

    def __init__(self, client):
        self.client = client
        self.heard = []

    async def until(self, condition, within_s=DEADLINE_S):
        """The list of (topic, payload, retain) once ``condition(list)`` holds."""
        async with asyncio.timeout(within_s):
            while not condition(self.heard):
                message = await anext(self.client.messages)
                self.heard.append((message.topic.value, bytes(message.payload), message.retain))
        return self.heard

    async def one(self, topic):
        """The first payload heard on the topic, as JSON."""
        await self.until(lambda heard: any(found == topic for found, _, _ in heard))
        payload = next(payload for found, payload, _ in self.heard if found == topic)
        return json.loads(payload)


@asynccontextmanager
async def ear(broker, *filters, user="gateway", password=None):
    version = aiomqtt.ProtocolVersion(broker.protocol)
    async with aiomqtt.Client(
        broker.host,
        broker.port,
        username=user,
        password=password or broker.password,
        protocol=version,
    ) as client:
        for topic_filter in filters:
            await client.subscribe(topic_filter, qos=1)
        yield Ear(client)


def reading(clock, power_w, device="roof"):
    return Reading(device=device, at=clock.now(), flows={POWER: power_w})


def transaction(number, party="alice"):
    interval = PRODUCT.interval_at(10**18)
    match = Transaction(
        id=f"home-tx-1-{number}",
        product="power",
        party=party,
        counter_party="home",
        tender="t",
        side=Side.BUY,
        price=100,
        quantity=number + 1,
        interval=interval,
        clearing=1,
    )
    return Push(fact=match, at=interval.start, epoch=1, seq=number + 1)


def tender_payload(**changes):
    interval = PRODUCT.next_interval(WallClock().now())
    return {
        "v": 1,
        "requestId": "r-1",
        "partyId": "alice",
        "counterPartyId": "home",
        "marketId": "home",
        "segmentId": "power",
        "tender": {
            "tenderId": "t-1",
            "side": "BUY",
            "tenderDetail": {
                "interval": {"dtStart": rfc3339(interval.start), "duration": "PT10S"},
                "price": 2000,
                "quantity": 500,
            },
        },
    } | changes


async def ask(broker, payload, operation="create-tender", user="alice", password="wonder"):
    """Publish a request as the user and return the answer's topic and content."""
    text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    async with ear(broker, f"{BASE}/u/{user}/in/#", user=user, password=password) as inbox:
        await inbox.client.publish(f"{BASE}/u/{user}/req/power/{operation}", text, qos=1)
        [(topic, answer, _)] = await inbox.until(len)
    return topic.removeprefix(f"{BASE}/u/{user}/in/"), json.loads(answer)


async def test_what_a_product_tells_no_more_under_other_terms_is_cleared(broker):
    ahead = Ahead(horizon=Duration(HOUR), every=Duration(HOUR), least=0)
    before = replace(PRODUCT, id="hourly", ahead=ahead, publish=("session",))
    after = replace(before, ahead=None, publish=(), revision=2)
    site = replace(SITE, products=(PRODUCT, before))
    curve, price = f"{BASE}/p/hourly/forward", f"{BASE}/p/hourly/price/"
    async with house(broker, site) as home, ear(broker, f"{BASE}/p/hourly/#") as outside:
        now = home.clock.now()
        told = transaction(1).fact
        home.adapter.listen(ForwardCurve(product="hourly", at=now, points=()))
        home.adapter.listen(replace(told, product="hourly", interval=before.next_interval(now)))
        await outside.one(curve)
        await outside.until(lambda heard: any(topic.startswith(price) for topic, _, _ in heard))
        home.adapter.listen(ProductsChanged(products=(PRODUCT, after), gone=(), at=now))
        heard = await outside.until(lambda heard: sum(not payload for _, payload, _ in heard) > 1)
        cleared = {topic for topic, payload, _ in heard if not payload}
        assert curve in cleared
        assert any(topic.startswith(price) for topic in cleared)


async def test_birth_and_reference_data_are_retained(broker):
    async with house(broker), ear(broker, f"{BASE}/#") as outside:
        status = await outside.one(f"{BASE}/status")
        directory = await outside.one(f"{BASE}/dir")
        ref = await outside.one(f"{BASE}/p/power/ref")
        await outside.one(f"{BASE}/m/rules")
    assert status["status"] == "online"
    assert directory["products"] == ["power"]
    assert (ref["priceScale"], ref["product"]["duration"]) == (-4, "PT10S")


async def test_a_clean_stop_leaves_nothing_that_was_true_only_while_it_ran(broker):
    async with house(broker) as running, ear(broker, f"{BASE}/#") as outside:
        running.adapter.listen(reading(running.clock, -900))
        await outside.one(f"{BASE}/d/roof/reading")
        await running.stop()
        cleared = (f"{BASE}/d/roof/reading", b"")
        await outside.until(lambda heard: any(one[:2] == cleared for one in heard))
    async with ear(broker, f"{BASE}/#") as late:
        assert (await late.one(f"{BASE}/status"))["status"] == "offline"
        await late.one(f"{BASE}/p/power/ref")
    assert f"{BASE}/d/roof/reading" not in {topic for topic, _, _ in late.heard}


async def test_clean_stop_says_offline(broker):
    async with house(broker) as running, ear(broker, f"{BASE}/status") as outside:
        await outside.until(len)
        await running.stop()
        await outside.until(lambda heard: b"offline" in heard[-1][1])


async def test_a_party_whose_connection_dies_is_withdrawn_by_its_will(broker):
    offline = aiomqtt.Will(f"{BASE}/u/alice/status", b'{"v":1,"status":"offline"}', 1, retain=True)

    async with house(broker) as running:
        for user, password in (("bob", "builder"), ("alice", "wonder")):
            client = aiomqtt.Client(
                broker.host,
                broker.port,
                username=user,
                password=password,
                will=offline,
                protocol=aiomqtt.ProtocolVersion(broker.protocol),
            )
            await client.__aenter__()
            client._client.socket().shutdown(socket.SHUT_RDWR)
            with suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)
        async with asyncio.timeout(DEADLINE_S):
            await running.exchange.heard.wait()
    assert running.exchange.left == ["alice"]
    async with house(broker, identifier="another") as later:
        answered = await ask(broker, tender_payload())
    assert answered[0] == "created-tender"
    assert later.exchange.left == []


async def test_lost_connection_publishes_the_will(broker):
    """Another client with the gateway's id makes the broker drop the gateway, without goodbye."""
    async with house(broker), ear(broker, f"{BASE}/status") as outside:
        await outside.until(len)
        async with aiomqtt.Client(
            broker.host,
            broker.port,
            username="gateway",
            password=broker.password,
            identifier="gridtender-home-test",
            protocol=aiomqtt.ProtocolVersion(broker.protocol),
        ) as thief:
            await outside.until(lambda heard: any(b"offline" in text for _, text, _ in heard))
            with suppress(aiomqtt.MqttError):
                await anext(thief.messages)
        await outside.until(lambda heard: b"online" in heard[-1][1])


async def test_state_is_back_after_the_broker_restarted(broker):
    async with house(broker) as running:
        running.adapter.listen(reading(running.clock, -2310.0))
        async with ear(broker, f"{BASE}/d/#") as outside:
            await outside.one(f"{BASE}/d/roof/reading")
        await broker.stop()
        running.adapter.listen(reading(running.clock, -2400.0))
        running.adapter.listen(transaction(0))
        await broker.start()
        async with ear(broker, f"{BASE}/#") as outside:
            found = await outside.one(f"{BASE}/d/roof/reading")
            await outside.one(f"{BASE}/p/power/ref")
            status = await outside.one(f"{BASE}/status")
    assert found["flows"] == {"POWER": -2400}
    assert status["status"] == "online"


@pytest.mark.slow
async def test_frozen_broker_gets_the_newest_reading_and_every_push_in_order(broker):
    async with house(broker) as running:
        async with ear(broker, f"{BASE}/d/+/reading") as outside:
            broker.freeze()
            await unconnected(running)
            for number in range(200):
                running.adapter.listen(reading(running.clock, float(number)))
                running.adapter.listen(transaction(number))
            await broker.stop()
        await broker.start()
        async with ear(broker, f"{BASE}/d/+/reading", f"{BASE}/u/alice/in/#") as outside:
            heard = await outside.until(
                lambda heard: any(
                    p["marketTransactionId"] == "home-tx-1-199" for p in pushes(heard)
                )
            )
            found = await outside.one(f"{BASE}/d/roof/reading")
    ids = list(dict.fromkeys(push["marketTransactionId"] for push in pushes(heard)))
    assert ids == [f"home-tx-1-{number}" for number in range(200)]
    assert found["flows"] == {"POWER": 199}
    assert len([topic for topic, _, _ in heard if topic.endswith("reading")]) <= 2


def pushes(heard):
    return [json.loads(text) for topic, text, _ in heard if topic.endswith("create-transaction")]


async def unconnected(running):
    async with asyncio.timeout(DEADLINE_S):
        while running.adapter.connected.is_set():
            running.adapter.listen(transaction(0))
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_ten_thousand_pushes_at_once_arrive_in_order(broker):
    count = 10_000
    inbox = f"{BASE}/u/alice/in/create-transaction"
    last = f'"home-tx-1-{count - 1}"'.encode()
    async with (
        house(broker) as running,
        ear(broker, inbox, user="alice", password="wonder") as alice,
    ):
        for number in range(count):
            running.adapter.listen(transaction(number))
        heard = await alice.until(lambda heard: heard and last in heard[-1][1], within_s=40)
    ids = [push["marketTransactionId"] for push in pushes(heard)]
    assert ids == [f"home-tx-1-{number}" for number in range(count)]


@pytest.mark.parametrize("broker", [5], indirect=True)
async def test_of_a_second_gateway_with_the_same_area_nothing_is_cleared_and_it_is_named(broker):
    theirs = f"{BASE}/d/shed/state"
    with capture_logs() as logs:
        async with ear(broker) as other:
            await other.client.publish(theirs, b"{}", qos=1, retain=True)
            async with house(broker), asyncio.timeout(DEADLINE_S):
                while not any(one["event"] == "mqtt.area_shared" for one in logs):
                    await other.client.publish(f"{BASE}/d/shed/reading", b"{}", retain=True)
                    await asyncio.sleep(0.05)
        async with ear(broker, theirs) as outside:
            assert (await outside.until(len))[0][1] == b"{}"


async def test_ghosts_of_an_earlier_run_are_cleared_and_others_topics_left_alone(broker):
    ghost, theirs = f"{BASE}/d/gone/state", f"{BASE}/u/alice/avail"
    async with ear(broker) as earlier:
        await earlier.client.publish(ghost, b"{}", qos=1, retain=True)
        await earlier.client.publish(theirs, b"[]", qos=1, retain=True)
    async with ear(broker, ghost) as outside:
        await outside.until(lambda heard: heard and heard[0][1] == b"{}")
        async with house(broker):
            await outside.until(lambda heard: heard[-1][1] == b"")
    async with ear(broker, ghost, theirs) as outside:
        assert [topic for topic, _, _ in await outside.until(len)] == [theirs]


async def test_stranger_tenders_and_gets_the_answer(broker):
    async with house(broker) as running:
        operation, answer = await ask(broker, tender_payload())
    assert operation == "created-tender"
    assert answer["inResponseTo"] == "r-1"
    assert answer["response"]["responseCode"] == 200
    assert (answer["tenderId"], answer["marketOrderId"]) == ("t-1", "home-o-1-t-1")
    [request] = running.exchange.requests
    assert (request.party, request.tenders.tenders[0].quantity) == ("alice", 500)


async def ask_5(broker, wanted, correlation):
    """Alice's request with a Response Topic: the topics it was answered on, with their data."""
    heard = []
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic, properties.CorrelationData = wanted, correlation
    async with aiomqtt.Client(
        broker.host,
        broker.port,
        username="alice",
        password="wonder",
        protocol=aiomqtt.ProtocolVersion.V5,
    ) as alice:
        await alice.subscribe(f"{BASE}/u/alice/in/#", qos=1)
        topic, payload = f"{BASE}/u/alice/req/power/create-tender", json.dumps(tender_payload())
        await alice.publish(topic, payload, qos=1, properties=properties)
        async with asyncio.timeout(10):
            async for message in alice.messages:
                echoed = getattr(message.properties, "CorrelationData", b"")
                heard.append((message.topic.value.removeprefix(BASE), echoed))
                break
    return heard


MQTT_5_ONLY = pytest.mark.parametrize("broker", [5], ids=["mqtt5"], indirect=True)


@MQTT_5_ONLY
async def test_an_answer_goes_where_the_request_wants_it_and_says_which_it_answers(broker):
    async with house(broker):
        heard = await ask_5(broker, f"{BASE}/u/alice/in/mine/7", b"\x00seven")
    assert heard == [("/u/alice/in/mine/7", b"\x00seven")]


@pytest.mark.parametrize("broker", [4], ids=["mqtt3.1.1"], indirect=True)
async def test_a_gateway_on_mqtt_3_answers_on_the_usual_topic(broker):
    async with house(broker):
        heard = await ask_5(broker, f"{BASE}/u/alice/in/mine/7", b"7")
    assert heard == [("/u/alice/in/created-tender", b"")]


@MQTT_5_ONLY
@pytest.mark.parametrize(
    "wanted",
    [
        f"{BASE}/u/bob/in/transaction",
        f"{BASE}/d/roof/limit",
        f"{BASE}/owner/control",
        f"{BASE}/u/alice/in/+",
        f"{BASE}/u/alice/in",
    ],
)
async def test_nobody_makes_the_gateway_write_where_it_may_not_write_itself(broker, wanted):
    async with house(broker):
        heard = await ask_5(broker, wanted, b"7")
    assert heard == [("/u/alice/in/created-tender", b"7")]


async def test_stranger_asks_for_its_position(broker):
    interval = PRODUCT.interval_at(WallClock().now())
    payload = {
        "requestId": "r-2",
        "requestor": "alice",
        "positionParty": "alice",
        "boundingInterval": {"dtStart": rfc3339(interval.start), "duration": "PT10S"},
        "marketId": "home",
        "resourceDesignator": "POWER",
    }
    async with house(broker):
        operation, answer = await ask(broker, payload, "request-position")
    assert operation == "reply-position"
    assert answer["positions"]["streamIntervals"][0]["streamIntervalQuantity"] == -800


@pytest.mark.parametrize(
    ("payload", "code", "detail"),
    [
        (b"\xff\x00", 400, "INVALID_ARTIFACT"),
        (b'{"price":NaN}', 400, "INVALID_ARTIFACT"),
        (b"[" * 1_000_000, 400, "INVALID_ARTIFACT"),
        (tender_payload(partyId="bob"), 403, "NOT_AUTHORIZED"),
        (tender_payload(marketId="street"), 404, "INVALID_MARKET"),
        (tender_payload(segmentId="heat"), 404, "INVALID_SEGMENT"),
        (tender_payload(atMostOne=True, tenders=[{}]), 400, "INVALID_ARTIFACT"),
    ],
)
async def test_bad_request_is_answered_and_reaches_nobody(broker, payload, code, detail):
    async with house(broker) as running:
        _, answer = await ask(broker, payload)
    response = answer["response"]
    assert (response["responseCode"], response["responseDetail"]) == (code, detail)
    assert running.exchange.requests == []


async def test_tender_on_somebody_elses_topic_changes_nothing(broker):
    async with house(broker) as running:
        async with ear(broker, user="bob", password="builder") as bob:
            topic = f"{BASE}/u/alice/req/power/create-tender"
            with suppress(aiomqtt.MqttError):
                await bob.client.publish(topic, json.dumps(tender_payload()), qos=1)
        await ask(broker, tender_payload(requestId="r-9"))
    assert [request.request_id for request in running.exchange.requests] == ["r-9"]


async def test_failing_journal_is_force_majeure(broker):
    async with house(broker) as running:
        running.exchange.failure = JournalFailed("the disk is full")
        _, answer = await ask(broker, tender_payload())
    assert answer["response"]["responseCode"] == 503
    assert answer["inResponseTo"] == "r-1"


class Failing:
    """A method with a fault."""

    def __init__(self):
        self.called = asyncio.Event()

    def __call__(self, _party):
        self.called.set()
        raise KeyError


async def test_a_fault_of_our_own_is_told_and_costs_nobody_else_the_connection(broker):
    async with house(broker) as running:
        with capture_logs() as logs:
            running.exchange.failure = KeyError("a product that has closed")
            _, answer = await ask(broker, tender_payload())
            assert answer["response"]["responseCode"] == 503
            assert "a fault of the gateway's own" in answer["response"]["responseDescription"]
            running.exchange.failure = None
            running.exchange.hear = failing = Failing()
            async with ear(broker, user="alice", password="wonder") as alice:
                topic = f"{BASE}/u/alice/req/power/create-tender"
                await alice.client.publish(topic, json.dumps(tender_payload()), qos=1)
                async with asyncio.timeout(DEADLINE_S):
                    await failing.called.wait()
        del running.exchange.hear
        _, answer = await ask(broker, tender_payload(requestId="r-2"))
        assert answer["response"]["responseCode"] == 200
    told = [one["event"] for one in logs if one["log_level"] == "error"]
    assert told == ["request.failed", "mqtt.message_failed"]


async def test_party_that_floods_is_told_to_wait_and_others_are_served(broker):
    async with house(broker) as running:
        running.exchange.gate.clear()
        async with ear(broker, f"{BASE}/u/bob/in/#", user="bob", password="builder") as bob:
            for number in range(70):
                payload = json.dumps(tender_payload(requestId=f"b-{number}", partyId="bob"))
                await bob.client.publish(f"{BASE}/u/bob/req/power/create-tender", payload, qos=1)
            [first, *_] = await bob.until(len)
            assert json.loads(first[1])["response"]["termsViolated"][0]["term"] == "budget"
            running.exchange.gate.set()
            _, answer = await ask(broker, tender_payload())
            assert answer["response"]["responseCode"] == 200
            await bob.until(lambda heard: len(heard) == 70)
    served = [one.request_id for one in running.exchange.requests if one.party == "bob"]
    assert served == [f"b-{number}" for number in range(len(served))]


async def test_owner_sets_the_mode_and_the_tariff(broker):
    async with house(broker) as running:
        async with ear(broker, user="owner", password="mine") as owner:
            await owner.client.publish(f"{BASE}/owner/control", "hands-off", qos=1)
            await owner.client.publish(f"{BASE}/owner/control", '{"mode":"act","for":"2h"}', qos=1)
            await owner.client.publish("tariff/import", "0.31", qos=1, retain=True)
        async with asyncio.timeout(DEADLINE_S):
            while not (len(running.exchange.controls) == 2 and running.exchange.prices):
                running.exchange.heard.clear()
                await running.exchange.heard.wait()
    assert [control.mode for control in running.exchange.controls] == ["hands-off", "act"]
    assert running.exchange.prices[0].value == 0.31


async def test_retained_owner_message_of_long_ago_is_not_obeyed(broker):
    async with ear(broker) as earlier:
        await earlier.client.publish(f"{BASE}/owner/control", "act", qos=1, retain=True)
        limit = f"{BASE}/owner/limit/roof/max_w"
        await earlier.client.publish(limit, "4000", qos=1, retain=True)
    async with house(broker) as running:
        await ask(broker, tender_payload())
    assert running.exchange.controls == []
    assert running.exchange.limits == []


async def test_any_number_of_limits_stands_in_the_way_of_no_hands_off(broker):
    async with house(broker) as running:
        running.exchange.gate.clear()
        async with ear(broker, user="owner", password="mine") as owner:
            for number in range(100):
                limit = f"{BASE}/owner/limit/roof/max_w"
                await owner.client.publish(limit, str(number), qos=1)
            await owner.client.publish(f"{BASE}/owner/control", "hands-off", qos=1)
        async with asyncio.timeout(DEADLINE_S):
            while not running.exchange.controls:
                running.exchange.heard.clear()
                await running.exchange.heard.wait()
        assert running.exchange.limits == []
        running.exchange.gate.set()


async def test_reader_in_another_process_survives_a_restart(broker):
    heard = asyncio.Queue()
    url = f"mqtt://{broker.host}:{broker.port}"
    task = asyncio.get_running_loop().create_task(
        watch(url, "guest", "guest", [f"{BASE}/d/#"], lambda *one: heard.put_nowait(one))
    )
    async with house(broker) as running, asyncio.timeout(DEADLINE_S):
        running.adapter.listen(reading(running.clock, 1.0))
        topic, _ = await heard.get()
        await broker.stop()
        await broker.start()
        assert await heard.get()
    task.cancel()
    await asyncio.wait([task])
    assert topic == f"{BASE}/d/roof/reading"
    assert task.cancelled()


async def test_absent_broker_is_waited_for(tmp_path):
    own = Mosquitto(folder=tmp_path / "broker")
    own.prepare()
    clock = WallClock()
    adapter = MqttAdapter(
        endpoint=own,
        identifier="early",
        mirror=Mirror(SITE),
        border=border(SITE),
        exchange=FakeExchange(clock),
        clock=clock,
    )
    task = asyncio.get_running_loop().create_task(adapter.run())
    adapter.listen(reading(clock, 5.0))
    await own.start()
    try:
        async with asyncio.timeout(DEADLINE_S):
            await adapter.connected.wait()
    finally:
        task.cancel()
        await asyncio.wait([task])
        await own.stop()
    assert task.cancelled()
