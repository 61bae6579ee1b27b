"""The broker is gone for a while: the house does not notice, and nothing is missing after."""

import asyncio
from itertools import pairwise

import pytest

from gateway.adapters.broker import find_mosquitto
from gateway.model.time import SECOND
from tests.e2e.processes import NO_HEAT, a_mosquitto, listening, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.chaos,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

INTERVAL_S = 3
LEAD = SECOND // 2


@pytest.mark.parametrize("away_s", [20, pytest.param(60, marks=pytest.mark.slow)])
async def test_gates_are_held_while_the_broker_is_away_and_nothing_is_missing_after(place, away_s):
    await place.build(solar_w=3000, load_w=500)
    async with a_mosquitto(place.folder / "b", anna="a-secret") as broker:
        config = place.write(broker=broker.settings(), parties={"anna": {}}, devices=NO_HEAT)
        daemon = await place.run(config)
        async with listening(broker.port, "anna", "a-secret") as anna:
            await until(lambda: (anna.clearing or {}).get("price"), "a price", 25)
            asked = await anna.tender("r-1", quantity=700)
            assert (await anna.answered("r-1"))["responseCode"] == 200
            assert not anna.answers("create-transaction")
            before = anna.clearing["sequence"]
        # Acknowledged, and its match will fall into the silence.
        await broker.kill()
        await asyncio.sleep(away_s)
        await broker.start()
        await daemon.says("mqtt.connected", 20)
        async with listening(broker.port, "anna", "a-secret") as anna:
            await until(lambda: anna.clearing, "the retained clearing", 15)
            assert anna.clearing["sequence"] >= before + away_s // INTERVAL_S - 1
            await until(lambda: anna.newest.get("p/power/session"), "the retained session", 5)
            assert anna.newest["status"]["status"] == "online"
            retained = anna.clearing["sequence"]
            last = [c for c in place.clearings() if c.sequence == retained]
            assert last[0].price == anna.clearing["price"]
            # An answer lost with the connection can be asked for again.
            await anna.say("u/anna/req/power/create-tender", asked)
            assert (await anna.answered("r-1"))["responseCode"] == 200
            await anna.ask_position("r-2", asked["tender"]["tenderDetail"]["interval"])
            await until(lambda: anna.answers("reply-position"), "the position", 5)
        assert (await daemon.end())[0] == 0
    sequences = [clearing.sequence for clearing in place.clearings()]
    assert sequences == list(range(1, len(sequences) + 1))
    gates = place.gates()
    late = [(gate + LEAD) % (INTERVAL_S * SECOND) / SECOND for gate in gates]
    assert max(late) <= INTERVAL_S / 10, late
    steps = [round((b - a) / SECOND) for a, b in pairwise(gates)]
    assert set(steps) == {INTERVAL_S}
    bought = [t for t in place.transactions() if t.party == "anna"]
    assert sum(t.quantity for t in bought) == 700
    assert "Traceback" not in daemon.text


async def test_a_push_made_while_the_broker_is_away_arrives_when_it_is_back(place):
    await place.build(solar_w=3000, load_w=500)
    async with a_mosquitto(place.folder / "b", anna="a-secret") as broker:
        config = place.write(broker=broker.settings(), parties={"anna": {}}, devices=NO_HEAT)
        daemon = await place.run(config)
        async with listening(broker.port, "anna", "a-secret") as anna:
            await until(lambda: (anna.clearing or {}).get("price"), "a price", 25)
            await anna.tender("r-1", quantity=700)
            assert (await anna.answered("r-1"))["responseCode"] == 200
            assert not anna.answers("create-transaction")
        await broker.kill()
        await until(lambda: [t for t in place.transactions() if t.party == "anna"], "a match", 10)
        await broker.start()
        async with listening(broker.port, "anna", "a-secret") as anna:
            await until(lambda: anna.answers("create-transaction"), "the push", 15)
            executed = anna.answers("create-transaction")[0]["transaction"]["tender"]
            assert executed["tenderId"] == "t-r-1"
        assert "Traceback" not in daemon.text
