"""Where a party's position can come to, by what it holds and what it has open."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from gateway.market import Market
from gateway.market.rule_sets import force
from gateway.model.tender import Side, TenderSet
from gateway.model.time import Instant, Interval
from gateway.runtime.spending import standing_sets, still_open

Book = Mapping[str, Sequence[TenderSet]]
"""What of a party stands, by product."""
Reach = Callable[[Instant], float]
"""A real quantity at a moment; many are asked for at once."""


class Exposure:
    """The furthest positions, over all markets."""

    def __init__(self, markets: Mapping[str, Market]) -> None:
        self._markets = markets

    def furthest(self, product: str, side: Side, party: str, book: Book, within: Interval) -> Reach:
        """The furthest its position can come to a side at a moment, real; 0 of what is closed.

        ``within``: where the moments are that are asked for.
        """
        market = self._markets.get(product)
        if market is None:
            return lambda _moment: 0.0
        still_open = _summed(
            (one.interval, _quantity(self._markets[id_], one, side))
            for id_ in self.alike(product)
            for one in book[id_]
            if one.interval.start < within.end and within.start < one.interval.end
        )

        def reach(moment: Instant) -> float:
            quantity = side.sign * market.positions.at(party, moment) + still_open(moment)
            sign = 1 if quantity >= 0 else -1
            return sign * market.product.real_quantity(abs(quantity))

        return reach

    def book(self, party: str, asked: Sequence[TenderSet]) -> Book:
        """What of the party would stand in each market with ``asked`` beside."""
        book: dict[str, Sequence[TenderSet]] = {}
        for id_, market in self._markets.items():
            live = (*market.live_sets(party), *market.quotes.sets_of(party))
            mine = [one for one in asked if one.product == id_]
            book[id_] = standing_sets(live, [force(market.product, one) for one in mine])
        return book

    def alike(self, product: str) -> Iterator[str]:
        """The products that hold their positions in common with it, itself among them.

        None of one that has closed: parties change with a restart, products without.
        """
        its = self._markets.get(product)
        shared = None if its is None else its.positions
        return (id_ for id_, market in self._markets.items() if market.positions is shared)


def _quantity(market: Market, one: TenderSet, side: Side) -> int:
    """The most of a set that can still execute on a side, whichever of its ways comes about."""
    ways = still_open(market, one, market.positions.at(one.party, one.interval.start))
    return max(sum(lots for at, _, lots in way if at is side) for way in ways)


def _summed(quantities: Iterable[tuple[Interval, int]]) -> Callable[[Instant], int]:
    """What all that hold at a moment come to."""
    changes: Counter[Instant] = Counter()
    for interval, quantity in quantities:
        changes[interval.start] += quantity
        changes[interval.end] -= quantity
    moments = sorted(changes)
    totals = [0, *accumulate(changes[moment] for moment in moments)]
    return lambda moment: totals[bisect_right(moments, moment)]


def around(intervals: Iterable[Interval]) -> Interval:
    """From the first begin to the last end; there is one interval at least."""
    known = [*intervals]
    return Interval(min(one.start for one in known), max(one.end for one in known))
