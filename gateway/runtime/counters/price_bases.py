"""Prices stated against the last clearing price of a product, made numbers before the row.

So the journal holds both what was stated and what it came to, and replay needs no other market.
"""

from collections.abc import Mapping
from dataclasses import replace

from gateway.market import Market
from gateway.market.price_base import comparable, resolve
from gateway.model.event import Refused
from gateway.model.request import SubmitTenders
from gateway.model.tender import Tender, TenderSet
from gateway.runtime.violation import violation


class PriceBases:
    """The last clearing price of every product here."""

    def __init__(self, markets: Mapping[str, Market]) -> None:
        self._markets = markets

    def of(self, request: SubmitTenders) -> SubmitTenders | Refused:
        """The request with every price a number; refused where a base has no price yet."""
        stated = [t for one in request.sets for t in one.tenders if t.base is not None]
        if not stated:
            return request
        for tender in stated:
            why = self._unusable(request.product, tender)
            if why:
                return _refused(request, tender, why)
        first, *more = (self._resolved(one) for one in request.sets)
        return replace(request, tenders=first, more=tuple(more))

    def _unusable(self, product: str, tender: Tender) -> str:
        named = "" if tender.base is None else tender.base.product
        other = self._markets.get(named)
        if other is None:
            return f"marketContext {named} is not a product here"
        if not comparable(self._markets[product].product, other.product):
            return f"{named} is priced per {other.product.price_unit}: that is another price"
        return f"{named} has had no clearing price yet" if other.last_price is None else ""

    def _resolved(self, tenders: TenderSet) -> TenderSet:
        product = self._markets[tenders.product].product
        return replace(tenders, tenders=tuple(self._price(t, product.id) for t in tenders.tenders))

    def _price(self, tender: Tender, product: str) -> Tender:
        if tender.base is None:
            return tender
        other = self._markets[tender.base.product]
        return resolve(tender, self._markets[product].product, other.product, other.last_price or 0)


def _refused(request: SubmitTenders, tender: Tender, why: str) -> Refused:
    term = "" if tender.base is None else tender.base.kind.value
    return violation(request, term, f"tender {tender.id}: {why}")
