"""A broker that is alive and answers nobody: the house is steered on, and it is found again."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from gateway.adapters.broker import find_mosquitto
from gateway.model.time import SECOND
from tests.e2e.processes import (
    NO_EXPORT,
    NO_HEAT,
    a_mosquitto,
    children,
    free_port,
    lasts,
    listening,
    until,
)

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.chaos,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

INTERVAL_S = 3
LEAD = SECOND // 2
HUNG_S = 25
MEGABYTE = 1024


def resident_kb(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def named(pid, name):
    """The program's processes below a process, by pid."""
    below, found = [pid], []
    while below:
        below += children(one := below.pop())
        if Path(f"/proc/{one}/comm").read_text().strip() == name:
            found.append(one)
    return found


async def follows(place):
    """The load changes and the limit is kept: the house is steered."""
    for load_w in (1500, 400):
        place.house.set_load(load_w)
        await until(
            lambda load_w=load_w: abs(place.truth("grid_w")) < 60, f"a load of {load_w} W", 8
        )


async def test_a_hung_broker_stops_nothing_costs_no_memory_and_is_back_within_15_s(place):
    await place.build(solar_w=6000, battery_soc_pct=100)
    async with a_mosquitto(place.folder / "b", anna="a-secret") as broker:
        config = place.write(
            broker=broker.settings(), parties={"anna": {}}, grid=NO_EXPORT, devices=NO_HEAT
        )
        daemon = await place.run(config)
        await lasts(lambda: abs(place.truth("grid_w")) < 60, "the limit is kept", 25)
        before_kb = resident_kb(daemon.process.pid)
        broker.process.send_signal(signal.SIGSTOP)
        try:
            hung = asyncio.get_running_loop().time()
            await follows(place)
            await daemon.says("mqtt.lost", HUNG_S)
            await follows(place)
            left_s = HUNG_S - (asyncio.get_running_loop().time() - hung)
            await asyncio.sleep(max(0.0, left_s))
            grown_kb = resident_kb(daemon.process.pid) - before_kb
        finally:
            broker.process.send_signal(signal.SIGCONT)
        async with listening(broker.port, "anna", "a-secret") as anna:

            def news():
                session = anna.newest.get("p/power/session")
                online = (anna.newest.get("status") or {}).get("status") == "online"
                return session and online and (anna.clearing or {}).get("sequence", 0) > HUNG_S // 4

            await until(news, "online, with the clearings of meanwhile", 15)
        assert grown_kb < 12 * MEGABYTE
        assert (await daemon.end())[0] == 0
    gates = place.gates()
    late = [(gate + LEAD) % (INTERVAL_S * SECOND) / SECOND for gate in gates]
    assert max(late) <= INTERVAL_S / 10, late
    sequences = [clearing.sequence for clearing in place.clearings()]
    assert sequences == list(range(1, len(sequences) + 1))
    assert "Traceback" not in daemon.text


async def test_our_own_broker_that_hangs_is_named_and_started_again_within_45_s(place):
    await place.build(solar_w=6000, battery_soc_pct=100)
    daemon = await place.run(
        place.write(
            broker={"kind": "mosquitto", "listen": {"host": "127.0.0.1", "port": free_port()}},
            grid=NO_EXPORT,
            devices=NO_HEAT,
        )
    )
    await lasts(lambda: abs(place.truth("grid_w")) < 60, "the limit is kept", 25)
    [broker] = named(daemon.process.pid, "mosquitto")
    os.kill(broker, signal.SIGSTOP)
    await daemon.says("broker.hung", 45)
    await follows(place)
    await until(lambda: daemon.text.count("mqtt.connected") == 2, "connected again", 15)
    assert named(daemon.process.pid, "mosquitto") not in ([], [broker])
    assert (await daemon.end())[0] == 0
    assert "Traceback" not in daemon.text
