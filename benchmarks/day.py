"""What a day of the whole daemon costs on virtual time.

    .venv/bin/python benchmarks/day.py [--hours 24] [--json]

Method: the whole daemon, journal and state on disk, lives HOURS virtual hours from midnight of
midsummer with a market of 10 s intervals and eight devices polled every 5 s: the demo house with
its car, and two meters more.  Sun, clouds, load and cooker go as the day goes; the house is
followed in steps of a second.  Processor time of the process from the first poll on, opening not
counted; nobody listens but the market itself, and nothing is logged.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import house_factories
from gateway.model.time import parse_rfc3339, seconds
from gateway.ports.clock import Clock
from gateway.ports.line import Line
from gateway.testing import VirtualClock, VirtualLoop
from tests.simulation.harness import Home, open_home

START = parse_rfc3339("2026-06-21T00:00:00Z")
HOUSE = {"seed": 1, "step_ms": 1000, "car_wh": 9000}
MORE = ("cellar", "garage")
DEVICES = ("roof", "battery", "grid", "house", "heatpump", "car", *MORE)
GOAL_S = 30.0


class Street:
    """The demo house, with meters of its neighbours on the same gateway."""

    def __init__(self, clock: Clock) -> None:
        build = house_factories()["demo"]
        self._own = build(clock, HOUSE)
        self._others = {name: build(clock, {**HOUSE, "seed": 2 + i}) for i, name in enumerate(MORE)}

    @property
    def devices(self) -> Mapping[str, Mapping[str, object]]:
        """Configuration of each device without its connection."""
        own = self._own.devices
        return {**own, **dict.fromkeys(self._others, own["house"])}

    def line(self, url: str, clock: Clock) -> Line:
        """A line for ``mem://DEVICE``."""
        other = self._others.get(urlsplit(url).netloc)
        return self._own.line(url, clock) if other is None else other.line("mem://house", clock)

    def truth(self) -> Mapping[str, float]:
        """What is true of the house itself."""
        return self._own.truth()


async def live(folder: Path, hours: float) -> dict[str, float]:
    """Live ``hours``; what they cost."""
    clock = VirtualClock(START)
    async with open_home(
        folder,
        START,
        {},
        Street(clock),
        clock,
        remember=False,
        grid={"export_limit_w": 3000},
        devices={name: {"poll": "5s"} for name in DEVICES},
    ) as home:
        cpu, wall = time.process_time(), time.perf_counter()
        gates = await _gates(home, hours)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    rows = sum(1 for _ in read_journal(folder / "state" / "journal.sqlite"))
    return {"hours": hours, "cpu_s": cpu, "wall_s": wall, "gates": gates, "rows": rows}


async def _gates(home: Home, hours: float) -> int:
    cleared = 0

    def count(fact: object) -> None:
        nonlocal cleared
        cleared += type(fact).__name__ == "Clearing"

    home.gateway.bus.listen(count)
    await home.clock.sleep(seconds(hours * 3600))
    return cleared


def main() -> None:
    """Print what the day cost."""
    parser = argparse.ArgumentParser(description="A day of the whole daemon on virtual time.")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=VirtualLoop) as loop:
        cost = loop.run(live(Path(folder), options.hours))
    if options.json:
        print(json.dumps(cost))
        return
    print(
        f"{options.hours:g} h, {cost['gates']} gates, {len(DEVICES)} devices every 5 s,"
        f" {cost['rows']} rows: {cost['cpu_s']:.1f} s of a core ({cost['wall_s']:.1f} s on the"
        f" clock); a day {cost['cpu_s'] * 24 / options.hours:.1f} s, goal {GOAL_S:g} s"
    )


if __name__ == "__main__":
    main()
