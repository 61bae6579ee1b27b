"""``doctor``: what is wrong between the network and the owner, and what to change where."""

import argparse
import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

from gateway.cli.arguments import command, config_of, load, state_options

if TYPE_CHECKING:
    from gateway.app.doctor.walk import Visit
    from gateway.cli.arguments import Commands


def add(commands: "Commands") -> None:
    """Add it to the parser."""
    text = (
        "Look for what is wrong, from the network to Home Assistant, and say what to change where; "
        "reads only. Exit code 1 if there is something to do, 2 if something was not seen."
    )
    doctor = command(commands, "doctor", _doctor, text)
    text = "ids in the configuration; all if left out"
    doctor.add_argument("devices", nargs="*", metavar="DEVICE", help=text)
    state_options(doctor)
    doctor.add_argument("--json", action="store_true", help="for a program")


def _doctor(options: argparse.Namespace) -> int:
    from gateway.app.doctor.page import document, exit_code, page
    from gateway.app.doctor.walk import visit

    findings = asyncio.run(visit(_asked(options)))
    if options.json:
        print(json.dumps(document(findings), indent=2))
    else:
        print("\n".join(page(findings)))
    return exit_code(findings)


def _asked(options: argparse.Namespace) -> "Visit":
    from gateway.app.doctor.walk import Visit
    from gateway.config.whereabouts import SERVICE, find_state_dir

    state = find_state_dir(options.state_dir, options.config, os.environ, load).path
    config = config_of(options)

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    return Visit(
        state=state,
        loaded=None if config is None else load(config),
        wanted=tuple(options.devices),
        credential=SERVICE.config.parent / "mqtt-password",
        tell=tell,
    )
