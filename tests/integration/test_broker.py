"""One set of promises, kept by three brokers: who may read and write what.

``external`` is a mosquitto this test starts by itself with the files written for our own,
``mosquitto`` is our child process, ``embedded`` is amqtt.
"""

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto, open_broker
from gateway.adapters.broker_accounts import accounts
from gateway.adapters.broker_files import Listener, write_files
from gateway.model.site import BrokerSettings

pytestmark = pytest.mark.integration

AREA = "home"
BASE = f"rmf/1/{AREA}"
USERS = {"alice": "wonder", "bob": "builder", "owner": "mine"}
DEADLINE_S = 5.0

needs_mosquitto = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
KINDS = [
    pytest.param("external", marks=needs_mosquitto),
    pytest.param("mosquitto", marks=needs_mosquitto),
    "embedded",
]


@pytest.fixture(params=KINDS)
async def broker(request, tmp_path):
    async with opened(request.param, tmp_path) as endpoint:
        yield endpoint


@asynccontextmanager
async def opened(kind, state_dir):
    if kind == "external":
        async with (
            external(state_dir) as settings,
            open_broker(settings, AREA, state_dir, USERS) as endpoint,
        ):
            yield endpoint
    else:
        settings = BrokerSettings(kind=kind, guest=True)
        async with open_broker(settings, AREA, state_dir, USERS) as endpoint:
            yield endpoint


@asynccontextmanager
async def external(folder):
    """A mosquitto with our files, as an owner would run it; its settings for the gateway."""
    who = accounts(AREA, USERS, guest=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    conf = write_files(folder / "theirs", Listener(host="127.0.0.1", port=port), who)
    secret = folder / "mqtt-password"
    secret.write_text(who.passwords["gateway"] + "\n")
    process = await asyncio.create_subprocess_exec(
        find_mosquitto(), "-c", conf, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await accepts("127.0.0.1", port)
        yield BrokerSettings(url=f"mqtt://127.0.0.1:{port}", password_file=str(secret))
    finally:
        process.terminate()
        await process.wait()


async def accepts(host, port):
    async with asyncio.timeout(DEADLINE_S):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return
            await asyncio.sleep(0.02)


def client(broker, user=None, password=None, **options):
    """A client of the broker; anonymous without a user."""
    protocol = aiomqtt.ProtocolVersion.V5 if broker.protocol == 5 else aiomqtt.ProtocolVersion.V311
    if user == "gateway":
        password = broker.password
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=user,
        password=password or USERS.get(user),
        protocol=protocol,
        timeout=DEADLINE_S,
        **options,
    )


async def heard(broker, listener, topic_filter, act):
    """Topics delivered to the listener under the filter between subscribing and a marker.

    The marker is a public message the gateway sends after ``act`` is done, so that what was
    not delivered before it never will be.
    """
    topics = []
    async with client(broker, "gateway") as gateway:
        await listener.subscribe(topic_filter, qos=1)
        await listener.subscribe(f"{BASE}/m/marker", qos=1)
        await act(gateway)
        await gateway.publish(f"{BASE}/m/marker", b"!", qos=1)
        async with asyncio.timeout(DEADLINE_S):
            async for message in listener.messages:
                if message.topic.value == f"{BASE}/m/marker":
                    return topics
                topics.append(message.topic.value)
    return topics


async def nothing(gateway):
    """No act."""


PUBLIC = [
    f"{BASE}/status",
    f"{BASE}/dir",
    f"{BASE}/m/ref",
    f"{BASE}/p/power/clearing",
    f"{BASE}/d/roof/reading",
]
PRIVATE = [f"{BASE}/u/alice/in/create-transaction", f"{BASE}/u/alice/pos/power", "elsewhere/x"]


async def publish_all(gateway, *, retain):
    for topic in PUBLIC + PRIVATE:
        await gateway.publish(topic, b"{}", qos=1, retain=retain)


async def test_a_stranger_without_a_name_reads_what_is_public_and_nothing_else(broker):
    async with client(broker) as stranger:
        topics = await heard(broker, stranger, "#", lambda g: publish_all(g, retain=False))

    assert sorted(topics) == sorted(PUBLIC)


async def test_what_is_retained_is_filtered_on_subscribe_as_well(broker):
    async with client(broker, "gateway") as gateway:
        await publish_all(gateway, retain=True)

    async with client(broker) as stranger, client(broker, "bob") as bob:
        to_stranger = await heard(broker, stranger, "#", nothing)
        to_bob = await heard(broker, bob, f"{BASE}/u/alice/#", nothing)

    assert sorted(to_stranger) == sorted(PUBLIC)
    assert to_bob == []


async def test_a_retained_message_reaches_only_who_subscribed_to_it(broker):
    async with client(broker, "gateway") as gateway, client(broker) as watching:
        await gateway.publish(f"{BASE}/p/power/clearing", b"{}", qos=1, retain=True)
        await watching.subscribe("#", qos=1)
        async with client(broker) as stranger:
            topics = await heard(broker, stranger, f"{BASE}/status", nothing)

    assert topics == []


async def test_a_party_reads_its_own_inbox_live_and_retained(broker):
    async with client(broker, "gateway") as gateway:
        await publish_all(gateway, retain=True)

    async with client(broker, "alice") as alice:
        retained = await heard(broker, alice, f"{BASE}/u/alice/#", nothing)
    async with client(broker, "alice") as alice:
        both = await heard(
            broker, alice, f"{BASE}/u/alice/#", lambda g: publish_all(g, retain=False)
        )

    assert sorted(retained) == sorted(PRIVATE[:2])
    assert sorted(both) == sorted(PRIVATE[:2] * 2)


WRITES = [
    (None, f"{BASE}/p/power/price/now", False),
    (None, f"{BASE}/u/guest/req/power/create-tender", False),
    (None, f"{BASE}/status", False),
    (None, f"{BASE}/owner/control", False),
    ("alice", f"{BASE}/u/alice/req/power/create-tender", True),
    ("alice", f"{BASE}/u/alice/ack/create-transaction", True),
    ("alice", f"{BASE}/u/alice/status", True),
    ("alice", f"{BASE}/u/alice/avail", True),
    ("alice", f"{BASE}/u/alice/opt", True),
    ("alice", f"{BASE}/u/alice/in/created-tender", False),
    ("alice", f"{BASE}/u/bob/req/power/create-tender", False),
    ("alice", f"{BASE}/u/bob/in/create-transaction", False),
    ("alice", f"{BASE}/p/power/price/now", False),
    ("alice", f"{BASE}/d/roof/set", False),
    ("alice", f"{BASE}/owner/control", False),
    ("guest", f"{BASE}/u/guest/req/power/create-tender", True),
    ("guest", f"{BASE}/u/alice/req/power/create-tender", False),
    ("guest", f"{BASE}/owner/control", False),
    ("owner", f"{BASE}/owner/control", True),
    ("owner", f"{BASE}/d/roof/set", False),
    ("owner", f"{BASE}/status", False),
]


async def test_everybody_writes_only_where_they_may(broker):
    async def act(_):
        async with AsyncExitStack() as stack:
            for user in (None, "alice", "guest", "owner"):
                password = "guest" if user == "guest" else None
                writer = await stack.enter_async_context(client(broker, user, password))
                for name, topic, _allowed in WRITES:
                    if name == user:
                        # MQTT 5 tells the writer so; what counts is that nobody hears it.
                        with suppress(aiomqtt.MqttError):
                            await writer.publish(topic, str(user).encode(), qos=1)

    async with client(broker, "gateway", identifier="ears") as ears:
        topics = await heard(broker, ears, f"{BASE}/#", act)

    assert sorted(topics) == sorted(topic for _, topic, allowed in WRITES if allowed)


async def test_nothing_retained_by_who_may_not_write_stays(broker):
    async with client(broker) as stranger:
        with suppress(aiomqtt.MqttError):
            await stranger.publish(f"{BASE}/p/power/price/now", b"free!", qos=1, retain=True)

    async with client(broker) as reader:
        assert await heard(broker, reader, f"{BASE}/p/#", nothing) == []


async def test_a_shared_subscription_hears_nothing_that_is_anothers(broker):
    own, others = f"{BASE}/u/bob/in/x", f"{BASE}/u/alice/in/x"
    async with client(broker, "gateway", identifier="g") as gateway, client(broker, "bob") as bob:
        for group in (f"$share/g/{BASE}/u/#", f"$share/g/{BASE}/u/alice/#", f"{BASE}/u/bob/#"):
            with suppress(aiomqtt.MqttError):
                await bob.subscribe(group, qos=1)
        for topic in (others, others, own):
            await gateway.publish(topic, b"{}", qos=1)
        async with asyncio.timeout(DEADLINE_S):
            async for message in bob.messages:
                assert message.topic.value == own
                return


async def test_a_will_speaks_only_where_its_owner_may_write(broker):
    async def act(_):
        for topic in (f"{BASE}/u/bob/req/power/create-tender", f"{BASE}/u/alice/status"):
            will = aiomqtt.Will(topic, b"{}", qos=1)
            async with client(broker, "alice", will=will) as alice:
                alice._client.socket().shutdown(socket.SHUT_RDWR)
                await lost(alice)

    async with client(broker, "gateway", identifier="ears") as ears:
        await ears.subscribe(f"{BASE}/u/#", qos=1)
        await act(None)
        async with asyncio.timeout(DEADLINE_S):
            async for message in ears.messages:
                assert message.topic.value == f"{BASE}/u/alice/status"
                return


async def lost(lone):
    """Return when the client has noticed that its connection is gone."""
    async with asyncio.timeout(DEADLINE_S):
        with suppress(aiomqtt.MqttError):
            async for _ in lone.messages:
                pass


@pytest.mark.parametrize(
    ("user", "password"),
    [("alice", "guess"), ("alice", ""), ("nobody", "x"), ("gateway", "gateway")],
)
async def test_a_wrong_password_is_refused(broker, user, password):
    stranger = aiomqtt.Client(
        broker.host,
        broker.port,
        username=user,
        password=password,
        protocol=aiomqtt.ProtocolVersion.V311,
        timeout=DEADLINE_S,
    )

    with pytest.raises(aiomqtt.MqttError):
        async with stranger:
            pass


async def test_a_megabyte_of_garbage_reaches_the_gateway_which_judges_it(broker):
    garbage = b"\xff" * 1_000_000
    async with client(broker, "gateway") as ears, client(broker, "alice") as alice:
        await ears.subscribe(f"{BASE}/u/+/req/#", qos=1)
        await alice.publish(f"{BASE}/u/alice/req/power/create-tender", garbage, qos=1)
        async with asyncio.timeout(DEADLINE_S):
            message = await anext(aiter(ears.messages))

    assert message.payload == garbage


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x10\xff\xff\xff\x7f\x00\x04MQTT\x04\x02",
        b"\x10\x0c\x00\x04MQTT\x04\xc2\x00\x3c\xff\xff",
        b"\x10\x02\xff\xff",
        b"\x00" * 64,
        b"",
    ],
)
async def test_noise_instead_of_connect_disturbs_nobody_else(broker, noise):
    async with client(broker) as reader:
        _, writer = await asyncio.open_connection(broker.host, broker.port)
        writer.write(noise)
        await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

        topics = await heard(broker, reader, "#", lambda g: publish_all(g, retain=False))

    assert sorted(topics) == sorted(PUBLIC)
    assert broker.alive


async def test_a_session_is_not_inherited_by_who_uses_the_same_client_id(broker):
    inbox = f"{BASE}/u/alice/in/create-transaction"
    lasting = {"identifier": "phone", "protocol": aiomqtt.ProtocolVersion.V311}
    lasting |= {"clean_session": False, "timeout": DEADLINE_S}
    address = (broker.host, broker.port)
    async with aiomqtt.Client(*address, username="alice", password="wonder", **lasting) as alice:
        await alice.subscribe(inbox, qos=1)
    async with client(broker, "gateway") as gateway:
        await gateway.publish(inbox, b"{}", qos=1)

    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client(*address, username="alice", password="guess", **lasting):
            pass
    async with aiomqtt.Client(*address, **lasting) as stranger:
        topics = await heard(broker, stranger, "#", lambda g: g.publish(inbox, b"{}", qos=1))

    assert topics == []


async def test_a_wrong_password_under_the_same_client_id_disturbs_nobody(broker):
    inbox = f"{BASE}/u/alice/in/create-transaction"
    async with client(broker, "alice", identifier="phone") as alice:
        with pytest.raises(aiomqtt.MqttError):
            async with client(broker, "alice", "guess", identifier="phone"):
                pass
        topics = await heard(broker, alice, inbox, lambda g: g.publish(inbox, b"{}", qos=1))

    assert topics == [inbox]
