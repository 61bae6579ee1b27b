"""``gridtender demo`` as a newcomer starts it."""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import sys
import termios
import uuid
from pathlib import Path

import pytest

from gateway.adapters.broker import find_mosquitto
from tests.e2e.processes import children, listening, marked, until

pytestmark = pytest.mark.e2e

LIBRARY = Path(__file__).parents[2] / "config" / "scenarios"

needs_mosquitto = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")


@pytest.fixture
async def demo(place):
    """Start a demo; afterwards no process of it may be left."""
    marker = uuid.uuid4().hex

    async def start(*options):
        env = {
            "GRIDTENDER_TEST": marker,
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(place.folder),
        }
        return await place.start("demo", *options, env=env, name="demo")

    yield start
    for running in place.running:
        if running.process.returncode is None:
            await running.end()
    try:
        await until(lambda: not marked(marker), "no process is left", 10)
    finally:
        for pid in marked(marker):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def port_of(running):
    return int(re.search(r"mosquitto_sub -p (\d+)", running.text).group(1))


def pasted(running):
    """The command that buys as guest, as it stands on the screen."""
    return running.text.split("as guest:\n", 1)[1].split("\n\n", 1)[0]


@pytest.mark.parametrize("broker", [pytest.param("mosquitto", marks=needs_mosquitto), "embedded"])
async def test_it_shows_prices_and_why_then_lets_go_of_all_and_ends_with_0(demo, broker):
    running = await demo("--for", "15s", "--seed", "3", "--broker", broker)
    code, _ = await running.end(number=0, within_s=40)
    text = running.text
    assert code == 0, text
    assert re.search(r"^price +\d\.\d{4} EUR/kWh +volume \d+ W +clearing \d+", text, re.MULTILINE)
    assert "sets the price of" in text
    for name in ("solar roof", "battery", "heat pump", "house load", "grid meter"):
        assert re.search(rf"^{name} +-?\d+ W \[", text, re.MULTILINE), name
    assert "mosquitto_sub -p " in text
    assert "mosquitto_pub -p " in text
    assert "read from the devices' registers" in text
    for device in ("roof", "battery", "heatpump"):
        assert re.search(rf"^  {device} +(at its fall-back|as it was found)", text, re.MULTILINE)
    assert "NOT RELEASED" not in text
    assert "\x1b" not in text
    assert "Traceback" not in text
    pictures = text[text.index("time  ") :]
    assert max(len(line) for line in pictures.splitlines()) < 100


async def test_at_sixty_times_the_speed_it_ends_with_0(demo):
    running = await demo("--for", "15s", "--speed", "60", "--broker", "embedded", "--seed", "5")
    code, _ = await running.end(number=0, within_s=40)
    assert code == 0, running.text
    assert "60 x real time" in running.text
    assert re.search(r"clearing [3-9]", running.text)


@needs_mosquitto
@pytest.mark.parametrize("broker", ["mosquitto", "embedded"])
async def test_the_lines_it_prints_work_when_pasted(demo, broker):
    running = await demo("--seed", "3", "--broker", broker)
    await running.says("as guest:")
    await until(lambda: re.search(r"^price +\d", running.text, re.MULTILINE), "a price", 30)
    async with listening(port_of(running), "guest", "guest") as guest:
        await until(lambda: guest.clearing, "a clearing", 10)
        for _ in range(2):
            shell = await asyncio.create_subprocess_exec("sh", "-c", pasted(running))
            assert await shell.wait() == 0
        await until(lambda: len(guest.answers("created-tender")) == 2, "two answers", 10)
        codes = [a["response"]["responseCode"] for a in guest.answers("created-tender")]
        assert codes == [200, 200]
        await until(lambda: guest.answers("create-transaction"), "a transaction", 15)
        number = guest.answers("create-transaction")[0]["clearing"]
        # A push goes before state: the clearing itself may come a moment later.
        await until(lambda: guest.clearing["sequence"] >= number, "its clearing", 5)
        cleared = [p for t, p in guest.heard if t == "p/power/clearing"]
        touched = next(c for c in cleared if c["sequence"] == number)
        earlier = next(c for c in reversed(cleared) if c["sequence"] < number)
        assert touched["volume"] > earlier["volume"]
        assert touched["price"] > earlier["price"]
    code, _ = await running.end(signal.SIGINT)
    assert code == 0, running.text


async def test_ctrl_c_on_a_terminal_stops_it_cleanly(place):
    """In place on a terminal: drawn over and over, released at the end."""
    leader, follower = pty.openpty()
    os.set_blocking(leader, False)
    shown = bytearray()

    def drawn(what):
        with contextlib.suppress(BlockingIOError, OSError):
            while data := os.read(leader, 65536):
                shown.extend(data)
        return what in shown.decode(errors="replace")

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.cli", "demo"),
        *("--broker", "embedded", "--seed", "3"),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(follower)
    try:
        await until(lambda: drawn("sets the price"), "a picture", 40)
        assert "\x1b[" in shown.decode()
        os.write(leader, b"\x03")
        await until(lambda: drawn("as it was found before") or process.returncode, "released", 15)
        assert await process.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        os.close(leader)


def _take_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


async def test_when_the_daemon_dies_release_runs_and_the_screen_says_so(demo):
    running = await demo("--broker", "embedded", "--seed", "3")
    await until(lambda: "effective" in running.text or "accepted" in running.text, "driven", 40)
    (daemon,) = [pid for pid in children(running.process.pid) if "run" in arguments(pid)]
    os.kill(daemon, signal.SIGKILL)
    code, _ = await running.end(number=0)
    assert code == 1
    assert "the daemon was killed by signal 9" in running.text
    assert "gridtender release, as systemd's ExecStopPost runs it" in running.text
    assert "NOT RELEASED" not in running.text
    assert "read from the devices' registers" in running.text


async def test_when_the_demo_itself_is_killed_no_process_stays(demo):
    running = await demo("--broker", "mosquitto" if find_mosquitto() else "embedded")
    await until(lambda: "clearing" in running.text, "a picture", 40)
    await running.kill()


def arguments(pid):
    with open(f"/proc/{pid}/cmdline") as file:  # noqa: PTH123
        return file.read().split("\0")


@pytest.mark.parametrize(
    "options",
    [("--speed", "0"), ("--speed", "x"), ("--soc", "101"), ("--for", "soon"), ("--start", "noon")],
)
async def test_wrong_options_end_with_2_and_a_sentence(place, options):
    said = await place.command("demo", *options)
    assert said.code == 2
    assert options[0] in said.err
    assert "Traceback" not in said.err


async def test_the_house_alone_serves_and_names_its_devices(place):
    running = await place.start("house", "--settings", '{"seed": 7}', env={"PYTHONUNBUFFERED": "1"})
    await running.says("\n")
    devices = json.loads(running.text.splitlines()[0])
    assert set(devices) == {"roof", "battery", "grid", "house", "heatpump"}
    assert all(d["connection"].startswith("tcp://127.0.0.1:") for d in devices.values())
    code, _ = await running.end()
    assert code == 0


async def test_a_house_with_unknown_settings_ends_with_2(place):
    said = await place.command("house", "--settings", '{"roofs": 2}')
    assert said.code == 2
    assert "roofs" in said.err


async def test_a_scenario_of_the_library_is_lived(demo):
    file = LIBRARY / "cooker-over-car.yaml"
    running = await demo("--for", "12s", "--broker", "embedded", "--scenario", str(file))
    code, _ = await running.end(number=0, within_s=40)
    assert code == 0, running.text
    assert re.search(r"^car +11040 W \[", running.text, re.MULTILINE), running.text
    assert "NOT RELEASED" not in running.text


async def test_a_scenario_that_cannot_be_read_is_told_with_its_place(demo, place):
    file = place.folder / "wrong.yaml"
    file.write_text("start: noon\n")
    running = await demo("--scenario", str(file))
    code, _ = await running.end(number=0, within_s=40)
    assert code == 2
    assert "wrong.yaml:1" in running.text
