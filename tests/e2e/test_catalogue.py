"""A running daemon learns a product, a stranger trades it, and it goes again."""

import json
import signal

import pytest

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.clock import real_now
from gateway.model.time import SECOND, parse_rfc3339
from tests.e2e.processes import until
from tests.e2e.test_stranger import ANSWERED_S, market_on

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

WATER = {
    "resource": "WATER_FLOW",
    "interval": "5s",
    "quantity_scale": -1,
    "warrants": ["potable"],
    "rules": {"maximum": {"price": 1.5}},
}


def asked(ear, request_id, **fields):
    return {
        "v": 1,
        "requestId": request_id,
        "partyId": ear.user,
        "counterPartyId": "home",
        "marketId": "home",
        "segmentId": "water",
        **fields,
    }


async def ask(ear, request_id, operation="create-tender", **fields):
    await ear.say(
        f"u/{ear.user}/req/water/{operation}", json.dumps(asked(ear, request_id, **fields)).encode()
    )
    return await ear.answered(request_id, ANSWERED_S)


def water(side, tender, price, quantity, interval, **more):
    about = {"interval": interval, "price": price, "quantity": quantity}
    return {"tenderId": tender, "side": side, "tenderDetail": about, **more}


async def test_a_running_daemon_learns_water_and_strangers_trade_it(place):
    async with market_on("mosquitto", place) as market:
        config = place.folder / "site.yaml"
        site = json.loads(config.read_text())
        site["products"]["water"] = WATER
        async with market.as_("anna") as anna, market.as_("bob") as bob:
            await until(lambda: "m/ref" in anna.newest, "the market's reference data")
            config.write_text(json.dumps(site))
            place.running[-1].send(signal.SIGHUP)
            await until(lambda: "p/water/ref" in anna.newest, "its reference data")
            assert anna.newest["m/ref"]["segments"] == ["power", "water"]
            reference = anna.newest["p/water/ref"]
            assert reference["product"]["resourceUnit"] == "l/min"
            assert reference["rulesHash"].startswith("sha256:")
            await until(lambda: "p/water/session" in bob.newest, "its session")

            start = anna.newest["p/water/session"]["tradeableInstrumentRange"]
            dear = await ask(anna, "w-0", tender=water("BUY", "w-0", 20_000, 60, start))
            assert (dear["responseCode"], dear["responseDetail"]) == (422, "RULES_VIOLATION")
            assert [one["term"] for one in dear["termsViolated"]] == ["price"]

            await trade(anna, bob, reference["rulesHash"])
            sold = bob.answers("create-transaction")[0]["transaction"]["tender"]
            assert sold["tenderDetail"]["quantity"] == 60
            await until(lambda: "u/bob/pos/water" in bob.newest, "the position")

            del site["products"]["water"]
            config.write_text(json.dumps(site))
            place.running[-1].send(signal.SIGHUP)
            await until(lambda: not retained(anna), "what was retained is cleared")
            gone = await ask(anna, "w-9", tender=water("BUY", "w-9", 100, 60, start))
            assert (gone["responseCode"], gone["responseDetail"]) == (404, "INVALID_SEGMENT")
        assert "changed=products.water" in place.running[-1].text


def retained(ear):
    """What stands of water; its ticks were told once."""
    water_ones = (t for t in ear.newest if t.startswith("p/water/") and "/tick/" not in t)
    return [topic for topic in water_ones if ear.newest[topic]]


def gate_is_far(ear):
    """Two seconds are enough for two requests."""
    session = ear.newest["p/water/session"]
    far = parse_rfc3339(session["sessionClose"]) - real_now() > 2 * SECOND
    return session["tradeableInstrumentRange"] if far else None


async def trade(anna, bob, rules_hash):
    """A stream of anna's, which asks for drinking water, meets bob's tender."""
    for attempt in range(3):
        session, _ = await until(lambda: gate_is_far(anna), "a session with time left")
        # A machine whose clock is not synchronised trades the next interval only.
        steps = [{"streamUid": 0, "streamIntervalPrice": 900, "streamIntervalQuantity": 60}]
        stream = {
            "streamStart": session["dtStart"],
            "streamIntervalDuration": "PT5S",
            "streamIntervals": steps,
        }
        buys = await ask(
            anna,
            f"s-{attempt}",
            "create-stream-tender",
            acceptsRulesHash=rules_hash,
            tender={
                "tenderId": f"s-{attempt}",
                "side": "BUY",
                "warrants": ["potable"],
                "tenderDetail": {"stream": stream},
            },
        )
        offer = water("SELL", f"b-{attempt}", 100, 60, session, warrants=["potable"])
        sells = await ask(bob, f"b-{attempt}", tender=offer)
        if (buys["responseCode"], sells["responseCode"]) == (200, 200):
            await until(lambda: bob.answers("create-transaction"), "a transaction", 15)
            left = await ask(anna, f"c-{attempt}", "cancel-tender", tenderId=f"s-{attempt}")
            assert left["responseCode"] in {200, 404}
            return
        assert 423 in {buys["responseCode"], sells["responseCode"]}, (buys, sells)
    pytest.fail(f"the gate was always closed: {buys}, {sells}")
