"""Facts of one session: what an outcome means as a clearing and as transactions."""

from collections.abc import Iterable, Sequence

from gateway.market.numbers import Numbers
from gateway.market.pairing import Fill, paired
from gateway.model.clearing import Clearing, StandingTender
from gateway.model.errors import InvariantBroken
from gateway.model.product import Product
from gateway.model.settlement import CounterParty
from gateway.model.tender import Side
from gateway.model.time import Instant, Interval
from gateway.model.transaction import Transaction
from gateway.ports.mechanism import Outcome, Step


def transactions(
    outcome: Outcome,
    product: Product,
    numbers: Numbers,
    *,
    area: str,
    covered: Interval,
    sequence: int,
) -> tuple[Transaction, ...]:
    """Each fill as its party's side of a match with the market, or with its peers.

    Raises:
        InvariantBroken: bought and sold differ, or a fill has no price.
    """
    try:
        fills = outcome.priced
    except InvariantBroken as error:
        message = f"clearing {sequence} of {product.id}: {error}"
        raise InvariantBroken(message) from error
    return tuple(
        Transaction(
            id=numbers.transaction(),
            product=product.id,
            party=step.party.id,
            counter_party=opposite,
            tender=step.tender_id,
            side=step.side,
            price=price,
            quantity=filled,
            interval=covered,
            clearing=sequence,
        )
        for step, filled, price, opposite in _sides(fills, product, area)
    )


def _sides(
    fills: Sequence[Fill], product: Product, area: str
) -> Iterable[tuple[Step, int, int, str]]:
    terms = product.settlement
    if terms is not None and terms.counter_party is CounterParty.PEER:
        return paired(fills, area)
    return ((*fill, area) for fill in fills)


def clearing(
    outcome: Outcome,
    product: str,
    instrument: Interval,
    *,
    sequence: int,
    at: Instant,
    covered: Interval,
    scheduled: bool,
    reference_price: int | None,
    grid: Iterable[StandingTender],
    book_revision: int,
) -> Clearing:
    """The clearing with its why; ``grid`` as for ``congestion``."""
    return Clearing(
        sequence=sequence,
        product=product,
        at=at,
        instrument=instrument,
        interval=covered,
        scheduled=scheduled,
        price=outcome.price,
        reference_price=reference_price,
        low=outcome.low,
        high=outcome.high,
        quantity=outcome.quantity,
        type=outcome.type,
        marginal=outcome.marginal,
        next_cheaper=outcome.next_cheaper,
        next_dearer=outcome.next_dearer,
        congestion=congestion(outcome.price, grid),
        rejected_blocks=tuple(step.tender_id for step in outcome.rejected),
        book_revision=book_revision,
        blocks_exact=outcome.exact,
    )


def congestion(clearing_price: int | None, grid: Iterable[StandingTender]) -> int:
    """Price minus tariff where a limit of the grid party binds, else 0.

    Args:
        clearing_price: of the clearing.
        grid: the standing tenders of the parties of class GRID.
    """
    if clearing_price is None:
        return 0
    tenders = list(grid)
    imports = [tender for tender in tenders if tender.side is Side.SELL]
    exports = [tender for tender in tenders if tender.side is Side.BUY]
    if imports and all(_is_full(tender) for tender in imports):
        return max(0, clearing_price - max(tender.price for tender in imports))
    if exports and all(_is_full(tender) for tender in exports):
        return min(0, clearing_price - min(tender.price for tender in exports))
    return 0


def _is_full(tender: StandingTender) -> bool:
    return tender.filled == tender.quantity
