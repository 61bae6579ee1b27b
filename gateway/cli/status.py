"""``status``: the gateway on one screen, and what needs a person."""

import argparse
import asyncio
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING

from gateway.cli.arguments import FAILED, FINE, command, config_of, load, state_options

if TYPE_CHECKING:
    from gateway.app.status import Observer
    from gateway.cli.arguments import Commands


def add(commands: "Commands") -> None:
    """Add it to the parser."""
    text = "Show what the gateway does and what needs you; exit code 1 if something does."
    status = command(commands, "status", _status, text)
    state_options(status)
    status.add_argument("--json", action="store_true", help="for a program")
    status.add_argument("--watch", action="store_true", help="go on until Ctrl-C")


def _status(options: argparse.Namespace) -> int:
    observer = _observer(options)
    if options.watch:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_watch(observer))
        return FINE
    return asyncio.run(_once(observer, as_json=options.json))


def _observer(options: argparse.Namespace) -> "Observer":
    from gateway.app.status import Observer
    from gateway.config.whereabouts import SERVICE, find_state_dir

    state = find_state_dir(options.state_dir, options.config, os.environ, load).path
    config = config_of(options)
    site = None if config is None else load(config).site
    return Observer(state, site, SERVICE.config.parent / "mqtt-password")


async def _once(observer: "Observer", *, as_json: bool) -> int:
    from gateway.app.status_page import document, page

    async with observer.listening():
        status = observer.status()
    if as_json:
        print(json.dumps(document(status), indent=2))
    else:
        print("\n".join(page(status)))
    return FAILED if status.attention() else FINE


async def _watch(observer: "Observer") -> None:
    from gateway.app.painter import Painter
    from gateway.app.status_page import WIDTH, page

    def picture(width: int) -> list[str]:
        observer.look()
        return page(observer.status(), width)

    async with observer.listening():
        await Painter(sys.stdout, WIDTH).run(picture)
