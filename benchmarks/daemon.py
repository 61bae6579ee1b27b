"""The whole gateway: the daemon as a child process on a fleet of simulated devices.

Method: the fleet (benchmarks/simulated/fleet.py) is a process of its own; each of its devices
is an inverter (103, 120, 123) and a meter (203) on one connection, and a poll is both.  The
daemon runs from its command with a market that clears, a journal on disk, and a broker of its
own (mosquitto where installed, else in the daemon's process); one subscriber hears all readings.
Processor time is the daemon's own, without the broker's process.  Jitter is how far the time
between two reads of a device, seen by the device, is from the poll interval.  Read -> write:
the first read of a new value of the grid meter to the write of a new limit, seen by the device,
at 0.1 s polling under an export limit of 0 W.  Everything runs in real time on one machine,
the daemon on a core that this program and the fleet leave to it.
"""

import asyncio
import itertools
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.adapters.mqtt_watch import watch

FLEET = Path(__file__).parent / "simulated" / "fleet.py"
COMMAND = Path(sys.executable).parent / "gridtender"
# A start is measured with compiled modules, as an installed wheel has them.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
CORES = os.sched_getaffinity(0)
DEVICES = 100
FAST = 50  # units; as fast as they answer
MANY = 250  # units: 500 devices
ROUNDS = 3
SPELL_S = 10.0
STARTS = 5
STEPS = (-3000, 1500, -2000, 2500, -1000, 3000, -2500, 2000) * 5
PATIENCE_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Fleet:
    """The simulated devices' process."""

    def __init__(self, count: int) -> None:
        command = [sys.executable, str(FLEET), str(count)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=FLEET.parents[2],
            env=os.environ | {"PYTHONPATH": str(FLEET.parents[2])},
        )
        self.ports: list[int] = self._line()

    def ask(self, command: str) -> Any:  # noqa: ANN401 - JSON
        """The answer to a command; see the fleet."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._line()

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _line(self) -> Any:  # noqa: ANN401 - JSON
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def config(ports: list[int], folder: Path, broker: int, extra: Mapping[str, object]) -> Path:
    """A site of one inverter and one meter per port; the first meter is the grid's."""
    poll = extra.get("poll", "1s")
    devices: dict[str, object] = {}
    for number, port in enumerate(ports):
        common = {"driver": "sunspec", "connection": f"tcp://127.0.0.1:{port}?unit=1", "poll": poll}
        devices[f"d{number}"] = common | {"role": "solar"}
        devices[f"m{number}"] = common | ({"role": "meter"} if number else {"role": "grid"})
    site = {
        "area": "bench",
        "timezone": "UTC",
        "currency": "EUR",
        "control": extra.get("control", "observe"),
        "state_dir": str(folder / "state"),
        "broker": {"listen": {"host": "127.0.0.1", "port": broker}, "guest": True},
        "devices": devices,
        "products": {"power": {"resource": "POWER", "unit": "W", "interval": "10s"}},
        "grid": {"import_price": 0.30, "export_price": 0.08, **extra.get("limits", {})},  # type: ignore[dict-item]
        "log": {"level": "error"},
    }
    path = folder / "gateway.yaml"
    path.write_text(json.dumps(site))
    return path


@asynccontextmanager
async def daemon(fleet: Fleet, **extra: object) -> AsyncIterator[tuple[int, float]]:
    """A running daemon: its process id and the seconds from spawn to its first reading."""
    with tempfile.TemporaryDirectory() as name:
        folder, port, first = Path(name), free_port(), asyncio.Event()
        path = config(fleet.ports, folder, port, extra)
        reader = watch(
            f"mqtt://127.0.0.1:{port}",
            "guest",
            "guest",
            ("rmf/1/bench/d/+/reading",),
            lambda _topic, _payload: first.set(),
        )
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            COMMAND, "run", "--config", path, env=ENVIRONMENT
        )
        os.sched_setaffinity(process.pid, {max(CORES)})
        try:
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(reader)
                async with asyncio.timeout(PATIENCE_S):
                    await first.wait()
                yield process.pid, time.monotonic() - began
                listening.cancel()
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()


def cpu_s(pid: int) -> float:
    """Scheduler time of all threads of a process."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def rss_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


async def all_read(fleet: Fleet) -> None:
    """Wait until every device was read twice and the start is over."""
    async with asyncio.timeout(PATIENCE_S):
        while not all(len(reads) > 1 for reads in fleet.ask("reads")):  # noqa: ASYNC110 - it only answers
            await asyncio.sleep(0.2)
    await asyncio.sleep(2.0)


async def rate() -> None:
    fleet = Fleet(DEVICES)
    cpu, late, missed = [], [], 0
    try:
        async with daemon(fleet) as (pid, _):
            await all_read(fleet)
            for _ in range(ROUNDS):
                fleet.ask("reset")
                before = cpu_s(pid)
                await asyncio.sleep(SPELL_S)
                reads, spent = fleet.ask("reads"), cpu_s(pid) - before
                polls = sum(map(len, reads))
                cpu.append(1e6 * spent / polls)
                missed += max(0, round(DEVICES * SPELL_S) - polls)
                for moments in reads:
                    pairs = itertools.pairwise(moments)
                    late += [1000 * abs(b - a - 1.0) for a, b in pairs]
            rss = rss_mb(pid)
    finally:
        fleet.close()
    show("processor time per poll", f"{statistics.median(cpu):.0f} us", "900 us", "300 us")
    show("jitter p50", f"{percentile(late, 0.5):.1f} ms", "", "")
    show("jitter p99", f"{percentile(late, 0.99):.1f} ms", "5 ms", "1.5 ms")
    show("missed polls", f"{missed} of {round(ROUNDS * DEVICES * SPELL_S)}", "", "")
    show("resident memory", f"{rss:.0f} MB", "70 MB (50 devices)", "55 MB")


async def full_speed() -> None:
    fleet, rates = Fleet(FAST), []
    try:
        async with daemon(fleet, poll="0ms") as (pid, _):
            await all_read(fleet)
            for _ in range(ROUNDS):
                fleet.ask("reset")
                before = cpu_s(pid)
                await asyncio.sleep(SPELL_S)
                reads = sum(map(len, fleet.ask("reads")))
                rates.append(reads / (cpu_s(pid) - before))
    finally:
        fleet.close()
    show("polls per second of processor time", f"{statistics.median(rates):.0f}", "2500", "5000")


async def many() -> None:
    fleet = Fleet(MANY)
    try:
        async with daemon(fleet) as (pid, first_s):
            begun = time.monotonic() - first_s
            async with asyncio.timeout(PATIENCE_S):
                while not all(fleet.ask("reads")):  # noqa: ASYNC110 - it only answers
                    await asyncio.sleep(0.05)
            all_s = time.monotonic() - begun
            await asyncio.sleep(SPELL_S)
            rss = rss_mb(pid)
    finally:
        fleet.close()
    show("spawn -> every device read", f"{all_s:.2f} s", "4 s", "2 s")
    show("resident memory", f"{rss:.0f} MB", "90 MB", "65 MB")


async def start() -> None:
    fleet, spans = Fleet(10), []
    try:
        for _ in range(1 + STARTS):  # the first one compiles
            async with daemon(fleet) as (_, first_s):
                spans.append(first_s)
    finally:
        fleet.close()
    show(
        "spawn -> first reading on MQTT", f"{statistics.median(spans[1:]):.2f} s", "1.5 s", "0.9 s"
    )


async def react() -> None:
    fleet = Fleet(1)
    limits = {"import_limit_w": 100_000, "export_limit_w": 0}
    try:
        async with daemon(fleet, poll="100ms", control="act", limits=limits):
            await all_read(fleet)
            await asyncio.sleep(12.0)  # until something was traded
            answers = []
            for watts in STEPS:
                answers.append(await asyncio.to_thread(fleet.ask, f"step {watts}"))
                await asyncio.sleep(0.317)
    finally:
        fleet.close()
    spans = [1000 * span for span in answers if span is not None]
    show("read -> write p50", f"{statistics.median(spans):.1f} ms", "", "")
    show("read -> write p95", f"{percentile(spans, 0.95):.1f} ms", "5 ms", "1 ms")
    show("steps that led to no write", f"{len(answers) - len(spans)} of {len(answers)}", "", "")


def show(figure: str, value: str, must: str, aim: str) -> None:
    print(f"  {figure:<34}{value:>12}   {must:<20}{aim}", flush=True)


def main() -> None:
    if len(CORES) > 1:
        os.sched_setaffinity(0, CORES - {max(CORES)})
    print(__doc__)
    print(f"  {'figure':<34}{'value':>12}   {'must':<20}aim")
    print(f"{DEVICES} inverters and {DEVICES} meters x 1 Hz, median of {ROUNDS} x {SPELL_S:.0f} s")
    asyncio.run(rate())
    print(f"{FAST} inverters and {FAST} meters as fast as they answer")
    asyncio.run(full_speed())
    print(f"{MANY} inverters and {MANY} meters")
    asyncio.run(many())
    print(f"10 inverters and 10 meters, median of {STARTS} starts")
    asyncio.run(start())
    print(f"an inverter under an export limit, {len(STEPS)} steps")
    asyncio.run(react())


if __name__ == "__main__":
    main()
