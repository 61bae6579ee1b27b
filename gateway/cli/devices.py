"""``scan``, ``inspect``, ``record``, ``serve``: devices, before anything is configured."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.arguments import FAILED, FINE, command, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.cli.arguments import Commands
    from gateway.model.time import Duration

_LAST_PORT = 65535
_URL = "e.g. tcp://192.168.1.20:502?unit=1"


def add(commands: "Commands") -> None:
    """Add them to the parser."""
    text = "Find devices and propose a configuration; without TARGET, say what could be scanned."
    scan = command(commands, "scan", _scan, text)
    text = "192.168.1.20, 192.168.1.20:1502, 192.168.1.0/24, /dev/ttyUSB0"
    scan.add_argument("targets", nargs="*", metavar="TARGET", help=text)
    text = "ask units 1 to 247, not only those where devices mostly are"
    scan.add_argument("--all-units", action="store_true", help=text)
    text = "instead of 502 and 1502; more than once for several"
    scan.add_argument("--port", type=_port, action="append", metavar="PORT", help=text)
    text = "how long one request may take"
    scan.add_argument("--timeout", type=seconds, default=1.0, metavar="1s", help=text)
    text = "Show everything a device has: each model and point, what is odd, what it can do."
    inspect = command(commands, "inspect", _inspect, text)
    _device(inspect)
    inspect.add_argument("--json", action="store_true", help="for a program")
    text = "Write down everything a device has and refuses, for a bug report or as a test's device."
    record = command(commands, "record", _record, text)
    _device(record)
    text = "where to; printed if left out"
    record.add_argument("file", type=Path, nargs="?", default=None, metavar="FILE", help=text)
    record.add_argument("--force", action="store_true", help="replace an older FILE")
    text = "the device sleeps: add what is different now to the FILE recorded by day"
    record.add_argument("--night", action="store_true", help=text)
    text = "Answer on Modbus TCP as a recorded device does: its holes, its silence, its delays."
    serve = command(commands, "serve", _serve, text)
    serve.add_argument("file", type=Path, metavar="FILE")
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="who may ask")
    text = "any free one if left out"
    serve.add_argument("--port", type=_port, default=0, metavar="PORT", help=text)
    serve.add_argument("--night", action="store_true", help="as it was recorded asleep")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _LAST_PORT):
        message = f"{text!r} is not a port from 0 to {_LAST_PORT}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help=_URL)
    text = "how long one request may take"
    parser.add_argument("--timeout", type=seconds, default=1.0, metavar="1s", help=text)


def _scan(options: argparse.Namespace) -> int:
    from gateway.app.scan_page import fragment, offers, page
    from gateway.app.scan_targets import PORTS, own_networks, own_serial_ports, targets_of
    from gateway.app.scanning import LAST_UNIT, UNITS, Scanner

    if not options.targets:
        print("\n".join(offers(own_networks(), own_serial_ports())))
        return FINE
    targets = targets_of(options.targets, options.port or PORTS)
    others = [unit for unit in range(1, LAST_UNIT + 1) if unit not in UNITS]
    units = (*UNITS, *others) if options.all_units else UNITS

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    scan = asyncio.run(Scanner(units, _timeout(options), tell).scan(targets))
    for line in page(scan):
        tell(line)
    proposed = "\n".join(fragment(scan))
    if not proposed:
        return FAILED
    tell("")
    print(proposed)
    return FINE


def _inspect(options: argparse.Namespace) -> int:
    from gateway.app.inspection_page import page
    from gateway.app.probing import connection_of, inspect
    from gateway.wire.inspection import document

    found = asyncio.run(inspect(connection_of(options.url), _timeout(options)))
    if options.json:
        print(json.dumps(document(options.url, found), indent=2))
    else:
        print("\n".join(page(options.url, found)))
    return FINE if found.models else FAILED


def _timeout(options: argparse.Namespace) -> "Duration":
    from gateway.model.time import SECOND, Duration

    return Duration(int(options.timeout * SECOND))


def _record(options: argparse.Namespace) -> int:
    from gateway.app.probing import connection_of, record
    from gateway.app.recordings import read_recording, store, text_of
    from gateway.model.errors import WrongInput

    file: Path | None = options.file
    if options.night and file is None:
        message = "--night needs the FILE that was recorded by day"
        raise WrongInput(message)
    if file is not None and file.exists() and not (options.force or options.night):
        message = f"{file} exists: name another file, or use --force"
        raise WrongInput(message)
    day = read_recording(file) if options.night and file is not None else None
    document = asyncio.run(record(connection_of(options.url), _timeout(options), day))
    if file is None:
        print(text_of(document), end="")
    else:
        store(file, document)
    print(_summary(document, night=options.night), file=sys.stderr)
    return FINE


def _summary(document: "Mapping[str, object]", *, night: bool) -> str:
    """What stands in it, and what does not."""

    def count(key: str, of: "Mapping[str, object]") -> int:
        value = of.get(key)
        return len(value) if isinstance(value, list | dict) else 0

    if night:
        asleep = document["night"]
        if not isinstance(asleep, dict) or not asleep["answers"]:
            return "by night it does not answer; written down so"
        return f"by night {count('registers', asleep)} registers are different; added"
    return (
        f"{document['device'] or 'the device'}: {count('chain', document)} models, "
        f"{count('registers', document)} registers, {count('exceptions', document)} refused and "
        f"{count('silent', document)} silent stretches.\n"
        "Serial numbers are replaced, accounts and places emptied; names, versions and network "
        "addresses are as found. Read it before you give it away."
    )


def _serve(options: argparse.Namespace) -> int:
    from gateway.app.recordings import replayed, serve

    replay = replayed(options.file, night=options.night)

    def say(line: str) -> None:
        print(line, flush=True)

    asyncio.run(serve(replay, options.host, options.port, say))
    return FINE
