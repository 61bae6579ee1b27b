"""``party``: who trades from outside, beside the parties of the configuration."""

import argparse
import json
from typing import TYPE_CHECKING

from gateway.cli.arguments import FINE, between, config_of, load, name, state_of, state_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.adapters.state import StateDir
    from gateway.cli.arguments import Commands
    from gateway.model.membership import Allowance, PartyBook
    from gateway.model.site import Site

_LARGEST = 1e9


def add(commands: "Commands") -> None:
    """Add it to the parser."""
    text = "Let parties from outside in, show them, and let them go."
    party = commands.add_parser("party", help=text, description=text)
    verbs = party.add_subparsers(required=True, metavar="VERB")
    _add_add(verbs)
    listing = _verb(verbs, "list", _list, "Show who is a party and who asks to be.")
    listing.add_argument("--json", action="store_true", help="for a program")
    for word, run, what in (
        ("remove", _remove, "Withdraw its tenders and end its login; its history stays."),
        ("accept", _accept, "Say yes to all that waits for consent under the name."),
        ("refuse", _refuse, "Say no to all that waits for consent under the name."),
    ):
        verb = _verb(verbs, word, run, what)
        verb.add_argument("names", nargs="+", type=name, metavar="NAME")
        verb.add_argument("--json", action="store_true", help="for a program")


def _add_add(verbs: "Commands") -> None:
    verb = _verb(verbs, "add", _add, "Make a login for a party; its password is told once.")
    verb.add_argument("name", type=name, metavar="NAME")
    verb.add_argument("--what", default="", metavar="TEXT", help="what it is")
    verb.add_argument("--enrolled", default="all", metavar="all|P,P", help="what it may trade")
    verb.add_argument("--max-open-tenders", type=int, default=1000, metavar="N")
    verb.add_argument("--messages-per-minute", type=int, default=None, metavar="N")
    limit = between(0, _LARGEST)
    verb.add_argument("--money-per-day", type=limit, default=None, metavar="X")
    verb.add_argument("--energy-per-day", type=limit, default=None, metavar="KWH")
    verb.add_argument("--json", action="store_true", help="for a program")


def _verb(
    verbs: "Commands", word: str, run: "Callable[[argparse.Namespace], int]", text: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(word, help=text, description=text)
    parser.set_defaults(run=run)
    state_options(parser)
    return parser


def _add(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import real_now
    from gateway.adapters.credentials import passwords
    from gateway.adapters.party_file import CREDENTIALS, PartyFile
    from gateway.app.party_page import admitted
    from gateway.model.membership import Member

    state, site = state_of(options), _site(options)
    _refuse_taken(options.name, site)
    member = Member(
        name=options.name,
        since=real_now(),
        by="command",
        what=options.what,
        allowance=_allowance(options),
    )
    file = PartyFile(state.path)
    file.load().add(member)  # a name that is taken makes no password
    password = passwords(state.path / CREDENTIALS, [member.name])[member.name]
    file.change(lambda book: book.add(member))
    told = admitted(state.path, site, member, password, running=state.is_held())
    print(json.dumps(told.document, indent=2) if options.json else "\n".join(told.lines))
    return FINE


def _allowance(options: argparse.Namespace) -> "Allowance":
    from gateway.model.errors import WrongInput
    from gateway.model.membership import Allowance

    if options.max_open_tenders < 0 or (options.messages_per_minute or 1) < 1:
        message = "--max-open-tenders is at least 0 and --messages-per-minute at least 1"
        raise WrongInput(message)
    products = tuple(word for word in options.enrolled.split(",") if word)
    return Allowance(
        max_open_tenders=options.max_open_tenders,
        messages_per_minute=options.messages_per_minute,
        money_per_day=options.money_per_day,
        energy_per_day=options.energy_per_day,
        enrolled=None if options.enrolled == "all" else products,
    )


def _refuse_taken(party: str, site: "Site | None") -> None:
    from gateway.model.errors import WrongInput
    from gateway.wire.acl import DEVICES
    from gateway.wire.topics import RESERVED

    owners = dict.fromkeys([*RESERVED, DEVICES], "a reserved word")
    if site is not None:
        owners |= {site.area: "the area"}
        owners |= dict.fromkeys((one.device.id for one in site.devices), "a device")
        owners |= dict.fromkeys((one.id for one in site.products), "a product")
        owners |= dict.fromkeys((one.id for one in site.parties), "a party of the configuration")
    if party in owners:
        message = f"{party} is {owners[party]}: name the party otherwise"
        raise WrongInput(message)


def _list(options: argparse.Namespace) -> int:
    from gateway.adapters.party_file import PartyFile
    from gateway.app.party_page import document, lines

    state, site = state_of(options), _site(options)
    book = PartyFile(state.path).load()
    if options.json:
        print(json.dumps(document(book, site), indent=2))
    else:
        print("\n".join(lines(book, site)))
    return FINE


def _remove(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import real_now

    now = real_now()
    return _change(options, lambda book, party: book.remove(party, now), "removed")


def _accept(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import real_now

    now = real_now()
    return _change(options, lambda book, party: book.accept(party, now), "accepted")


def _refuse(options: argparse.Namespace) -> int:
    from gateway.adapters.clock import real_now

    now = real_now()
    return _change(options, lambda book, party: book.refuse(party, now), "refused")


def _change(
    options: argparse.Namespace,
    change: "Callable[[PartyBook, str], PartyBook]",
    done: str,
) -> int:
    from gateway.adapters.party_file import PartyFile

    state = state_of(options)

    def all_of_them(book: "PartyBook") -> "PartyBook":
        for party in options.names:
            book = change(book, party)
        return book

    PartyFile(state.path).change(all_of_them)
    if options.json:
        print(json.dumps({"v": 1, done: options.names}))
    else:
        print(f"{', '.join(options.names)}: {done}{_from_when(state)}")
    return FINE


def _from_when(state: "StateDir") -> str:
    if state.is_held():
        return "; the running gateway takes it within a second"
    return f"; no gateway is running on {state.path}: it holds from its next start"


def _site(options: argparse.Namespace) -> "Site | None":
    config = config_of(options)
    return None if config is None else load(config).site
