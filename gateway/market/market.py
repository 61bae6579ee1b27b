"""The market of one product: a state machine that is told the time.

``submit``, ``cancel`` and ``advance`` return what happened; ``next_deadline`` says when to call
``advance`` again.  The same calls give the same events, to the last integer.
"""

from collections.abc import Container, Iterable, Mapping

from gateway.market import bilateral, checkpoint, rule_sets, sessions
from gateway.market.admission import Admission, accepted
from gateway.market.aggregate import aggregate
from gateway.market.book import InstrumentBook, Requirement
from gateway.market.books import Books
from gateway.market.exclusive import filled_groups
from gateway.market.expirations import Expirations
from gateway.market.gates import Gates, delivery
from gateway.market.mechanisms import built_in
from gateway.market.numbers import Numbers
from gateway.market.positions import Positions
from gateway.market.quoting import Quoting
from gateway.market.rules import Rules
from gateway.market.warranted import heeding
from gateway.model.clearing import StandingTender
from gateway.model.demand import Demand
from gateway.model.event import (
    Cancelled,
    CancelReason,
    Detail,
    MarketEvent,
    ResponseCode,
)
from gateway.model.negotiation import Negotiation
from gateway.model.position import Position
from gateway.model.product import AHEAD, Product
from gateway.model.tender import Party, TenderSet, TieClass
from gateway.model.time import HOUR, MINUTE, Instant, Interval
from gateway.ports.mechanism import Matching, Mechanism, Outcome

HISTORY = HOUR  # positions older than this are in the journal only
TIDY_EVERY = 10 * MINUTE


class Market:
    """Tenders, gates, clearings and positions of one product.

    Attributes:
        product: what is traded, under which terms.
        matching: when its tenders are matched.
        positions: of every party; those of the resource, where markets share them.
        revision: grows with every change of a book.
        quotes: what is quoted and asked for beside the books.
    """

    def __init__(
        self,
        product: Product,
        *,
        area: str,
        epoch: int,
        parties: Iterable[Party] = (),
        positions: Positions | None = None,
        mechanisms: Mapping[str, Mechanism] | None = None,
        tag: str = "",
    ) -> None:
        """Open an empty market.

        Args:
            product: what to trade.
            area: its id is the counter party of every transaction.
            epoch: this start's number, part of the ids.
            parties: who may trade; more by ``add_party``.
            positions: to share with other products of the resource; None: own ones.
            mechanisms: by name; None: the built-in ones.
            tag: ends its ids, where the area has several markets.

        Raises:
            ValueError: the product names a mechanism or price rule that is not there.
        """
        known = built_in() if mechanisms is None else mechanisms
        if product.mechanism not in known:
            message = (
                f"product {product.id}: mechanism {product.mechanism!r} is not installed "
                f"(have: {', '.join(sorted(known))})"
            )
            raise ValueError(message)
        mechanism = heeding(product, known[product.mechanism])
        mechanism.open_book(product)  # refuses terms it does not know
        self.product = product
        self.matching = mechanism.matching
        self.positions = Positions(product.id) if positions is None else positions
        self.revision = 0
        self._shares = positions is not None
        self._area = area
        self._parties = {party.id: party for party in parties}
        self._rules = Rules(product)
        self._books = Books(product, mechanism)
        self._gates = Gates(product)
        self._numbers = Numbers(area, epoch, tag)
        self.quotes = Quoting(
            product,
            self._rules,
            self._parties,
            self._trade,
            self._books.open_tenders,
            name=self._numbers.named,
        )
        self._admission = Admission(self._rules, self._books, self._numbers, self.quotes.open_of)
        self._expirations = Expirations(self._books)
        self._sequence = 0
        self._last_price: int | None = None
        self._unsaid: list[Cancelled] = []

    def add_party(self, party: Party) -> None:
        """Let ``party`` trade, or change its class and budget for tenders to come."""
        self._parties[party.id] = party

    @property
    def parties(self) -> tuple[Party, ...]:
        """Who may trade, by id."""
        return tuple(self._parties[party] for party in sorted(self._parties))

    @property
    def next_deadline(self) -> Instant:
        """When ``advance`` is to be called next: a gate, an expiry, or the end of an increment."""
        expires = self._expirations.next
        deadlines: list[Instant] = [self._gates.next, *(() if expires is None else (expires,))]
        deadlines += [book.interval.end for book in self._books if book.increments]
        return min(deadlines)

    @property
    def last_price(self) -> int | None:
        """Of the last clearing that had one."""
        return self._last_price

    @property
    def next_interval(self) -> Interval | None:
        """The interval whose gate comes next; None before time was told."""
        return self._gates.following

    def is_held(self, interval: Interval, now: Instant) -> bool:
        """Whether the interval's gate closed before, also when the clock was set back since."""
        told = self._gates.following is not None
        return told and self._gates.as_of(now).start > interval.start

    def submit(self, tenders: TenderSet, now: Instant, *more: TenderSet) -> tuple[MarketEvent, ...]:
        """Take the whole set or nothing of it; ``more`` sets of the party share its fate.

        Returns:
            Accepted, one per set, or one Refused; then a Cancelled for each tender a netting set
            replaced.  Where tenders are matched as they arrive, then a Cancelled for each that
            had expired, and for each set that trades a Clearing and its transactions.
        """
        self._gates.follow(now)
        party = self._parties.get(tenders.party)
        if party is None:
            return (self._refuse_party(tenders.party),)
        sets = (tenders, *more)
        unmatched = self._rules.unmatched(tenders, self.matching)
        if unmatched is not None:
            return (unmatched,)
        if party.outside:
            sets = tuple(rule_sets.force(self.product, one) for one in sets)
        if more:
            answers = self._admission.judge_all(party, sets, now)
        else:
            answer = self._admission.judge(party, sets[0], now)
            answers = () if answer is None else (answer,)
        if answers:
            return answers
        taken = tuple(event for one in sets for event in self._take(party, one, now))
        return (*taken, *self._match(sets, now)) if self.matching is Matching.ARRIVAL else taken

    def _take(self, party: Party, tenders: TenderSet, now: Instant) -> tuple[MarketEvent, ...]:
        self.revision += 1
        self._expirations.watch(tenders)
        book = self._books.open_for(party.id, tenders.interval)
        return (self._require if tenders.netting else self._add)(party, tenders, book, now)

    def cancel(
        self,
        party: str,
        tender_ids: Iterable[str] | None,
        now: Instant,
        reason: CancelReason = CancelReason.REQUESTED,
        why: str = "",
    ) -> tuple[MarketEvent, ...]:
        """Withdraw the named open tenders, or all of the party (None); ``why`` is told with each.

        The id of a stream names what is open of it.
        A requirement of which nothing is left is withdrawn: its party keeps its position.

        Returns:
            A Cancelled for each; or one Refused, and then nothing was withdrawn, if a name is
            not that of an open tender.
        """
        self._gates.follow(now)
        if party not in self._parties:
            return (self._refuse_party(party),)
        live = [(book, book.live_ids(party)) for book in self._books.of(party)]
        wanted = None if tender_ids is None else self._books.named(party, tender_ids)
        for tender in wanted or ():
            if not any(tender in ids for _, ids in live):
                code, text = ResponseCode.NOT_FOUND, f"{party} has no open tender {tender}"
                return (self._rules.refuse(party, code, Detail.INVALID_REFERENCE, text),)
        events: list[MarketEvent] = []
        for book, ids in live:
            named = ids if wanted is None else tuple(t for t in wanted if t in ids)
            events += self._drop(book, party, named, now, reason, why)
        return tuple(events)

    def negotiate(self, asked: Negotiation, now: Instant) -> tuple[MarketEvent, ...]:
        """Do what is asked about quotes; first of all, quotes that are due end.

        Returns:
            What ended, then the answer (QuoteChanged, RfqChanged, QuoteRejected or one Refused),
            for an acceptance after its clearing and both transactions.
        """
        self._gates.follow(now)
        return self.quotes.negotiate(asked, now)

    def advance(
        self, now: Instant, *, unscheduled: bool = False, ahead: Interval | None = None
    ) -> tuple[MarketEvent, ...]:
        """Do all that is due: expiries, then each gate's clearing and its transactions.

        Args:
            now: not before the ``now`` of the last call, unless the clock was set back.
            unscheduled: also clear what is left of the running interval from the next whole
                second on; nothing happens if nothing is left.
            ahead: also clear this instrument, whose gate is still to come.
        """
        self._gates.follow(now)
        events: list[MarketEvent] = [*self._unsaid]
        self._unsaid.clear()
        for book in self._books.over(now):
            for party in tuple(book.increments):
                events += self._drop(book, party, book.live_ids(party), now, CancelReason.EXPIRED)
            self._books.close(book)
        for book in self._books.beyond(Instant(now + AHEAD)):
            # The clock was set back so far that nobody could have tendered for it.
            for party in tuple(book.parties()):
                events += self._drop(
                    book, party, book.live_ids(party), now, CancelReason.SUPERVISORY
                )
            self._books.close(book)
        for book, party, tender in self._expirations.due(now):
            events += self._drop(book, party, (tender,), now, CancelReason.EXPIRED)
        closed = list(self._gates.due(now))
        for interval in closed:
            events += self._clear(interval, delivery(interval, now), now, scheduled=True)
        running = self.product.interval_at(now)
        if unscheduled and running not in closed:
            late = delivery(running, Instant(max(now, running.start + 1)))
            events += self._clear(running, late, now, scheduled=False)
        if ahead is not None and now < self.product.gate(ahead) and not self.is_held(ahead, now):
            events += self._clear(ahead, ahead, now, scheduled=False)
        return tuple(events)

    def demand(self, interval: Interval, fresh: Iterable[TenderSet], without: str) -> Demand:
        """What everybody but one party would draw in the interval, by price.

        ``fresh``: requirements as of now, instead of those that stand.
        """
        held, book = self.positions.all_at(interval.start), self._books.get(interval.start)
        return aggregate(self.product, book, held, fresh, without)

    def price(self, interval: Interval, now: Instant) -> int | None:
        """The price a clearing of ``interval`` would find now, without allocation."""
        book = self._books.get(interval.start)
        covered = delivery(interval, now)
        if book is None or covered is None:
            return None
        return book.price(self.positions, covered.start)

    def standing(
        self, interval: Interval, parties: Container[str] | None = None
    ) -> tuple[StandingTender, ...]:
        """The tenders of the interval's last clearing and how far each is filled.

        A requirement is filled as far as its party's total position reaches.  ``parties``: whose
        tenders; None: everybody's.
        """
        book = self._books.get(interval.start)
        return () if book is None else tuple(book.standing(self.positions, parties))

    def newest_revision(self, party: str, interval: Interval) -> int:
        """Of the party's requirements for the interval, also of one that was withdrawn; else 0."""
        book = self._books.get(interval.start)
        return 0 if book is None else book.revisions.get(party, 0)

    def live_sets(self, party: str) -> tuple[TenderSet, ...]:
        """The party's open tenders, one set per instrument in order of time."""
        sets = (book.live_set(party) for book in self._books.of(party))
        return tuple(found for found in sets if found is not None)

    @property
    def parties_with_tenders(self) -> tuple[str, ...]:
        """Ids of the parties that have open tenders, sorted."""
        return self._books.parties

    def tendering(self, interval: Interval) -> Iterable[str]:
        """Ids of the parties that have something open in the instrument."""
        book = self._books.get(interval.start)
        return () if book is None else {**book.requirements, **book.increments}

    def share(self, other: "Market | None" = None) -> None:
        """Hold positions in common with the other products of the resource; before any call.

        ``other`` is one that does so already, and whose positions hold.
        """
        self._shares = True
        if other is not None:
            self.positions = other.positions

    def hold_alone(self) -> None:
        """There is no other product of the resource any more."""
        self._shares = False

    def position(self, party: str, interval: Interval) -> Position:
        """The party's position over ``interval``, in all products that share it."""
        return self.positions.steps(party, interval, self.product.id)

    def dump(self) -> checkpoint.Dump:
        """All that a later start needs to go on: the same tenders, the same next price.

        Whoever shares positions dumps all of them: any one of the products may be the last.
        """
        positions = self.positions.dump()
        if self._shares:
            positions["shared"] = 1
        oldest = min((book.oldest(self._numbers.next_order) for book in self._books), default=0)
        dump = checkpoint.Dump(
            terms=checkpoint.terms(self.product),
            following=checkpoint.interval_dump(self._gates.following),
            sequence=self._sequence,
            revision=self.revision,
            last_price=self._last_price,
            numbers=self._numbers.dump(oldest or self._numbers.next_order),
            books=[checkpoint.dump_book(book) for book in self._books],
            positions=positions,
            unsaid=[checkpoint.dump_cancelled(event) for event in self._unsaid],
        )
        if (quotes := self.quotes.dump()) is not None:
            dump["quotes"] = quotes
        return dump

    @classmethod
    def load(
        cls,
        product: Product,
        area: str,
        epoch: int,
        parties: Iterable[Party],
        dump: checkpoint.Dump,
        *,
        mechanisms: Mapping[str, Mechanism] | None = None,
    ) -> "Market":
        """A market that goes on where the dumped one stood, in a new epoch.

        Tenders of parties that are gone, and all of them under changed terms, are cancelled; the
        next ``advance`` says so.  Positions stand unless their scale has changed.
        """
        market = cls(product, area=area, epoch=epoch, parties=parties, mechanisms=mechanisms)
        same_scale = dump["terms"][4] == product.quantity_scale
        if dump["positions"] is not None and same_scale:
            market.positions = Positions.load(product.id, dump["positions"])
        market._restore(dump)
        return market

    def _restore(self, dump: checkpoint.Dump) -> None:
        self._sequence, self.revision = dump["sequence"], dump["revision"]
        self._numbers.resume(dump["numbers"])
        self._unsaid += (
            checkpoint.load_cancelled(self.product.id, saved) for saved in dump["unsaid"]
        )
        same_terms = dump["terms"] == checkpoint.terms(self.product)
        if same_terms:
            self._last_price = dump["last_price"]
            self._gates.following = checkpoint.interval_load(dump["following"])
        self.quotes.load(dump.get("quotes"), self._parties, same_terms=same_terms)
        for saved in dump["books"]:
            if not same_terms:
                self._supersede(checkpoint.live_tenders(saved))
                continue
            interval = Interval(Instant(saved["interval"][0]), Instant(saved["interval"][1]))
            book = self._books.open(interval)
            self._supersede(checkpoint.load_book(saved, book, self._parties))
            for party in book.parties():
                self._books.open_for(party, interval)
                tenders = book.live_set(party) if book.expires(party) else None
                if tenders is not None:
                    self._expirations.watch(tenders)

    def _supersede(self, tenders: Iterable[tuple[str, int, str, int]]) -> None:
        self._unsaid += (
            self._cancelled(party, tender, sequence, remaining, CancelReason.SUPERVISORY)
            for party, sequence, tender, remaining in tenders
        )

    def _add(
        self, party: Party, tenders: TenderSet, book: InstrumentBook, _now: Instant
    ) -> tuple[MarketEvent, ...]:
        first = self._numbers.take(len(tenders.tenders))
        for sequence, tender in enumerate(tenders.tenders, first):
            book.add(party, tender, sequence, tender.quantity)
        return (accepted(tenders, self._orders(tenders, first)),)

    def _require(
        self, party: Party, tenders: TenderSet, book: InstrumentBook, now: Instant
    ) -> tuple[MarketEvent, ...]:
        former = book.live_ids(party.id)
        ended = self._drop(book, party.id, former, now, CancelReason.REQUESTED)
        sequence = self._numbers.take(1 + len(tenders.tenders))
        book.require(Requirement(party, tenders.revision, sequence, tenders.tenders))
        return accepted(tenders, self._orders(tenders, sequence + 1), former), *ended

    def _orders(self, tenders: TenderSet, first: int) -> tuple[tuple[str, str], ...]:
        order = self._numbers.order
        return tuple((t.id, order(n)) for n, t in enumerate(tenders.tenders, first))

    def _refuse_party(self, party: str) -> MarketEvent:
        code, detail = ResponseCode.NOT_AUTHORIZED, Detail.NOT_AUTHORIZED
        return self._rules.refuse(party, code, detail, f"{party} is no party of this market")

    def _position(self, party: str, book: InstrumentBook, now: Instant) -> int:
        covered = delivery(book.interval, now)
        return 0 if covered is None else self.positions.at(party, covered.start)

    def _drop(  # noqa: PLR0917  as ``cancel``
        self,
        book: InstrumentBook,
        party: str,
        tender_ids: tuple[str, ...],
        now: Instant,
        reason: CancelReason,
        why: str = "",
    ) -> list[Cancelled]:
        """Take open tenders of one party out of one book."""
        if not tender_ids:
            return []
        self.revision += 1
        dropped = book.drop(party, tender_ids, self._position(party, book, now))
        return [self._cancelled(party, *entry, reason, why) for entry in dropped]

    def _cancelled(  # noqa: PLR0917  as ``cancel``
        self,
        party: str,
        tender: str,
        sequence: int,
        remaining: int,
        reason: CancelReason,
        why: str = "",
    ) -> Cancelled:
        return Cancelled(
            party=party,
            product=self.product.id,
            tender=tender,
            order=self._numbers.order(sequence),
            reason=reason,
            remaining=remaining,
            why=why,
        )

    def _clear(
        self, interval: Interval, covered: Interval | None, now: Instant, *, scheduled: bool
    ) -> tuple[MarketEvent, ...]:
        """Clear the instrument for what is ``covered`` of it; nothing if that is nothing."""
        if covered is None:
            return ()
        book = self._books.open(interval)
        outcome = book.clear(self.positions, covered)
        return self._made(book, outcome, covered, now, scheduled=scheduled)

    def _match(self, sets: Iterable[TenderSet], now: Instant) -> list[MarketEvent]:
        """Trade what the sets that have just arrived meet."""
        events: list[MarketEvent] = []
        for book, party, tender in self._expirations.due(now):
            events += self._drop(book, party, (tender,), now, CancelReason.EXPIRED)
        for one in sets:
            book, covered = self._books.open(one.interval), delivery(one.interval, now)
            outcome = None if covered is None else book.match(covered)
            if covered is not None and outcome is not None:
                events += self._made(book, outcome, covered, now, scheduled=False)
        return events

    def _made(
        self,
        book: InstrumentBook,
        outcome: Outcome,
        covered: Interval,
        now: Instant,
        *,
        scheduled: bool,
    ) -> tuple[MarketEvent, ...]:
        """Number what was cleared, bring it into positions, and say it."""
        interval = book.interval
        self._sequence += 1
        matches = sessions.transactions(
            outcome,
            self.product,
            self._numbers,
            area=self._area,
            covered=covered,
            sequence=self._sequence,
        )
        for match in matches:
            self.positions.add(match.party, match.interval, match.signed)
        if scheduled and interval.start // TIDY_EVERY != interval.end // TIDY_EVERY:
            # Of a gate far ahead most of what is before its interval is still to come.
            self.positions.forget_before(Instant(min(interval.start, now + MINUTE) - HISTORY))
        if outcome.price is not None:
            self._last_price = outcome.price
        ended = self._end_alternatives(outcome, now)
        auction = self.matching is Matching.GATE
        grids = {p.id for p in self._parties.values() if auction and p.tie_class is TieClass.GRID}
        clearing = sessions.clearing(
            outcome,
            self.product.id,
            book.interval,
            sequence=self._sequence,
            at=now,
            covered=covered,
            scheduled=scheduled,
            reference_price=self._last_price,
            grid=book.standing(self.positions, grids) if grids else (),
            book_revision=self.revision,
        )
        return clearing, *matches, *ended

    def _trade(self, match: bilateral.Match, now: Instant) -> tuple[MarketEvent, ...]:
        """Make an accepted quote binding."""
        self._sequence += 1
        sides = bilateral.transactions(
            match, self.product, self._area, self._numbers.transaction, self._sequence
        )
        for side in sides:
            self.positions.add(side.party, side.interval, side.signed)
        self._last_price = match.price
        clearing = bilateral.clearing(
            match, self.product, sequence=self._sequence, at=now, book_revision=self.revision
        )
        return clearing, *sides

    def _end_alternatives(self, outcome: Outcome, now: Instant) -> list[Cancelled]:
        """Withdraw what may not execute any more, in every instrument."""
        ended: list[Cancelled] = []
        for (party, word), filled in filled_groups(outcome.filled).items():
            for book in self._books.of(party):
                others = book.alternatives.of((party, word))
                ids = tuple(s.tender_id for s in others if s.tender_id != filled.tender_id)
                ended += self._drop(book, party, ids, now, CancelReason.SUPERVISORY)
        return ended
