"""Strangers with an MQTT client, on every kind of broker there is."""

import contextlib
from dataclasses import dataclass

import pytest

from gateway.adapters.broker import find_mosquitto
from tests.e2e.processes import a_mosquitto, free_port, listening, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

PARTIES = ("anna", "bob")
ANSWERED_S = 5.0
TERMS = {"resource": "POWER", "unit": "W", "interval": "3s", "tick": 0.0005, "lot": 10}


@dataclass
class Market:
    """A running gateway and how strangers reach it."""

    place: object
    port: int
    passwords: dict

    @property
    def stranger(self):
        return "guest" if "guest" in self.passwords else "anna"

    def as_(self, user):
        return listening(self.port, user, self.passwords[user])


@contextlib.asynccontextmanager
async def market_on(kind, place):
    await place.build(solar_w=3000, load_w=500, battery_soc_pct=50)
    async with contextlib.AsyncExitStack() as stack:
        if kind == "external":
            # Somebody else's broker has no guest: there, a party of the file is the stranger.
            passwords = {"anna": "a-secret", "bob": "b-secret"}
            broker = await stack.enter_async_context(a_mosquitto(place.folder / "b", **passwords))
            settings, port = broker.settings(), broker.port
        else:
            port = free_port()
            settings = {"kind": kind, "guest": True}
            settings["listen"] = {"host": "127.0.0.1", "port": port}
            passwords = {"guest": "guest"}
        config = place.write(
            broker=settings,
            parties={party: {} for party in PARTIES},
            devices={"heatpump": None},
            products={"power": TERMS},
        )
        daemon = await place.run(config)
        if kind != "external":
            folder = place.state / "credentials"
            passwords |= {party: (folder / party).read_text().strip() for party in PARTIES}
        yield Market(place=place, port=port, passwords=passwords)
        assert "Traceback" not in daemon.text


@pytest.fixture(params=["external", "mosquitto", "embedded"])
async def market(request, place):
    async with market_on(request.param, place) as opened:
        yield opened


async def steady(ear):
    """The price once the battery sets it, from the sun's surplus."""

    def battery_sets_it():
        clearing = ear.clearing or {}
        setters = {step["partyId"] for step in clearing.get("marginal", ())}
        return clearing.get("price") and setters == {"battery"} and "p/power/session" in ear.newest

    await until(battery_sets_it, "the battery sets the price", 25)
    return ear.clearing["price"]


async def test_a_guests_tender_moves_the_price_and_its_transaction_is_pushed(market):
    async with market.as_(market.stranger) as guest:
        before = await steady(guest)
        asked = await guest.tender("r-1", price=4500, quantity=7000)
        answer = await guest.answered("r-1")
        assert (answer["responseCode"], answer["responseDetail"]) == (200, "SUCCESS")
        await until(lambda: guest.answers("create-transaction"), "a transaction", 15)
        pushed = guest.answers("create-transaction")[0]
        executed = pushed["transaction"]["tender"]
        assert executed["tenderDetail"]["quantity"] == 7000
        assert executed["tenderDetail"]["interval"] == asked["tender"]["tenderDetail"]["interval"]
        price = executed["tenderDetail"]["price"]
        assert before < price <= 4500

        def shown():
            """Its clearing, or a newer one: of a retained topic the newest is what counts."""
            cleared = (p for t, p in guest.heard if t == "p/power/clearing")
            return [c for c in cleared if c["sequence"] >= pushed["clearing"]]

        await until(shown, "the clearing is shown", 15)
        same = [c["price"] for c in shown() if c["sequence"] == pushed["clearing"]]
        assert set(same) <= {price}
        await until(
            lambda: f"u/{guest.user}/pos/power" in guest.newest, "the position is retained", 5
        )


async def test_nobody_acts_for_somebody_else(market):
    async with market.as_("anna") as anna, market.as_("bob") as bob:
        await steady(anna)
        await steady(bob)
        # A perfect tender of bob's, on bob's topic, by anna: the broker drops it.
        await anna.tender("r-forged", party="bob", topic_party="bob")
        # The same on her own topic: refused.  Answered later, so the forged one was seen.
        await anna.tender("r-own-topic", party="bob")
        answer = await anna.answered("r-own-topic", ANSWERED_S)
        assert (answer["responseCode"], answer["responseDetail"]) == (403, "NOT_AUTHORIZED")
        await two_more_clearings(bob)
        assert not bob.answers("created-tender")
        assert not bob.answers("create-transaction")
        assert "p/power/tender/bob" not in bob.newest
        # Nor can she read what bob is told.
        await anna.client.subscribe("rmf/1/home/u/bob/#")
        await bob.tender("r-bob", quantity=10, price=5)
        await bob.answered("r-bob", ANSWERED_S)
        await anna.tender("r-anna", quantity=10, price=5)
        await anna.answered("r-anna", ANSWERED_S)
        assert not [topic for topic, _ in anna.heard if topic.startswith("u/bob/")]


async def two_more_clearings(ear):
    sequence = ear.clearing["sequence"]
    await until(lambda: ear.clearing["sequence"] >= sequence + 2, "two more clearings", 20)


BAD_TERMS = {
    "zero": ({"quantity": 0}, 422, "RULES_VIOLATION"),
    "below-zero": ({"quantity": -5}, 422, "RULES_VIOLATION"),
    "off-tick": ({"price": 4501}, 422, "RULES_VIOLATION"),
    "off-lot": ({"quantity": 7001}, 422, "RULES_VIOLATION"),
    "over-the-cap": ({"price": 30000}, 422, "RULES_VIOLATION"),
    "expired": ({"expirationTime": "2001-01-01T00:00:00Z"}, 422, "RULES_VIOLATION"),
}


async def test_bad_requests_get_their_outcome_and_change_nothing(market):
    async with market.as_(market.stranger) as guest:
        before = await steady(guest)
        for name, (change, code, detail) in BAD_TERMS.items():
            await guest.tender(f"r-{name}", **{"price": 4500, "quantity": 7000, **change})
            answer = await guest.answered(f"r-{name}", ANSWERED_S)
            assert (answer["responseCode"], answer["responseDetail"]) == (code, detail), name
            assert answer["termsViolated"], name
        for name, payload in unreadable(guest).items():
            known = len(guest.answers("created-tender"))
            await guest.say(f"u/{guest.user}/req/power/create-tender", payload)
            await until(lambda known=known: len(guest.answers("created-tender")) > known, name, 10)
            answer = guest.answers("created-tender")[-1]
            assert answer["inResponseTo"] is None, name
            assert answer["response"]["responseCode"] == 400, name
            assert answer["response"]["responseDetail"] == "INVALID_ARTIFACT", name
        await two_more_clearings(guest)
        assert abs(guest.clearing["price"] - before) <= 10
        assert f"p/power/tender/{guest.user}" not in guest.newest
        assert not guest.answers("create-transaction")
        # And the door still works.
        await guest.tender("r-good", price=4500, quantity=7000)
        assert (await guest.answered("r-good", ANSWERED_S))["responseCode"] == 200


def unreadable(guest):
    return {
        "no-json": b"buy everything",
        "nan": b'{"requestId": "r-nan", "price": NaN}',
        "deep": b'{"a":' * 20 + b"1" + b"}" * 20,
        "1-mb": b"x" * 1_000_000,
        "1-mb-of-json": b'{"requestId":"r-big","a":"' + b"x" * 1_000_000 + b'"}',
    }
