"""The aggregate of a book: everybody's whole requirement as one curve, for a market above.

A requirement counts as it is stated.  Who tenders increments counts with what it holds, which it
draws or gives at any price, and with what is open of its tenders.  Of alternatives the first
counts; a block counts as if it could be divided: the curve is what a neighbour sees, and nothing
is bound by it.
"""

from collections.abc import Iterable, Iterator, Mapping

from gateway.market.book import InstrumentBook
from gateway.model.demand import Demand
from gateway.model.product import Product
from gateway.model.tender import Tender, TenderSet


def aggregate(
    product: Product,
    book: InstrumentBook | None,
    positions: Mapping[str, int],
    fresh: Iterable[TenderSet],
    without: str,
) -> Demand:
    """The demand of all parties but one.

    Args:
        product: whose cap and floor a held position is valued at.
        book: of the instrument; None where nobody tendered for it yet.
        positions: standing ones by party, BUY +.
        fresh: requirements as of now, instead of those that stand.
        without: the party that the curve is made for.
    """
    stated = {one.party: one.tenders for one in fresh}
    if book is not None:
        for party, requirement in book.requirements.items():
            stated.setdefault(party, requirement.tenders)
    pieces = [piece for party, tenders in stated.items() if party != without
              for piece in _pieces(tenders)]  # fmt: skip
    for party, held in positions.items():
        if party not in stated and party != without:
            pieces.append((product.price_cap if held > 0 else product.price_floor, held))
    if book is not None:
        pieces += _increments(book, {*stated, without})
    return _falling(pieces)


def _pieces(tenders: Iterable[Tender]) -> Iterator[tuple[int, int]]:
    for tender in tenders:
        yield tender.price, tender.side.sign * tender.quantity


def _increments(book: InstrumentBook, left_out: set[str]) -> Iterator[tuple[int, int]]:
    for party, steps in book.increments.items():
        groups: set[str] = set()
        for step in () if party in left_out else steps.values():
            word = "" if step.tender is None else step.tender.exclusive
            if word not in groups:
                yield step.price, step.side.sign * step.quantity
            groups |= {word} - {""}


def _falling(pieces: Iterable[tuple[int, int]]) -> Demand:
    """Equal prices joined; what is offered comes negative."""
    by_price: dict[int, int] = {}
    offered = 0
    for price, quantity in pieces:
        offered += max(0, -quantity)
        by_price[price] = by_price.get(price, 0) + abs(quantity)
    steps = sorted(((p, q) for p, q in by_price.items() if q), reverse=True)
    return Demand(above=-offered, steps=tuple(steps))
