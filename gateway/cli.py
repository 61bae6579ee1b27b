"""The commands: thin.  Each imports what it needs when it is called.

Exit codes: 0 fine, 1 failed, 2 wrong input.
"""

import argparse
import asyncio
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.adapters.clock import Scale
    from gateway.adapters.state import StateDir
    from gateway.config import Loaded
    from gateway.ports.agent import Agent
    from gateway.runtime.replay import LoadMarket

_SUMMER = "2026-06-21T10:00:00Z"
_DEFAULT_CONFIG = "/etc/gridtender/gridtender.yaml"
_FINE, _FAILED, _WRONG = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``gridtender``."""
    options = _parser().parse_args(arguments)
    sys.exit(_guarded(options))


def _guarded(options: argparse.Namespace) -> int:
    """Run the command; a fault of the house is one sentence, not a traceback."""
    from gateway.model.errors import GridtenderError, SettingsError, WrongInput

    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (SettingsError, WrongInput) as error:
        print(f"gridtender: {error}", file=sys.stderr)
        return _WRONG
    except GridtenderError as error:
        print(f"gridtender: {error}", file=sys.stderr)
        return _FAILED
    except BrokenPipeError:  # whoever read us has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except OSError as error:
        print(f"gridtender: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        return _FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gridtender", description="A local resource market for the devices of a home."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_demo(commands)
    _add_check(commands)
    _add_owner(commands)
    _add_records(commands)
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = _command(commands, "run", _run, "Run the gateway on the devices of a configuration.")
    run.add_argument("--config", type=Path, default=Path(_DEFAULT_CONFIG), metavar="FILE")
    run.add_argument("--scale", type=_scale, default=None, help=argparse.SUPPRESS)


def _add_demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    demo = _command(commands, "demo", _demo, "Run a simulated house and a gateway that steers it.")
    demo.add_argument(
        "--for",
        dest="seconds",
        type=_seconds,
        default=None,
        metavar="60s",
        help="real time to run (default: until Ctrl-C)",
    )
    demo.add_argument(
        "--speed", type=_between(0.01, 1000.0), default=1.0, help="simulated seconds per second"
    )
    demo.add_argument(
        "--start",
        type=_instant,
        default=_instant(_SUMMER),
        metavar="TIME",
        help=f"simulated start, RFC 3339 (default {_SUMMER})",
    )
    demo.add_argument("--seed", type=int, default=None, help="of clouds, noise and cooking")
    demo.add_argument(
        "--soc", type=_between(0.0, 100.0), default=50.0, help="of the battery, per cent"
    )
    demo.add_argument("--export-limit", type=_between(0.0, 1e6), default=3000.0, metavar="W")
    demo.add_argument(
        "--interval",
        type=_seconds,
        default=None,
        metavar="5s",
        help="simulated, of the power product (default: a gate about every 5 real seconds)",
    )
    demo.add_argument("--broker", choices=("auto", "mosquitto", "embedded"), default="auto")
    house = _command(commands, "house", _house, "Serve the simulated devices of the demo.")
    house.add_argument("--settings", type=_json_object, default={}, metavar="JSON")
    house.add_argument("--scale", type=_scale, default=None, help=argparse.SUPPRESS)


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    check = _command(commands, "check", _check, "Explain a configuration, or what is wrong in it.")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true")
    text = "Print JSON Schemas, or the access rules for a mosquitto of your own."
    schema = _command(commands, "schema", _schema, text)
    what = ("config", "payloads", "acl")
    schema.add_argument("what", nargs="?", choices=what, default="payloads")
    schema.add_argument(
        "--area", type=_name, default="home", metavar="NAME", help="of acl (default home)"
    )


def _add_owner(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "Let go of all devices: they follow their own rule, or their fall-back level."
    hands_off = _command(commands, "hands-off", _hands_off, text)
    hands_off.add_argument("--for", dest="seconds", type=_seconds, default=None, metavar="2h")
    hands_off.add_argument("--end", action="store_true", help="take up what is configured again")
    _state_options(hands_off)
    text = "Bring every armed device to its fall-back level; for use after a crash."
    release = _command(commands, "release", _release, text)
    release.add_argument(
        "--restore",
        action="store_true",
        help="write the words found before the first setpoint instead",
    )
    _state_options(release)


def _add_records(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "Run a journal's inputs again and compare every outcome."
    replay = _command(commands, "replay", _replay, text)
    replay.add_argument("journal", type=Path, metavar="JOURNAL")
    replay.add_argument("--json", action="store_true", help="print the replayed rows")
    replay.add_argument(
        "--config",
        type=Path,
        default=None,
        metavar="FILE",
        help="the configuration it was written under: the agents tender again as well",
    )
    replay.add_argument(
        "--mechanism",
        default=None,
        metavar="NAME",
        help="clear by this one, whatever rules the journal was written under",
    )


def _state_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=None, metavar="FILE")
    parser.add_argument("--state-dir", type=Path, default=None, metavar="DIR")


def _scale(text: str) -> "Scale":
    from gateway.adapters.clock import Scale
    from gateway.model.time import Instant

    real, sim, speed = text.split(",")
    return Scale(epoch_real=Instant(int(real)), epoch_sim=Instant(int(sim)), speed=float(speed))


def _between(low: float, high: float) -> Callable[[str], float]:
    """An argument type: a number in a range."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            message = f"{text!r} is not a number from {low:g} to {high:g}"
            raise argparse.ArgumentTypeError(message)
        return value

    return number


def _name(text: str) -> str:
    from gateway.wire.topics import is_name

    if not is_name(text):
        message = f"{text!r} is not a name: 1 to 32 of a-z 0-9 _ -, first a letter or digit"
        raise argparse.ArgumentTypeError(message)
    return text


def _json_object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError as error:
        message = f"not JSON: {error}"
        raise argparse.ArgumentTypeError(message) from error
    if not isinstance(value, dict):
        message = f"{text!r} is not a JSON object"
        raise argparse.ArgumentTypeError(message)
    return value


def _seconds(text: str) -> float:
    from gateway.model.time import in_seconds, parse_duration

    try:
        return in_seconds(parse_duration(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _instant(text: str) -> int:
    from gateway.model.time import parse_rfc3339

    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _load(path: Path) -> "Loaded":
    from gateway.adapters.plugins import driver_packages, line_factories
    from gateway.config import load

    return load(path, driver_packages(), tuple(line_factories()), environ=os.environ)


def _run(options: argparse.Namespace) -> int:
    from gateway.app.daemon import run_daemon

    loaded = _load(options.config)
    for problem in loaded.problems:
        print(problem, file=sys.stderr)
    if loaded.site is None:
        return _WRONG
    return asyncio.run(
        run_daemon(loaded.site, options.scale, lambda: _load(options.config)),
    )


def _demo(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import Scale, real_now
    from gateway.model.time import Instant
    from gateway.simulation.demo import DemoOptions, demo, interval_for, new_seed

    seed = new_seed() if options.seed is None else options.seed
    interval_s = interval_for(options.speed) if options.interval is None else options.interval
    chosen = DemoOptions(
        scale=Scale(epoch_real=real_now(), epoch_sim=Instant(options.start), speed=options.speed),
        seconds=options.seconds,
        house={"seed": seed, "battery_soc_pct": options.soc},
        export_limit_w=options.export_limit,
        interval_s=max(1, round(interval_s)),
        broker=options.broker,
    )
    return asyncio.run(demo(chosen))


def _house(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import Scale, real_now
    from gateway.adapters.plugins import house_factories
    from gateway.simulation.house import serve_house

    now = real_now()
    scale = options.scale or Scale(epoch_real=now, epoch_sim=now, speed=1.0)
    asyncio.run(serve_house(house_factories()["demo"], options.settings, scale))
    return _FINE


def _check(options: argparse.Namespace) -> int:
    from gateway.adapters.plugins import distribution_of
    from gateway.config import exit_code, explain, explain_json

    loaded = _load(options.file)
    if options.json:
        print(json.dumps(explain_json(loaded, os.environ, distribution=distribution_of), indent=2))
    else:
        print(explain(loaded, os.environ, distribution=distribution_of))
    return exit_code(loaded)


def _schema(options: argparse.Namespace) -> int:
    from gateway.adapters.plugins import driver_packages
    from gateway.config import render_json_schema

    if options.what == "config":
        print(render_json_schema(driver_packages()), end="")
    elif options.what == "acl":
        from gateway.wire.acl import mosquitto_acl

        print(mosquitto_acl(options.area), end="")
    else:
        from gateway.wire.schemas import schemas

        print(json.dumps(schemas(), indent=2))
    return _FINE


def _state(options: argparse.Namespace) -> "StateDir":
    """The folder of the gateway that is meant; commands make none."""
    from gateway.adapters.state import StateDir, StateMissing
    from gateway.config.whereabouts import find_state_dir

    found = find_state_dir(options.state_dir, options.config, os.environ, _load)
    try:
        return StateDir(found.path, create=False)
    except StateMissing as error:
        message = (
            f"{error} (state folder {found.origin}), so no gateway has run with it; name the "
            "gateway's own with --state-dir DIR, or its configuration with --config FILE"
        )
        raise StateMissing(message) from error


def _hands_off(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import real_now
    from gateway.model.site import ControlMode, OwnerControl
    from gateway.model.time import SECOND, Instant, rfc3339

    state = _state(options)
    if options.end:
        state.clear_control()
        print(f"the configured control mode holds again{_from_when(state, '')}")
        return _FINE
    until = None
    if options.seconds is not None:
        until = Instant(real_now() + int(options.seconds * SECOND))
    state.store_control(OwnerControl(mode=ControlMode.HANDS_OFF, until=until))
    end = "until gridtender hands-off --end" if until is None else f"until {rfc3339(until)}"
    effect = "; the running gateway lets go of its devices within a second"
    print(f"hands off {end}{_from_when(state, effect)}")
    return _FINE


def _from_when(state: "StateDir", running: str) -> str:
    if state.is_held():
        return running
    return f"; no gateway is running on {state.path}: it holds from its next start"


def _release(options: argparse.Namespace) -> int:
    from gateway.adapters.armory import FileArmory

    state = _state(options)
    with state.lock():
        armory = FileArmory(state.armings) if state.armings.is_dir() else None
        if armory is None or not (armory.all() or armory.broken):
            print("no device is armed")
            return _FINE
        from gateway.app.daemon import release_offline

        done = asyncio.run(release_offline(armory, restore=options.restore, say=print))
    return _FINE if done else _FAILED


def _replay(options: argparse.Namespace) -> int:
    from gateway.adapters.journal import read_journal
    from gateway.agents import agents_for
    from gateway.app import rules_of
    from gateway.runtime.replay import Replay

    agents: tuple[Agent, ...] = ()
    if options.config is not None:
        loaded = _load(options.config)
        for problem in loaded.problems:
            print(problem, file=sys.stderr)
        if loaded.site is None:
            return _WRONG
        agents = agents_for(loaded.site)
    load, other = _market_loader(options.mechanism), options.mechanism is not None
    run, count = Replay(load, None if other else rules_of, agents), 0
    for row in run.run(read_journal(options.journal)):
        count += 1
        if options.json:
            print(
                f'{{"seq":{row.seq},"now":{row.now},"kind":"{row.kind}","body":{row.body},'
                f'"hash":"{row.hash}"}}'
            )
    found = run.difference
    if found is not None:
        print(
            f"row {found.seq} comes out differently:\n"
            f"  journal: {found.journalled}\n  replay:  {found.replayed}",
            file=sys.stderr,
        )
        return _FAILED
    if not options.json:
        print(f"{count} rows replayed, every outcome is the same")
    return _FINE


def _market_loader(mechanism: str | None) -> "LoadMarket":
    """Makes the markets of a replay, under their own mechanism or the one named."""
    from gateway.app import load_market
    from gateway.market.mechanisms import built_in
    from gateway.model.errors import WrongInput

    if mechanism is None:
        return load_market
    if mechanism not in built_in():
        message = (
            f"--mechanism: found {mechanism!r}, which is not installed; "
            f"allowed: {', '.join(sorted(built_in()))}"
        )
        raise WrongInput(message)
    return lambda product, start, dump: load_market(
        replace(product, mechanism=mechanism), start, dump
    )


if __name__ == "__main__":
    main()
