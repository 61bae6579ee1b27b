"""Two gateways, each with its own state folder, steer the same house over its real sockets."""

import asyncio
import socket
from itertools import groupby

import pytest

from tests.e2e.processes import NO_EXPORT, NO_HEAT, Place, lasts, until

pytestmark = [pytest.mark.e2e, pytest.mark.chaos]

EMBEDDED = {"kind": "embedded"}
WATCHED_S = 10
NEARLY_NONE_W = 150


class Counted:
    """A device's registers, and every request to write them."""

    def __init__(self, box):
        self.box, self.writes = box, []

    def read(self, address, count):
        return self.box.read(address, count)

    def write(self, address, words):
        self.writes.append((address, tuple(words)))
        self.box.write(address, words)


def counted(place, device):
    outlet = place.house._outlets[device]
    outlet._box = Counted(outlet._box)
    return outlet._box


def own_broker():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {**EMBEDDED, "listen": {"host": "127.0.0.1", "port": port}}


def beside(place, name):
    """Room for another gateway on the same house."""
    folder = place.folder / name
    folder.mkdir()
    return Place(folder=folder, house=place.house, connections=place.connections)


def longest(samples):
    """The longest time that something held without a break, in seconds."""
    return max((len([*run]) for held, run in groupby(samples) if held), default=0) / 10


async def grid_for(place, lasting_s):
    """The physics, ten times a second."""
    seen = []
    for _ in range(lasting_s * 10):
        await asyncio.sleep(0.1)
        seen.append(place.truth("grid_w"))
    return seen


async def test_two_that_insist_on_a_limit_are_named_write_little_and_the_limit_holds(place):
    await place.build(solar_w=6000, battery_soc_pct=100)
    other = beside(place, "other")
    one = await place.run(place.write(broker=own_broker(), grid=NO_EXPORT, devices=NO_HEAT))
    await lasts(lambda: abs(place.truth("grid_w")) < 60, "the limit is kept", 25)
    # Two with one limit write the same and live in peace: these are of two opinions.
    nearly = other.write(
        broker=own_broker(), grid={"export_limit_w": NEARLY_NONE_W}, devices=NO_HEAT
    )
    two = await place.start("run", "--config", str(nearly), name="two")
    await two.says("gateway.started")
    await until(
        lambda: "setpoint.contested" in one.text + two.text, "one of them names the other", 60
    )
    roof = counted(place, "roof")
    place.house.set_load(2300)
    await asyncio.sleep(5)
    grid = await grid_for(place, WATCHED_S)
    assert longest(watt < -NEARLY_NONE_W - 150 for watt in grid) < 5
    assert len(roof.writes) < 3 * WATCHED_S
    for daemon in (two, one):
        assert (await daemon.end())[0] == 0
        assert "Traceback" not in daemon.text


async def test_two_that_share_a_battery_without_a_limit_settle_on_one_that_steers_it(place):
    await place.build(solar_w=4000, battery_soc_pct=40)
    other = beside(place, "other")
    # Each has its own tariff, and its own idea of what the battery should do: who sells at nearly
    # what he buys for stores nothing.
    free = {"import_limit_w": None, "import_price": 0.30, "export_price": 0.08}
    dear = {"import_limit_w": None, "import_price": 0.90, "export_price": 0.89}
    one = await place.run(place.write(broker=own_broker(), grid=free, devices=NO_HEAT))
    await until(lambda: place.truth("battery_w") > 2000, "it charges", 30)
    battery = counted(place, "battery")
    two = await place.start(
        "run",
        "--config",
        str(other.write(broker=own_broker(), grid=dear, devices=NO_HEAT)),
        name="two",
    )
    await two.says("gateway.started")
    await until(
        lambda: "setpoint.contested" in one.text or "setpoint.contested" in two.text,
        "one of them names the other",
        90,
    )
    await asyncio.sleep(5)
    battery.writes.clear()
    await asyncio.sleep(WATCHED_S)
    stood = [words for _, words in battery.writes]
    assert len(stood) < WATCHED_S
    said = "\n".join(line for line in (one.text + two.text).splitlines() if "contested" in line)
    assert "left alone until" in said
    for daemon in (two, one):
        assert (await daemon.end())[0] == 0
        assert "Traceback" not in daemon.text
