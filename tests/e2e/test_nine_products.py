"""Nine resources side by side: two strangers trade all of them, and the house does not notice."""

from pathlib import Path

import pytest
import yaml

from gateway.adapters.broker import find_mosquitto
from gateway.model.time import parse_rfc3339
from tests.e2e.processes import free_port, listening, real_now, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

EXCHANGE = Path(__file__).parents[2] / "config" / "exchange.yaml"
MARGIN_NS = 1_500_000_000


def products():
    """Those of the example, with intervals short enough to wait for."""
    found = yaml.safe_load(EXCHANGE.read_text())["products"]
    return {
        name: {**terms, "interval": "8s" if name == "quarter" else "4s"}
        for name, terms in found.items()
    }


def message(party, ref, interval, side, steps, lots):
    """The same words for every product; all that differs comes from its reference data."""
    return {
        "requestId": f"{party}-{ref['segmentId']}",
        "partyId": party,
        "counterPartyId": ref["marketId"],
        "marketId": ref["marketId"],
        "segmentId": ref["segmentId"],
        "tender": {
            "tenderId": f"{party}-{ref['segmentId']}",
            "side": side,
            "resourceDesignator": ref["product"]["resourceDesignator"],
            "tenderDetail": {
                "interval": interval,
                "price": steps * ref["tickSize"],
                "quantity": lots * ref["roundLot"],
            },
        },
    }


async def tender(ear, product, side, steps, lots):
    """For the interval that is traded now, once there is time left in its session."""

    def session():
        found = ear.newest.get(f"p/{product}/session")
        gate = found and parse_rfc3339(found["sessionClose"])
        return found if gate and gate - real_now() > MARGIN_NS else None

    found, _ = await until(session, f"a session of {product}")
    interval = found["tradeableInstrumentRange"]
    ref = ear.newest[f"p/{product}/ref"]
    payload = message(ear.user, ref, interval, side, steps, lots)
    await ear.say(f"u/{ear.user}/req/{product}/create-tender", payload)
    return interval, payload


def pushed(ear, product):
    """The executed tenders; what is not acknowledged is told again."""
    found = {p["marketTransactionId"]: p for p in ear.answers("create-transaction")}
    ours = (one for one in found.values() if one["segmentId"] == product)
    return [one["transaction"]["tender"] for one in ours]


def positions(ear, product):
    shown = [p for t, p in ear.heard if t == f"u/{ear.user}/pos/{product}" and p]
    return {step["quantity"] for view in shown for step in view["steps"]} - {0}


@pytest.fixture
async def exchange(place):
    await place.build(solar_w=3000, load_w=500, battery_soc_pct=50)
    port = free_port()
    config = place.write(
        broker={"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}},
        parties={"anna": {}, "bob": {}},
        devices={"heatpump": None},
        products=products(),
        grid={"export_limit_w": 500},
    )
    daemon = await place.run(config)
    folder = place.state / "credentials"
    words = {party: (folder / party).read_text().strip() for party in ("anna", "bob")}
    async with (
        listening(port, "anna", words["anna"]) as anna,
        listening(port, "bob", words["bob"]) as bob,
    ):
        await until(lambda: set(products()) <= told(anna) & told(bob), "all reference data")
        yield anna, bob
    assert "Traceback" not in daemon.text


def told(ear):
    return {topic.split("/")[1] for topic in ear.newest if topic.endswith("/ref")}


async def test_two_strangers_trade_every_product_with_the_same_messages(exchange):
    anna, bob = exchange
    resources = {anna.newest[f"p/{p}/ref"]["product"]["resourceDesignator"] for p in products()}
    assert len(resources) == 9
    own = [name for name in products() if name != "power"]
    for number, product in enumerate(own, 1):
        sold = await tender(bob, product, "SELL", 1000 + number, 2 * number)
        bought = await tender(anna, product, "BUY", 1100 + number, number)
        for party, (_, payload) in ((bob, sold), (anna, bought)):
            answer = await party.answered(payload["requestId"])
            assert answer["responseCode"] == 200, answer
        assert sold[0] == bought[0], "the gate came between them"
    await until(lambda: all(pushed(anna, p) and pushed(bob, p) for p in own), "every match", 25.0)
    for number, product in enumerate(own, 1):
        ref = anna.newest[f"p/{product}/ref"]
        [bought], [sold] = pushed(anna, product), pushed(bob, product)
        price = bought["tenderDetail"]["price"]
        # Each is matched in its own product only: prices tell them apart.
        assert 1000 + number <= price / ref["tickSize"] <= 1100 + number
        assert bought["tenderDetail"] == sold["tenderDetail"]
        assert bought["tenderDetail"]["quantity"] == number * ref["roundLot"]
        assert bought["resourceDesignator"] == ref["product"]["resourceDesignator"]
        held, _ = await until(lambda name=product: positions(anna, name), "her position")
        assert held == {number * ref["roundLot"]}


async def test_the_house_trades_and_is_steered_as_if_nothing_else_were_traded(exchange):
    anna, _ = exchange
    _, payload = await tender(anna, "power", "BUY", 20_000, 100)
    assert (await anna.answered(payload["requestId"]))["responseCode"] == 200
    await until(lambda: pushed(anna, "power"), "a match with the house")
    heard = []

    def clearings():
        heard[:] = [p for t, p in anna.heard if t == "p/power/clearing" and p and p["scheduled"]]
        return len(heard) >= 4

    await until(clearings, "four gates of power", 30.0)
    numbers = [one["sequence"] for one in heard]
    assert numbers == sorted(set(numbers))
    assert all(one["volume"] > 0 for one in heard[1:])
    for name in products():
        if name not in ("power", "quarter"):
            quiet = anna.newest.get(f"p/{name}/clearing")
            assert quiet is None or quiet["volume"] == 0
    [bought] = pushed(anna, "power")
    assert bought["tenderDetail"]["quantity"] == 100
    steered, _ = await until(lambda: anna.newest.get("d/roof/set"), "a setpoint")
    assert steered["because"]
