"""The price at which the summed demand is zero, found on a price grid.

Of a flat run at zero the middle is taken, between two prices of the grid the straight line; more
demand than supply everywhere gives the highest price, less everywhere the lowest.

Source: Kok, Warmer, Kamphuis, PowerMatcher: multiagent control in the electricity infrastructure,
2005, and the market basis of PowerMatcher 2.1; docs/mechanisms/equilibrium.md.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gateway.app.what_if.demand import Demand
from gateway.market.allocation import share
from gateway.model.clearing import ClearingType
from gateway.model.tender import Party, Side
from gateway.ports.mechanism import Step

_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Offer:
    """A party's curve in one clearing; compared by what it holds.

    Attributes:
        sampled: its demand at a price of the grid: a single tender counts in full at its own
            price, of a curve that steps there the lower demand holds.
        sequence: order of arrival, the last tie-break.
    """

    id: str
    demand: Demand
    sampled: Callable[[int], Fraction]
    sequence: int


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """What a clearing found.

    Attributes:
        place: the price in places of the grid, between two of them too; None without an offer.
        awards: signed whole lots by id, BUY +; they sum to zero.
        marginal: ids of those who did not get all that they accept at the price.
    """

    place: Fraction | None
    type: ClearingType
    quantity: int
    awards: dict[str, int]
    marginal: tuple[str, ...]


def clear(offers: Sequence[Offer], cap: int) -> Equilibrium:
    """The equilibrium of the offers on a grid from 0 to ``cap``."""
    if not offers:
        return Equilibrium(None, ClearingType.EMPTY, 0, {}, ())
    place, kind = _price(lambda at: sum((o.sampled(at) for o in offers), _ZERO), cap)
    wanted = {o: o.demand.at(place) for o in offers}
    buys = [s for o, (least, most) in wanted.items() for s in _steps(o, Side.BUY, least, most)]
    sells = [s for o, (least, most) in wanted.items() for s in _steps(o, Side.SELL, -most, -least)]
    bought, sold = (sum(step.quantity for step in side) for side in (buys, sells))
    volume = min(bought, sold)
    awards: dict[str, int] = {}
    for step, lots in (*_served(buys, volume), *_served(sells, volume)):
        awards[step.party.id] = awards.get(step.party.id, 0) + step.side.sign * lots
    accepted = {step.party.id: 0 for step in (*buys, *sells)}
    for step in (*buys, *sells):
        accepted[step.party.id] += step.side.sign * step.quantity
    marginal = tuple(
        party for party, all_of_it in accepted.items() if awards.get(party, 0) != all_of_it
    )
    return Equilibrium(place, kind or _kind(volume, bought, sold), volume, awards, marginal)


def _price(demand: Callable[[int], Fraction], cap: int) -> tuple[Fraction, ClearingType | None]:
    """The place of the price, and the type where one side has too little at any price."""
    if demand(0) < 0:
        return Fraction(0), ClearingType.SURPLUS
    if demand(cap) > 0:
        return Fraction(cap), ClearingType.SHORTAGE
    falling = range(cap + 1)
    first = bisect_left(falling, _ZERO, key=lambda at: -demand(at))
    if demand(first) == 0:
        last = bisect_right(falling, _ZERO, key=lambda at: -demand(at)) - 1
        return Fraction(first + last, 2), None
    above, below = demand(first - 1), demand(first)
    return first - 1 + above / (above - below), None


def _steps(offer: Offer, side: Side, least: Fraction, most: Fraction) -> Iterator[Step]:
    """What an offer takes at the price in any case, and what it would take besides."""
    must, may = (max(0, int(lots)) for lots in (least, most))
    for rank, quantity in ((0, must), (1, may - must)):
        if quantity:
            party = Party(id=offer.id)
            yield Step(party, None, side, rank, quantity, offer.sequence)


def _served(steps: Sequence[Step], volume: int) -> Iterator[tuple[Step, int]]:
    """So many lots to those that take them in any case, then to the rest; pro rata in each."""
    for rank in (0, 1):
        same = [step for step in steps if step.price == rank]
        part = min(volume, sum(step.quantity for step in same))
        yield from share(same, part, 1)
        volume -= part


def _kind(volume: int, bought: int, sold: int) -> ClearingType:
    if not volume:
        return ClearingType.EMPTY
    if bought == sold:
        return ClearingType.EXACT
    return ClearingType.MARGINAL_BUYER if bought > sold else ClearingType.MARGINAL_SELLER
