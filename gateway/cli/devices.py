"""``inspect``: what a device is, before anything is configured."""

import argparse
import asyncio
import json
from typing import TYPE_CHECKING

from gateway.cli.arguments import FAILED, FINE, command, seconds

if TYPE_CHECKING:
    from gateway.cli.arguments import Commands

_URL = "e.g. tcp://192.168.1.20:502?unit=1"


def add(commands: "Commands") -> None:
    """Add them to the parser."""
    text = "Show everything a device has: each model and point, what is odd, what it can do."
    inspect = command(commands, "inspect", _inspect, text)
    _device(inspect)
    inspect.add_argument("--json", action="store_true", help="for a program")


def _device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help=_URL)
    text = "how long one request may take"
    parser.add_argument("--timeout", type=seconds, default=1.0, metavar="1s", help=text)


def _inspect(options: argparse.Namespace) -> int:
    from gateway.app.inspection_page import page
    from gateway.app.probing import connection_of, inspect
    from gateway.model.time import SECOND, Duration
    from gateway.wire.inspection import document

    connection = connection_of(options.url)
    found = asyncio.run(inspect(connection, Duration(int(options.timeout * SECOND))))
    if options.json:
        print(json.dumps(document(options.url, found), indent=2))
    else:
        print("\n".join(page(options.url, found)))
    return FINE if found.models else FAILED
