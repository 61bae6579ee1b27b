"""A party that means harm: what it asks is refused as documented, and nobody else notices."""

import asyncio
from pathlib import Path

import aiomqtt
import pytest

from gateway.adapters.broker import find_mosquitto
from tests.e2e.processes import BASE, create_tender, free_port, listening, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]


async def opened(place):
    """A gateway with two parties; the port and their passwords."""
    await place.build(solar_w=3000, load_w=500)
    port = free_port()
    listen = {"host": "127.0.0.1", "port": port}
    config = place.write(
        broker={"kind": "mosquitto", "listen": listen},
        parties={"anna": {}, "mallory": {"messages_per_minute": 120, "max_open_tenders": 20}},
    )
    daemon = await place.run(config)
    folder = place.state / "credentials"
    return daemon, port, {n: (folder / n).read_text().strip() for n in ("anna", "mallory", "owner")}


# As many days as there are, counted from long ago.
ENDLESS = (
    "BEGIN:VCALENDAR\nBEGIN:VAVAILABILITY\nUID:a\nDTSTAMP:20260101T000000Z\n"
    + "BEGIN:AVAILABLE\nUID:b\nDTSTAMP:20260101T000000Z\nDTSTART:19750101T000000Z\n"
    "DURATION:P7D\nRRULE:FREQ=DAILY;COUNT=20000\nEND:AVAILABLE\n"
    * 199
    + "END:VAVAILABILITY\nEND:VCALENDAR\n"
)


def created(ear):
    return ear.answers("created-tender")


def rss_kib(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def test_a_flood_is_refused_and_others_are_answered_and_cleared_as_before(place):
    daemon, port, words = await opened(place)
    async with (
        listening(port, "anna", words["anna"]) as anna,
        listening(port, "mallory", words["mallory"]) as mallory,
    ):
        await until(lambda: "p/power/session" in mallory.newest, "a session", 15)
        await until(lambda: "p/power/session" in anna.newest, "a session", 15)
        before_kib, journal = rss_kib(daemon.process.pid), place.journal.stat().st_size
        session = mallory.newest["p/power/session"]
        topic = f"{BASE}/u/mallory/req/power/create-tender"

        async def flood():
            for number in range(3000):
                payload = create_tender("mallory", session, f"f-{number}", {"price": 1})
                await mallory.say(topic.removeprefix(f"{BASE}/"), payload, qos=0)
            for _ in range(20):
                await mallory.say(topic.removeprefix(f"{BASE}/"), b"[" * 200_000, qos=0)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(flood())
            for number in range(5):
                await anna.tender(f"a-{number}", price=1, quantity=10)
                assert (await anna.answered(f"a-{number}", 8.0))["responseCode"] == 200
        await until(
            lambda: any(p["response"]["responseCode"] == 422 for p in created(mallory)),
            "refusals",
            15,
        )
        taken = sum(p["response"]["responseCode"] == 200 for p in created(mallory))
        assert taken <= 20
        sequence = anna.clearing["sequence"]
        await until(lambda: anna.clearing["sequence"] >= sequence + 2, "gates go on", 15)
        assert rss_kib(daemon.process.pid) - before_kib < 40_000
        assert place.journal.stat().st_size - journal < 4_000_000
    gates = [b - a for a, b in zip(place.gates(), place.gates()[1:], strict=False)]
    assert max(gates) < 2 * 3_000_000_000
    assert "Traceback" not in daemon.text


async def test_forged_stale_replayed_and_foreign_requests_are_refused_as_documented(place):
    daemon, port, words = await opened(place)
    async with (
        listening(port, "anna", words["anna"]) as anna,
        listening(port, "mallory", words["mallory"], more=("#",)) as mallory,
    ):
        await until(lambda: "p/power/session" in mallory.newest, "a session", 15)
        await until(lambda: "p/power/session" in anna.newest, "a session", 15)
        await anna.tender("a-1", price=1, quantity=10)
        assert (await anna.answered("a-1"))["responseCode"] == 200
        # In another's name, in the payload and in the topic.
        await mallory.tender("m-1", party="anna")
        assert (await mallory.answered("m-1"))["responseCode"] == 403
        await mallory.tender("m-2", party="anna", topic_party="anna", price=1, quantity=10)
        # What is another's to cancel.
        cancel = {
            "requestId": "m-3",
            "partyId": "mallory",
            "counterPartyId": "home",
            "marketId": "home",
            "segmentId": "power",
            "tenderId": "t-a-1",
        }
        await mallory.say("u/mallory/req/power/cancel-tender", cancel)
        assert (await mallory.answered("m-3"))["responseCode"] == 404
        # The same request again: the same answer, and no second tender.
        asked = await mallory.tender("m-4", price=1, quantity=10)
        assert (await mallory.answered("m-4"))["responseCode"] == 200
        await mallory.say("u/mallory/req/power/create-tender", asked)

        def twice():
            return [p for p in created(mallory) if p["inResponseTo"] == "m-4"]

        await until(lambda: len(twice()) == 2, "the same answer")
        first, again = twice()
        assert first == again
        # The same tender with other content.
        other = {**asked, "requestId": "m-5", "tender": {**asked["tender"], "side": "SELL"}}
        await mallory.say("u/mallory/req/power/create-tender", other)
        assert (await mallory.answered("m-5"))["responseCode"] == 409
        # An older revision of a requirement, whose newer one stands.
        before = mallory.newest["p/power/session"]
        await until(
            lambda: mallory.newest["p/power/session"] != before and mallory._gate_is_far(),
            "an interval in which nothing is tendered",
            15,
        )
        session, told = mallory.newest["p/power/session"], []
        for id_, revision in (("m-r9", 9), ("m-r8", 8)):
            whole = create_tender("mallory", session, id_, {"price": 1, "quantity": 10})
            whole |= {"netting": True, "revision": revision}
            await mallory.say("u/mallory/req/power/create-tender", whole)
            told.append(await mallory.answered(id_))
        assert [one["responseCode"] for one in told] == [200, 409]
        # A calendar that names a file of the gateway's, and one that would take for ever.
        secret = place.state / "credentials" / "owner"
        for id_, calendar in (("m-file", str(secret)), ("m-endless", ENDLESS)):
            wish = {"requestId": id_, "partyId": "mallory", "availability": calendar}
            await mallory.say("u/mallory/req/market/create-avail", wish)
            refused = await mallory.answered(id_)
            assert refused["responseCode"] == 400
            assert words["owner"] not in str(refused)
        # On the gateway's topics nothing of it is heard.
        for topic in ("p/power/clearing", "m/rules", "status", "u/anna/in/created-tender"):
            await mallory.say(topic, {"v": 1, "forged": True})
        await anna.tender("a-2", price=1, quantity=10)
        await anna.answered("a-2")
        assert not [1 for _, p in anna.heard if p and p.get("forged")]
        assert not anna.answer("m-2")
        assert not [topic for topic, _ in mallory.heard if topic.startswith("u/anna/")]
    for user in ("+", "#", "anna/req", "gateway", "owner"):
        with pytest.raises(aiomqtt.MqttError):
            async with listening(port, user, "guessed"):
                pass
    assert "Traceback" not in daemon.text


async def test_a_party_that_would_trade_with_itself_over_two_sessions_is_refused(place):
    _, port, words = await opened(place)
    async with (
        listening(port, "mallory", words["mallory"]) as one,
        listening(port, "mallory", words["mallory"]) as two,
    ):
        await until(lambda: "p/power/session" in one.newest, "a session", 15)
        await until(lambda: "p/power/session" in two.newest, "a session", 15)
        await until(one._gate_is_far, "a session with time left")
        session = one.newest["p/power/session"]  # one interval for both
        buy = {"price": 5000, "quantity": 400}
        sell = {"price": -5000, "quantity": 400, "side": "SELL"}
        topic = "u/mallory/req/power/create-tender"
        await one.say(topic, create_tender("mallory", session, "s-1", buy))
        await two.say(topic, create_tender("mallory", session, "s-2", sell))
        told = [await one.answered("s-1"), await two.answered("s-2")]
        (refused,) = (one for one in told if one["responseCode"] != 200)
        assert refused["responseCode"] == 422
        assert [term["term"] for term in refused["termsViolated"]] == ["selfTrade"]
        sequence = one.clearing["sequence"] if one.clearing else 0
        await until(lambda: (one.clearing or {}).get("sequence", 0) >= sequence + 2, "gates", 20)
    mine = [t for t in place.transactions() if t.party == "mallory"]
    assert len({t.side for t in mine}) <= 1
