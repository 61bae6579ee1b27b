"""What the commands share: how one is added, exit codes, and the types of their arguments."""

import argparse
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.adapters.clock import Scale
    from gateway.adapters.state import StateDir
    from gateway.config import Loaded

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no other name

FINE, FAILED, WRONG = 0, 1, 2


def command(
    commands: "Commands",
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    """Add a command; its function returns the exit code."""
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def state_options(parser: argparse.ArgumentParser) -> None:
    """Add the two ways to say which gateway is meant."""
    parser.add_argument("--config", type=Path, default=None, metavar="FILE")
    parser.add_argument("--state-dir", type=Path, default=None, metavar="DIR")


def scale(text: str) -> "Scale":
    """The clock shared with a parent process: three numbers."""
    from gateway.adapters.clock import scaled_clock

    return scaled_clock(text).scale


def between(low: float, high: float) -> Callable[[str], float]:
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


def name(text: str) -> str:
    """An area, device, product or party."""
    from gateway.wire.topics import is_name

    if not is_name(text):
        message = f"{text!r} is not a name: 1 to 32 of a-z 0-9 _ -, first a letter or digit"
        raise argparse.ArgumentTypeError(message)
    return text


def topic_filter(text: str) -> str:
    """Topics of devices that speak MQTT."""
    from gateway.config.field_broker import is_filter

    if not is_filter(text):
        message = f"{text!r} is not a topic filter such as zigbee2mqtt/#"
        raise argparse.ArgumentTypeError(message)
    return text


def json_object(text: str) -> dict[str, object]:
    """Settings as JSON."""
    try:
        value = json.loads(text)
    except ValueError as error:
        message = f"not JSON: {error}"
        raise argparse.ArgumentTypeError(message) from error
    if not isinstance(value, dict):
        message = f"{text!r} is not a JSON object"
        raise argparse.ArgumentTypeError(message)
    return value


def seconds(text: str) -> float:
    """A duration as the configuration writes it, in seconds."""
    from gateway.model.time import in_seconds, parse_duration

    try:
        return in_seconds(parse_duration(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def instant(text: str) -> int:
    """An RFC 3339 instant, nanoseconds."""
    from gateway.model.time import parse_rfc3339

    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def load(path: Path) -> "Loaded":
    """The configuration, with the installed drivers and mechanisms."""
    from gateway.adapters.calendar import read_calendar
    from gateway.adapters.calendar_events import odd_events
    from gateway.adapters.calendar_prices import read_prices
    from gateway.adapters.calendar_programme import read_programme
    from gateway.adapters.plugins import (
        agent_packages,
        driver_packages,
        line_factories,
        mechanism_packages,
    )
    from gateway.config import load

    return load(
        path,
        driver_packages(),
        tuple(line_factories()),
        environ=os.environ,
        mechanisms=mechanism_packages(),
        agents=tuple(agent_packages()),
        prices=read_prices,
        availability=read_calendar,
        events=odd_events,
        programmes=read_programme,
    )


def config_of(options: argparse.Namespace) -> Path | None:
    """The configuration that is meant: as named, else the installed service's."""
    from gateway.config.whereabouts import SERVICE

    config: Path | None = options.config
    if config is None and options.state_dir is None and SERVICE.config.exists():
        return SERVICE.config
    return config


def state_of(options: argparse.Namespace) -> "StateDir":
    """The folder of the gateway that is meant; commands make none."""
    from gateway.adapters.state import StateDir, StateMissing
    from gateway.config.whereabouts import find_state_dir

    found = find_state_dir(options.state_dir, options.config, os.environ, load)
    try:
        return StateDir(found.path, create=False)
    except StateMissing as error:
        message = (
            f"{error} (state folder {found.origin}), so no gateway has run with it; name the "
            "gateway's own with --state-dir DIR, or its configuration with --config FILE"
        )
        raise StateMissing(message) from error
