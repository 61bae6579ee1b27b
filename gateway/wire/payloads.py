"""What parties and the gateway say to each other: CTS messages as JSON objects.

Prices and quantities are integers: real = integer x 10^scale.  Receivers ignore fields they
do not know.  ``netting``, ``revision`` and the lists for several tenders are ours.

Source: OASIS Common Transactive Services 1.0, the payloads of the facets tender, transaction
and position.
"""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

Version = Literal[1]
Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Scale = Annotated[int, Field(ge=-18, le=18, description="real = integer x 10^scale")]
ForeignId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,64}$")]
InstantText = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"format": "date-time"}, description="RFC 3339"),
]
DurationText = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"format": "duration"}, description="ISO 8601"),
]
SideText = Literal["BUY", "SELL"]


class IntervalPayload(TypedDict):
    """Half-open: from ``dtStart`` for ``duration``."""

    dtStart: InstantText
    duration: DurationText


class PriceRelative(TypedDict):
    """EMIX priceRelative: ``value``, at the tender's priceScale, is added to the base price.

    The base is the last clearing price of ``marketContext``, a product; left out, of the own.
    """

    value: Int64
    marketContext: NotRequired[ForeignId]


class PriceMultiplier(TypedDict):
    """EMIX priceMultiplier: the base price, as in PriceRelative, times ``multiplier``.

    At most six decimals; 1 is the market's price.
    """

    multiplier: int | float
    marketContext: NotRequired[ForeignId]


class StreamStep(TypedDict):
    """CtsStreamIntervalType of a tender; quantity 0 leaves the interval out."""

    streamUid: Annotated[int, Field(ge=0, le=100_000)]
    streamIntervalQuantity: Int64
    streamIntervalPrice: NotRequired[Int64]


class StreamDetail(TypedDict):
    """CtsStreamType of a tender: contiguous intervals of the product's length, in order."""

    streamStart: InstantText
    streamIntervalDuration: DurationText
    streamIntervals: Annotated[list[StreamStep], Field(min_length=1)]


class TenderDetail(TypedDict):
    """One interval, one step; or a stream.  One of the three prices is given."""

    interval: NotRequired[IntervalPayload]
    price: NotRequired[Int64]
    priceRelative: NotRequired[PriceRelative]
    priceMultiplier: NotRequired[PriceMultiplier]
    quantity: NotRequired[Int64]
    stream: NotRequired[StreamDetail]


class TermPayload(TypedDict):
    """A condition of the tenderer, by its EMIX name."""

    term: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
    duration: NotRequired[DurationText]


class TenderPayload(TypedDict):
    """EiTenderType.  Scales default to the product's."""

    tenderId: ForeignId
    marketOrderId: NotRequired[str]
    side: SideText
    resourceDesignator: NotRequired[str]
    priceScale: NotRequired[Scale]
    quantityScale: NotRequired[Scale]
    allOrNone: NotRequired[bool]
    expirationTime: NotRequired[InstantText | None]
    executionInstructions: NotRequired[str]
    warrants: NotRequired[Annotated[list[ForeignId], Field(max_length=16)]]
    terms: NotRequired[Annotated[list[TermPayload], Field(max_length=16)]]
    tenderDetail: TenderDetail


class CreateTender(TypedDict):
    """EiCreateTenderPayload, on ``u/U/req/P/create-tender``: one ``tender`` or ``tenders``.

    All tenders are for the same interval, but alternatives (``atMostOne``: at most one of them
    executes, in part or whole) may be for several.  With ``netting`` true they state the party's
    whole requirement and replace its former set for the interval; ``revision`` then grows.
    ``acceptsRulesHash`` quotes ``rulesHash``, of the product or of ``m/rules``.
    """

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    counterPartyId: str
    marketId: str
    segmentId: str
    tender: NotRequired[TenderPayload]
    tenders: NotRequired[Annotated[list[TenderPayload], Field(min_length=1)]]
    atMostOne: NotRequired[bool]
    executionInstructions: NotRequired[str]
    netting: NotRequired[bool]
    revision: NotRequired[Annotated[int, Field(ge=0, le=2**63 - 1)]]
    acceptsRulesHash: NotRequired[str]


class CreateStreamTender(TypedDict):
    """EiCreateStreamTenderPayload, on ``u/U/req/P/create-stream-tender``.

    One tender per interval, ids ``<tenderId>.<streamUid>``, all of them taken or none.
    """

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    counterPartyId: str
    marketId: str
    segmentId: str
    tender: TenderPayload
    executionInstructions: NotRequired[str]
    acceptsRulesHash: NotRequired[str]


class CancelTender(TypedDict):
    """EiCancelTenderPayload, on ``u/U/req/P/cancel-tender``: ``tenderId`` or ``tenderIds``."""

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    counterPartyId: str
    marketId: str
    segmentId: str
    tenderId: NotRequired[ForeignId]
    tenderIds: NotRequired[Annotated[list[ForeignId], Field(min_length=1)]]


class RequestPosition(TypedDict):
    """EiRequestPositionPayload, on ``u/U/req/P/request-position``.  Only of one's own."""

    v: NotRequired[Version]
    requestId: ForeignId
    requestor: str
    positionParty: str
    boundingInterval: IntervalPayload
    marketId: str
    resourceDesignator: str


class TermViolated(TypedDict):
    """The rule a request broke."""

    term: str
    description: str


class ResponsePayload(TypedDict):
    """EiResponseType: HTTP-like code, CTS detail, a sentence for a person."""

    responseCode: int
    responseDetail: str
    responseDescription: str
    createdDateTime: InstantText
    inResponseTo: str | None
    termsViolated: NotRequired[list[TermViolated]]


class CreatedTenderId(TypedDict):
    """One tender and the id the market gave it."""

    tenderId: str
    marketOrderId: str


class CreatedTender(TypedDict):
    """EiCreatedTenderPayload, on ``u/U/in/created-tender``: all tenders stand, or none."""

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    segmentId: NotRequired[str]
    tenderId: NotRequired[str]
    marketOrderId: NotRequired[str]
    createdTenders: NotRequired[list[CreatedTenderId]]
    replacedTenders: NotRequired[list[str]]
    response: ResponsePayload


class CreatedStreamTender(TypedDict):
    """EiCreatedStreamTenderPayload, on ``u/U/in/created-stream-tender``.

    ``tenderId`` is the stream's; ``marketOrderId`` that of its first interval.
    """

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    segmentId: NotRequired[str]
    tenderId: NotRequired[str]
    marketOrderId: NotRequired[str]
    createdTenders: NotRequired[list[CreatedTenderId]]
    response: ResponsePayload


class CanceledResponse(TypedDict):
    """EiCanceledResponseType of one tender; ``success`` false: nothing was left of it."""

    tenderId: str
    marketOrderId: str
    cancelReason: Literal["REQUESTED", "SUPERVISORY"]
    remainingQuantity: int
    success: bool


class CanceledTender(TypedDict):
    """EiCanceledTenderPayload, on ``u/U/in/canceled-tender``.

    Unsolicited with cancelReason SUPERVISORY when the market withdrew the tender;
    ``inResponseTo`` is then null, and it is acknowledged by its ``requestId``.
    """

    v: Version
    epoch: NotRequired[int]
    seq: NotRequired[int]
    requestId: NotRequired[str]
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    segmentId: NotRequired[str]
    eiCanceledResponse: NotRequired[CanceledResponse]
    canceledTenders: NotRequired[list[CanceledResponse]]
    response: ResponsePayload


class ExecutedDetail(TypedDict):
    """Price and quantity as executed, for the transaction's own interval."""

    interval: IntervalPayload
    price: int
    quantity: int


class ExecutedTender(TypedDict):
    """EiTenderType as executed."""

    tenderId: str
    side: SideText
    resourceDesignator: str
    priceScale: int
    quantityScale: int
    tenderDetail: ExecutedDetail


class TransactionPayload(TypedDict):
    """EiTransactionType."""

    marketTransactionId: str
    tender: ExecutedTender


class CreateTransaction(TypedDict):
    """EiCreateTransactionPayload, pushed on ``u/U/in/create-transaction``: binding.

    It comes again, with the same requestId, until it is acknowledged.  ``seq`` numbers what the
    party is told, from 1 in each ``epoch``: a missing number was missed.
    """

    v: Version
    epoch: int
    seq: int
    requestId: str
    partyId: str
    counterPartyId: str
    segmentId: str
    marketTransactionId: str
    clearing: int
    transaction: TransactionPayload


class StreamInterval(TypedDict):
    """CtsStreamIntervalType; interval k starts at streamStart + k x streamIntervalDuration."""

    streamUid: int
    streamIntervalQuantity: int
    streamIntervalPrice: int


class Stream(TypedDict):
    """CtsStreamType: contiguous intervals of equal length."""

    streamStart: InstantText
    streamIntervalDuration: DurationText
    streamIntervals: list[StreamInterval]


class PositionStepPayload(TypedDict):
    """A constant piece of a position, as long as it lasts."""

    dtStart: InstantText
    duration: DurationText
    quantity: int


class PositionPayload(TypedDict):
    """Retained on ``u/U/pos/P``: BUY +, SELL -.

    ``steps`` is the exact step function; ``positions`` is the same as a CTS stream of equal
    intervals, left out where that would take more than 1000 of them.
    """

    v: Version
    positionParty: str
    marketId: str
    segmentId: str
    resourceDesignator: str
    quantityScale: int
    boundingInterval: NotRequired[IntervalPayload]
    steps: list[PositionStepPayload]
    positions: NotRequired[Stream]


class ReplyPosition(TypedDict):
    """EiReplyPositionPayload, on ``u/U/in/reply-position``; fields as in PositionPayload."""

    v: Version
    inResponseTo: str | None
    requestor: str
    positionParty: str
    marketId: str
    segmentId: NotRequired[str]
    resourceDesignator: NotRequired[str]
    quantityScale: NotRequired[int]
    boundingInterval: NotRequired[IntervalPayload]
    steps: NotRequired[list[PositionStepPayload]]
    positions: NotRequired[Stream]
    response: ResponsePayload


class ResponseMessage(TypedDict):
    """On ``u/U/in/response``: the answer to an operation this market does not have."""

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    response: ResponsePayload


OwnerControlMessage = TypedDict(
    "OwnerControlMessage",
    {
        "mode": Literal["observe", "advise", "act", "hands-off"],
        "until": NotRequired[InstantText | None],
        "for": NotRequired[str],
    },
)
"""On ``owner/control``; the bare word is taken as well.  At most one of until and for."""
