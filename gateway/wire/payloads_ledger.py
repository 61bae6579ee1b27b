"""What parties are told to check the exchange by: deliveries, statements, the key of the seals."""

from typing import NotRequired

from typing_extensions import TypedDict

from gateway.wire.payloads import (
    ForeignId,
    InstantText,
    IntervalPayload,
    ResponsePayload,
    Stream,
    Version,
)


class RequestDelivery(TypedDict):
    """EiRequestDeliveryPayload, on ``u/U/req/P/request-delivery``.  Only of one's own meter.

    The answer waits until the data exist, at most 20 minutes.  ``injection`` says in which
    direction the answer counts positive; left out, it is true where everything flowed out.
    """

    v: NotRequired[Version]
    requestId: ForeignId
    requestor: str
    measurementPointId: NotRequired[str]
    boundingInterval: IntervalPayload
    marketId: str
    resourceDesignator: str
    injection: NotRequired[bool]


class ReplyDelivery(TypedDict):
    """EiReplyDeliveryPayload, on ``u/U/in/reply-delivery``: mean flow of each interval.

    ``injection`` true: positive quantities went into the market's supply; false: they were taken
    from it.  ``quality``: measured | counted | estimated, the least good of the time asked for.
    """

    v: Version
    inResponseTo: str | None
    requestor: str
    marketId: str
    measurementPointId: NotRequired[str]
    segmentId: NotRequired[str]
    resourceDesignator: NotRequired[str]
    quantityScale: NotRequired[int]
    injection: NotRequired[bool]
    readingType: NotRequired[str]
    quality: NotRequired[str]
    boundingInterval: NotRequired[IntervalPayload]
    delivery: NotRequired[Stream]
    response: ResponsePayload


class SealPayload(TypedDict):
    """The newest seal: this key signed the hash of row ``seq``, and with it all rows before.

    What is signed is the text ``{"area":…,"at":…,"epoch":…,"forget":…,"hash":…,"seq":…,"why":…}``
    without spaces; ``at`` in nanoseconds since 1970.
    """

    seq: int
    hash: str
    at: int
    epoch: int
    why: str
    forget: int
    signature: str


class KeyPayload(TypedDict):
    """``m/key``: the public key under the ledger, and the newest seal."""

    v: Version
    marketId: str
    key: str
    sealedAt: InstantText
    seal: SealPayload


class AccountPayload(TypedDict):
    """One product of a statement: energies in thousandths of ``resourceUnit`` x hour.

    ``amount`` is paid, negative: earned; of ``10^amountScale`` of the currency.
    """

    segmentId: str
    resourceUnit: str
    energyScale: int
    bought: int
    sold: int
    boughtAmount: int
    soldAmount: int
    transactions: int
    delivered: int
    deviation: int
    deviationAmount: int
    amount: int


class StatementPayload(TypedDict):
    """``u/U/statement/YYYYMMDD``: one party's day in the area's zone, for its own eyes."""

    v: Version
    marketId: str
    partyId: str
    day: str
    timezone: str
    closed: bool
    createdDateTime: InstantText
    currency: str
    amountScale: int
    accounts: list[AccountPayload]
    amount: int
