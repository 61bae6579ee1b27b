"""``kill -9`` of the whole daemon at seeded times: house, broker, a stranger and a party over MQTT.

What the stranger was told stands after every restart, and each device is at its fall-back in time
whenever nobody comes back.
"""

import asyncio
import random
import time

import pytest

from tests.e2e.processes import NO_EXPORT, NO_HEAT, a_mosquitto, listening, until

pytestmark = [pytest.mark.e2e, pytest.mark.chaos]

SEED = 7
AFTER_S, MARGIN_S = 6, 2
BATTERY = {"fallback": {"after": f"{AFTER_S}s", "level": "own-rule"}}
PER_KILL = 25  # of the kills of a house without processes


@pytest.fixture
def few(kills):
    """Whole daemons take seconds each."""
    return max(3, kills // PER_KILL)


async def trade_until(anna, moment, name, told):
    """Tenders until the moment; what was answered and pushed."""
    number = 0
    while time.monotonic() < moment:
        request = f"{name}-{number}"
        await anna.tender(request, quantity=100 + number)
        left = max(0.05, min(2.0, moment - time.monotonic()))
        try:
            async with asyncio.timeout(left):
                while anna.answer(request) is None:  # noqa: ASYNC110  nobody tells
                    await asyncio.sleep(0.02)
        except TimeoutError:
            break
        number += 1
    for answer in anna.answers("created-tender"):
        if answer["response"]["responseCode"] == 200:
            told["orders"].setdefault(answer["inResponseTo"], answer["marketOrderId"])
    for push in anna.answers("create-transaction"):
        tender = push["transaction"]["tender"]
        known = told["pushed"].setdefault(push["marketTransactionId"], tender)
        assert known == tender


async def test_daemon_killed_at_any_time_goes_on_where_it_was(place, few):
    chance = random.Random(SEED)
    told = {"orders": {}, "pushed": {}}
    await place.build(solar_w=3000, load_w=500)
    async with a_mosquitto(place.folder / "b", anna="a-secret") as broker:
        config = place.write(
            broker=broker.settings(), parties={"anna": {}}, devices={**NO_HEAT, "battery": BATTERY}
        )
        for life in range(few):
            daemon = await place.start("run", "--config", str(config))
            await daemon.says("gateway.started")
            moment = time.monotonic() + chance.uniform(0.0, 7.0)
            async with listening(broker.port, "anna", "a-secret") as anna:
                await asyncio.sleep(min(0.5, max(0.0, moment - time.monotonic())))
                if (anna.newest.get("p/power/session") or {}).get("sessionClose"):
                    await trade_until(anna, moment, f"r{life}", told)
                await asyncio.sleep(max(0.0, moment - time.monotonic()))
                await daemon.kill()
        last = await place.run(config)
        async with listening(broker.port, "anna", "a-secret") as anna:
            await until(lambda: anna.clearing, "a clearing", 20)
        assert (await last.end())[0] == 0
    assert told["orders"]
    transactions = {t.id: t for t in place.transactions()}
    assert len(transactions) == len(place.transactions())
    for name, tender in told["pushed"].items():
        assert transactions[name].quantity == tender["tenderDetail"]["quantity"]
        assert transactions[name].tender == tender["tenderId"]
    sequences = [clearing.sequence for clearing in place.clearings()]
    assert sequences == list(range(1, len(sequences) + 1))
    replayed = await place.command("replay", str(place.journal))
    assert replayed.code == 0, replayed.err
    assert not [*place.state.glob("journal.sqlite.corrupt-*")]


async def test_daemon_killed_at_any_time_leaves_every_device_at_its_fall_back(place, few):
    """The battery by its own countdown, the roof by release, as systemd runs it."""
    chance = random.Random(SEED)
    await place.build(battery_soc_pct=50, solar_w=4000, load_w=300)
    devices = {**NO_HEAT, "battery": {"fallback": {"after": f"{AFTER_S}s"}}}
    config = place.write(broker={"kind": "embedded"}, devices=devices, grid=NO_EXPORT)
    for _ in range(few):
        daemon = await place.start("run", "--config", str(config))
        await daemon.says("gateway.started")
        await asyncio.sleep(chance.uniform(0.0, 6.0))
        await daemon.kill()
        killed = time.monotonic()
        released = await place.release()
        assert released.code == 0, released.out + released.err
        left_s = AFTER_S + MARGIN_S - (time.monotonic() - killed)
        armed = {path.stem for path in (place.state / "arming").glob("*.json")}
        if "roof" in armed:
            await until(lambda: place.truth("roof_w") > -1, "the roof stands still", left_s)
        if "battery" in armed:
            await until(lambda: abs(place.truth("battery_w")) < 50, "the battery too", left_s)
    restored = await place.release("--restore")
    assert restored.code == 0, restored.out + restored.err
