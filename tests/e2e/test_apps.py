"""The examples as a stranger runs them: each trades with a daemon, judged by its position."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.processes import a_mosquitto, listening, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

EXAMPLES = Path(__file__).parents[2] / "examples"
POWER = {"resource": "POWER", "unit": "W", "interval": "3s"}


@pytest.fixture
async def broker(place):
    await place.build(solar_w=3000, load_w=500, battery_soc_pct=60)
    async with a_mosquitto(place.folder / "b", anna="a-secret") as running:
        config = place.write(
            broker=running.settings(),
            parties={"anna": {}},
            devices={"heatpump": None},
            products={"power": POWER},
        )
        await place.run(config)
        yield running


@contextlib.asynccontextmanager
async def app(*command, folder, cwd=None):
    """A program and what it prints."""
    log = folder / "app.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdout=out,
            stderr=out,
            cwd=cwd,
            env={**os.environ, "PARTY_PASSWORD": "a-secret"},
        )
    try:
        yield process, log
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


def bought(ear):
    """What anna's retained position says, by start of the interval."""
    steps = (ear.newest.get("u/anna/pos/power") or {}).get("steps", ())
    return {step["dtStart"]: step["quantity"] for step in steps if step["quantity"] > 0}


async def test_thermostat_buys_its_heat_and_its_room_gets_warmer(place, broker):
    command = (sys.executable, EXAMPLES / "thermostat.py", f"mqtt://127.0.0.1:{broker.port}")
    async with (
        listening(broker.port, "anna", "a-secret") as ear,
        app(*command, "anna", "home", folder=place.folder) as (process, log),
    ):
        await until(lambda: 1500 in bought(ear).values(), "the heater's power is bought", 30)

        def rooms():
            return [float(found) for found in re.findall(r"([\d.]+) C, bid", log.read_text())]

        await until(lambda: rooms() and rooms()[-1] > min(rooms()), "the room gets warmer", 30)
        assert process.returncode is None, log.read_text()


async def test_shell_script_buys_a_load_and_acknowledges(place, broker):
    script = EXAMPLES / "load.sh"
    where = ("127.0.0.1", broker.port, "anna", "a-secret", "home", 700, 9000)
    more = ("u/anna/ack/#",)
    async with (
        listening(broker.port, "gateway", "secret", more=more) as all_,
        listening(broker.port, "anna", "a-secret") as ear,
        app("sh", script, *where, folder=place.folder) as (process, log),
    ):
        async with asyncio.timeout(60):
            assert await process.wait() == 0, log.read_text()
        await until(lambda: 700 in bought(ear).values(), "the position shows it", 5)
        pushed = ear.answers("create-transaction")
        acknowledged = [p for t, p in all_.heard if t == "u/anna/ack/created-transaction"]
        assert [a["marketTransactionId"] for a in acknowledged] == [
            pushed[0]["marketTransactionId"]
        ]


async def test_node_program_buys_and_tells_its_position(place, broker):
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node, "node is not installed: apt-get install nodejs npm"
    assert npm, "npm is not installed: apt-get install npm"
    folder = place.folder / "node-party"
    shutil.copytree(EXAMPLES / "node-party", folder, ignore=shutil.ignore_patterns("node_modules"))
    installed = await asyncio.to_thread(
        subprocess.run,
        [npm, "ci", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "CI": "1"},
    )
    assert installed.returncode == 0, installed.stderr
    where = (f"mqtt://127.0.0.1:{broker.port}", "anna", "home", 600, 9000)
    async with (
        listening(broker.port, "anna", "a-secret") as ear,
        app(node, "party.js", *where, folder=place.folder, cwd=folder) as (process, log),
    ):
        async with asyncio.timeout(60):
            assert await process.wait() == 0, log.read_text()
        assert '"quantity":600' in log.read_text()
        await until(lambda: 600 in bought(ear).values(), "the position shows it", 5)


async def test_party_away_gets_its_match_when_it_is_back_also_from_a_gateway_that_was_killed(
    place, broker
):
    first = place.running[-1]
    async with listening(broker.port, "anna", "a-secret") as ear:
        await until(lambda: "p/power/session" in ear.newest, "a session")
        await ear.tender("r-1", price=9000, quantity=500)
        assert (await ear.answered("r-1"))["responseCode"] == 200
    # She is away when the gate closes, and the gateway dies before she is back.
    await until(lambda: place.transactions() and _matched(place), "the match is journalled", 15)
    await first.kill()
    await place.run(place.folder / "site.yaml")
    async with listening(broker.port, "anna", "a-secret") as ear:
        await ear.say("u/anna/status", {"v": 1, "status": "online"})
        await until(lambda: ear.answers("create-transaction"), "it is told again", 20)
        push = ear.answers("create-transaction")[0]
        assert push["transaction"]["tender"]["tenderDetail"]["quantity"] == 500
        await ear.say(
            "u/anna/ack/created-transaction",
            {"v": 1, "inResponseTo": push["requestId"], "marketTransactionId": push["requestId"]},
        )
        await ear.tender("r-2", price=9000, quantity=1)  # asked after it, so answered after it
        await ear.answered("r-2")
        before = _of(ear, push)
        await ear.say("u/anna/status", {"v": 1, "status": "online"})
        await ear.ask_position("r-3", push["transaction"]["tender"]["tenderDetail"]["interval"])
        await until(lambda: ear.answer("r-3"), "an answer")
        assert _of(ear, push) == before
        assert sum(step["quantity"] for step in ear.answer("r-3")["steps"]) == 500


def _matched(place):
    return any(one.party == "anna" for one in place.transactions())


def _of(ear, push):
    told = ear.answers("create-transaction")
    return sum(one["requestId"] == push["requestId"] for one in told)
