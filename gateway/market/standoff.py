"""Whether a clearing would change anything worth a transaction, and the curve it would rest on."""

from collections.abc import Iterable, Mapping
from itertools import accumulate, pairwise
from typing import Final

from gateway.model.demand import Demand
from gateway.model.tender import Side, Tender, TenderSet

MOST_STEPS: Final = 12
"""Of a published supply curve."""


def balance_price(demand: Demand) -> int | None:
    """The highest price at which what is drawn is not less than what is given; None = nowhere.

    >>> balance_price(Demand(above=-100, steps=((200, 60), (50, 100))))
    50
    """
    reached = accumulate((quantity for _, quantity in demand.steps), initial=demand.above)
    next(reached)
    return next((p for (p, _), net in zip(demand.steps, reached, strict=True) if net >= 0), None)


def moves(
    stated: Iterable[TenderSet], positions: Mapping[str, int], price: int, least: int
) -> bool:
    """Whether at the price anybody's position lies more than ``least`` off what it states."""
    return any(
        not low - least <= positions.get(one.party, 0) <= high + least
        for one in stated
        for low, high in (_wanted(one.tenders, price),)
    )


def supply(demand: Demand) -> tuple[tuple[int, int], ...]:
    """(price, quantity) by rising price: what all would give beyond what they draw at a price.

    Beyond ``MOST_STEPS`` the smallest rises are told at the next dearer price.
    """
    rising = sorted(price for price, _ in demand.steps)
    curve = [(price, -demand.below(price)) for price in rising]
    while len(curve) > MOST_STEPS:
        rises = [after - before for (_, before), (_, after) in pairwise(curve)]
        del curve[rises.index(min(rises))]
    return tuple(curve)


def _wanted(tenders: Iterable[Tender], price: int) -> tuple[int, int]:
    """The least and the most of a position that its party is content with at the price."""
    low = high = 0
    for one in tenders:
        if one.side is Side.BUY:
            low += one.quantity if one.price > price else 0
            high += one.quantity if one.price >= price else 0
        else:
            low -= one.quantity if one.price <= price else 0
            high -= one.quantity if one.price < price else 0
    return low, high
