"""Who has sold the right to call it stays callable.

Judged at the desk before the market is asked.  What was called is not on offer any more and needs
not be: a request is refused only where it leaves less on offer, or more sold, than there was.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.market import Market
from gateway.market.rule_sets import force
from gateway.model.cover import Standby
from gateway.model.event import Refused
from gateway.model.product import Product
from gateway.model.request import CancelTenders, SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import Instant, Interval, rfc3339
from gateway.runtime.exposure import Exposure, around
from gateway.runtime.register import Register
from gateway.runtime.spending import standing_sets
from gateway.runtime.violation import violation

STANDBY: Final = "standby"

_Request = SubmitTenders | CancelTenders


class Standbys:
    """Refuses what would leave less on offer than was sold."""

    def __init__(self, markets: Mapping[str, Market], register: Register) -> None:
        self._markets = markets
        self._exposure = Exposure(markets)
        self._register = register

    def refusal(self, request: _Request, now: Instant) -> Refused | None:
        """422 naming the first interval that could not be called as sold, else None."""
        party = request.party
        sets = request.sets if isinstance(request, SubmitTenders) else ()
        for standby in self._register.allowance(party).stands_by:
            market = self._markets.get(standby.product)
            if market is None:  # it has closed: nothing of it can be called
                continue
            if request.product not in {standby.product, *self._exposure.alike(standby.sold)}:
                continue
            stood = market.live_sets(party)
            was, left = _on_offer(stood), _on_offer(_after(market.product, stood, request))
            ahead = [*_ahead(market.product, (one.interval for one in sets or stood), now)]
            if not ahead:
                continue
            sold_of = self._sold(standby, party, ahead, sets)
            sold_before = self._sold(standby, party, ahead)
            for interval in ahead:
                at = interval.start
                offered, offered_before = (market.product.real_quantity(n[at]) for n in (left, was))
                sold = sold_of(at)
                # What makes nothing worse is no harm.
                if sold - offered > max(sold_before(at) - offered_before, 0):
                    return _refused(request, standby, at, offered, sold)
        return None

    def bound(self, party: str, product: str) -> frozenset[str]:
        """Ids of the party's open tenders that stand for what it has sold."""
        standbys = self._register.allowance(party).stands_by
        rights = (self._markets.get(one.sold) for one in standbys if one.product == product)
        sold = [market.positions for market in rights if market is not None]
        sets = self._markets[product].live_sets(party) if sold else ()
        return frozenset(
            tender.id
            for one in sets
            if any(positions.at(party, one.interval.start) < 0 for positions in sold)
            for tender in one.tenders
        )

    def _sold(
        self,
        standby: Standby,
        party: str,
        ahead: Sequence[Interval],
        asked: Sequence[TenderSet] = (),
    ) -> Callable[[Instant], float]:
        """What the party may come to have sold at a moment, real, with ``asked`` beside."""
        book = self._exposure.book(party, asked)
        furthest = self._exposure.furthest(standby.sold, Side.SELL, party, book, around(ahead))
        return lambda at: max(0.0, furthest(at))


def _after(terms: Product, stood: Sequence[TenderSet], request: _Request) -> Iterable[TenderSet]:
    """What would stand of the product that can be called."""
    if request.product != terms.id:
        return stood
    if isinstance(request, SubmitTenders):
        return standing_sets(stood, [force(terms, one) for one in request.sets])
    return (_without(one, request.tenders) for one in stood)


def _without(one: TenderSet, names: Sequence[str]) -> TenderSet:
    left = tuple(t for t in one.tenders if t.id not in names and t.stream not in names)
    return replace(one, tenders=left)


def _on_offer(sets: Iterable[TenderSet]) -> Counter[Instant]:
    """Lots that may be called in any part, by the begin of their interval."""
    offered: Counter[Instant] = Counter()
    for one in sets:
        offered[one.interval.start] += sum(t.quantity for t in one.tenders if _in_any_part(t))
    return offered


def _in_any_part(tender: Tender) -> bool:
    """Whether it is a firm offer until the gate."""
    whole = tender.all_or_none or tender.exclusive or tender.expiration is not None
    return tender.side is Side.SELL and not whole


def _ahead(terms: Product, asked: Iterable[Interval], now: Instant) -> Iterator[Interval]:
    """The product's intervals inside those asked for, as far as they may still be called."""
    for whole in asked:
        interval = terms.interval_at(max(whole.start, now))
        while interval.start < whole.end:
            if terms.gate(interval) > now:
                yield interval
            interval = terms.interval_at(interval.end)


def _refused(
    request: _Request, standby: Standby, at: Instant, offered: float, sold: float
) -> Refused:
    why = (
        f"{request.party} could come to have sold {sold:g} of {standby.sold} at "
        f"{rfc3339(at)} and have {offered:g} of {standby.product} on offer"
    )
    return violation(request, STANDBY, why)
