"""``kill -9`` of the daemon: devices are judged at their own registers and in the physics."""

import asyncio
import time

import pytest

from gateway.adapters.broker import find_mosquitto
from tests.e2e.processes import NO_EXPORT, NO_HEAT, a_mosquitto, listening, until

pytestmark = [pytest.mark.e2e, pytest.mark.chaos]

EMBEDDED = {"kind": "embedded"}
AFTER_S = 10
SOON = {"fallback": {"after": f"{AFTER_S}s"}}
MARGIN_S = 2


async def test_a_curtailed_roof_is_at_its_level_by_release(place):
    """Its timer would end in full output: only release reaches the level."""
    await place.build(battery_soc_pct=100, solar_w=6000)
    before = place.controls()
    devices = {**NO_HEAT, "roof": SOON, "battery": SOON}
    daemon = await place.run(place.write(broker=EMBEDDED, grid=NO_EXPORT, devices=devices))
    await until(lambda: abs(place.truth("grid_w")) < 60, "the export limit is kept", 25)
    assert place.truth("roof_w") < -200

    await daemon.kill()
    killed = time.monotonic()
    released = await place.release()
    assert released.code == 0, released.out + released.err
    assert place.truth("limit_w") == 0
    left_s = AFTER_S + MARGIN_S - (time.monotonic() - killed)
    await until(lambda: place.truth("roof_w") > -1, "the roof stands still", left_s)
    assert place.truth("grid_w") > 0

    # And it stays there, longer than any timer was.
    await asyncio.sleep(max(0.0, AFTER_S + 2 * MARGIN_S - (time.monotonic() - killed)))
    assert place.truth("limit_w") == 0
    restored = await place.release("--restore")
    assert restored.code == 0, restored.out + restored.err
    assert place.controls() == before


async def test_a_force_charging_battery_lets_go_by_its_own_timer(place):
    """Nobody runs release: the battery's countdown ends its command."""
    await place.build(solar_w=4000)
    battery = {"fallback": {"after": f"{AFTER_S}s", "level": "own-rule"}}
    devices = {**NO_HEAT, "battery": battery}
    daemon = await place.run(place.write(broker=EMBEDDED, devices=devices))
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)
    assert place.point("battery", "124.InOutWRte_RvrtTms") == AFTER_S

    await daemon.kill()
    assert place.point("battery", "124.StorCtl_Mod") != 0
    await until(
        lambda: place.point("battery", "124.StorCtl_Mod") == 0 and place.truth("battery_w") < 50,
        "the battery follows its own rule",
        AFTER_S + MARGIN_S,
    )


async def test_a_force_charging_battery_under_a_limit_is_at_its_level_by_release(place):
    await place.build(solar_w=4000)
    devices = {**NO_HEAT, "battery": SOON, "roof": SOON}
    daemon = await place.run(place.write(broker=EMBEDDED, grid=NO_EXPORT, devices=devices))
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)
    await daemon.kill()
    released = await place.release()
    assert released.code == 0, released.out + released.err
    await until(
        lambda: abs(place.truth("battery_w")) < 50 and place.truth("roof_w") > -1,
        "battery and roof stand still",
        AFTER_S + MARGIN_S,
    )


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
async def test_a_restart_goes_on_where_the_killed_one_stopped(place):
    await place.build(solar_w=3000, load_w=500)
    before = place.controls()
    async with a_mosquitto(place.folder / "b", anna="a-secret") as broker:
        config = place.write(
            broker=broker.settings(),
            parties={"anna": {}},
            devices={**NO_HEAT, "battery": SOON},
            products={"power": {"resource": "POWER", "unit": "W", "interval": "10s"}},
        )
        first = await place.run(config)
        async with listening(broker.port, "anna", "a-secret") as anna:
            await until(lambda: (anna.clearing or {}).get("price"), "a price", 40)
            asked = await anna.tender("r-1", quantity=700)
            assert (await anna.answered("r-1"))["responseCode"] == 200
            await until(lambda: anna.answers("create-transaction"), "a transaction", 20)
            traded = asked["tender"]["tenderDetail"]["interval"]
            await anna.ask_position("r-2", traded)
            await until(lambda: anna.answers("reply-position"), "the position", 5)
            sequence = anna.clearing["sequence"]

            await first.kill()
            await until(lambda: anna.newest["status"]["status"] == "offline", "its will", 5)
            second = await place.run(config)
            await anna.ask_position("r-3", traded)
            await until(lambda: len(anna.answers("reply-position")) == 2, "the position", 5)
            old, new = anna.answers("reply-position")
            assert new["steps"] == old["steps"]
            assert [step["quantity"] for step in new["steps"]] == [700]

            # The same request again is answered, not taken twice.
            await anna.say("u/anna/req/power/create-tender", asked)
            await until(lambda: len(anna.answers("created-tender")) == 2, "an answer", 5)
            first_answer, again = anna.answers("created-tender")
            assert again["marketOrderId"] == first_answer["marketOrderId"]
            await until(
                lambda: (anna.clearing or {}).get("sequence", 0) >= sequence + 2,
                "two more clearings",
                30,
            )
            # What she never acknowledged is told again, and is the same transaction.
            pushed = anna.answers("create-transaction")
            told = {p["requestId"]: p["transaction"] for p in pushed}
            assert all(p["transaction"] == told[p["marketTransactionId"]] for p in pushed)
        code, _ = await second.end()
        assert code == 0
    transactions = place.transactions()
    ids = [transaction.id for transaction in transactions]
    assert len(ids) == len(set(ids))
    bought = [t for t in transactions if t.party == "anna" and t.tender == "t-r-1"]
    assert sum(t.quantity for t in bought) == 700
    sequences = [clearing.sequence for clearing in place.clearings()]
    assert sequences == list(range(1, len(sequences) + 1))
    replayed = await place.command("replay", str(place.journal))
    assert replayed.code == 0, replayed.err
    restored = await place.release("--restore")
    assert restored.code == 0, restored.out + restored.err
    assert place.controls() == before
    assert "Traceback" not in second.text
