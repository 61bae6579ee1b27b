"""Parties that come and go while the daemon runs: by command, and strangers by consent."""

import asyncio
import contextlib
import json
import secrets

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto
from tests.e2e.processes import BASE, free_port, listening, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]


@contextlib.asynccontextmanager
async def running(place, kind="mosquitto", **settings):
    """A gateway with a broker of its own; yields the daemon and its port."""
    await place.build()
    port = free_port()
    listen = {"host": "127.0.0.1", "port": port}
    config = place.write(broker={"kind": kind, "listen": listen}, **settings)
    daemon = await place.run(config)
    yield daemon, port, config
    assert "Traceback" not in daemon.text


async def party(place, *arguments):
    return await place.command("party", *arguments, "--state-dir", str(place.state))


async def add(place, name, *options):
    said = await party(place, "add", name, "--json", *options)
    assert said.code == 0, said.err
    return json.loads(said.out)["password"]


def register(name, request_id="reg-1", **info):
    return {"requestId": request_id, "registreePartyId": name, "registrationInfo": info}


@contextlib.asynccontextmanager
async def hung_up():
    """Inside, the broker may end the connection."""
    try:
        yield
    except* aiomqtt.MqttError:
        pass


@contextlib.asynccontextmanager
async def a_stranger(port, identifier, user=None, password=None):
    """An MQTT client with an id of its own choosing; what it heard."""
    heard = []
    client = aiomqtt.Client(
        "127.0.0.1", port, identifier=identifier, username=user, password=password, timeout=5
    )

    def take(message):
        heard.append((message.topic.value, json.loads(message.payload)))

    async with client, asyncio.TaskGroup() as tasks:

        async def hear():
            async for message in client.messages:
                take(message)

        await client.subscribe(f"{BASE}/reg/#", qos=1)
        hearing = tasks.create_task(hear())
        try:
            yield client, heard
        finally:
            hearing.cancel()


async def ask(client, identifier, payload):
    topic = f"{BASE}/reg/{identifier}/create-party-registration"
    await client.publish(topic, json.dumps(payload).encode(), qos=1)


async def answers(heard, count, within_s=8.0):
    await until(lambda: len(heard) >= count, f"{count} answers", within_s)
    return heard[count - 1][1]


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
async def test_a_party_added_trades_without_a_restart_and_removed_it_is_gone(place, kind):
    async with running(place, kind) as (daemon, port, _):
        password = await add(place, "carol")
        await daemon.says("party.added")
        await daemon.says("broker.reloaded" if kind == "mosquitto" else "party.added")
        async with hung_up(), listening(port, "carol", password) as carol:
            await until(lambda: "p/power/session" in carol.newest, "a session", 15)
            await carol.tender("r-1", price=4500, quantity=500)
            assert (await carol.answered("r-1"))["responseCode"] == 200
            await until(lambda: carol.answers("create-transaction"), "a transaction", 15)
            await carol.tender("r-2", price=1, quantity=500)
            await carol.answered("r-2")
            said = await party(place, "remove", "carol")
            assert (said.code, "within a second" in said.out) == (0, True)
            await daemon.says("party.removed")
        async with listening(port) as anybody:
            await until(lambda: anybody.newest.get("p/power/session"), "the market", 15)
            assert not anybody.newest.get("p/power/tender/carol")
        await until_refused(port, "carol", password)


async def until_refused(port, user, password, within_s=8.0):
    """Wait until the login has ended; the broker reads its files when it gets round to it."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                async with aiomqtt.Client("127.0.0.1", port, username=user, password=password):
                    pass
            except aiomqtt.MqttError:
                return
            await asyncio.sleep(0.1)


async def test_its_rows_come_out_the_same_when_they_are_replayed(place):
    async with running(place) as (daemon, port, config):
        password = await add(place, "carol")
        await daemon.says("broker.reloaded")
        async with listening(port, "carol", password) as carol:
            await until(lambda: "p/power/session" in carol.newest, "a session", 15)
            await carol.tender("r-1", price=4500, quantity=500)
            await until(lambda: carol.answers("create-transaction"), "a transaction", 15)
        await daemon.end()
        said = await place.command("replay", str(place.journal))
        assert said.code == 0, said.out + said.err
        again = await place.run(config)
        async with listening(port, "carol", password) as carol:
            await until(lambda: "p/power/session" in carol.newest, "a session", 15)
            await carol.tender("r-2", price=4500, quantity=500)
            assert (await carol.answered("r-2"))["responseCode"] == 200
        assert "journal.differed" not in again.text


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
async def test_a_stranger_registers_is_let_in_enrols_and_trades(place, kind):
    async with running(place, kind, registration="consent") as (_, port, _):
        async with a_stranger(port, "boiler-7") as (client, heard):
            await ask(client, "boiler-7", register("boiler", password="a-long-password"))
            told = await answers(heard, 1)
            assert (told["registrationState"], "password" in told) == ("WAITING", False)
            with pytest.raises(aiomqtt.MqttError):
                async with listening(port, "boiler", "a-long-password"):
                    pass
            listed = json.loads((await party(place, "list", "--json")).out)
            assert [one["party"] for one in listed["waiting"]] == ["boiler"]
            assert (await party(place, "accept", "boiler")).code == 0
            assert (await answers(heard, 2))["registrationState"] == "REGISTERED"
        async with hung_up(), listening(port, "boiler", "a-long-password") as boiler:
            await until(lambda: "p/power/session" in boiler.newest, "a session", 15)
            await boiler.tender("r-1", price=4500, quantity=500)
            refused = await boiler.answered("r-1")
            assert (refused["responseCode"], refused["responseDetail"]) == (403, "PARTY_RESTRICTED")
            assert "create-enrollment" in refused["responseDescription"]
            wish = {
                "requestId": "e-1",
                "partyId": "boiler",
                "counterPartyId": "home",
                "marketId": "home",
                "segmentId": "power",
            }
            await boiler.say("u/boiler/req/power/create-enrollment", wish)
            await until(lambda: boiler.answer("e-1"), "an answer")
            assert boiler.answer("e-1")["enrollmentState"] == "WAITING"
            owner = (place.state / "credentials" / "owner").read_text().strip()
            async with listening(port, "owner", owner) as theirs:
                await theirs.say("owner/consent", {"partyId": "boiler", "consent": True})
                await until(lambda: len(boiler.answers("created-enrollment")) == 2, "the consent")
            assert boiler.answers("created-enrollment")[1]["enrollmentState"] == "ENROLLED"
            await boiler.tender("r-2", price=4500, quantity=500)
            assert (await boiler.answered("r-2"))["responseCode"] == 200
            gone = {"requestId": "g-1", "registreePartyId": "boiler"}
            await boiler.say("u/boiler/req/market/cancel-party-registration", gone)
            assert (await boiler.answered("g-1"))["responseCode"] == 200
        await until_refused(port, "boiler", "a-long-password")


async def test_what_an_attacker_on_the_network_tries_at_registration(place):
    async with running(place, registration="consent") as (daemon, port, _):
        long = secrets.token_urlsafe(24)
        async with a_stranger(port, long) as (client, heard), a_stranger(port, "evil") as spy:
            await ask(client, long, register("pump"))
            told = await answers(heard, 1)
            assert told["registrationState"] == "WAITING"
            assert len(told["password"]) >= 20
            evil, overheard = spy
            # Nobody else hears the answer, nor speaks under another's client id.
            await ask(evil, long, register("squat"))
            for name in ("owner", "gateway", "devices", "battery", "power", "home", "pump", "a/b"):
                await ask(evil, "evil", register(name, password="a-long-password"))
            await answers(overheard, 8)
            assert {one["registrationState"] for _, one in overheard} == {"REFUSED"}
            assert {topic.split("/")[4] for topic, _ in overheard} == {"evil"}
            assert not [1 for _, one in overheard if one.get("password")]
            # A client id that is guessed is told no password.
            await ask(evil, "evil", register("lamp"))
            assert (await answers(overheard, 9))["response"]["termsViolated"][0]["term"] == (
                "clientId"
            )
            for number in range(300):
                await ask(evil, "evil", register(f"flood-{number}", password="a-long-password"))
            await daemon.says("registration.dropped")
        listed = json.loads((await party(place, "list", "--json")).out)
        assert "squat" not in {one["party"] for one in listed["waiting"]}
        assert len(listed["waiting"]) <= 16
