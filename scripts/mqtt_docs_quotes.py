"""Examples of quotes and requests for quotes, for ``docs/mqtt.md``."""

from gateway.model.negotiation import (
    AcceptQuote,
    CancelQuotes,
    CreateQuote,
    CreateRfq,
    QuoteRequest,
    RejectQuote,
)
from gateway.model.product import Product
from gateway.model.quote import Ending, Quote, QuoteChanged, QuoteRejected, Rfq, RfqChanged
from gateway.model.request import Outcome
from gateway.model.tender import Side, Tender
from gateway.model.time import Interval
from gateway.model.transaction import Transaction
from gateway.wire.quotes import encode_quote, encode_rfq
from gateway.wire.tender_documents import encode_tender

TEXT = """\
### Quotes and requests for quotes

Products with mechanism `quote-driven` or `negotiated`, and those with `negotiations: true`, take
quotes: prices at which their party would trade. A quote with `tradeable` true can be accepted,
until its `expirationTime` or the gate; otherwise it is an indication. `create-rfq` asks for
quotes inside `boundingInterval`; a quote that answers names the request's `marketRfqId` as its
`rfqId`. Public ones stand retained on `p/P/quote/QID` and `p/P/rfq/RID` until they end. With
`privateQuote` only the party that asked, or the one named as `counterPartyId`, is told, in its
inbox; nobody else can know of the quote. `privateRfq` asks the named `counterPartyId` alone;
`requestPrivate` asks everybody and has the answers private.

Everybody may accept a quote that is for nobody in particular; where trade is `negotiated`, every
quote is for one party. `accept-quote` states the opposite side, at most the quoted quantity and a
price at least as good; the quoted price is paid. `finalMarketTransaction` says what was traded:
less than asked where others were faster, unless `allOrNone`. Both sides get `create-transaction`
as well. `reject-quote` is for the party that a quote is for: it ends, and the quoter is told.
Quotes and requests count as open tenders; a party that leaves takes them along (SUPERVISORY). The
same quote sent again gets the same answer. A party that says on `u/U/status` that it is online is
told once more what stands for it alone, with the same `requestId`.
"""

_QID, _RID = "home-q-12-41", "home-rfq-12-40"


def exchanges(
    product: Product, first: Interval
) -> list[tuple[str, dict[str, object], QuoteRequest, tuple[Outcome, ...]]]:
    """Each operation with its payload, the request it is and its outcomes."""
    rfq = Rfq(
        id="need-1", party="guest", product="power", side=Side.BUY, within=first, quantity=500
    )
    quote = _quote(first)
    quoted = QuoteChanged(id=_QID, quote=quote, remaining=800)
    bought = Tender(id="r-22", side=Side.BUY, price=2000, quantity=500)
    return [
        (
            "create-rfq",
            _head("r-20") | {"rfq": encode_rfq(rfq, "", product)},
            CreateRfq(party="guest", request_id="r-20", rfq=rfq),
            (RfqChanged(id=_RID, rfq=rfq),),
        ),
        (
            "create-quote",
            _head("r-21") | {"quote": encode_quote(quote, "", product)},
            CreateQuote(party="guest", request_id="r-21", quote=quote),
            (quoted,),
        ),
        (
            "accept-quote",
            _head("r-22")
            | {
                "referencedQuoteId": "home-q-12-39",
                "transaction": {"tender": encode_tender(bought, first, product)},
            },
            AcceptQuote(
                party="guest",
                request_id="r-22",
                product="power",
                quote="home-q-12-39",
                tender=bought,
                interval=first,
            ),
            (_traded(first),),
        ),
        (
            "reject-quote",
            _head("r-23") | {"referencedQuoteId": "home-q-12-38"},
            RejectQuote(party="guest", request_id="r-23", product="power", quote="home-q-12-38"),
            (QuoteRejected(party="guest", product="power", quote=quoted),),
        ),
        (
            "cancel-quote",
            _head("r-24") | {"quoteIds": ["q-1"]},
            CancelQuotes(party="guest", request_id="r-24", product="power", ids=("q-1",)),
            (QuoteChanged(id=_QID, quote=quote, remaining=800, ending=Ending.REQUESTED),),
        ),
    ]


def facts(first: Interval) -> tuple[QuoteChanged | RfqChanged | QuoteRejected, ...]:
    """What stands publicly, and what is pushed."""
    rfq = Rfq(id="ask", party="bob", product="power", side=Side.BUY, within=first, quantity=500)
    alone = Rfq(
        id="ask-2",
        party="bob",
        product="power",
        side=Side.BUY,
        within=first,
        quantity=500,
        to="guest",
    )
    mine = QuoteChanged(id=_QID, quote=_quote(first), remaining=800)
    offered = Quote(
        party="bob",
        product="power",
        interval=first,
        tender=Tender(id="for-you", side=Side.SELL, price=1900, quantity=500),
        private=True,
        to="guest",
    )
    return (
        RfqChanged(id=_RID, rfq=rfq),
        mine,
        RfqChanged(id="home-rfq-12-42", rfq=alone),
        QuoteChanged(id="home-q-12-43", quote=offered, remaining=500),
        QuoteRejected(party="bob", product="power", quote=mine),
    )


def _quote(first: Interval) -> Quote:
    tender = Tender(id="q-1", side=Side.SELL, price=2000, quantity=800)
    return Quote(party="guest", product="power", interval=first, tender=tender, rfq=_RID)


def _traded(first: Interval) -> Transaction:
    return Transaction(
        id="home-tx-12-7010",
        product="power",
        party="guest",
        counter_party="home",
        tender="r-22",
        side=Side.BUY,
        price=2000,
        quantity=300,
        interval=first,
        clearing=4412,
    )


def _head(request_id: str) -> dict[str, object]:
    return {
        "v": 1,
        "requestId": request_id,
        "partyId": "guest",
        "counterPartyId": "home",
        "marketId": "home",
        "segmentId": "power",
    }
