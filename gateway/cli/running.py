"""``run``, ``demo`` and ``house``: the daemon, and a house to try it on."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.arguments import (
    FINE,
    WRONG,
    between,
    command,
    instant,
    json_object,
    load,
    scale,
    seconds,
)

if TYPE_CHECKING:
    from gateway.cli.arguments import Commands
    from gateway.simulation.situation import Situation

_SUMMER = "2026-06-21T10:00:00Z"
_DEFAULT_CONFIG = "/etc/gridtender/gridtender.yaml"


def add(commands: "Commands") -> None:
    """Add them to the parser."""
    _add_run(commands)
    _add_demo(commands)


def _add_run(commands: "Commands") -> None:
    run = command(commands, "run", _run, "Run the gateway on the devices of a configuration.")
    run.add_argument("--config", type=Path, default=Path(_DEFAULT_CONFIG), metavar="FILE")
    run.add_argument("--scale", type=scale, default=None, help=argparse.SUPPRESS)


def _add_demo(commands: "Commands") -> None:
    demo = command(commands, "demo", _demo, "Run a simulated house and a gateway that steers it.")
    demo.add_argument(
        "--for",
        dest="seconds",
        type=seconds,
        default=None,
        metavar="60s",
        help="real time to run (default: until Ctrl-C)",
    )
    demo.add_argument(
        "--speed", type=between(0.01, 1000.0), default=1.0, help="simulated seconds per second"
    )
    demo.add_argument(
        "--scenario",
        type=Path,
        metavar="FILE",
        help="start, house and site of a situation (config/scenarios) instead of the options below",
    )
    demo.add_argument(
        "--start",
        type=instant,
        default=instant(_SUMMER),
        metavar="TIME",
        help=f"simulated start, RFC 3339 (default {_SUMMER})",
    )
    demo.add_argument("--seed", type=int, default=None, help="of clouds, noise and cooking")
    demo.add_argument(
        "--soc", type=between(0.0, 100.0), default=50.0, help="of the battery, per cent"
    )
    demo.add_argument("--export-limit", type=between(0.0, 1e6), default=3000.0, metavar="W")
    demo.add_argument(
        "--interval",
        type=seconds,
        default=None,
        metavar="5s",
        help="simulated, of the power product (default: a gate about every 5 real seconds)",
    )
    demo.add_argument("--broker", choices=("auto", "mosquitto", "embedded"), default="auto")
    house = command(commands, "house", _house, "Serve the simulated devices of the demo.")
    house.add_argument("--settings", type=json_object, default={}, metavar="JSON")
    house.add_argument("--scale", type=scale, default=None, help=argparse.SUPPRESS)


def _run(options: argparse.Namespace) -> int:
    from gateway.app.daemon import run_daemon

    loaded = load(options.config)
    for problem in loaded.problems:
        print(problem, file=sys.stderr)
    if loaded.site is None:
        return WRONG
    return asyncio.run(
        run_daemon(loaded.site, options.scale, lambda: load(options.config)),
    )


def _demo(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import Scale, real_now
    from gateway.simulation.demo import DemoOptions, demo, interval_for, new_seed

    seed = new_seed() if options.seed is None else options.seed
    interval_s = interval_for(options.speed) if options.interval is None else options.interval
    situation = _situation(options)
    if situation is None:
        return WRONG
    chosen = DemoOptions(
        scale=Scale(epoch_real=real_now(), epoch_sim=situation.start, speed=options.speed),
        seconds=options.seconds,
        house={"seed": seed, **situation.house},
        site=situation.site,
        export_limit_w=options.export_limit,
        interval_s=max(1, round(interval_s)),
        broker=options.broker,
    )
    return asyncio.run(demo(chosen))


def _situation(options: argparse.Namespace) -> "Situation | None":
    """That of the file, or of the options; None after saying what is wrong with the file."""
    from gateway.model.time import Instant
    from gateway.simulation.situation import Situation, load_situation

    if options.scenario is None:
        start = Instant(options.start)
        return Situation(start=start, house={"battery_soc_pct": options.soc}, site={})
    found = load_situation(options.scenario)
    for problem in found.problems:
        print(problem, file=sys.stderr)
    return found.situation


def _house(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import Scale, real_now
    from gateway.adapters.plugins import house_factories
    from gateway.simulation.house import serve_house

    now = real_now()
    scale = options.scale or Scale(epoch_real=now, epoch_sim=now, speed=1.0)
    asyncio.run(serve_house(house_factories()["demo"], options.settings, scale))
    return FINE
