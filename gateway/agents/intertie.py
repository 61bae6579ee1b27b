"""The intertie: a child's market as one party of its parent's.

At the parent's price P an import costs a = (P + f) / l here, and an export earns
b = min((P - f) l, a).  With the demand A(p) of the area, limits I and E, the area tenders
BUY min(I, max(0, A(a))) / l and SELL min(E, max(0, -A(b))) l.  Every rounding is to the safe side:
a BUY is cheaper and smaller, a SELL dearer and smaller than exact.  docs/mechanisms/intertie.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from gateway.model.demand import Demand
from gateway.model.intertie import WHOLE, Bounds, Contract, ParentTerms
from gateway.model.tender import Side, Tender
from gateway.model.time import Instant, topic_time

MOST_STEPS: Final = 40
"""On each side; more are drawn together, to the safe side.  A party's budget bears it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One step for the parent, its integers; quantity > 0."""

    side: Side
    price: int
    quantity: int


def landed(contract: Contract, price: int) -> int:
    """What an import at the parent's price costs here, rounded up."""
    return -((-(price + contract.fee) * WHOLE) // contract.loss_ppm)


def net(contract: Contract, price: int) -> int:
    """What an export at the parent's price earns here, rounded down; never more than landed."""
    earned = (price - contract.fee) * contract.loss_ppm // WHOLE
    return min(earned, (price + contract.fee) * WHOLE // contract.loss_ppm)


def bought(contract: Contract, quantity: int) -> int:
    """What must be bought at the parent for ``quantity`` to arrive here; rounded down."""
    return quantity * WHOLE // contract.loss_ppm


def sold(contract: Contract, quantity: int) -> int:
    """What arrives at the parent of ``quantity`` sent from here; rounded down."""
    return quantity * contract.loss_ppm // WHOLE


def delivered(contract: Contract, award: int, lot: int) -> int:
    """What an award (the parent's side, BUY +) is here: import +, export -, in whole lots.

    Of an import what arrives, rounded down; of an export what must be sent, rounded up.
    """
    if award >= 0:
        return award * contract.loss_ppm // WHOLE // lot * lot
    return award * WHOLE // contract.loss_ppm // lot * lot


def tendered(
    demand: Demand, contract: Contract, bounds: Bounds, parent: ParentTerms
) -> tuple[Offer, ...]:
    """The area's demand as the parent's book is told it; it never rises with the price.

    A BUY stands at the dearest price of the collar at most, a SELL at its cheapest at least.
    """
    buys = list(_joined(_buys(demand, contract, bounds, parent)))
    sells = list(_joined(_sells(demand, contract, bounds, parent)))
    if buys and sells and buys[0].price >= sells[0].price:
        # Without fee and loss one price may be both: the party must not trade with itself.
        least = buys[0].price + parent.tick
        most = _highest(contract, parent)
        sells = list(_joined(Offer(s.side, max(s.price, least), s.quantity) for s in sells))
        sells = [sell for sell in sells if sell.price <= most]
    return (*_fewer(buys), *_fewer(sells))


def as_tenders(offers: Iterable[Offer], start: Instant, revision: int) -> tuple[Tender, ...]:
    """The steps with ids that name the revision of the aggregate, for the answer to repeat."""
    stem = f"{topic_time(start)}.{revision}"
    return tuple(
        Tender(id=f"{stem}.{number}", side=one.side, price=one.price, quantity=one.quantity)
        for number, one in enumerate(offers)
    )


def revision_of(tender_id: str) -> int | None:
    """Of the aggregate that a tender belongs to; None for an id that is none of ours."""
    match tender_id.split("."):
        case [_, revision, _] if revision.isdecimal():
            return int(revision)
        case _:
            return None


def coming_down(contract: Contract, award: int, lot: int) -> tuple[Offer, ...]:
    """An award as must-run steps of the area's own market, without their price."""
    here = delivered(contract, award, lot)
    if not here:
        return ()
    return (Offer(Side.SELL if here > 0 else Side.BUY, 0, abs(here)),)


def _buys(
    demand: Demand, contract: Contract, bounds: Bounds, parent: ParentTerms
) -> Iterator[Offer]:
    """Down from the first unit drawn, the dearest first."""
    low, high = _lowest(contract, parent), _highest(contract, parent)
    reached = demand.above
    for limit, quantity in demand.steps:
        before, reached = max(0, reached), reached + quantity
        most = min(bounds.imports, reached)
        price = limit * contract.loss_ppm // WHOLE - contract.fee
        price = min(price // parent.tick * parent.tick, high)
        if most > before and price >= low:
            whole = _lots(bought(contract, most), parent) - _lots(bought(contract, before), parent)
            yield Offer(Side.BUY, price, whole)


def _sells(
    demand: Demand, contract: Contract, bounds: Bounds, parent: ParentTerms
) -> Iterator[Offer]:
    """Up from the first unit given, the cheapest first."""
    low, high = _lowest(contract, parent), _highest(contract, parent)
    given = -demand.above - sum(quantity for _, quantity in demand.steps)
    for limit, quantity in reversed(demand.steps):
        before, given = max(0, given), given + quantity
        most = min(bounds.exports, given)
        exact = max(
            -(-limit * WHOLE // contract.loss_ppm) + contract.fee,
            -(-limit * contract.loss_ppm // WHOLE) - contract.fee,
        )
        price = max(-(-exact // parent.tick) * parent.tick, low)
        if most > before and price <= high:
            whole = _lots(sold(contract, most), parent) - _lots(sold(contract, before), parent)
            yield Offer(Side.SELL, price, whole)


def _lots(quantity: int, parent: ParentTerms) -> int:
    return quantity // parent.lot * parent.lot


def _lowest(contract: Contract, parent: ParentTerms) -> int:
    """The lowest whole tick inside the collar and the parent's prices."""
    bound = parent.price_floor
    if contract.collar_min is not None:
        bound = max(bound, contract.collar_min)
    return -(-bound // parent.tick) * parent.tick


def _highest(contract: Contract, parent: ParentTerms) -> int:
    bound = parent.price_cap
    if contract.collar_max is not None:
        bound = min(bound, contract.collar_max)
    return bound // parent.tick * parent.tick


def _joined(offers: Iterable[Offer]) -> Iterator[Offer]:
    """Neighbours at one price as one step; steps of nothing vanish."""
    held: Offer | None = None
    for offer in offers:
        if held is not None and offer.price == held.price:
            held = Offer(held.side, held.price, held.quantity + offer.quantity)
            continue
        if held is not None and held.quantity:
            yield held
        held = offer
    if held is not None and held.quantity:
        yield held


def _fewer(offers: list[Offer]) -> list[Offer]:
    """At most so many: neighbours drawn together at the price that is safe for all of them."""
    if len(offers) <= MOST_STEPS:
        return offers
    cuts = [len(offers) * part // MOST_STEPS for part in range(MOST_STEPS + 1)]
    groups = (offers[first:last] for first, last in pairwise(cuts))
    return [Offer(g[-1].side, g[-1].price, sum(one.quantity for one in g)) for g in groups]
