"""The outcome of one run of a mechanism."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.tender import Side
from gateway.model.time import Instant, Interval


class ClearingType(StrEnum):
    """Why the price is what it is.  Words of GridLAB-D's auction, plus shortage and surplus."""

    EXACT = "EXACT"
    MARGINAL_BUYER = "MARGINAL_BUYER"
    MARGINAL_SELLER = "MARGINAL_SELLER"
    SHORTAGE = "SHORTAGE"
    SURPLUS = "SURPLUS"
    EMPTY = "EMPTY"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalTender:
    """A tender at the margin: what sets, or would change, the price.

    Attributes:
        quantity: of the step (integer); ``filled``: how much of it was taken.
    """

    party: str
    tender: str
    side: Side
    price: int
    quantity: int
    filled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """One clearing of one instrument, with its why.

    Attributes:
        sequence: contiguous per product, from 1 in the life of a state directory.
        at: when it was run.
        instrument: the product interval; ``interval``: what the transactions cover, which
            starts later than the instrument in an unscheduled auction.
        price: None when nothing was traded and nobody had to trade (type EMPTY);
            ``reference_price`` is then the last price.
        low, high: the range of equilibrium prices the price was taken from.
        quantity: traded volume.
        marginal: the tenders at the price that set it.
        next_cheaper, next_dearer: the nearest steps that would change the price.
        congestion: price minus the tariff where a limit of the grid binds, else 0.
        rejected_blocks: ids of in-the-money all-or-none tenders that no uniform price supports.
        book_revision: of the book that was cleared.
        quote: id of the quote that was accepted; empty where a book was cleared.
        undone: that acceptance never became durable and is traded back.
        blocks_exact: False where there were too many all-or-none tenders to choose among them
            by largest welfare, and they were taken out one at a time instead.
    """

    sequence: int
    product: str
    at: Instant
    instrument: Interval
    interval: Interval
    scheduled: bool
    price: int | None
    reference_price: int | None
    low: int | None
    high: int | None
    quantity: int
    type: ClearingType
    marginal: tuple[MarginalTender, ...] = ()
    next_cheaper: MarginalTender | None = None
    next_dearer: MarginalTender | None = None
    congestion: int = 0
    rejected_blocks: tuple[str, ...] = ()
    book_revision: int = 0
    blocks_exact: bool = True
    quote: str = ""
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingTender:
    """A tender as an instrument's last clearing left it: its party's accepted range.

    Attributes:
        filled: of ``quantity``, in terms of the party's total position.  A netting party stands
            at the sum of its filled BUY minus its filled SELL.
    """

    party: str
    tender_id: str
    side: Side
    price: int
    quantity: int
    filled: int
    all_or_none: bool = False
