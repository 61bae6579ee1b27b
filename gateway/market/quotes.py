"""The quote board of one product: what is quoted and asked for, by the ids the market gave."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from gateway.model.canonical import Json, from_json, to_json
from gateway.model.product import Product
from gateway.model.quote import Ending, Quote, QuoteChanged, Rfq, RfqChanged
from gateway.model.time import Instant

Changed = QuoteChanged | RfqChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardState:
    """A board between two starts.

    Attributes:
        unsaid: ids of what ended at a load, which nobody was told yet.
    """

    number: int
    quotes: tuple[QuoteChanged, ...] = ()
    rfqs: tuple[RfqChanged, ...] = ()
    unsaid: tuple[str, ...] = ()


class QuoteBoard:
    """Quotes and requests; ended ones are remembered until their interval is over.

    So a party's id means one quote, and who accepts too late is told what became of it.
    """

    def __init__(self, product: Product, name: Callable[[str, int], str]) -> None:
        self._product = product
        self._naming = name
        self._number = 0
        self._quotes: dict[str, QuoteChanged] = {}
        self._rfqs: dict[str, RfqChanged] = {}
        self._given: dict[tuple[str, str], str] = {}  # (party, its own id)
        self._unsaid: list[str] = []
        self._open_of: dict[str, dict[str, Changed]] = {}  # by party
        self._ending: list[tuple[Instant, str]] = []  # heap: when open ones end by themselves
        self._over: list[tuple[Instant, str]] = []  # heap: when each may be forgotten

    def __bool__(self) -> bool:
        return bool(self._number)

    @property
    def standing(self) -> tuple[Changed, ...]:
        """Every open quote and request, in order of arrival."""
        return tuple(self._open())

    @property
    def next(self) -> Instant | None:
        """When the next one ends by itself; at once where an end was not told yet."""
        if self._unsaid:
            return Instant(0)
        while self._ending and self._is_closed(self._ending[0][1]):
            heappop(self._ending)
        return self._ending[0][0] if self._ending else None

    @property
    def parties(self) -> tuple[str, ...]:
        """Parties that quote or ask, sorted."""
        return tuple(sorted({one.party for one in self._open()}))

    def open_of(self, party: str) -> tuple[Changed, ...]:
        """What of the party stands; each counts as a tender."""
        return tuple(self._open_of.get(party, {}).values())

    def quotes_of(self, party: str) -> tuple[QuoteChanged, ...]:
        """The party's open quotes."""
        return tuple(one for one in self.open_of(party) if isinstance(one, QuoteChanged))

    def for_(self, party: str) -> tuple[Changed, ...]:
        """What stands for that party: quotes only it may accept, requests put to it alone."""
        return tuple(one for one in self._open() if _addressee(one) == party)

    def quote(self, quote: str) -> QuoteChanged | None:
        """By the market's id, also one that ended."""
        return self._quotes.get(quote)

    def rfq(self, rfq: str) -> RfqChanged | None:
        """By the market's id, also one that ended."""
        return self._rfqs.get(rfq)

    def given(self, party: str, given_id: str) -> Changed | None:
        """What the party gave that id."""
        found = self._found(self._given.get((party, given_id), given_id))
        return found if found is not None and found.party == party else None

    def add_quote(self, quote: Quote) -> QuoteChanged:
        """Let it stand."""
        added = QuoteChanged(id=self._name("q"), quote=quote, remaining=quote.tender.quantity)
        self._keep(added)
        return added

    def add_rfq(self, rfq: Rfq) -> RfqChanged:
        """Let it stand."""
        added = RfqChanged(id=self._name("rfq"), rfq=rfq)
        self._keep(added)
        return added

    def take(self, quote: QuoteChanged, quantity: int) -> QuoteChanged:
        """Take that much of a quote; a negative quantity is given back."""
        left = quote.remaining - quantity
        taken = replace(quote, remaining=left, ending=None if left else Ending.FILLED)
        self._keep(taken)
        return taken

    def end(self, one: Changed, ending: Ending) -> Changed:
        """End a quote or a request."""
        ended: Changed = replace(one, ending=ending)
        self._keep(ended)
        return ended

    def tell(self, now: Instant) -> tuple[Changed, ...]:
        """End what is due, and forget what was for intervals that are over."""
        unsaid = [one for id_ in self._unsaid if (one := self._found(id_)) is not None]
        self._unsaid.clear()
        ended: list[Changed] = []
        while (due := self.next) is not None and due <= now:
            _, id_ = heappop(self._ending)
            if (one := self._found(id_)) is not None:
                ended.append(self.end(one, Ending.EXPIRED))
        while self._over and self._over[0][0] <= now:
            self._forget(heappop(self._over)[1])
        return (*unsaid, *ended)

    def dump(self) -> Json:
        """Everything, for ``load``."""
        return to_json(
            BoardState(
                number=self._number,
                quotes=tuple(self._quotes.values()),
                rfqs=tuple(self._rfqs.values()),
                unsaid=tuple(self._unsaid),
            )
        )

    def load(self, dump: Json, parties: Iterable[str], *, same_terms: bool) -> None:
        """Go on from a dump; what cannot stand any more ends SUPERVISORY at the next ``tell``."""
        state = from_json(BoardState, dump)
        self._number, self._unsaid = state.number, list(state.unsaid)
        everything: tuple[Changed, ...] = (*state.quotes, *state.rfqs)
        for one in everything:
            self._keep(one)
        there = set(parties)
        for one in self.standing:
            if not same_terms or one.party not in there:
                self._unsaid.append(self.end(one, Ending.SUPERVISORY).id)

    def _name(self, kind: str) -> str:
        self._number += 1
        return self._naming(kind, self._number)

    def _keep(self, one: Changed) -> None:
        if self._found(one.id) is None:
            heappush(self._over, (_over(one), one.id))
        if isinstance(one, QuoteChanged):
            self._quotes[one.id] = one
        else:
            self._rfqs[one.id] = one
        self._given[one.party, _own_id(one)] = one.id
        opened = self._open_of.setdefault(one.party, {})
        if one.ending is not None:
            opened.pop(one.id, None)
            return
        if one.id not in opened:
            heappush(self._ending, (self._ends(one), one.id))
        opened[one.id] = one

    def _forget(self, id_: str) -> None:
        one = self._quotes.pop(id_, None) or self._rfqs.pop(id_, None)
        if one is not None:
            self._given.pop((one.party, _own_id(one)), None)

    def _is_closed(self, id_: str) -> bool:
        one = self._found(id_)
        return one is None or one.ending is not None

    def _open(self) -> Iterator[Changed]:
        yield from (one for one in self._quotes.values() if one.ending is None)
        yield from (one for one in self._rfqs.values() if one.ending is None)

    def _found(self, id_: str) -> Changed | None:
        return self._quotes.get(id_) or self._rfqs.get(id_)

    def _ends(self, one: Changed) -> Instant:
        """At its expiration, at the latest at the last gate it can serve."""
        if isinstance(one, QuoteChanged):
            gate, expiration = self._product.gate(one.quote.interval), one.quote.tender.expiration
        else:
            gate, expiration = self.last_gate(one.rfq), one.rfq.expiration
        return gate if expiration is None else min(gate, expiration)

    def last_gate(self, rfq: Rfq) -> Instant:
        """Of the last instrument that a request asks for."""
        last = self._product.interval_at(Instant(rfq.within.end - 1))
        return self._product.gate(last)


def _own_id(one: Changed) -> str:
    """What its party calls it."""
    return one.quote.tender.id if isinstance(one, QuoteChanged) else one.rfq.id


def _over(one: Changed) -> Instant:
    """When nobody can refer to it any more."""
    return one.quote.interval.end if isinstance(one, QuoteChanged) else one.rfq.within.end


def _addressee(one: Changed) -> str:
    return one.quote.to if isinstance(one, QuoteChanged) else one.rfq.to
