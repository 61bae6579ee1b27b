"""Parties on paper: what one that is let in has to know, and who is one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.presence import find
from gateway.model.membership import Enrolled, Member, PartyBook
from gateway.model.site import Site
from gateway.model.time import rfc3339
from gateway.wire.topics import Topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The same for a program and for a person."""

    document: dict[str, object]
    lines: list[str]


def admitted(
    state: Path, site: Site | None, member: Member, password: str, *, running: bool
) -> Admitted:
    """User, password and topics of a new party, told once."""
    presence = find(state)
    area = site.area if site is not None else presence.area if presence else "home"
    topics = Topics(area)
    external = site.broker.url if site is not None else None
    if external is None and presence is not None and presence.kind == "external":
        external = f"mqtt://{presence.host}:{presence.port}"
    owner = [] if external is None else _at_other_broker(area, member.name, password)
    subscribe = [topics.inbox(member.name, "#"), f"{topics.base}/p/#", f"{topics.base}/m/#"]
    publish = topics.request(member.name, "PRODUCT", "create-tender")
    when = "within a second" if running else "from the gateway's next start"
    lines = [
        f"user       {member.name}",
        f"password   {password}",
        *(f"subscribe  {one}" for one in subscribe),
        f"publish    {publish}",
        f"It is a party {when}; the password is not shown again.",
        *([f"Enter at {external}, which the gateway does not manage:"] if owner else []),
        *(f"  {line}" for line in owner),
    ]
    document: dict[str, object] = {
        "v": 1,
        "user": member.name,
        "password": password,
        "subscribe": subscribe,
        "publish": publish,
        "ownerMustEnter": owner,
    }
    return Admitted(document=document, lines=lines)


def _at_other_broker(area: str, party: str, password: str) -> list[str]:
    """For a mosquitto with a password file and an access file."""
    base = f"{Topics(area).base}/u/{party}"
    return [
        f"mosquitto_passwd -b PASSWORDFILE {party} {password}",
        f"user {party}",
        *(f"topic write {base}/{leaf}" for leaf in ("req/#", "ack/#", "status", "avail", "opt")),
        f"topic read {base}/#",
    ]


def lines(book: PartyBook, site: Site | None) -> list[str]:
    """A table, and who waits."""
    rows = [("party", "since", "by", "enrolled", "what")]
    rows += [
        (name, since, by, enrolled, what) for name, since, by, enrolled, what in _rows(book, site)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return [*(table if len(rows) > 1 else ["no parties from outside"]), *asking(book)]


def asking(book: PartyBook) -> list[str]:
    """A sentence for each that waits for the owner."""
    found = [
        f"{one.name} asks to be a party since {rfc3339(one.since)}"
        + (f" ({one.what})" if one.what else "")
        + f": gridtender party accept {one.name}, or refuse"
        for one in book.waiting
    ]
    found += [
        f"{one.party} asks to trade {one.product} since {rfc3339(one.since)}: "
        f"gridtender party accept {one.party}, or refuse"
        for one in book.enrolments
        if one.state is Enrolled.WAITING
    ]
    return found


def document(book: PartyBook, site: Site | None) -> dict[str, object]:
    """For a program."""
    keys = ("party", "since", "by", "enrolled", "what")
    return {
        "v": 1,
        "parties": [dict(zip(keys, row, strict=True)) for row in _rows(book, site)],
        "waiting": [
            {"party": one.name, "since": rfc3339(one.since), "what": one.what}
            for one in book.waiting
        ],
        "enrolling": [
            {"party": one.party, "product": one.product, "since": rfc3339(one.since)}
            for one in book.enrolments
            if one.state is Enrolled.WAITING
        ],
    }


def _rows(book: PartyBook, site: Site | None) -> Iterator[tuple[str, str, str, str, str]]:
    for party in () if site is None else site.parties:
        allowed = (
            site.allowances[party.id].enrolled if site and party.id in site.allowances else None
        )
        yield party.id, "", "configuration", _enrolled(book, party.id, allowed), ""
    for one in book.present:
        since = rfc3339(one.since)
        yield one.name, since, one.by, _enrolled(book, one.name, one.allowance.enrolled), one.what


def _enrolled(book: PartyBook, party: str, allowed: tuple[str, ...] | None) -> str:
    decided = {e.product: e.state for e in book.enrolments if e.party == party}
    out = sorted(p for p, state in decided.items() if state is Enrolled.NO)
    if allowed is None:
        return f"all but {', '.join(out)}" if out else "all"
    inside = {*allowed, *(p for p, state in decided.items() if state is Enrolled.YES)} - {*out}
    return ", ".join(sorted(inside)) or "nothing"
