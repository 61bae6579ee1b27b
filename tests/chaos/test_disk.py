"""A disk that is full, read-only, broken or slow under the running daemon.

Control goes on and keeps the export limit, outside requests get 503 in time, the fault is
published, and all is well again by itself when the disk is.
"""

import asyncio
import contextlib
import errno
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.processes import NO_EXPORT, NO_HEAT, a_mosquitto, listening, until

pytestmark = [pytest.mark.e2e, pytest.mark.chaos]

FULL_ROOF = {"battery_soc_pct": 100, "solar_w": 6000, "load_w": 600}
SETTLED_S = 8  # patience of five seconds and the way there and back
FAULT = "d/gateway/fault/JOURNAL_FAILED"


@contextlib.asynccontextmanager
async def a_house(place, **env):
    """A daemon that holds an export limit of 0, and a stranger who trades with it."""
    await place.build(**FULL_ROOF)
    async with a_mosquitto(place.folder / "b", anna="a-secret") as broker:
        config = place.write(
            broker=broker.settings(), parties={"anna": {}}, devices=NO_HEAT, grid=NO_EXPORT
        )
        daemon = await place.run(config, env=env)
        await until(lambda: abs(place.truth("grid_w")) < 60, "the export limit is kept", 25)
        async with listening(broker.port, "anna", "a-secret", more=["d/+/fault/#"]) as anna:
            await until(lambda: (anna.clearing or {}).get("price") is not None, "a price", 25)
            yield daemon, anna


async def response(anna, name):
    """The code of the answer to a tender, and how long it took."""
    began = time.monotonic()
    await anna.tender(name, quantity=300)
    answer = await anna.answered(name, SETTLED_S)
    return answer["responseCode"], time.monotonic() - began


async def holds_its_limit(place, load_w):
    """Less load, and the roof follows at once, whatever the disk does."""
    place.house.set_load(load_w)
    await until(
        lambda: abs(place.truth("grid_w")) < 60 and place.truth("roof_w") < -load_w + 100,
        f"the roof follows a load of {load_w} W",
        6,
    )


async def is_refused(anna, name):
    """What others give back of a full disk may still take a request or two."""
    for number in range(12):
        code, took_s = await response(anna, f"{name}-{number}")
        assert took_s < SETTLED_S
        if code == 503 and await is_told(anna):
            return
    pytest.fail("the disk took everything, or nobody was told")


async def is_told(anna):
    """Whether the fault is published soon."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(3):
            await until(lambda: anna.newest.get(FAULT), "the fault is published")
    return bool(anna.newest.get(FAULT))


async def goes_through(place, anna, begin, end):
    """Trouble begins and ends under a house that trades."""
    assert (await response(anna, "before"))[0] == 200
    begin()
    await is_refused(anna, "during")
    await holds_its_limit(place, 900)
    await is_refused(anna, "still")
    sequence = anna.clearing["sequence"]
    await holds_its_limit(place, 500)
    end()
    await until(lambda: anna.newest.get(FAULT) is None, "the fault is gone", 40)
    assert (await response(anna, "after"))[0] == 200
    await until(lambda: anna.clearing["sequence"] > sequence, "clearings are told again", 10)
    await holds_its_limit(place, 700)


async def judged(place, daemon):
    """A clean end, and a journal that holds the whole story."""
    assert (await daemon.end())[0] == 0
    assert "Traceback" not in daemon.text
    sequences = [clearing.sequence for clearing in place.clearings()]
    assert sequences == list(range(1, len(sequences) + 1))
    replayed = await place.command("replay", str(place.journal))
    assert replayed.code == 0, replayed.err


class Glutton:
    """Writes wherever there is room, until it is told to give it back."""

    def __init__(self, path):
        self.path = path
        self.full = threading.Event()

    def eat(self):
        with self.path.open("wb", buffering=0) as file:
            while not self.full.wait(0.001):
                with contextlib.suppress(OSError):
                    while file.write(bytes(1024)) and not self.full.is_set():
                        pass
        self.path.unlink()

    def give_back(self):
        self.full.set()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte of its own for the state; needs root."""
    folder = tmp_path / "state"
    folder.mkdir()
    options = "size=1m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_full_disk_under_the_daemon_stops_trade_and_nothing_else(small_disk, place):
    """Another program takes all that is left, and whatever is given back meanwhile."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        glutton = Glutton(small_disk / "ballast")
        async with a_house(place) as (daemon, anna):
            try:
                await goes_through(
                    place, anna, lambda: beside.submit(glutton.eat), glutton.give_back
                )
                await judged(place, daemon)
            finally:
                glutton.full.set()


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO], ids=["read-only", "input-output"])
async def test_disk_that_refuses_under_the_daemon_stops_trade_and_nothing_else(
    place, watched_disk, number
):
    trouble = place.folder / "trouble"
    env = {
        "LD_PRELOAD": str(watched_disk),
        "DISK_ROOT": str(place.state),
        "DISK_TROUBLE": str(trouble),
    }
    async with a_house(place, **env) as (daemon, anna):
        await goes_through(place, anna, lambda: trouble.write_text(f"{number} 0"), trouble.unlink)
        await judged(place, daemon)


async def test_disk_that_hangs_under_the_daemon_stops_trade_and_nothing_else(place, watched_disk):
    """Every sync takes twenty seconds: answers come in five, setpoints in none."""
    trouble = place.folder / "trouble"
    env = {
        "LD_PRELOAD": str(watched_disk),
        "DISK_ROOT": str(place.state),
        "DISK_TROUBLE": str(trouble),
    }
    async with a_house(place, **env) as (daemon, anna):
        await goes_through(place, anna, lambda: trouble.write_text("0 20000"), trouble.unlink)
        await judged(place, daemon)
