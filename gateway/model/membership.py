"""Who trades from outside beside the configuration, who asks to, and who may trade what.

A ``PartyBook`` is a value: every change makes a new one.  Parties of the configuration file are
not in it; what they asked to trade beyond what is configured is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gateway.model.cover import Cover, Standby
from gateway.model.errors import WrongInput
from gateway.model.tender import Party
from gateway.model.time import HOUR, Duration, Instant

MOST_WAITING = 16
MOST_MEMBERS = 1000
MOST_NAMES = 2 * MOST_MEMBERS
"""Names that are remembered, of whom was removed as well, when strangers take no more."""
REGISTRATION = "registration"
WAITS = Duration(24 * HOUR)
"""A request for consent that nobody answers is forgotten after so long."""


class Consent(StrEnum):
    """Who decides that a stranger becomes a party, or a party enrols in a product."""

    CLOSED = "closed"
    CONSENT = "consent"
    OPEN = "open"


class Enrolled(StrEnum):
    """Where a party stands with a product."""

    YES = "ENROLLED"
    WAITING = "WAITING"
    NO = "NOT_ENROLLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the owner allows a party from outside; None = not limited.

    Attributes:
        max_open_tenders: judged by the market.
        messages_per_minute: tenders and other requests; None = as many as it may have open,
            at least 120.
        money_per_day: most it may have to pay for one day's deliveries, currency.
        energy_per_day: most it may buy and sell together for one day, kWh.
        silence: its tenders are withdrawn when nothing was heard of it for so long.
        enrolled: products it may trade without asking; None = all.
        covers: what it may hold only as far as it holds something else.
        stands_by: what it must keep on offer as far as it has sold something else.
    """

    max_open_tenders: int = 1000
    messages_per_minute: int | None = None
    money_per_day: float | None = None
    energy_per_day: float | None = None
    silence: Duration | None = None
    enrolled: tuple[str, ...] | None = None
    covers: tuple[Cover, ...] = ()
    stands_by: tuple[Standby, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A party that was let in at run time.

    Attributes:
        by: ``command`` or ``registration``.
        what: what it says that it is.
        removed: when it was removed; its name is not given to a stranger again.
        client, request: under which it registered itself; empty = it was added.
    """

    name: str
    since: Instant
    by: str
    what: str = ""
    allowance: Allowance = Allowance()
    removed: Instant | None = None
    client: str = ""
    request: str = ""

    @property
    def party(self) -> Party:
        """As the market knows it."""
        return Party(id=self.name, outside=True, max_open_tenders=self.allowance.max_open_tenders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A stranger who waits for the owner's consent.

    Attributes:
        client: MQTT client id it is answered under; ``request``: its requestId.
        password: it will log in with.
    """

    name: str
    since: Instant
    client: str
    request: str
    password: str = field(repr=False)
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What was decided of a party and a product beyond its allowance."""

    party: str
    product: str
    state: Enrolled
    since: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyBook:
    """All of it, as it is kept on the disk."""

    members: tuple[Member, ...] = ()
    waiting: tuple[Newcomer, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()

    @property
    def present(self) -> tuple[Member, ...]:
        """Who was let in and not removed."""
        return tuple(member for member in self.members if member.removed is None)

    def member(self, name: str) -> Member | None:
        """The party of that name, None if there is none or it was removed."""
        return next((one for one in self.present if one.name == name), None)

    def newcomer(self, name: str) -> Newcomer | None:
        """Who waits under that name."""
        return next((one for one in self.waiting if one.name == name), None)

    def is_registered(self, newcomer: Newcomer) -> bool:
        """Whether this very request let it in: it asks again, for its answer was lost."""
        member = self.member(newcomer.name)
        asked = (newcomer.client, newcomer.request)
        return member is not None and (member.client, member.request) == asked

    def is_taken(self, name: str) -> bool:
        """Whether a stranger may not have the name: somebody has, had, or asks for it."""
        return self.newcomer(name) is not None or any(one.name == name for one in self.members)

    def enrolment(self, party: str, product: str) -> Enrolment | None:
        """What was decided of the two."""
        found = (e for e in self.enrolments if (e.party, e.product) == (party, product))
        return next(found, None)

    def add(self, member: Member) -> "PartyBook":
        """With the party; one that was removed comes back under its name.

        Raises:
            WrongInput: there is a party of the name, or there are too many.
        """
        if self.member(member.name) is not None:
            message = f"{member.name} is a party already; see gridtender party list"
            raise WrongInput(message)
        if len(self.present) >= MOST_MEMBERS:
            message = f"there are {MOST_MEMBERS} parties; remove one first"
            raise WrongInput(message)
        others = tuple(one for one in self.members if one.name != member.name)
        return replace(self, members=(*others, member), waiting=_without(self.waiting, member.name))

    def remove(self, name: str, at: Instant) -> "PartyBook":
        """Without the party; that it was there is remembered.

        Raises:
            WrongInput: there is none.
        """
        if self.member(name) is None:
            raise WrongInput(self._unknown(name))
        gone = (
            replace(one, removed=at) if one.name == name and one.removed is None else one
            for one in self.members
        )
        kept = tuple(one for one in self.enrolments if one.party != name)
        return replace(self, members=tuple(gone), enrolments=kept)

    def ask(self, newcomer: Newcomer) -> "PartyBook":
        """With the stranger waiting.

        Raises:
            WrongInput: the name is taken, too many wait, or too many came and went.
        """
        if self.is_taken(newcomer.name):
            message = f"the name {newcomer.name} is taken; propose another"
            raise WrongInput(message)
        if len(self.waiting) >= MOST_WAITING:
            message = f"{MOST_WAITING} wait for the owner's consent already; ask later"
            raise WrongInput(message)
        if len(self.members) >= MOST_NAMES:
            message = "no more strangers are taken here; ask the owner to add you"
            raise WrongInput(message)
        return replace(self, waiting=(*self.waiting, newcomer))

    def accept(self, name: str, at: Instant) -> "PartyBook":
        """The owner says yes to all that waits under the name.

        Raises:
            WrongInput: nothing does.
        """
        self._require_waiting(name)
        book, newcomer = self, self.newcomer(name)
        if newcomer is not None:
            book = book.add(registered(newcomer, at))
        for one in self._asked(name):
            book = book.decide(name, one.product, Enrolled.YES, at)
        return book

    def refuse(self, name: str, at: Instant) -> "PartyBook":
        """The owner says no to all that waits under the name.

        Raises:
            WrongInput: nothing does.
        """
        self._require_waiting(name)
        book = replace(self, waiting=_without(self.waiting, name))
        for one in self._asked(name):
            book = book.decide(name, one.product, Enrolled.NO, at)
        return book

    def decide(self, party: str, product: str, state: Enrolled, at: Instant) -> "PartyBook":
        """With where the party stands with the product."""
        others = (e for e in self.enrolments if (e.party, e.product) != (party, product))
        new = Enrolment(party=party, product=product, state=state, since=at)
        return replace(self, enrolments=(*others, new))

    def without_stale(self, now: Instant) -> "PartyBook":
        """Without those whom nobody answered for a day."""
        return replace(self, waiting=tuple(o for o in self.waiting if now - o.since < WAITS))

    @property
    def asks(self) -> tuple[str, ...]:
        """Names under which something waits for the owner, in order."""
        enrolling = (e.party for e in self.enrolments if e.state is Enrolled.WAITING)
        return tuple(dict.fromkeys((*(one.name for one in self.waiting), *enrolling)))

    def _asked(self, name: str) -> tuple[Enrolment, ...]:
        return tuple(e for e in self.enrolments if e.party == name and e.state is Enrolled.WAITING)

    def _require_waiting(self, name: str) -> None:
        if name not in self.asks:
            there = ", ".join(self.asks) or "nobody"
            message = f"nothing waits for consent under the name {name}; there is {there}"
            raise WrongInput(message)

    def _unknown(self, name: str) -> str:
        there = ", ".join(one.name for one in self.present) or "none"
        return (
            f"{name} is no party that was let in by command or registration (there is {there}); "
            "one of the configuration is removed there"
        )


def registered(newcomer: Newcomer, at: Instant) -> Member:
    """The party that a stranger becomes; it asks for each product that it wants to trade."""
    return Member(
        name=newcomer.name,
        since=at,
        by=REGISTRATION,
        what=newcomer.what,
        allowance=Allowance(enrolled=()),
        client=newcomer.client,
        request=newcomer.request,
    )


def _without(waiting: Iterable[Newcomer], name: str) -> tuple[Newcomer, ...]:
    return tuple(one for one in waiting if one.name != name)
