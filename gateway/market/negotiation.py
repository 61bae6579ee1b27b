"""Whether quotes, requests, acceptances and rejections are taken; changes only the board.

Quotes keep the terms that tenders keep.  In a negotiated market each is for one other party; in
a quote-driven one everybody may accept what is not for somebody.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from gateway.market.grid import PriceGrid
from gateway.market.quotes import Changed, QuoteBoard
from gateway.market.rules import Rules
from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.negotiation import AcceptQuote, CancelQuotes, CreateQuote, CreateRfq, RejectQuote
from gateway.model.product import AHEAD, Product
from gateway.model.quote import Ending, Quote, QuoteChanged, QuoteRejected, Rfq
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import Instant, Interval, rfc3339

NEGOTIATED: Final = "negotiated"
_Check = tuple[bool, str, str]
"""(whether it is broken, the term, a sentence)"""


class Negotiation:
    """Judges what is asked about quotes.

    Args:
        open_tenders: how many tenders a party has, beside its quotes.
    """

    def __init__(
        self,
        product: Product,
        rules: Rules,
        board: QuoteBoard,
        parties: Mapping[str, Party],
        open_tenders: Callable[[str], int],
    ) -> None:
        self._product = product
        self._rules = rules
        self._board = board
        self._parties = parties
        self._open_tenders = open_tenders
        self._floor = PriceGrid.of(product).floor

    def quote(self, party: Party, asked: CreateQuote, now: Instant) -> Changed | Refused:
        """Let a quote stand; the same one sent again is answered as before."""
        quote = asked.quote
        before = self._board.given(party.id, quote.tender.id)
        if before is not None:
            same = isinstance(before, QuoteChanged) and before.quote in {
                quote,
                replace(quote, to=before.quote.to),
            }
            return self._before(party, quote.tender.id, before, same=same)
        tenders = _alone(party.id, quote.product, quote.interval, quote.tender)
        refused = (
            self._not_permitted(party.id)
            or self._refused(party, tenders, now)
            or self._not_an_answer(quote)
        )
        if refused is not None:
            return refused
        quote = replace(quote, to=self._addressee(quote))
        return self._unaddressed(quote) or self._board.add_quote(quote)

    def rfq(self, party: Party, asked: CreateRfq, now: Instant) -> Changed | Refused:
        """Let a request stand; the same one sent again is answered as before."""
        rfq = asked.rfq
        before = self._board.given(party.id, rfq.id)
        if before is not None:
            same = not isinstance(before, QuoteChanged) and before.rfq == rfq
            return self._before(party, rfq.id, before, same=same)
        first = self._product.interval_at(rfq.within.start)
        tender = Tender(
            id=rfq.id,
            side=rfq.side,
            price=self._floor if rfq.price is None else rfq.price,
            quantity=rfq.quantity,
            expiration=rfq.expiration,
        )
        tenders = _alone(party.id, rfq.product, first, tender)
        refused = (
            self._not_permitted(party.id)
            or self._off_grid(rfq, now)
            or self._rules.terms(tenders, now)
            or self._too_many(party)
            or self._no_party(party.id, rfq.to)
        )
        return refused or self._board.add_rfq(rfq)

    def cancel(self, party: str, asked: CancelQuotes) -> tuple[Changed, ...] | Refused:
        """All that is named, or nothing of it."""
        found = {id_: self._board.given(party, id_) for id_ in asked.ids}
        for id_, one in found.items():
            if one is None or one.ending is not None:
                return self._not_found(party, f"{party} has no open quote or request {id_}")
        named = {one.id: one for one in found.values() if one is not None}
        return tuple(self._board.end(one, Ending.REQUESTED) for one in named.values())

    def accept(self, party: Party, asked: AcceptQuote, now: Instant) -> QuoteChanged | Refused:
        """The quote that can be accepted so; nothing was taken of it yet."""
        found = self._seen(party.id, asked.quote)
        if isinstance(found, Refused):
            return found
        interval = found.quote.interval
        tenders = _alone(party.id, asked.product, interval, asked.tender)
        refused = (
            self._rules.closed(party.id, interval, now, outside=True)
            or self._ended(party.id, found)
            or self._not_for(party.id, found.quote)
            or self._rules.terms(tenders, now)
            or (self._rules.from_outside(tenders, now) if party.outside else None)
            or self._worse(asked, found)
        )
        return refused or found

    def reject(self, party: str, asked: RejectQuote) -> tuple[QuoteRejected, Changed] | Refused:
        """End a quote that is for the party."""
        found = self._seen(party, asked.quote)
        if isinstance(found, Refused):
            return found
        rfq = self._board.rfq(found.quote.rfq)
        if party != found.quote.to and (rfq is None or party != rfq.party):
            text = f"quote {found.id} is not for {party}; who does not want it leaves it"
            return self._rules.refuse(
                party, ResponseCode.NOT_AUTHORIZED, Detail.PARTY_RESTRICTED, text
            )
        ended = self._ended(party, found)
        if ended is not None:
            return ended
        told = QuoteRejected(party=party, product=asked.product, quote=found)
        return told, self._board.end(found, Ending.REJECTED)

    def _not_permitted(self, party: str) -> Refused | None:
        if self._product.negotiated:
            return None
        text = f"{self._product.id} takes tenders only; quotes and requests are not permitted"
        return self._rules.violation(party, "negotiationsPermitted", text)

    def _before(
        self, party: Party, given_id: str, before: Changed, *, same: bool
    ) -> Changed | Refused:
        if not same:
            text = f"{given_id} was sent before, with other content"
            return self._rules.duplicate(party.id, text)
        if before.ending is not None:
            text = f"{given_id} was sent before and does not stand any more; give a new id"
            return self._rules.duplicate(party.id, text)
        return before

    def _refused(self, party: Party, tenders: TenderSet, now: Instant) -> Refused | None:
        return (
            self._rules.instrument(tenders, now)
            or self._rules.closed(party.id, tenders.interval, now, outside=True)
            or self._rules.terms(tenders, now)
            or (self._rules.from_outside(tenders, now) if party.outside else None)
            or self._too_many(party)
        )

    def _too_many(self, party: Party) -> Refused | None:
        count = self._open_tenders(party.id) + len(self._board.open_of(party.id)) + 1
        if count <= party.max_open_tenders:
            return None
        text = f"{count} open tenders and quotes; {party.id} may have {party.max_open_tenders}"
        return self._rules.violation(party.id, "maxOpenTenders", text)

    def _no_party(self, party: str, named: str) -> Refused | None:
        if named == party:
            text = f"{party} names itself as counter party"
            return self._rules.violation(party, "selfTrade", text)
        if named and named not in self._parties:
            return self._not_found(party, f"counterPartyId {named} is no party of this market")
        return None

    def _not_an_answer(self, quote: Quote) -> Refused | None:
        """Why the quote does not answer the request that it names."""
        wrong = self._no_party(quote.party, quote.to)
        if wrong is not None or not quote.rfq:
            return wrong
        found = self._board.rfq(quote.rfq)
        if found is None or found.ending is not None or found.rfq.to not in {"", quote.party}:
            return self._not_found(quote.party, f"rfqId {quote.rfq} is no open request")
        return self._broken(quote.party, _beside(quote, found.rfq))

    def _addressee(self, quote: Quote) -> str:
        """The only party that may accept it: it was named, or asked for something private."""
        found = self._board.rfq(quote.rfq)
        private = quote.private or (found is not None and found.rfq.private_answers)
        if quote.to or found is None:
            return quote.to
        return found.rfq.party if private or self._product.mechanism == NEGOTIATED else ""

    def _unaddressed(self, quote: Quote) -> Refused | None:
        if quote.to:
            return None
        if quote.private:
            text = "a private quote names its counterPartyId or the rfqId that it answers"
            return self._rules.violation(quote.party, "privateQuote", text)
        if self._product.mechanism == NEGOTIATED:
            text = "trade here is negotiated: a quote names its counterPartyId or an rfqId"
            return self._rules.violation(quote.party, "counterPartyId", text)
        return None

    def _off_grid(self, rfq: Rfq, now: Instant) -> Refused | None:
        product, within = self._product, rfq.within
        first = product.interval_at(within.start)
        whole = within.duration % product.interval == 0 and first.start == within.start
        if not whole or within.start > now + AHEAD or within.duration > AHEAD:
            text = (
                f"boundingInterval is whole intervals of {product.id}, at most 48 h, and starts "
                f"until {rfc3339(Instant(now + AHEAD))}"
            )
            detail = Detail.INVALID_INSTRUMENT
            return self._rules.refuse(rfq.party, ResponseCode.NOT_FOUND, detail, text)
        last = product.interval_at(Instant(within.end - 1))
        return self._rules.closed(rfq.party, last, now, outside=True)

    def _seen(self, party: str, quote: str) -> QuoteChanged | Refused:
        """The quote, if the party may know of it."""
        found = self._board.quote(quote)
        if found is None or (found.quote.private and party not in {found.party, found.quote.to}):
            return self._not_found(party, f"there is no quote {quote}")
        return found

    def _ended(self, party: str, found: QuoteChanged) -> Refused | None:
        if found.ending is None:
            return None
        return self._not_found(party, f"quote {found.id} stands no more: {found.ending.value}")

    def _not_for(self, party: str, quote: Quote) -> Refused | None:
        if party == quote.party:
            return self._rules.violation(party, "selfTrade", "it would trade with itself")
        if quote.to not in {"", party}:
            text = f"the quote is for {quote.to}"
            return self._rules.refuse(
                party, ResponseCode.NOT_AUTHORIZED, Detail.PARTY_RESTRICTED, text
            )
        if not quote.tradeable:
            text = "the quote is an indication and cannot be accepted; ask for a tradeable one"
            return self._rules.violation(party, "tradeable", text)
        return None

    def _worse(self, asked: AcceptQuote, found: QuoteChanged) -> Refused | None:
        """Why it is not what was quoted."""
        quoted, wanted = found.quote.tender, asked.tender
        better = (wanted.price - quoted.price) * wanted.side.sign
        carried = wanted if wanted.side is Side.SELL else quoted
        needed = quoted if wanted.side is Side.SELL else wanted
        whole = quoted.all_or_none or wanted.all_or_none
        checks = (
            (wanted.side is quoted.side, "side", f"the quote itself is to {quoted.side}"),
            (
                asked.interval not in {None, found.quote.interval},
                "interval",
                f"the quote is for {rfc3339(found.quote.interval.start)}",
            ),
            (better < 0, "price", f"{wanted.price} is worse than the quoted {quoted.price}"),
            (
                wanted.quantity > quoted.quantity,
                "quantity",
                f"{wanted.quantity} is more than the quoted {quoted.quantity}",
            ),
            (
                quoted.all_or_none and wanted.quantity < quoted.quantity,
                "allOrNone",
                f"the quote is for all of {quoted.quantity} or nothing",
            ),
            (
                whole and wanted.quantity > found.remaining,
                "allOrNone",
                f"{found.remaining} of the quote is left",
            ),
            (
                not set(needed.warrants) <= set(carried.warrants),
                "warrants",
                f"{' '.join(needed.warrants)} is asked for and not carried",
            ),
        )
        return self._broken(asked.party, checks)

    def _broken(self, party: str, checks: Iterable[_Check]) -> Refused | None:
        """422 for the first rule that is broken."""
        for is_broken, term, text in checks:
            if is_broken:
                return self._rules.violation(party, term, text)
        return None

    def _not_found(self, party: str, text: str) -> Refused:
        code, detail = ResponseCode.NOT_FOUND, Detail.INVALID_REFERENCE
        return self._rules.refuse(party, code, detail, text)


def _alone(party: str, product: str, interval: Interval, tender: Tender) -> TenderSet:
    return TenderSet(party=party, product=product, interval=interval, tenders=(tender,))


def _beside(quote: Quote, rfq: Rfq) -> tuple[_Check, ...]:
    """What a quote may not be as an answer to a request."""
    within = rfq.within.start <= quote.interval.start and quote.interval.end <= rfq.within.end
    unfit = rfq.tradeable_only and not quote.tradeable
    return (
        (rfq.party == quote.party, "selfTrade", f"{quote.rfq} is its own request"),
        (rfq.side is quote.tender.side, "side", f"{quote.rfq} asks for the other side"),
        (not within, "boundingInterval", f"{quote.rfq} asks for other intervals"),
        (unfit, "tradeableOnlyResponse", f"{quote.rfq} takes tradeable quotes only"),
    )
