"""Two strangers quote, ask, accept and reject; a gateway that dies in between changes nothing."""

import contextlib

import pytest

from gateway.adapters.broker import find_mosquitto
from gateway.model.time import SECOND, Instant, parse_rfc3339, rfc3339
from tests.e2e.processes import free_port, listening, real_now, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

PRODUCTS = {
    "power": {"resource": "POWER", "unit": "W", "interval": "3s"},
    "right": {"resource": "x-CAPACITY", "interval": "1h", "mechanism": "quote-driven"},
    "heat": {"resource": "x-HEAT", "interval": "1h", "mechanism": "negotiated"},
}


def head(user, request_id, product, to="home"):
    return {
        "requestId": request_id,
        "partyId": user,
        "counterPartyId": to,
        "marketId": "home",
        "segmentId": product,
    }


async def later():
    """The interval that is traded next, when there is time before its gate."""
    hour = 3600 * SECOND
    await until(lambda: real_now() % hour < hour - 120 * SECOND, "an hour with time left", 150)
    start = real_now() // hour * hour + hour
    return {"dtStart": rfc3339(Instant(start)), "duration": "PT1H"}


class Trader:
    """A stranger who negotiates."""

    def __init__(self, ear):
        self.ear = ear

    async def ask(self, operation, request_id, product, to="home", **body):
        topic = f"u/{self.ear.user}/req/{product}/{operation}"
        await self.ear.say(topic, head(self.ear.user, request_id, product, to) | body)
        found, _ = await until(
            lambda: self.ear.answer(request_id), f"an answer to {request_id}", 10
        )
        return found

    async def quote(self, request_id, product, interval, to="home", **changes):
        detail = {"interval": interval, "price": 2000, "quantity": 1000}
        quote = {"quoteId": f"q-{request_id}", "side": "SELL", "tenderDetail": detail, **changes}
        return await self.ask("create-quote", request_id, product, to, quote=quote)

    async def accept(self, request_id, product, quote, interval, quantity, price=2000):
        detail = {"interval": interval, "price": price, "quantity": quantity}
        return await self.ask(
            "accept-quote",
            request_id,
            product,
            referencedQuoteId=quote,
            transaction={"tender": {"side": "BUY", "tenderDetail": detail}},
        )

    async def hears(self, topic, within_s=10):
        await until(lambda: self.ear.newest.get(topic), topic, within_s)
        return self.ear.newest[topic]


def code(answer):
    return answer["response"]["responseCode"]


async def two_quotes(anna, bob, interval):
    """Anna's right to import, of which Bob takes 400, and her private answer to what he asked."""
    quoted = await anna.quote("a-1", "right", interval)
    assert code(quoted) == 200
    rights = quoted["marketQuoteId"]
    shown = await bob.hears(f"p/right/quote/{rights}")
    assert (shown["partyId"], shown["remainingQuantity"]) == ("anna", 1000)
    worse = await bob.accept("b-1", "right", rights, interval, 400, price=1900)
    assert worse["response"]["termsViolated"][0]["term"] == "price"
    got = await bob.accept("b-2", "right", rights, interval, 400)
    assert code(got) == 200
    assert got["finalMarketTransaction"]["tender"]["tenderDetail"]["quantity"] == 400
    await until(lambda: anna.ear.answers("create-transaction"), "the other side", 10)
    rfq = {
        "rfqId": "warm",
        "side": "BUY",
        "boundingInterval": interval,
        "tenderDetail": {"quantity": 900},
    }
    need = (await bob.ask("create-rfq", "b-3", "heat", rfq=rfq))["marketRfqId"]
    await anna.hears(f"p/heat/rfq/{need}")
    private = await anna.quote("a-2", "heat", interval, rfqId=need, privateQuote=True)
    offer = await bob.hears("u/bob/in/create-quote")
    assert offer["quote"]["marketQuoteId"] == private["marketQuoteId"]
    assert f"p/heat/quote/{private['marketQuoteId']}" not in bob.ear.newest
    return rights, got["marketTransactionId"], need, private["marketQuoteId"]


async def the_rest(anna, bob, interval, before):
    """All of it stands as it did, and ends one after the other."""
    rights, traded, need, private = before
    assert (await anna.hears(f"p/right/quote/{rights}"))["remainingQuantity"] == 600
    await bob.hears(f"p/heat/rfq/{need}")
    again = await bob.accept("b-2", "right", rights, interval, 400)
    assert again["marketTransactionId"] == traded
    assert code(await bob.ask("reject-quote", "b-4", "heat", referencedQuoteId=private)) == 200
    await until(lambda: anna.ear.answers("rejected-quote"), "anna hears that", 10)
    rest = await bob.accept("b-5", "right", rights, interval, 700)
    assert rest["finalMarketTransaction"]["tender"]["tenderDetail"]["quantity"] == 600
    await until(lambda: anna.ear.newest[f"p/right/quote/{rights}"] is None, "it is filled", 10)
    assert code(await bob.ask("cancel-quote", "b-6", "heat", rfqIds=["warm"])) == 200
    await until(lambda: anna.ear.newest[f"p/heat/rfq/{need}"] is None, "it is cancelled", 10)


@contextlib.asynccontextmanager
async def both(port, words):
    async with (
        listening(port, "anna", words["anna"]) as first,
        listening(port, "bob", words["bob"]) as second,
    ):
        yield Trader(first), Trader(second)


async def test_strangers_negotiate_and_a_restart_changes_nothing(place):
    await place.build(solar_w=3000, load_w=500, battery_soc_pct=50)
    port = free_port()
    config = place.write(
        broker={"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}},
        parties={"anna": {}, "bob": {}},
        devices={"heatpump": None},
        products=PRODUCTS,
    )
    daemon = await place.run(config)
    folder = place.state / "credentials"
    words = {who: (folder / who).read_text().strip() for who in ("anna", "bob")}
    interval = await later()
    async with both(port, words) as (anna, bob):
        before = await two_quotes(anna, bob, interval)
    await daemon.kill()
    await place.run(config)
    async with both(port, words) as (anna, bob):
        await the_rest(anna, bob, interval, before)
    sides = [one for one in place.transactions() if one.product == "right"]
    assert sorted(one.signed for one in sides) == [-600, -400, 400, 600]
    assert {one.interval.start for one in sides} == {parse_rfc3339(interval["dtStart"])}
    replayed = await place.command("replay", str(place.journal))
    assert replayed.code == 0, replayed.err
