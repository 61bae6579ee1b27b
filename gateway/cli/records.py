"""``replay`` and ``clear``: what happened once more, and what would happen."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.arguments import FAILED, FINE, WRONG, command, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.app.what_if import Book
    from gateway.cli.arguments import Commands
    from gateway.ports.agent import Agent


def add(commands: "Commands") -> None:
    """Add it to the parser."""
    text = "Run a journal's inputs again and compare every outcome."
    replay = command(commands, "replay", _replay, text)
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
        help="say what this one would have changed: prices, volume, money of each party",
    )
    text = "Clear a book of tenders by a mechanism, without a daemon."
    clear = command(commands, "clear", _clear, text)
    clear.add_argument("book", metavar="BOOK.json", help="a file, or - for standard input")
    clear.add_argument("--mechanism", default="uniform-price", metavar="NAME")
    clear.add_argument("--price-rule", default=None, metavar="NAME")
    clear.add_argument("--json", action="store_true")
    text = "draw both sides and where they meet (png, svg, pdf)"
    clear.add_argument("--plot", type=Path, metavar="FILE", help=text)


def _replay(options: argparse.Namespace) -> int:
    from gateway.adapters.journal import read_journal
    from gateway.app import load_market, rules_of
    from gateway.app.agents import site_agents
    from gateway.runtime.replay import Replay

    if options.mechanism is not None:
        return _rerun(options)
    agents: tuple[Agent, ...] = ()
    if options.config is not None:
        loaded = load(options.config)
        for problem in loaded.problems:
            print(problem, file=sys.stderr)
        if loaded.site is None:
            return WRONG
        agents = site_agents(loaded.site)
    run, count = Replay(load_market, rules_of, agents), 0
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
        return FAILED
    if not options.json:
        print(f"{count} rows replayed, every outcome is the same")
    return FINE


def _rerun(options: argparse.Namespace) -> int:
    """What another mechanism would have made of the journal."""
    import json

    from gateway.adapters.journal import read_journal
    from gateway.app.what_if.rerun import Rerun, comparison

    run = Rerun(options.mechanism)
    changes = run.run(read_journal(options.journal))
    print(json.dumps(changes, indent=2) if options.json else comparison(changes, run.rows))
    return FINE


def _clear(options: argparse.Namespace) -> int:
    import json

    from gateway.app.what_if import clear, page, read_book
    from gateway.model.errors import WrongInput

    file = sys.stdin.buffer if options.book == "-" else None
    book = Path(options.book).read_bytes() if file is None else file.read()
    try:
        text = book.decode()
    except UnicodeDecodeError as error:
        message = f"the book is no JSON: {error}"
        raise WrongInput(message) from error
    found = read_book(text)
    outcome = clear(found, options.mechanism, options.price_rule)
    if options.plot is not None:
        _draw(found, outcome, options.plot)
    print(json.dumps(outcome, indent=2) if options.json else page(outcome))
    return FINE


def _draw(book: "Book", outcome: "Mapping[str, object]", file: Path) -> None:
    from gateway.cli.pictures import drawn_by_matplotlib

    with drawn_by_matplotlib():
        from gateway.simulation.plot_book import draw_book
    draw_book(book, outcome, file)
