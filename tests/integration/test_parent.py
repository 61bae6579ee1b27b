"""The market above over a real mosquitto: what is heard, asked, refused and acknowledged."""

import asyncio
import json

import aiomqtt
import pytest

from gateway.app.parent import MqttParent
from gateway.model.errors import BrokerUnavailable
from gateway.model.intertie import Bounds, Contract, IntertieSettings
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import Instant, Interval, parse_rfc3339, seconds
from tests.e2e.processes import Mosquitto, until

BASE = "rmf/1/home"
START = parse_rfc3339("2026-06-21T12:00:10Z")
NEXT = Interval(START, Instant(START + seconds(10)))
REFERENCE = {
    "product": {"duration": "PT10S", "resourceUnit": "W", "quantityScale": 0},
    "currency": "EUR",
    "priceScale": -4,
    "tickSize": 1,
    "roundLot": 1,
    "priceFloor": -10000,
    "priceCap": 20000,
    "gateClosure": "PT2S",
}


def settings(broker, password):
    file = broker.folder / "password"
    file.write_text(f"{password}\n")
    contract = Contract(
        tie="up",
        area="app",
        parent="home",
        product="power",
        parent_product="power",
        bounds=Bounds(imports=1000, exports=1000),
        standing_import=4000,
        standing_export=300,
    )
    url = f"mqtt://127.0.0.1:{broker.port}"
    return IntertieSettings(contract=contract, url=url, username="app", password_file=str(file))


@pytest.fixture
async def broker(tmp_path):
    opened = Mosquitto(folder=tmp_path, passwords={"gateway": "secret", "app": "word"})
    await opened.start()
    yield opened
    await opened.kill()


async def test_a_wrong_password_is_one_sentence(broker):
    parent = MqttParent(settings(broker, "wrong"))
    with pytest.raises(ExceptionGroup) as caught:
        await parent.run()
    assert caught.group_contains(BrokerUnavailable, match="does not admit 'app'")
    assert "does not admit" in parent.away


async def test_a_requirement_goes_up_an_award_comes_down_and_is_acknowledged(broker):
    parent = MqttParent(settings(broker, "word"))
    awards = []
    parent.on_award = awards.append
    client = aiomqtt.Client("127.0.0.1", broker.port, username="gateway", password="secret")
    async with client, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(parent.run())
        for topic in ("req/#", "ack/#"):
            await client.subscribe(f"{BASE}/u/app/{topic}", qos=1)
        heard = []

        async def play():
            async for message in client.messages:
                asked = json.loads(message.payload)
                heard.append((message.topic.value, asked))
                if "/req/" in message.topic.value:
                    code = 200 if len(heard) == 1 else 423
                    answer = {
                        "inResponseTo": asked["requestId"],
                        "response": {"responseCode": code, "responseDescription": "too late"},
                    }
                    await client.publish(f"{BASE}/u/app/in/created-tender", json.dumps(answer))

        market = tasks.create_task(play())
        await client.publish(f"{BASE}/p/power/ref", json.dumps(REFERENCE), retain=True)
        await until(lambda: parent.terms is not None, "the terms are heard")
        assert parent.away == ""
        wanted = TenderSet(
            party="app",
            product="power",
            interval=NEXT,
            tenders=(Tender(id="20260621T120010Z.7.0", side=Side.BUY, price=2500, quantity=800),),
            netting=True,
            revision=7,
        )
        assert await parent.state(wanted) == ""
        assert "423" in await parent.state(wanted)
        topic, sent = heard[0]
        assert topic == f"{BASE}/u/app/req/power/create-tender"
        assert (sent["netting"], sent["revision"], len(sent["tenders"])) == (True, 7, 1)
        match = {
            "marketTransactionId": "home-tx-1",
            "transaction": {
                "tender": {
                    "tenderId": "20260621T120010Z.7.0",
                    "side": "BUY",
                    "tenderDetail": {
                        "interval": {"dtStart": "2026-06-21T12:00:10Z", "duration": "PT10S"},
                        "price": 2000,
                        "quantity": 800,
                    },
                }
            },
        }
        await client.publish(f"{BASE}/u/app/in/create-transaction", json.dumps(match))
        await until(lambda: awards, "the award comes")
        assert (awards[0].quantity, awards[0].price, awards[0].interval) == (800, 2000, NEXT)
        parent.acknowledge(awards[0], "beyond the contract")
        acknowledged = f"{BASE}/u/app/ack/created-transaction"
        await until(lambda: heard[-1][0] == acknowledged, "the acknowledgement")
        assert heard[-1][1]["response"]["responseCode"] == 422
        await client.publish(f"{BASE}/status", json.dumps({"status": "offline"}), retain=True)
        await until(lambda: parent.away == "home is offline", "its will is heard")
        with pytest.raises(BrokerUnavailable, match="offline"):
            await parent.state(wanted)
        market.cancel()
        running.cancel()
