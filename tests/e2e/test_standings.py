"""A stranger opts out and in, and says when it is available; a restart forgets none of it."""

import json

import pytest

from gateway.adapters.broker import find_mosquitto
from tests.e2e.processes import free_port, listening, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

NEVER = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VAVAILABILITY
UID:a
DTSTAMP:20200101T000000Z
BEGIN:AVAILABLE
UID:b
DTSTAMP:20200101T000000Z
DTSTART:20200101T000000Z
DURATION:PT1H
END:AVAILABLE
END:VAVAILABILITY
END:VCALENDAR
"""


ALWAYS = NEVER.replace("PT1H", "P9999D")


async def said(ear, topic, payload, answer):
    before = len(ear.answers(answer))
    await ear.client.publish(f"rmf/1/home/u/anna/{topic}", payload, qos=1, retain=True)
    await until(lambda: len(ear.answers(answer)) > before, answer, 10)
    return ear.answers(answer)[-1]


async def test_what_a_party_says_of_itself_holds_over_a_restart(place):
    await place.build(solar_w=3000, load_w=500, battery_soc_pct=50)
    port = free_port()
    config = place.write(
        broker={"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}},
        parties={"anna": {}},
        devices={"heatpump": None},
    )
    daemon = await place.run(config)
    word = (place.state / "credentials" / "anna").read_text().strip()
    out = {"optId": "away", "optType": "optOut", "optReason": "economic"}
    async with listening(port, "anna", word) as anna:
        await until(lambda: anna.newest.get("p/power/session"), "a session")
        stands = await anna.tender("a-1")
        assert (await anna.answered("a-1"))["responseCode"] == 200
        told = await said(anna, "opt", json.dumps(out), "created-opt")
        assert (told["optId"], told["optedOut"]) == ("away", True)
        if anna.answers("canceled-tender"):
            gone = anna.answers("canceled-tender")[-1]["eiCanceledResponse"]
            assert gone["tenderId"] == stands["tender"]["tenderId"]
            assert gone["cancelReason"] == "SUPERVISORY"
        await anna.tender("a-2")
        assert (await anna.answered("a-2"))["responseDetail"] == "PARTY_RESTRICTED"
    await daemon.kill()
    await place.run(config)
    async with listening(port, "anna", word) as anna:
        await until(lambda: anna.newest.get("p/power/session"), "a session")
        await anna.tender("a-3")
        assert (await anna.answered("a-3"))["responseDetail"] == "PARTY_RESTRICTED"
        assert not (await said(anna, "opt", b"", "created-opt"))["optedOut"]
        bad = await said(anna, "avail", b"BEGIN:NONSENSE", "created-avail")
        assert bad["response"]["responseCode"] == 400
        await anna.tender("a-4")
        assert (await anna.answered("a-4"))["responseCode"] == 200
        told = await said(anna, "avail", NEVER, "created-avail")
        assert told["hasAvailability"]
        await anna.tender("a-5")
        refused = await anna.answered("a-5")
        assert refused["termsViolated"][0]["term"] == "availabilitySchedule"
        await said(anna, "avail", b"", "created-avail")
        await anna.tender("a-6")
        assert (await anna.answered("a-6"))["responseCode"] == 200


async def test_the_owners_calendar_holds_a_party_and_a_written_one_takes_back_what_stands(place):
    await place.build(solar_w=3000, load_w=500, battery_soc_pct=50)
    port = free_port()
    file = place.folder / "anna.ics"
    file.write_text(ALWAYS)
    config = place.write(
        broker={"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}},
        parties={"anna": {"available": str(file)}},
        devices={"heatpump": None},
        products={"power": {"resource": "POWER", "unit": "W", "interval": "15min"}},
    )
    await place.run(config)
    word = (place.state / "credentials" / "anna").read_text().strip()
    async with listening(port, "anna", word) as anna:
        await until(lambda: anna.newest.get("p/power/session"), "a session")
        stands = await anna.tender("a-1")
        assert (await anna.answered("a-1"))["responseCode"] == 200
        file.write_text(NEVER)
        await until(lambda: anna.answers("canceled-tender"), "a withdrawal", 30)
        told = anna.answers("canceled-tender")[-1]
        assert told["eiCanceledResponse"]["tenderId"] == stands["tender"]["tenderId"]
        assert told["eiCanceledResponse"]["cancelReason"] == "SUPERVISORY"
        why = told["response"]["responseDescription"]
        assert why.endswith("is not wholly inside what this area allows anna")
        await anna.tender("a-2")
        refused = await anna.answered("a-2")
        assert refused["responseDetail"] == "PARTY_RESTRICTED"
        assert refused["termsViolated"][0]["term"] == "availabilitySchedule"
