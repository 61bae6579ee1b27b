"""What is retained of an intertie, on ``tie/B/…``; B is the market above.

``tie/B/pos`` is all that B may read of the area.  Quantities and prices are integers of the
area's own product: real = integer x 10^scale.
Source: EMIX transport terms; the position as CTS EiReplyPosition.
"""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from gateway.wire.payloads import DurationText, InstantText, IntervalPayload, Scale, Version


class TransportFee(TypedDict):
    """EMIX transportAccessFee: per price unit that passes, either way."""

    price: int
    priceScale: Scale


class PriceCollar(TypedDict):
    """EMIX priceCollar: prices of the parent beyond which nothing is traded."""

    min: int | None
    max: int | None
    priceScale: Scale


class TransportWindow(TypedDict):
    """Tighter limits every day between two times after midnight UTC."""

    start: DurationText
    end: DurationText
    maxImport: int
    maxExport: int


class StandingTerms(TypedDict):
    """What an import costs and an export earns while the parent does not answer."""

    importPrice: int
    exportPrice: int
    priceScale: Scale


class TieContractPayload(TypedDict):
    """``tie/B/contract``: what this area and the one above, ``counterPartyId``, agreed."""

    v: Version
    contractId: str
    partyId: str
    counterPartyId: str
    segmentId: str
    counterSegmentId: str
    maxImport: int
    maxExport: int
    quantityScale: Scale
    transportAccessFee: TransportFee
    lossFactor: float
    priceCollar: PriceCollar
    noticeDuration: DurationText
    schedule: list[TransportWindow]
    validFrom: InstantText | None
    validUntil: InstantText | None
    onBreach: Literal["HALT", "STANDING"]
    standingTerms: StandingTerms


class TieRowPayload(TypedDict):
    """One line of what passed; over all of them both columns are zero.

    ``quantity`` is the flow into the tie, ``amount`` money to it, in the currency.
    """

    row: Literal["PARENT", "LOSS", "FEE", "DEVIATION", "CHILD", "CONGESTION"]
    quantity: int
    amount: str


class TieStatePayload(TypedDict):
    """``tie/B/state``: how the connection traded in the newest interval."""

    v: Version
    contractId: str
    at: InstantText
    mode: Literal["AWARD", "STANDING", "HALTED", "DEAD"]
    interval: NotRequired[IntervalPayload]
    award: int | None
    parentPrice: int | None
    landedPrice: int | None
    netPrice: int | None
    price: int | None
    priceScale: Scale
    congestionPrice: int
    maxImport: int
    maxExport: int
    quantityScale: Scale
    refused: str
    breach: str
    away: str
    rows: list[TieRowPayload]


class DeliveredPayload(TypedDict):
    """By the meter of the connection, since it was first counted."""

    importWh: int
    exportWh: int


class TieStep(IntervalPayload):
    """A constant piece of the position, import +."""

    quantity: int


class TiePositionPayload(TypedDict):
    """``tie/B/pos``: the area's position at the wire, and what was delivered."""

    v: Version
    positionParty: str
    counterPartyId: str
    segmentId: str
    resourceDesignator: str
    quantityScale: Scale
    at: InstantText
    steps: list[TieStep]
    delivered: DeliveredPayload | None
