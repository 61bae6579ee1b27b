"""Every transcript of the docs, typed at a fresh gateway, on MQTT 3.1.1 and on 5."""

import asyncio
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gateway.wire.schemas import schemas
from tests.e2e.processes import free_port, listening, until
from tests.e2e.transcripts import caught, differences, steps_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PAGES = sorted((Path(__file__).parents[2] / "docs/transcripts").glob("*.md"))
SOON = {"unit": "W", "interval": "10s"}
PRODUCTS = {
    "power": {"resource": "POWER", **SOON},
    "right": {"resource": "x-CAPACITY", **SOON, "mechanism": "quote-driven"},
    "heat": {"resource": "x-HEAT", **SOON, "publish": ["book", "session", "ticks"]},
}


def valid(name, payload):
    """By the exported schema of its topic's last level, where there is one."""
    found = [one for key, one in schemas().items() if key.rsplit("/", 1)[-1] == name]
    assert found, f"no schema for {name}"
    assert any(Draft202012Validator(one).is_valid(payload) for one in found), (name, payload)


async def type_(words):
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.splitlines()]


class Session:
    """One transcript being typed: the inboxes so far, and what the placeholders stand for."""

    def __init__(self, ears, logins):
        self.ears, self.logins, self.known = ears, logins, {}
        self.read = dict.fromkeys(ears, 0)
        self.interval = {}

    async def begin(self):
        """At the start of a session, so that there is time before its gate."""
        ear = self.ears["anna"]
        sessions = [p for t, p in ear.heard if t == "p/power/session"]

        def another():
            return [p for t, p in ear.heard if t == "p/power/session"][len(sessions) :]

        found, _ = await until(another, "a new session", 15)
        self.interval = interval = found[0]["tradeableInstrumentRange"]
        self.known = {"START": interval["dtStart"], "LENGTH": interval["duration"]}

    async def do(self, step):
        printed = [] if step.is_comment else await type_(step.words(self.logins, self.known))
        for who, name, payload in step.expected(self.known):
            came = printed.pop(0) if name is None else await self.pushed(who, name)
            assert not list(differences(payload, came)), (step.typed, came)
            if name is not None:
                valid(name, came)
            self.known |= caught(payload, came)
        if not step.comes:
            await self.asked_and_answered()

    async def asked_and_answered(self):
        """Nothing came: what is asked only now is answered next."""
        request = f"quiet-{self.read['anna']}"
        await self.ears["anna"].ask_position(request, dict(self.interval))
        answer = await self.pushed("anna", "reply-position")
        assert answer["inResponseTo"] == request

    async def pushed(self, who, name):
        def waiting():
            inbox = [(t, p) for t, p in self.ears[who].heard if t.startswith(f"u/{who}/in/")]
            return inbox[self.read[who] :]

        await until(waiting, f"{name} comes to {who}", 15)
        topic, payload = waiting()[0]
        self.read[who] += 1
        assert topic.rsplit("/", 1)[-1] == name, (topic, payload)
        return payload


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_transcript_is_what_happens(page, version, place):
    await place.build(solar_w=3000, load_w=500, battery_soc_pct=60)
    port = free_port()
    config = place.write(
        broker={"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}},
        parties={"anna": {}, "bob": {}},
        registration="consent",
        devices={"heatpump": None},
        products=PRODUCTS,
    )
    await place.run(config)
    on = f"-h 127.0.0.1 -p {port} -q 1 -V {version}"
    words = {
        who: (place.state / "credentials" / who).read_text().strip()
        for who in ("anna", "bob", "owner")
    }
    logins = {who.upper(): f"{on} -u {who} -P {word}" for who, word in words.items()}
    logins |= {"ON": logins["ANNA"], "NEW": on, "BOILER": f"{on} -u boiler -P a-long-password"}
    async with (
        listening(port, "anna", words["anna"]) as anna,
        listening(port, "bob", words["bob"]) as bob,
    ):
        session = Session({"anna": anna, "bob": bob}, logins)
        await session.begin()
        for step in steps_of(page.read_text()):
            await session.do(step)


def test_difference_is_seen_wherever_it_is():
    page = {"a": [{"n": "<number>"}], "i": "<instant>", "s": "x"}
    same = {"a": [{"n": 1, "more": 2}], "i": "2026-11-23T04:00:00.000Z", "s": "x"}
    assert not list(differences(page, same))
    for wrong in ({"a": []}, {"a": [{"n": "1"}]}, {"i": "now"}, {"s": "y"}, {"s": True}):
        assert list(differences(page, {**same, **wrong})), wrong
