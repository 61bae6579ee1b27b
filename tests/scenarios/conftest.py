"""The scenario library, run as a person runs it."""

import asyncio
import csv
import json
from pathlib import Path

import pytest

from gateway.adapters.plugins import house_factories
from gateway.cli import main
from gateway.model.time import seconds
from gateway.simulation.situation import load_situation
from gateway.testing import VirtualClock, VirtualLoop
from tests.simulation.harness import open_home

LIBRARY = Path(__file__).parents[2] / "config" / "scenarios"


@pytest.fixture
def said(capsys):
    """``said(*arguments)``: the JSON that a command prints."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        assert ended.value.code == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def cleared(said):
    """``cleared(book, mechanism)``: what ``gridtender clear --json`` says of a book."""

    def run(book, mechanism):
        return said("clear", LIBRARY / book, "--mechanism", mechanism, "--json")

    return run


@pytest.fixture
def simulated(said, tmp_path):
    """``simulated(name)``: what ``gridtender simulate --json --trace`` says, and the trace."""

    def run(name):
        trace = tmp_path / f"{name}.csv"
        told = said("simulate", LIBRARY / f"{name}.yaml", "--json", "--trace", trace)
        with trace.open(newline="") as file:
            rows = [
                {
                    key: value if key in {"time", "home"} else float(value)
                    for key, value in row.items()
                }
                for row in csv.DictReader(file)
            ]
        return told, rows

    return run


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """``lived(name, script)``: the daemon in a situation, on virtual time, and ``script(home)``."""

    def run(name, script):
        found = load_situation(LIBRARY / f"{name}.yaml")
        assert not found.problems
        given, folder = found.situation, tmp_path_factory.mktemp(name)

        async def main():
            async with open_home(folder, given.start, given.house, **given.site) as home:
                return await script(home)

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(main())

    return run


@pytest.fixture
def alone(virtual):
    """``alone(name, duration_s, step_s)``: (time, truth) of the house by its devices' own rules."""

    def run(name, duration_s, step_s):
        found = load_situation(LIBRARY / f"{name}.yaml").situation

        async def main():
            clock = VirtualClock(found.start)
            house = house_factories()["demo"](clock, found.house)
            told = []
            for _ in range(round(duration_s / step_s)):
                await clock.sleep(seconds(step_s))
                told.append((clock.now(), dict(house.truth())))
            return told

        return virtual(main())

    return run
