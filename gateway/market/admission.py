"""Whether a tender set is taken: the product's rules and what the party tenders already."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from gateway.market.book import InstrumentBook
from gateway.market.books import Books
from gateway.market.numbers import Numbers
from gateway.market.rules import Rules, crosses_itself
from gateway.model.event import Accepted, Refused
from gateway.model.tender import Party, Tender, TenderSet
from gateway.model.time import Duration, Instant


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


ONLY_WAIT: Final = "6"
"""FIX ExecInst 6, participate but do not initiate."""


def block_of(tenders: TenderSet, sets: Sequence[TenderSet]) -> Duration:
    """How long the contiguous delivery lasts that the set is part of: all of its stream."""
    streams = {tender.stream for tender in tenders.tenders}
    if "" in streams:
        return tenders.interval.duration
    starts = [one.interval.start for one in sets]
    return Duration(max(one.interval.end for one in sets) - min(starts))


def _alike(before: list[tuple[Instant, Tender]], now: list[tuple[Instant, Tender]]) -> bool:
    """Whether the same was sent again; a price stated against another was resolved anew."""
    if len(before) != len(now):
        return False
    pairs = zip(before, now, strict=True)
    return all(a == b or (a[0] == b[0] and _same_base(a[1], b[1])) for a, b in pairs)


def _same_base(before: Tender, now: Tender) -> bool:
    if before.base is None or now.base is None:
        return False
    base = replace(now.base, found=before.base.found)
    return before == replace(now, price=before.price, base=base)


class Admission:
    """Judges tender sets; changes nothing.

    ``quotes``: how many quotes of a party stand beside its tenders.
    """

    def __init__(
        self, rules: Rules, books: Books, numbers: Numbers, quotes: Callable[[str], int]
    ) -> None:
        self._rules = rules
        self._books = books
        self._numbers = numbers
        self._quotes = quotes

    def judge_all(
        self, party: Party, sets: Sequence[TenderSet], now: Instant
    ) -> tuple[Accepted | Refused, ...]:
        """Why several sets of one call are refused, or what they were answered before.

        Empty: all of them are to be taken.
        """
        rules = self._rules
        if len({one.interval.start for one in sets}) < len(sets) or any(o.netting for o in sets):
            text = "several sets of one request are increments, each for an interval of its own"
            return (rules.violation(party.id, "interval", text),)
        ids = [tender.id for one in sets for tender in one.tenders]
        if len(set(ids)) < len(ids):
            return (rules.duplicate(party.id, "two tenders of the request have the same id"),)
        answers = [self.judge(party, one, now, block_of(one, sets)) for one in sets]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        before = [answer for answer in answers if isinstance(answer, Accepted)]
        if refused or len(before) == len(sets):
            return tuple(refused[:1] or before)
        if before:
            text = f"tender {before[0].orders[0][0]} was sent before in other company"
            return (rules.duplicate(party.id, text),)
        many = self._too_many(party, len(ids))
        return () if many is None else (many,)

    def judge(
        self, party: Party, tenders: TenderSet, now: Instant, block: Duration | None = None
    ) -> Accepted | Refused | None:
        """Why the set is refused, or the answer it got before; None: it is to be taken.

        ``block`` is how long the contiguous delivery lasts that it is part of, if longer than
        its interval.
        """
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
            or (rules.from_outside(tenders, now, block) if party.outside else None)
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
        ids = [tender.id for tender in tenders.tenders]
        taken = self._books.taken(tenders.party, ids)
        before = [taken[tender.id] for tender in tenders.tenders if tender.id in taken]
        if not before:
            return None
        start = tenders.interval.start
        same = [(entry.start, entry.tender) for entry in before]
        if not _alike(same, [(start, tender) for tender in tenders.tenders]):
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
        return self._at_once(party, book, tenders) or self._too_many(
            party, len(tenders.tenders) - replaced
        )

    def _at_once(
        self, party: Party, book: InstrumentBook | None, tenders: TenderSet
    ) -> Refused | None:
        """422 for a tender that is only to wait and would trade as it arrives."""
        waits = [tender for tender in tenders.tenders if ONLY_WAIT in tender.instructions]
        if not waits or book is None:
            return None
        others = [set_ for one in book.parties() if one != party.id if (set_ := book.live_set(one))]
        there = [tender for set_ in others for tender in set_.tenders]
        for tender in waits:
            if crosses_itself([tender, *(t for t in there if t.side is not tender.side)]):
                text = f"tender {tender.id} is only to wait, and would trade as it arrives"
                return self._rules.violation(party.id, "executionInstructions", text)
        return None

    def _too_many(self, party: Party, more: int) -> Refused | None:
        count = self._books.open_tenders(party.id) + self._quotes(party.id) + more
        if count > party.max_open_tenders:
            text = f"{count} open tenders; {party.id} may have {party.max_open_tenders}"
            return self._rules.violation(party.id, "maxOpenTenders", text)
        return None
