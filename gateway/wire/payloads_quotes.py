"""What is said about quotes and requests for quotes, as JSON objects.

Source: OASIS Common Transactive Services 1.0, the payloads of the quote facet;
``finalMarketTransaction`` by its Errata 01.
"""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from gateway.wire.payloads import (
    DurationText,
    ExecutedTender,
    ForeignId,
    InstantText,
    Int64,
    IntervalPayload,
    ResponsePayload,
    Scale,
    SideText,
    TenderDetail,
    Version,
)

PartyText = Annotated[str, Field(max_length=64)]
MarketId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,128}$")]


class _Base(TypedDict):
    """TenderBase: what tenders and quotes have in common.  Scales default to the product's."""

    side: SideText
    resourceDesignator: NotRequired[str]
    priceScale: NotRequired[Scale]
    quantityScale: NotRequired[Scale]
    allOrNone: NotRequired[bool]
    expirationTime: NotRequired[InstantText | None]
    executionInstructions: NotRequired[str]
    warrants: NotRequired[Annotated[list[ForeignId], Field(max_length=16)]]
    tenderDetail: TenderDetail


class QuotePayload(_Base):
    """EiQuoteType; ``rfqId`` is the market's id of the request that it answers."""

    quoteId: ForeignId
    marketQuoteId: NotRequired[MarketId]
    rfqId: NotRequired[MarketId]
    privateQuote: NotRequired[bool]
    tradeable: NotRequired[bool]


class CreateQuote(TypedDict):
    """EiCreateQuotePayload, on ``u/U/req/P/create-quote``.

    ``counterPartyId`` is the market's party, or the only party that may accept the quote.
    ``requestPrivate`` says the same as ``quote.privateQuote``.
    """

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    counterPartyId: PartyText
    marketId: str
    segmentId: str
    quote: QuotePayload
    executionInstructions: NotRequired[str]
    requestPrivate: NotRequired[bool]


class RfqDetail(TypedDict):
    """How much in each interval, and the price in mind if it is told."""

    price: NotRequired[Int64]
    quantity: Int64


class RfqPayload(TypedDict):
    """EiRfqType.

    ``duration`` is that of one quote, the product's.  ``privateRfq``: only ``counterPartyId``
    is asked, and answers are private.
    """

    rfqId: ForeignId
    marketRfqId: NotRequired[MarketId]
    side: SideText
    resourceDesignator: NotRequired[str]
    priceScale: NotRequired[Scale]
    quantityScale: NotRequired[Scale]
    expirationTime: NotRequired[InstantText | None]
    boundingInterval: IntervalPayload
    duration: NotRequired[DurationText]
    privateRfq: NotRequired[bool]
    tradeableOnlyResponse: NotRequired[bool]
    tenderDetail: RfqDetail


class CreateRfq(TypedDict):
    """EiCreateRfqPayload, on ``u/U/req/P/create-rfq``.

    ``requestPrivate``: answers are private, also where everybody is asked.
    """

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    counterPartyId: PartyText
    marketId: str
    segmentId: str
    rfq: RfqPayload
    requestPrivate: NotRequired[bool]


class CancelQuote(TypedDict):
    """EiCancelQuotePayload, on ``u/U/req/P/cancel-quote``: quotes and requests, all or none.

    Ids are the party's own or the market's.
    """

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    counterPartyId: PartyText
    marketId: str
    segmentId: str
    quoteIds: NotRequired[list[ForeignId]]
    marketQuoteIds: NotRequired[list[MarketId]]
    rfqIds: NotRequired[list[MarketId]]


class AcceptingTender(_Base):
    """EiTenderType of an acceptance; ``tenderId`` defaults to the request's id."""

    tenderId: NotRequired[ForeignId]


class AcceptingTransaction(TypedDict):
    """EiTransactionType of an acceptance."""

    tender: AcceptingTender


class AcceptQuote(TypedDict):
    """EiAcceptQuotePayload, on ``u/U/req/P/accept-quote``.

    The side is the opposite one, the quantity at most the quoted one, the price at least as
    good; the quoted price is paid.
    """

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    counterPartyId: PartyText
    marketId: str
    segmentId: str
    referencedQuoteId: MarketId
    transaction: AcceptingTransaction


class RejectQuote(TypedDict):
    """EiRejectQuotePayload, on ``u/U/req/P/reject-quote``."""

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    counterPartyId: PartyText
    marketId: str
    segmentId: str
    referencedQuoteId: MarketId


class CreatedQuote(TypedDict):
    """EiCreatedQuotePayload, on ``u/U/in/created-quote``."""

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    segmentId: NotRequired[str]
    quoteId: NotRequired[str]
    marketOrderId: NotRequired[str]
    marketQuoteId: NotRequired[str]
    response: ResponsePayload


class CreatedRfq(TypedDict):
    """On ``u/U/in/created-rfq``; quotes that answer name ``marketRfqId``."""

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    segmentId: NotRequired[str]
    rfqId: NotRequired[str]
    marketRfqId: NotRequired[str]
    response: ResponsePayload


class CanceledQuoteResponse(TypedDict):
    """EiCanceledResponseType of one quote, or of one request for quotes."""

    quoteId: NotRequired[str]
    rfqId: NotRequired[str]
    marketOrderId: str
    cancelReason: str
    remainingQuantity: int
    success: bool


class CanceledQuote(TypedDict):
    """EiCanceledQuotePayload, on ``u/U/in/canceled-quote``.

    Unasked (``inResponseTo`` null) to its party when the market withdrew it, and to the party
    that a quote was for when it was withdrawn.
    """

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    segmentId: NotRequired[str]
    eiCanceledResponse: NotRequired[CanceledQuoteResponse]
    canceledQuotes: NotRequired[list[CanceledQuoteResponse]]
    response: ResponsePayload


class FinalTender(ExecutedTender):
    """EiTenderType as executed on a quote."""

    referencedQuoteId: str  # noqa: N815 - as CTS names it


class FinalTransaction(TypedDict):
    """EiTransactionType on a quote."""

    marketTransactionId: str
    tender: FinalTender


class AcceptedQuote(TypedDict):
    """EiAcceptedQuotePayload, on ``u/U/in/accepted-quote``.

    ``finalMarketTransaction`` tells what was traded: less than asked where others were faster.
    """

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    segmentId: NotRequired[str]
    referencedQuoteId: NotRequired[str]
    marketTransactionId: NotRequired[str]
    recipientTransactionId: NotRequired[str]
    finalMarketTransaction: NotRequired[FinalTransaction]
    response: ResponsePayload


class RejectedQuote(TypedDict):
    """EiRejectedQuotePayload, on ``u/U/in/rejected-quote``.

    Unasked (``inResponseTo`` null) to the party that quoted; ``counterPartyId`` then rejected.
    """

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    segmentId: NotRequired[str]
    referencedQuoteId: NotRequired[str]
    quoteId: NotRequired[str]
    response: ResponsePayload


class StandingQuote(TypedDict):
    """Retained on ``p/P/quote/QID``: a public quote that can be accepted or is an indication.

    ``acceptableBy``: the only party that may accept it.
    """

    v: Version
    partyId: str
    marketId: str
    segmentId: str
    quote: QuotePayload
    remainingQuantity: int
    acceptableBy: NotRequired[str]


class StandingRfq(TypedDict):
    """Retained on ``p/P/rfq/RID``: a public request for quotes."""

    v: Version
    partyId: str
    marketId: str
    segmentId: str
    rfq: RfqPayload


class PushedQuote(TypedDict):
    """On ``u/U/in/create-quote``: a quote for this party; ``counterPartyId`` quotes."""

    v: Version
    requestId: str
    partyId: str
    counterPartyId: str
    marketId: str
    segmentId: str
    quote: QuotePayload
    remainingQuantity: int


class PushedRfq(TypedDict):
    """On ``u/U/in/create-rfq``: this party alone is asked; ``counterPartyId`` asks."""

    v: Version
    requestId: str
    partyId: str
    counterPartyId: str
    marketId: str
    segmentId: str
    rfq: RfqPayload
