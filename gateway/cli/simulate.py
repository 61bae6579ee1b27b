"""``simulate``: a year of one's own homes, without devices, and what the market saved."""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.arguments import FINE, WRONG, command

if TYPE_CHECKING:
    from gateway.cli.arguments import Commands
    from gateway.simulation.plot import BusiestDay
    from gateway.simulation.scenario import Scenario
    from gateway.simulation.year import Rows, Watch


def add(commands: "Commands") -> None:
    """Add it to the parser."""
    text = (
        "Run homes through a year of their own data: what the market saves, and what was possible."
    )
    parser = command(commands, "simulate", _simulate, text)
    parser.add_argument("scenario", type=Path, metavar="SCENARIO.yaml")
    parser.add_argument("--json", action="store_true")
    past = (
        "the home is the one that a gateway recorded in its state folder, e.g. /var/lib/gridtender"
    )
    parser.add_argument("--from-history", type=Path, metavar="DIR", help=past)
    text = "write every step of every home as CSV"
    parser.add_argument("--mechanism", default="uniform-price", metavar="NAME")
    seed = "deal the days anew within their season: another year like this one"
    parser.add_argument("--seed", type=int, metavar="N", help=seed)
    parser.add_argument("--trace", type=Path, metavar="FILE", help=text)
    text = "draw the day on which the batteries did most (png, svg, pdf)"
    parser.add_argument("--plot", type=Path, metavar="FILE", help=text)


def _simulate(options: argparse.Namespace) -> int:
    from gateway.simulation.deal import dealt
    from gateway.simulation.scenario_file import load_scenario
    from gateway.simulation.simulate import simulate

    loaded = load_scenario(options.scenario, options.from_history)
    if loaded.scenario is None:
        for problem in loaded.problems:
            print(problem, file=sys.stderr)
        return WRONG
    scenario = loaded.scenario
    if loaded.filled:
        said = f"{loaded.filled} of {scenario.steps} steps were not recorded: as the day before"
        print(said, file=sys.stderr)
    if options.seed is not None:
        scenario = dealt(scenario, options.seed)
    plot = None if options.plot is None else _plot(scenario, options.plot)
    with ExitStack() as stack:
        watch = _watch(options, scenario, stack, plot)
        outcome = simulate(scenario, watch, mechanism=options.mechanism)
    if plot is not None:
        plot.draw()
    print(json.dumps(outcome.document(), indent=2) if options.json else outcome.text())
    return FINE


def _plot(scenario: "Scenario", file: Path) -> "BusiestDay":
    """The picture; asked for before a year is run that nobody could draw."""
    from gateway.cli.pictures import drawn_by_matplotlib

    with drawn_by_matplotlib():
        from gateway.simulation.plot import BusiestDay
    return BusiestDay(scenario, file)


def _watch(
    options: argparse.Namespace,
    scenario: "Scenario",
    stack: ExitStack,
    plot: "BusiestDay | None",
) -> "Watch":
    """Who is told of each step: trace, picture, and a bar where somebody looks on."""
    from gateway.simulation.trace import Trace

    watching: list[Watch] = []
    if options.trace is not None:
        file = stack.enter_context(options.trace.open("w", encoding="utf-8", newline=""))
        watching.append(Trace(file).add)
    if plot is not None:
        watching.append(plot.add)
    if sys.stderr.isatty():
        watching.append(_Bar(scenario.steps).step)

    def tell(rows: "Rows") -> None:
        for one in watching:
            one(rows)

    return tell


class _Bar:
    """How far it is, on a terminal; gone when done."""

    _WIDTH = 40

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._done = 0
        self._shown = -1

    def step(self, _rows: "Rows") -> None:
        self._done += 1
        percent = 100 * self._done // self._steps
        if percent == self._shown:
            return
        self._shown = percent
        filled = "#" * (self._WIDTH * percent // 100)
        end = "\r\033[K" if self._done == self._steps else ""
        print(
            f"\r[{filled:{self._WIDTH}}] {percent:3d} %{end}", end="", file=sys.stderr, flush=True
        )
