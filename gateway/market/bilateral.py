"""What an accepted quote comes to: two transactions, and a clearing that says why."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.model.clearing import Clearing, ClearingType, MarginalTender
from gateway.model.event import MarketEvent
from gateway.model.product import Product
from gateway.model.quote import QuoteChanged
from gateway.model.settlement import CounterParty
from gateway.model.tender import Tender
from gateway.model.time import Instant
from gateway.model.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A quote and who accepts it.

    Attributes:
        quantity: of it, positive.
        undone: the same was traded and is traded back.
    """

    quoted: QuoteChanged
    party: str
    tender: Tender
    quantity: int
    undone: bool = False

    @property
    def price(self) -> int:
        """The quoted one: who accepts never pays more than was asked."""
        return self.quoted.quote.tender.price


Trade = Callable[[Match, Instant], tuple[MarketEvent, ...]]
"""Makes a match binding."""


def transactions(
    match: Match, product: Product, area: str, number: Callable[[], str], clearing: int
) -> tuple[Transaction, Transaction]:
    """Both sides, the quoter's first; opposite ones where the match is undone."""
    quote = match.quoted.quote
    terms = product.settlement
    peers = terms is not None and terms.counter_party is CounterParty.PEER
    sides = (quote.party, match.party, quote.tender), (match.party, quote.party, match.tender)
    first, second = (
        Transaction(
            id=number(),
            product=product.id,
            party=party,
            counter_party=other if peers else area,
            tender=tender.id,
            side=tender.side.opposite if match.undone else tender.side,
            price=match.price,
            quantity=match.quantity,
            interval=quote.interval,
            clearing=clearing,
        )
        for party, other, tender in sides
    )
    return first, second


def clearing(
    match: Match, product: Product, *, sequence: int, at: Instant, book_revision: int
) -> Clearing:
    """The clearing of one quote; both sides stand at its price."""
    quote = match.quoted.quote
    steps = (quote.party, quote.tender), (match.party, match.tender)
    return Clearing(
        sequence=sequence,
        product=product.id,
        at=at,
        instrument=quote.interval,
        interval=quote.interval,
        scheduled=False,
        price=match.price,
        reference_price=match.price,
        low=match.price,
        high=match.price,
        quantity=match.quantity,
        type=ClearingType.EXACT,
        marginal=tuple(_step(party, tender, match) for party, tender in steps),
        book_revision=book_revision,
        quote=match.quoted.id,
        undone=match.undone,
    )


def _step(party: str, tender: Tender, match: Match) -> MarginalTender:
    step = tender if not match.undone else replace(tender, side=tender.side.opposite)
    return MarginalTender(
        party=party,
        tender=step.id,
        side=step.side,
        price=step.price,
        quantity=step.quantity,
        filled=match.quantity,
    )
