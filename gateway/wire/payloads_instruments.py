"""Payloads of instruments: depth, session, tickers, and where they are told."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from gateway.wire.payloads import IntervalPayload, ResponsePayload, SideText, Version

TickerText = Literal["QUOTES", "RFQS", "TENDERS", "TRANSACTIONS"]


class BookEntry(TypedDict):
    """All that is tendered at one price; nobody is named."""

    side: SideText
    price: int
    quantity: int


class InstrumentBook(TypedDict):
    """``p/P/book/START``: InstrumentBookSummaryType, the best price of each side first."""

    v: Version
    marketId: str
    segmentId: str
    instrument: IntervalPayload
    priceScale: int
    quantityScale: int
    bookEntries: list[BookEntry]


class InstrumentSession(TypedDict):
    """``p/P/price/START``: InstrumentSessionSummaryType of what was traded in the instrument."""

    v: Version
    marketId: str
    segmentId: str
    instrument: IntervalPayload
    priceScale: int
    quantityScale: int
    firstPrice: int
    highPrice: int
    lowPrice: int
    lastPrice: int
    volume: int
    transactions: int


class Tick(TypedDict):
    """``p/P/tick/tender``, ``/quote``, ``/rfq``, not retained; nobody is named."""

    v: Version
    segmentId: str
    tickerType: TickerText
    side: SideText
    price: int | None
    priceScale: int
    quantity: int
    quantityScale: int
    interval: IntervalPayload


class Manage(TypedDict):
    """EiManageMarketReferenceData, …SegmentReferenceData and …SessionData."""

    v: NotRequired[Version]
    requestId: str
    partyId: str
    counterPartyId: NotRequired[str]
    marketId: str
    segmentId: NotRequired[str]
    subscriptionActionRequested: Literal["SNAPSHOT", "SNAPSHOT_AND_UPDATES", "CANCEL"]


class ManageInstrumentData(Manage):
    """EiManageInstrumentData."""

    instrumentSummaryType: Literal["BOOK", "SESSION"]


class ManageTickerSubscription(Manage):
    """EiManageTickerSubscription."""

    tickerType: TickerText


class Managed(TypedDict):
    """EiSubscriptionResponseType: ``multicastListenReference`` is a topic filter."""

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    marketId: NotRequired[str]
    segmentId: NotRequired[str]
    subscriptionActionTaken: NotRequired[str]
    multicastListenReference: NotRequired[str]
    tickerType: NotRequired[TickerText]
    response: ResponsePayload
