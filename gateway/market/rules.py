"""The rules a tender set must keep, each violation with its response code and term."""

from collections.abc import Iterable
from dataclasses import replace

from gateway.market import rule_sets
from gateway.market.grid import PriceGrid
from gateway.market.rule_sets import Asked
from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.product import AHEAD, MAX_QUANTITY, Product
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.terms import Streams
from gateway.model.time import SECOND, Duration, Instant, Interval, rfc3339, short_duration
from gateway.ports.mechanism import Matching


class Rules:
    """The terms of one product."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._grid = PriceGrid.of(product)

    def refuse(
        self, party: str, code: ResponseCode, detail: Detail, description: str, term: str = ""
    ) -> Refused:
        """A refusal in this product."""
        return Refused(
            party=party,
            product=self._product.id,
            code=code,
            detail=detail,
            description=description,
            term=term,
        )

    def violation(self, party: str, term: str, description: str) -> Refused:
        """422: a term of the product is not kept."""
        code, detail = ResponseCode.RULES_VIOLATION, Detail.RULES_VIOLATION
        return self.refuse(party, code, detail, description, term)

    def duplicate(self, party: str, description: str) -> Refused:
        """409: known already, with other content."""
        return self.refuse(party, ResponseCode.DUPLICATE, Detail.DUPLICATE, description)

    def unmatched(self, tenders: TenderSet, matching: Matching) -> Refused | None:
        """422 where the product's mechanism makes nothing of such a set."""
        party, product = tenders.party, self._product
        if matching is Matching.QUOTES:
            text = (
                f"tenders for {product.id} ({product.mechanism}) do not meet each other: send "
                "create-quote, or create-rfq to be quoted, and accept-quote"
            )
            return self.violation(party, "marketMechanism", text)
        if tenders.netting and matching is Matching.ARRIVAL:
            text = (
                f"{product.id} ({product.mechanism}) matches each tender as it arrives: send "
                "tenders for what is still wanted, without netting"
            )
            return self.violation(party, "netting", text)
        return None

    def instrument(self, tenders: TenderSet, now: Instant) -> Refused | None:
        """404 unless the set names an instrument of this product not too far ahead."""
        product, interval = self._product, tenders.interval
        if tenders.product != product.id:
            detail, text = Detail.INVALID_SEGMENT, f"this market trades {product.id}"
        elif not product.is_on_grid(interval):
            length = short_duration(product.interval)
            detail = Detail.INVALID_INSTRUMENT
            text = f"intervals of {product.id} are {length} long, on multiples of {length}"
        elif interval.start > now + AHEAD:
            detail = Detail.INVALID_INSTRUMENT
            text = f"intervals may start until {rfc3339(Instant(now + AHEAD))}"
        else:
            return None
        return self.refuse(tenders.party, ResponseCode.NOT_FOUND, detail, text)

    def closed(
        self, party: str, interval: Interval, now: Instant, *, outside: bool
    ) -> Refused | None:
        """423 once the gate has closed; the gateway's own agents may revise until the last second.

        Their revisions serve unscheduled auctions for the rest of the interval.
        """
        closes = self._product.gate(interval) if outside else Instant(interval.end - SECOND)
        if now < closes:
            return None
        text = f"tenders for {rfc3339(interval.start)} closed at {rfc3339(closes)}"
        code, detail = ResponseCode.TRADING_CLOSED, Detail.TRADING_CLOSED
        return self.refuse(party, code, detail, text)

    def terms(self, tenders: TenderSet, now: Instant) -> Refused | None:
        """409 or 422 unless every tender keeps the product's terms."""
        ids = [tender.id for tender in tenders.tenders]
        if len(set(ids)) < len(ids):
            return self.duplicate(tenders.party, "two tenders of the set have the same id")
        if not ids and not tenders.netting:
            return self.violation(tenders.party, "tenders", "the set has no tenders")
        for tender in tenders.tenders:
            broken = self._broken_term(tender, now)
            if broken is not None:
                term, text = broken
                return self.violation(tenders.party, term, f"tender {tender.id}: {text}")
        return None

    def from_outside(
        self, tenders: TenderSet, now: Instant, block: Duration | None = None
    ) -> Refused | None:
        """422 with every rule for parties from outside that the set does not keep.

        ``block`` is how long the contiguous delivery lasts that they are part of; None: their
        interval.
        """
        product, interval = self._product, tenders.interval
        found = [
            (term, f"tender {tender.id}: {text}")
            for tender in tenders.tenders
            for term, text in rule_sets.violations(
                product, Asked(tender, interval, block or interval.duration, now)
            )
        ]
        if product.streams is Streams.REQUIRED and any(not t.stream for t in tenders.tenders):
            found.append(("streamTradingOk", f"{product.id} takes stream tenders only"))
        if not found:
            return None
        term, text = found[0]
        several = tuple(found) if len(found) > 1 else ()
        return replace(self.violation(tenders.party, term, text), violated=several)

    def _broken_term(self, tender: Tender, now: Instant) -> tuple[str, str] | None:
        quantity, expiration, lot = tender.quantity, tender.expiration, self._product.lot
        if not 0 < quantity <= MAX_QUANTITY:
            return "quantity", f"quantity {quantity} is not in 1..{MAX_QUANTITY}"
        if quantity % lot:
            return "roundLot", f"quantity {quantity} is not a multiple of the lot {lot}"
        if expiration is not None and expiration <= now:
            return "expirationTime", f"it expired at {rfc3339(expiration)}"
        return self._broken_price(tender.price) or self._not_taken(tender)

    def _not_taken(self, tender: Tender) -> tuple[str, str] | None:
        """What the product does not offer."""
        product = self._product
        codes = product.execution_instructions
        if odd := [code for code in tender.instructions if code not in codes]:
            taken = " ".join(codes) or "none"
            return "executionInstructions", f"{odd[0]!r} is not taken here; taken: {taken}"
        asked = tender.warrants if tender.side is Side.BUY else ()
        if odd := [warrant for warrant in asked if warrant not in product.warrants]:
            known = ", ".join(product.warrants) or "none"
            return "warrants", f"{product.id} knows no warrant {odd[0]}; it knows {known}"
        if tender.stream and product.streams is Streams.PROHIBITED:
            return "streamTradingOk", f"{product.id} takes no streams; send one tender per interval"
        return None

    def _broken_price(self, price: int) -> tuple[str, str] | None:
        grid = self._grid
        if price < grid.floor:
            return "priceFloor", f"price {price} is below the floor {grid.floor}"
        if price > grid.cap:
            return "priceCap", f"price {price} is above the cap {grid.cap}"
        if price % grid.tick:
            return "tickSize", f"price {price} is not a multiple of the tick {grid.tick}"
        return None


def crosses_itself(tenders: Iterable[Tender]) -> bool:
    """Whether a BUY reaches a SELL among the tenders of one party."""
    dearest_buy = cheapest_sell = None
    for tender in tenders:
        price = tender.price
        if tender.side is Side.BUY:
            dearest_buy = price if dearest_buy is None else max(dearest_buy, price)
        else:
            cheapest_sell = price if cheapest_sell is None else min(cheapest_sell, price)
    return dearest_buy is not None and cheapest_sell is not None and dearest_buy >= cheapest_sell
