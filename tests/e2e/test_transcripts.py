"""Every transcript of the docs, typed at a gateway, on MQTT 3.1.1 and on 5.

A gateway for each serves all pages at once, each page with parties of its own.  Its clock is set
so that a quarter of an hour ends, and its deliveries are settled, while the pages are typed.
"""

import asyncio
import contextlib
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gateway.adapters.broker import find_mosquitto
from gateway.adapters.clock import Scale, real_now
from gateway.model.time import MINUTE, SECOND, Instant
from gateway.wire.schemas import schemas
from tests.e2e.processes import BASE, a_place, free_port, listening, until
from tests.e2e.transcripts import Shell, differences, names

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

PAGES = sorted((Path(__file__).parents[2] / "docs/transcripts").glob("*.md"))
MQTT_5_ONLY = {"response-topic"}
PRODUCTS = {
    "power": {"resource": "POWER", "unit": "W", "interval": "6s"},
    "heat": {"resource": "x-HEAT", "interval": "6s"},
    "right": {"resource": "x-CAPACITY", "interval": "1h", "mechanism": "quote-driven"},
    "gas": {
        "resource": "x-GAS",
        "unit": "W",
        "interval": "6s",
        "publish": ["book", "session", "ticks"],
    },
}
BUYERS = ("anna", "bob", "carol", "frank", "hank", "ivan", "stan")
OTHERS = ("dave", "iris", "judy", "paul", "rita")
PARTIES = {
    **{name: {} for name in BUYERS + OTHERS},
    "erin": {"meter": "hall"},
    "gina": {"enrolled": []},
}
BEFORE_THE_QUARTER = 33 * SECOND


def valid(topic, payload):
    """By the exported schema of the topic; where a party chose it, by that of any answer."""
    levels = topic.removeprefix(f"{BASE}/").split("#")[0].split("/")
    found = [one for shape, one in validators().items() if fits(shape.split("/"), levels)]
    answers = [one for shape, one in validators().items() if shape.startswith("u/U/in/")]
    assert any(one.is_valid(payload) for one in found or answers), topic


@cache
def validators():
    """Made once: while they are made, no page is typed."""
    return {shape: Draft202012Validator(one) for shape, one in schemas().items()}


def fits(shape, levels):
    pairs = zip(shape, levels, strict=False)
    return len(shape) == len(levels) and all(one == own or one.isupper() for one, own in pairs)


@contextlib.asynccontextmanager
async def gateway(place):
    """It runs; yields the port of its broker."""
    place.folder.mkdir()
    now, quarter, port = real_now(), 15 * MINUTE, free_port()
    starts = Instant(now // quarter * quarter + quarter - BEFORE_THE_QUARTER)
    scale = Scale(epoch_real=now, epoch_sim=starts, speed=1.0)
    await place.build(scale=scale, solar_w=3000, load_w=500, battery_soc_pct=60)
    config = place.write(
        broker={"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": port}},
        registration="consent",
        parties=PARTIES,
        products=PRODUCTS,
        devices={
            "heatpump": None,
            "hall": {"driver": "sunspec", "role": "meter", "connection": place.connections["grid"]},
        },
    )
    daemon = await place.run(config, options=("--scale", f"{now},{starts},1.0"))
    yield port
    assert "Traceback" not in daemon.text


def known(place, port, version):
    """What the names of a page's first words stand for."""
    broker = f"-h 127.0.0.1 -p {port} -q 1 -V {version}"
    users = {name: place.state / "credentials" / name for name in (*PARTIES, "owner")}
    words = {name: file.read_text().strip() for name, file in users.items()}
    logins = {name.upper(): f"{broker} -u {name} -P {word}" for name, word in words.items()}
    return {"ANYBODY": broker, **logins}


async def a_new_session(port):
    """So that there is time before its gate."""
    async with listening(port) as ear:
        await until(lambda: ear.newest.get("p/power/session"), "a session", 15)
        first = ear.newest["p/power/session"]
        await until(lambda: ear.newest["p/power/session"] != first, "a new session", 15)


async def type_all(place, version, wrong):
    """Type every page; what was wrong is added to the list."""
    async with gateway(place) as port:
        logins = known(place, port, version)
        await a_new_session(port)
        async with asyncio.TaskGroup() as tasks:
            for page in PAGES:
                if version == "mqttv5" or page.stem not in MQTT_5_ONLY:
                    tasks.create_task(type_one(page, version, logins, wrong))


async def type_one(page, version, logins, wrong):
    """The others go on: all that is wrong is said at once."""
    try:
        await Shell(logins, valid).type(page.read_text())
    except* (AssertionError, LookupError, ValueError, TimeoutError) as errors:
        wrong += [f"{page.stem}, {version}: {error!r}" for error in errors.exceptions]


async def test_transcripts_are_what_happens(tmp_path):
    assert len(PAGES) > 1
    validators()
    wrong = []
    async with (
        a_place(tmp_path / "mqttv311") as older,
        a_place(tmp_path / "mqttv5") as newer,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(type_all(older, "mqttv311", wrong))
        tasks.create_task(type_all(newer, "mqttv5", wrong))
    assert not wrong, "\n".join(wrong)


def test_difference_is_seen_wherever_it_is():
    page = {"a": [{"n": "<number>"}], "i": "<instant>", "s": "x"}
    same = {"a": [{"n": 1, "more": 2}], "i": "2026-11-23T04:00:00.000Z", "s": "x"}
    assert not list(differences(page, same))
    for wrong in ({"a": []}, {"a": [{"n": "1"}]}, {"i": "now"}, {"s": "y"}, {"s": True}):
        assert list(differences(page, {**same, **wrong})), wrong


def test_what_a_page_names_is_known_below():
    assert dict(names({"a": [{"q": "<id:QUOTE>"}, "<id>"]}, {"a": [{"q": "q-1"}, "x"]})) == {
        "QUOTE": "q-1"
    }
