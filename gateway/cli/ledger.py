"""``ledger``: whether it holds, what stands in it, its key, and each party's day."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.arguments import FAILED, FINE, command, state_of, state_options

if TYPE_CHECKING:
    from gateway.app.audit import Entry
    from gateway.cli.arguments import Commands
    from gateway.model.product import Product
    from gateway.model.seal import Sealed
    from gateway.model.statement import Statement
    from gateway.model.time import Instant


def add(commands: "Commands") -> None:
    """Add it to the parser."""
    text = "Check and read the ledger: the gateway's journal, sealed with its key."
    parser = commands.add_parser("ledger", help=text, description=text)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_verify(verbs)
    for name, run, text in (
        (
            "show",
            _show,
            "Print transactions, deliveries and tenders, also those that never traded.",
        ),
        ("export", _export, "Print the same as CSV or as JSON, an object per line."),
    ):
        verb = command(verbs, name, run, text)
        _journal_options(verb)
        _filters(verb)
        if name == "export":
            verb.add_argument("--format", choices=("csv", "json"), default="csv")
    text = "Print each party's day: energy and money, bought, sold and apart from what was traded."
    statement = command(verbs, "statement", _statement, text)
    statement.add_argument("party", nargs="?", default=None, metavar="PARTY")
    statement.add_argument("--day", default=None, metavar="YYYYMMDD", help="default: the newest")
    statement.add_argument("--json", action="store_true")
    state_options(statement)
    key = command(verbs, "key", _key, "Print the public key that seals this ledger.")
    state_options(key)


def _add_verify(verbs: "Commands") -> None:
    text = "Check chain, seals, signatures and balance; beside a running gateway as well."
    verify = command(verbs, "verify", _verify, text)
    _journal_options(verify)
    verify.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="ed25519:…",
        help="that may have sealed it; default: the key of the state folder",
    )
    verify.add_argument("--json", action="store_true")


def _journal_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--journal", type=Path, default=None, metavar="FILE", help="e.g. a copy")
    state_options(parser)


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--party", default=None)
    parser.add_argument("--product", default=None)
    kinds = ("transaction", "delivery", "tender")
    parser.add_argument("--kind", choices=kinds, default=None)
    text = "what delivers from then on, RFC 3339"
    parser.add_argument("--from", dest="since", type=_instant, default=None, help=text)
    text = "what delivers before then, RFC 3339"
    parser.add_argument("--to", dest="until", type=_instant, default=None, help=text)


def _instant(text: str) -> "Instant":
    from gateway.model.time import parse_rfc3339

    try:
        return parse_rfc3339(text)
    except ValueError as error:
        message = f"{text!r} is no instant such as 2026-06-21T00:00:00Z"
        raise argparse.ArgumentTypeError(message) from error


def _journal(options: argparse.Namespace) -> Path:
    if options.journal is not None:
        return Path(options.journal)
    return state_of(options).journal


def _verify(options: argparse.Namespace) -> int:
    import json

    from gateway.adapters.journal_ledger import open_rows
    from gateway.adapters.signing import is_signed
    from gateway.app.audit import audit
    from gateway.app.audit.page import audit_json, audit_page

    keys, newest = _known(options)
    with open_rows(_journal(options)) as (head, rows):
        found = audit(head, rows, keys=keys, newest=newest, is_signed=is_signed)
    if options.json:
        print(json.dumps(audit_json(found), indent=2))
    else:
        print(*audit_page(found), sep="\n")
        if found.seals and not keys:
            print("whose key that is, nobody here knows: compare it with m/key or ledger key")
    return FAILED if found.faults else FINE


def _known(options: argparse.Namespace) -> tuple[list[str], "Sealed | None"]:
    """The keys that may have sealed, and the newest seal where the state folder tells it."""
    from gateway.adapters.seal_file import SealFile
    from gateway.adapters.signing import has_key, open_signer, public_bytes

    for key in options.key:
        public_bytes(key)
    if options.journal is not None:
        return options.key, None
    path = state_of(options).path
    keys = [*options.key, open_signer(path, make=False).public] if has_key(path) else options.key
    return keys, SealFile(path).load()


def _show(options: argparse.Namespace) -> int:
    from gateway.app.audit.page import as_text

    with _entries(options) as (found, products):
        for line in as_text(found, products):
            print(line)
    return FINE


def _export(options: argparse.Namespace) -> int:
    from gateway.app.audit.page import as_csv, as_json

    write = as_csv if options.format == "csv" else as_json
    with _entries(options) as (found, products):
        for line in write(found, products):
            print(line)
    return FINE


@contextlib.contextmanager
def _entries(
    options: argparse.Namespace,
) -> Iterator[tuple[Iterator["Entry"], dict[str, "Product"]]]:
    from gateway.adapters.journal_ledger import newest_checkpoints, open_rows
    from gateway.app.audit import entries, terms_of

    path = _journal(options)
    products = terms_of(newest_checkpoints(path))
    with open_rows(path) as (_, rows):
        yield (one for one in entries(rows) if _wanted(one, options)), products


def _wanted(one: "Entry", options: argparse.Namespace) -> bool:
    return (
        options.party in {None, one.party}
        and options.product in {None, one.product}
        and options.kind in {None, one.kind}
        and (options.since is None or one.interval.end > options.since)
        and (options.until is None or one.interval.start < options.until)
    )


def _statement(options: argparse.Namespace) -> int:
    import json

    from gateway.adapters.journal_ledger import newest_checkpoints
    from gateway.app.audit import terms_of
    from gateway.app.audit.page import statement_page
    from gateway.model.canonical import to_json

    state = state_of(options)
    products = terms_of(newest_checkpoints(state.journal))
    found = [one for one in _statements(options) if options.party in {None, one.party}]
    if not found:
        print("no statement is kept of that; see ledger.keep", file=sys.stderr)
        return FAILED
    for one in found:
        if options.json:
            print(json.dumps(to_json(one)))
        else:
            print(*statement_page(one, products), sep="\n")
    return FINE


def _statements(options: argparse.Namespace) -> list["Statement"]:
    """Of the day asked for, or of the newest day there is."""
    from gateway.adapters.statements import StatementFiles
    from gateway.model.statement import Statement
    from gateway.model.time import Instant

    files = StatementFiles(state_of(options).path)
    kept = files.load()
    days = {} if kept is None else kept.days
    wanted = options.day or next(iter(islice(sorted({*files.days(), *days}, reverse=True), 1)), "")
    if wanted not in days:
        return files.closed([wanted])
    return [
        Statement(party=party, day=wanted, accounts=tuple(a.items()), closed=False, at=Instant(0))
        for party, a in days[wanted].items()
    ]


def _key(options: argparse.Namespace) -> int:
    from gateway.adapters.signing import has_key, open_signer

    state = state_of(options)
    if not has_key(state.path):
        print(f"{state.path}: there is no key; a gateway that keeps a ledger makes one")
        return FAILED
    print(open_signer(state.path, make=False).public)
    return FINE
