"""``check`` and ``schema``: what a configuration means, and what may stand in one."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.arguments import FINE, command, load, name, topic_filter

if TYPE_CHECKING:
    from gateway.cli.arguments import Commands
    from gateway.config import Loaded
    from gateway.config.price_text import Steps
    from gateway.model.limit import Wishes


def add(commands: "Commands") -> None:
    """Add them to the parser."""
    check = command(commands, "check", _check, "Explain a configuration, or what is wrong in it.")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true")
    text = "Print JSON Schemas, or the access rules for a mosquitto of your own."
    schema = command(commands, "schema", _schema, text)
    what = ("config", "payloads", "acl", "list", "errors", "all")
    schema.add_argument("what", nargs="?", choices=what, default="payloads")
    schema.add_argument(
        "--area", type=name, default="home", metavar="NAME", help="of acl (default home)"
    )
    text = "of acl: topics of devices that speak MQTT, as in broker.devices (may come again)"
    schema.add_argument(
        "--output", type=Path, default=Path(), metavar="DIR", help="of all: one file per schema"
    )
    schema.add_argument(
        "--devices", action="append", type=topic_filter, default=[], metavar="FILTER", help=text
    )


def _check(options: argparse.Namespace) -> int:
    from gateway.adapters.drill import DrillFiles
    from gateway.adapters.plugins import distribution_of
    from gateway.config import exit_code, explain, explain_json, wishes_text
    from gateway.config.price_text import tariff_json, tariff_text

    loaded = load(options.file)
    wishes = _wishes(loaded)
    ahead = _tariff_ahead(loaded)
    drills = {} if loaded.site is None else DrillFiles(Path(loaded.site.state_dir)).results()
    if options.json:
        told = explain_json(loaded, os.environ, distribution=distribution_of, drills=drills)
        more = {"tariffAhead": tariff_json(ahead)} if ahead else {}
        print(json.dumps({**told, "ownerLimits": wishes, **more}, indent=2))
    else:
        print(explain(loaded, os.environ, distribution=distribution_of, drills=drills))
        if loaded.site is not None and (lines := wishes_text(loaded.site, wishes)):
            print("", *lines, sep="\n")
        if loaded.site is not None and ahead:
            print("", *tariff_text(loaded.site, ahead), sep="\n")
    return exit_code(loaded)


def _tariff_ahead(loaded: "Loaded") -> "dict[str, Steps]":
    """What calendars say of the next 24 h."""
    from gateway.adapters.calendar_prices import read_prices
    from gateway.adapters.clock import real_now
    from gateway.config.price_text import tariff_ahead

    if loaded.site is None:
        return {}
    return tariff_ahead(
        loaded.site,
        real_now(),
        lambda one, interval: read_prices(one.text, one.zone, one.default).steps(interval),
    )


def _wishes(loaded: "Loaded") -> "Wishes":
    """Limits kept in the state folder; none where that is not there, or not ours to read."""
    from gateway.adapters.state import StateDir, StateMissing, StateUnusable

    if loaded.site is None:
        return {}
    try:
        return StateDir(Path(loaded.site.state_dir), create=False).load_limits()
    except StateUnusable as fault:
        if not isinstance(fault, StateMissing):
            print(f"gridtender: {fault}", file=sys.stderr)
        return {}


def _schema(options: argparse.Namespace) -> int:
    from gateway.adapters.plugins import driver_packages
    from gateway.config import render_json_schema

    if options.what == "config":
        print(render_json_schema(driver_packages()), end="")
    elif options.what == "acl":
        from gateway.config.field_broker import check_filters
        from gateway.model.errors import SettingsError
        from gateway.wire.acl import mosquitto_acl

        for found in check_filters(options.devices, options.area):
            raise SettingsError(path=("--devices",), found=found.found, allowed=found.allowed)
        print(mosquitto_acl(options.area, devices=options.devices), end="")
    else:
        return _payloads(options)
    return FINE


def _payloads(options: argparse.Namespace) -> int:
    from gateway.wire.errors import OUTCOMES
    from gateway.wire.schemas import schemas

    if options.what == "list":
        for topic, schema in schemas().items():
            print(f"{topic:38} {schema['$id']}")
    elif options.what == "errors":
        told = [{**asdict(one), "code": one.code.value} for one in OUTCOMES]
        print(json.dumps(told, indent=2))
    elif options.what == "all":
        return _write_all(options.output)
    else:
        print(json.dumps(schemas(), indent=2))
    return FINE


def _write_all(folder: Path) -> int:
    """One file per payload, the configuration's own, and which file is whose."""
    from gateway.adapters.plugins import driver_packages
    from gateway.config import render_json_schema
    from gateway.wire.schemas import schemas

    folder.mkdir(parents=True, exist_ok=True)
    index = {}
    for topic, schema in schemas().items():
        index[topic] = f"{topic.replace('/', '.')}.json"
        (folder / index[topic]).write_text(json.dumps(schema, indent=2) + "\n")
    (folder / "config.json").write_text(render_json_schema(driver_packages()))
    (folder / "index.json").write_text(json.dumps(index, indent=2) + "\n")
    print(f"wrote {len(index) + 2} files to {folder}")
    return FINE
