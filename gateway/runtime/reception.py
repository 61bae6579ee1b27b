"""The reception: strangers become parties, parties enrol, and whoever falls silent is noticed.

What is decided here is in the party book on the disk before anybody is told.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace
from typing import Final

import structlog

from gateway.model.admittance import (
    Admittance,
    AskEnrolment,
    AskMembership,
    AskRegistration,
    ConsentGiven,
    Enrol,
    EnrolmentTold,
    LeaveMarket,
    LeaveProduct,
    Membership,
    RegistrationTold,
)
from gateway.model.errors import GridtenderError, WrongInput
from gateway.model.event import ResponseCode
from gateway.model.membership import Consent, Enrolled, Newcomer, PartyBook
from gateway.model.request import Outcome, Reply
from gateway.model.site import AdmissionSettings
from gateway.model.time import Instant
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.party_store import PartyStore
from gateway.runtime.attendance import Attendance
from gateway.runtime.counters.counter import refused, replied
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.register import Register

_REFUSED: Final = "REFUSED"


class Reception:
    """Keeps the register as the party book says, and the book as it is asked.

    Args:
        store: the book on the disk; commands change it too, so ``glance`` looks at it.
        settings: who decides.
        threaded: disk work beside the loop.

    Attributes:
        attendance: who is there.
        on_logins: awaited when a party more or less may log in.
    """

    def __init__(
        self,
        *,
        register: Register,
        marketplace: Marketplace,
        store: PartyStore,
        settings: AdmissionSettings,
        clock: Clock,
        bus: Bus,
        threaded: bool = False,
    ) -> None:
        self._register = register
        self._marketplace = marketplace
        self._store = store
        self._settings = settings
        self._clock = clock
        self._bus = bus
        self._threaded = threaded
        self._stamp = store.stamp
        self.attendance = Attendance(register, marketplace, clock, settings.silence)
        self._leaving = False
        self._due = asyncio.Event()
        self._applying = asyncio.Lock()
        self._log = structlog.get_logger()
        self.on_logins: Callable[[], Awaitable[None]] = _nobody

    @property
    def parties(self) -> tuple[str, ...]:
        """Names of all parties from outside."""
        return tuple(party.id for party in self._register.parties)

    def glance(self) -> None:
        """Every second: wake ``run`` where there are parties, or commands changed the book."""
        if self._leaving or self._register.parties or self._store.stamp != self._stamp:
            self._due.set()

    async def run(self) -> None:
        """Notice what commands did to the book, and who is silent, until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            if self._leaving:
                await self._renew_logins()
            if self._store.stamp != self._stamp:
                await self.look()
            self.attendance.watch()

    async def look(self) -> None:
        """Take the book from the disk."""
        async with self._applying:
            self._stamp = self._store.stamp
            try:
                book = await self._beside(self._store.load)
            except GridtenderError as fault:
                self._log.error("parties.unreadable", reason=str(fault))
                return
            await self._apply(book)

    # -- strangers --------------------------------------------------------------------------

    async def register(self, asked: AskRegistration) -> RegistrationTold:
        """A stranger asks to be a party; the answer, when it is on the disk."""
        password = asked.password or secrets.token_urlsafe(16)
        now = self._clock.now()
        newcomer = Newcomer(
            name=asked.name,
            since=now,
            client=asked.client,
            request=asked.request_id,
            password=password,
            what=asked.what,
        )
        try:
            book = await self._asked(newcomer, given=bool(asked.password))
        except WrongInput as error:
            return _told(newcomer, _REFUSED, now, term="registration", description=str(error))
        except GridtenderError as fault:
            self._log.error("parties.not_kept", reason=str(fault))
            return _told(newcomer, _REFUSED, now, term="registration", description="try later")
        state = "WAITING" if book.newcomer(asked.name) is not None else "REGISTERED"
        self._log.info("registration.asked", party=asked.name, state=state, what=asked.what)
        return _told(newcomer, state, now, password="" if asked.password else password)

    async def _asked(self, newcomer: Newcomer, *, given: bool) -> PartyBook:
        """The book in which the stranger waits, or is a party where nobody need consent."""
        book, now = self._register.book, newcomer.since
        changes: list[Callable[[PartyBook], PartyBook]] = []
        if given and book.is_registered(newcomer):
            return book
        known = book.newcomer(newcomer.name) if given else None
        # The same stranger may ask the same again: its answer was lost.
        if known is None or replace(known, since=now, what=newcomer.what) != newcomer:
            changes = [lambda book: book.without_stale(now).ask(newcomer)]
        if self._settings.registration is Consent.OPEN:
            changes.append(lambda book: book.accept(newcomer.name, now))
        return await self._change(*changes) if changes else book

    async def consent(self, given: ConsentGiven) -> None:
        """The owner's word by topic."""
        now = self._clock.now()

        def decide(book: PartyBook) -> PartyBook:
            return (book.accept if given.consent else book.refuse)(given.name, now)

        try:
            await self._change(decide)
        except GridtenderError as fault:
            self._log.warning("consent.refused", party=given.name, reason=str(fault))

    # -- parties ----------------------------------------------------------------------------

    async def handle(self, request: Admittance) -> Reply:
        """What a party asks about itself; the answer, when it is on the disk."""
        charged = self._marketplace.charge(request)
        if charged is not None:
            return charged
        now = self._clock.now()
        try:
            outcome = await self._decide(request, now)
        except WrongInput as error:
            return refused(
                request, now, ResponseCode.RULES_VIOLATION, str(error), term="registration"
            )
        return replied(request, now, (outcome,))

    async def _decide(self, request: Admittance, now: Instant) -> Outcome:
        party, product = request.party, request.product
        match request:
            case AskMembership():
                return self._membership(party)
            case LeaveMarket():
                left = self._membership(party)
                await self._change(lambda book: book.remove(party, now))
                return left
            case AskEnrolment():
                return self._told(party, product, now)
            case Enrol():
                if self._register.enrolment(party, product) is Enrolled.NO:
                    open_to_all = self._settings.enrollment is Consent.OPEN
                    state = Enrolled.YES if open_to_all else Enrolled.WAITING
                    await self._change(
                        lambda book: self._still(book, party).decide(party, product, state, now)
                    )
            case LeaveProduct():
                if self._register.enrolment(party, product) is not Enrolled.NO:
                    await self._change(
                        lambda book: self._still(book, party).decide(
                            party, product, Enrolled.NO, now
                        )
                    )
        return self._told(party, product, now)

    def _still(self, book: PartyBook, party: str) -> PartyBook:
        """The book, if the party was not removed while its request waited."""
        if book.member(party) is None and not self._register.is_configured(party):
            message = f"{party} is no party of this market any more"
            raise WrongInput(message)
        return book

    def _told(self, party: str, product: str, now: Instant) -> EnrolmentTold:
        return EnrolmentTold(
            party=party,
            product=product,
            state=self._register.enrolment(party, product),
            allowance=self._register.allowance(party),
            at=now,
        )

    def _membership(self, party: str) -> Membership:
        member = self._register.members.get(party)
        return Membership(
            party=party,
            since=None if member is None else member.since,
            what="" if member is None else member.what,
            allowance=self._register.allowance(party),
            products=tuple(
                (product.id, self._register.enrolment(party, product.id))
                for product in self._marketplace.products
            ),
        )

    # -- the book ---------------------------------------------------------------------------

    async def _change(self, *changes: Callable[[PartyBook], PartyBook]) -> PartyBook:
        async with self._applying:
            book = await self._beside(lambda: [self._store.change(one) for one in changes][-1])
            self._stamp = self._store.stamp
            await self._apply(book)
        return book

    async def _apply(self, book: PartyBook) -> None:
        """Have the new book in force: markets first, then logins, then what is told."""
        old, before = self._register.book, {p.id: p for p in self._register.parties}
        was = self._enrolled(before)
        self._register.take(book)
        after = {party.id: party for party in self._register.parties}
        self._marketplace.admit([p for name, p in after.items() if before.get(name) != p])
        for name in before.keys() - after.keys():
            self._marketplace.withdraw(name)
            self._log.info("party.removed", party=name)
        for name in after.keys() - before.keys():
            self._log.info("party.added", party=name)
        self._end_trade(was, after)
        # Whoever leaves hears the answer first: its login ends with the next look.
        self._leaving = self._leaving or bool(before.keys() - after.keys())
        if after.keys() - before.keys():
            await self._renew_logins()
        self._tell(old, book)

    async def _renew_logins(self) -> None:
        self._leaving = False
        await self.on_logins()

    def _enrolled(self, names: Iterable[str]) -> set[tuple[str, str]]:
        return {
            (name, product.id)
            for name in names
            for product in self._marketplace.products
            if self._register.enrolment(name, product.id) is Enrolled.YES
        }

    def _end_trade(self, was: set[tuple[str, str]], after: Collection[str]) -> None:
        for name, product in was - self._enrolled(after):
            if name in after:
                self._marketplace.withdraw_from(product, name)

    def _tell(self, old: PartyBook, book: PartyBook) -> None:
        """What the owner decided goes to whom it is about."""
        now = self._clock.now()
        for newcomer in old.waiting:
            if book.newcomer(newcomer.name) is None:
                let_in = book.member(newcomer.name) is not None
                why = "OK" if let_in else "the owner has not let it in"
                state = "REGISTERED" if let_in else _REFUSED
                term = "" if let_in else "registration"
                self._bus.publish(_told(newcomer, state, now, term=term, description=why))
        for one in old.enrolments:
            decided = book.enrolment(one.party, one.product)
            waited = one.state is Enrolled.WAITING
            if waited and decided is not None and decided.state is not Enrolled.WAITING:
                self._bus.publish(replace(self._told(one.party, one.product, now), pushed=True))

    async def _beside(self, work: Callable[[], PartyBook]) -> PartyBook:
        return await asyncio.to_thread(work) if self._threaded else work()


async def _nobody() -> None:
    """No broker of our own is open."""


def _told(
    newcomer: Newcomer,
    state: str,
    at: Instant,
    *,
    password: str = "",
    term: str = "",
    description: str = "OK",
) -> RegistrationTold:
    return RegistrationTold(
        client=newcomer.client,
        request_id=newcomer.request,
        name=newcomer.name,
        state=state,
        at=at,
        password=password,
        term=term,
        description=description,
    )
