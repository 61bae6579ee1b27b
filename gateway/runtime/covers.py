"""Positions that are covered: by a right, or by what goes into a conversion.

Judged at the desk before the market is asked, by the worst that can come about: everything that
uses cover executes, and everything that would sell cover too.  What waits to buy cover is none.
"""

from collections.abc import Iterator, Mapping, Sequence

from gateway.market import Market
from gateway.market.rule_sets import force
from gateway.model.cover import Cover
from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.request import SubmitTenders
from gateway.model.tender import Side, TenderSet
from gateway.model.time import Instant
from gateway.runtime.register import Register
from gateway.runtime.spending import standing_sets, still_open

COVER = "cover"
_NOISE = 1e-9


class Covers:
    """Refuses what would leave a position without its cover."""

    def __init__(self, markets: Mapping[str, Market], register: Register) -> None:
        self._markets = markets
        self._register = register

    def refusal(self, request: SubmitTenders) -> Refused | None:
        """422 naming the first cover that the request could break, else None."""
        for cover in self._register.allowance(request.party).covers:
            if request.product not in {*self._alike(cover.product), *self._alike(cover.by)}:
                continue
            after, before = self._book(request, request.sets), self._book(request, ())
            for moment in self._moments(cover, request, after):
                held, need = self._worst(cover, request.party, after, moment)
                was_held, was_need = self._worst(cover, request.party, before, moment)
                lacks = need - cover.factor * held
                # What makes nothing worse is no harm.
                if lacks > max(was_need - cover.factor * was_held, 0.0) + _NOISE:
                    return _refused(request, cover, held, need)
        return None

    def _worst(
        self, cover: Cover, party: str, book: "_Book", moment: Instant
    ) -> tuple[float, float]:
        """What the party may be left with of the cover at a moment, and what it may need."""
        held = -self._most(cover.by, Side.SELL, party, book, moment)
        need = self._most(cover.product, cover.side, party, book, moment)
        return max(0.0, held), max(0.0, need)

    def _most(self, product: str, side: Side, party: str, book: "_Book", moment: Instant) -> float:
        """The furthest its position can come to a side at a moment, real."""
        market = self._markets[product]
        quantity = side.sign * market.positions.at(party, moment)
        for id_ in self._alike(product):
            open_sets = (one for one in book[id_] if moment in one.interval)
            quantity += sum(_quantity(self._markets[id_], one, side) for one in open_sets)
        sign = 1 if quantity >= 0 else -1
        return sign * market.product.real_quantity(abs(quantity))

    def _book(self, request: SubmitTenders, asked: Sequence[TenderSet]) -> "_Book":
        """What of the party would stand in each market with ``asked`` beside."""
        book: dict[str, Sequence[TenderSet]] = {}
        for id_, market in self._markets.items():
            live = (*market.live_sets(request.party), *market.quotes.sets_of(request.party))
            mine = asked if id_ == request.product else ()
            book[id_] = standing_sets(live, [force(market.product, one) for one in mine])
        return book

    def _moments(self, cover: Cover, request: SubmitTenders, book: "_Book") -> Sequence[Instant]:
        """When anything changes inside the intervals that are asked for."""
        intervals = [one.interval for one in request.sets]
        changes = {interval.start for interval in intervals}
        for product in (cover.product, cover.by):
            for id_ in self._alike(product):
                changes |= {one.interval.start for one in book[id_]}
            for interval in intervals:
                position = self._markets[product].positions.steps(request.party, interval)
                changes |= {step.interval.start for step in position.steps}
        return sorted(at for at in changes if any(at in interval for interval in intervals))

    def _alike(self, product: str) -> Iterator[str]:
        """The products that hold their positions in common with it, itself among them."""
        shared = self._markets[product].positions
        return (id_ for id_, market in self._markets.items() if market.positions is shared)


_Book = Mapping[str, Sequence[TenderSet]]


def _quantity(market: Market, one: TenderSet, side: Side) -> int:
    """The most of a set that can still execute on a side, whichever of its ways comes about."""
    ways = still_open(market, one, market.positions.at(one.party, one.interval.start))
    return max(sum(lots for at, _, lots in way if at is side) for way in ways)


def _refused(request: SubmitTenders, cover: Cover, held: float, need: float) -> Refused:
    doing = "bought" if cover.side is Side.BUY else "sold"
    return Refused(
        party=request.party,
        product=request.product,
        code=ResponseCode.RULES_VIOLATION,
        detail=Detail.RULES_VIOLATION,
        description=(
            f"{request.party} could come to {need:g} of {cover.product} {doing}; "
            f"{held:g} of {cover.by} cover {cover.factor * held:g}"
        ),
        term=COVER,
    )
