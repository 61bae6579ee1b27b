"""How well the demo house is held: seconds beyond a limit after an event, turns of the battery.

    .venv/bin/python benchmarks/control.py [--runs 20] [--days 3] [--hours 2] [--json]

Method: the whole daemon on virtual time in the demo house, devices polled every second.
Each event happens RUNS times, with another seed (noise, phases of the meters) and another moment
within the poll and the gate; it is judged on the physics every 100 ms, until the last moment the
limit is exceeded by more than 50 W (the noise of the meters and a step of the inverter):

- fuse: 5 kW, the heat pump runs, and the load rises by 2.5 kW;
- cloud: no export allowed, battery full, no heat pump, and the sun comes back from 0.1 to 6 kW;
- drop: no export allowed, battery full, no heat pump, and the load falls by 2 kW.

Turns: times an hour the battery's power changes its sign, 50 W either way not counted, from noon
of DAYS days with passing clouds, cooker and load as the day goes, for HOURS each.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.model.time import parse_rfc3339, seconds
from gateway.testing import VirtualLoop
from tests.simulation.harness import Home, open_home

Scene = Callable[[Path, int, float], Coroutine[Any, Any, float]]
NOON = parse_rfc3339("2026-06-21T12:00:00Z")
SLACK_W = 50.0
AFTER_S = 40.0
FUSE_W = 5000
NO_HEAT = {"heatpump": None}
FULL = {"load_w": 300, "temperature_c": 21.2, "battery_soc_pct": 100, "solar_w": 6000}
COLD = {
    "load_w": 500,
    "battery_soc_pct": 10,
    "solar_w": 0,
    "temperature_c": 17.0,
    "outside_c": 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured, ``goal`` the most that is aimed at."""

    name: str
    unit: str
    median: float
    worst: float
    runs: int
    goal: float | None


async def fuse(folder: Path, seed: int, moment_s: float) -> float:
    """Seconds above the fuse's limit after the load rose."""
    heat = {"heatpump": {"price_cap": 0.5, "limits": {}}}
    grid = {"import_limit_w": FUSE_W}
    async with open_home(folder, NOON, {**COLD, "seed": seed}, grid=grid, devices=heat) as home:
        await home.clock.sleep(seconds(260 + moment_s))
        return await _beyond(home, lambda: home.house.set_load(3000), _overloads)


async def cloud(folder: Path, seed: int, moment_s: float) -> float:
    """Seconds of export after the sun came back."""
    async with _curtailed(folder, {**FULL, "seed": seed}) as home:
        await home.clock.sleep(seconds(40))
        home.house.set_sun(100)
        await home.clock.sleep(seconds(30 + moment_s))
        return await _beyond(home, lambda: home.house.set_sun(6000), _exports)


async def drop(folder: Path, seed: int, moment_s: float) -> float:
    """Seconds of export after the load fell."""
    async with _curtailed(folder, {**FULL, "seed": seed, "load_w": 2300}) as home:
        await home.clock.sleep(seconds(60 + moment_s))
        return await _beyond(home, lambda: home.house.set_load(300), _exports)


def _curtailed(folder: Path, house: Mapping[str, object]) -> AbstractAsyncContextManager[Home]:
    return open_home(folder, NOON, house, grid={"export_limit_w": 0}, devices=NO_HEAT)


async def _beyond(home: Home, act: Callable[[], None], bad: Callable[[float], bool]) -> float:
    start = home.clock.now()
    act()
    await home.pass_time(AFTER_S)
    return home.back_within(start, lambda grid_w: not bad(grid_w))


def _overloads(grid_w: float) -> bool:
    return grid_w > FUSE_W + SLACK_W


def _exports(grid_w: float) -> bool:
    return grid_w < -SLACK_W


async def turns(folder: Path, seed: int, hours: float) -> float:
    """Sign reversals of the battery an hour."""
    house = {"seed": seed, "battery_soc_pct": 60}
    async with open_home(folder, NOON, house, grid={"export_limit_w": 2000}) as home:
        await home.clock.sleep(seconds(60))
        await home.pass_time(hours * 3600, 1.0)
    powers = [truth["battery_w"] for _, truth in home.trace]
    signs = [power_w > 0 for power_w in powers if abs(power_w) > SLACK_W]
    return sum(a != b for a, b in pairwise(signs)) / hours


EVENTS: dict[str, tuple[Scene, float]] = {
    "above the fuse, load +2.5 kW": (fuse, 3.0),
    "export, a cloud has passed": (cloud, 3.0),
    "export, load -2 kW": (drop, 4.0),
}


def measure(options: argparse.Namespace) -> Iterator[Figure]:
    """The figures, one after the other."""
    for name, (scene, goal) in EVENTS.items():
        found = [_run(scene, 1 + i, 10.0 * i / options.runs) for i in range(options.runs)]
        yield _figure(name, "s", found, goal)
    found = [_run(turns, 1 + i, options.hours) for i in range(options.days)]
    yield _figure("turns of the battery", "/h", found, None)


def _run(scene: Scene, seed: int, value: float) -> float:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=VirtualLoop) as loop:
        return loop.run(scene(Path(folder), seed, value))


def _figure(name: str, unit: str, found: list[float], goal: float | None) -> Figure:
    return Figure(
        name=name,
        unit=unit,
        median=median(found),
        worst=max(found),
        runs=len(found),
        goal=goal,
    )


def main() -> None:
    """Print a line per figure."""
    parser = argparse.ArgumentParser(description="How well the demo house is held.")
    parser.add_argument("--runs", type=int, default=20, help="of each event")
    parser.add_argument("--days", type=int, default=3, help="on which the turns are counted")
    parser.add_argument("--hours", type=float, default=2.0, help="of each of them, from noon")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for figure in measure(options):
        if options.json:
            print(json.dumps(asdict(figure)), flush=True)
            continue
        goal = "" if figure.goal is None else f", goal {figure.goal:g}"
        print(
            f"{figure.name}: median {figure.median:.1f} {figure.unit}, worst {figure.worst:.1f}"
            f" of {figure.runs}{goal}",
            flush=True,
        )


if __name__ == "__main__":
    main()
