"""Whether a tender set is taken: the product's rules and what the party tenders already."""

from gateway.market.book import InstrumentBook
from gateway.market.books import Books
from gateway.market.numbers import Numbers
from gateway.market.rules import Rules, crosses_itself
from gateway.model.event import Accepted, Refused
from gateway.model.tender import Party, Tender, TenderSet
from gateway.model.time import Instant


def accepted(
    tenders: TenderSet, orders: tuple[tuple[str, str], ...], replaced: tuple[str, ...] = ()
) -> Accepted:
    """The answer to a set that stands."""
    return Accepted(
        party=tenders.party,
        product=tenders.product,
        interval=tenders.interval,
        orders=orders,
        replaced=replaced,
    )


class Admission:
    """Judges tender sets; changes nothing."""

    def __init__(self, rules: Rules, books: Books, numbers: Numbers) -> None:
        self._rules = rules
        self._books = books
        self._numbers = numbers

    def judge(self, party: Party, tenders: TenderSet, now: Instant) -> Accepted | Refused | None:
        """Why the set is refused, or the answer it got before; None: it is to be taken."""
        rules, interval = self._rules, tenders.interval
        refused = rules.instrument(tenders, now)
        if refused is not None:
            return refused
        book = self._books.get(interval.start)
        return (
            (self._requirement_before(book, tenders) if tenders.netting else None)
            or (None if tenders.netting else self._increments_before(tenders))
            or rules.closed(party.id, interval, now, outside=party.outside)
            or rules.terms(tenders, now)
            or self._beside_own(book, party, tenders)
        )

    def _requirement_before(
        self, book: InstrumentBook | None, tenders: TenderSet
    ) -> Accepted | Refused | None:
        newest = None if book is None else book.revisions.get(tenders.party)
        if book is None or newest is None or tenders.revision > newest:
            return None
        standing = book.requirements.get(tenders.party)
        if standing and (standing.revision, standing.tenders) == (newest, tenders.tenders):
            orders = ((tender.id, self._numbers.order(n)) for n, tender in standing.numbered)
            return accepted(tenders, tuple(orders))
        text = f"revision {tenders.revision} is not newer than {newest}; send a higher one"
        return self._rules.duplicate(tenders.party, text)

    def _increments_before(self, tenders: TenderSet) -> Accepted | Refused | None:
        taken = self._books.taken_ids(tenders.party)
        before = [taken[tender.id] for tender in tenders.tenders if tender.id in taken]
        if not before:
            return None
        start = tenders.interval.start
        same = [(entry.start, entry.tender) for entry in before]
        if same != [(start, tender) for tender in tenders.tenders]:
            text = f"tender {before[0].tender.id} was sent before with other content or company"
            return self._rules.duplicate(tenders.party, text)
        if gone := [entry.tender.id for entry in before if entry.withdrawn]:
            text = f"tender {gone[0]} was sent before and does not stand any more; give a new id"
            return self._rules.duplicate(tenders.party, text)
        orders = ((entry.tender.id, self._numbers.order(entry.sequence)) for entry in before)
        return accepted(tenders, tuple(orders))

    def _beside_own(
        self, book: InstrumentBook | None, party: Party, tenders: TenderSet
    ) -> Refused | None:
        beside: list[Tender] = []
        if book is not None and not tenders.netting:
            if party.id in book.requirements:
                text = "a netting set states the whole requirement; send a new revision of it"
                return self._rules.violation(party.id, "netting", text)
            steps = book.increments.get(party.id, {}).values()
            beside = [step.tender for step in steps if step.tender is not None]
        if crosses_itself([*beside, *tenders.tenders]):
            text = "a BUY reaches a SELL of the same party: it would trade with itself"
            return self._rules.violation(party.id, "selfTrade", text)
        replaced = book.open_tenders(party.id) if book is not None and tenders.netting else 0
        count = self._books.open_tenders(party.id) - replaced + len(tenders.tenders)
        if count > party.max_open_tenders:
            text = f"{count} open tenders; {party.id} may have {party.max_open_tenders}"
            return self._rules.violation(party.id, "maxOpenTenders", text)
        return None
