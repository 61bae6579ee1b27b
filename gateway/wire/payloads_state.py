"""What the gateway retains for everybody to read: the market, the devices, the mode.

Measured values are real numbers in the unit named, positive into the device; a value that is
missing is null, never 0.  Prices and quantities of the market are scaled integers.
"""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from gateway.wire.payloads import (
    DurationText,
    InstantText,
    IntervalPayload,
    SideText,
    TenderPayload,
    Version,
)


class StatusPayload(TypedDict):
    """``status`` and ``u/U/status``: birth and will."""

    v: Version
    status: Literal["online", "offline"]
    since: NotRequired[InstantText]


class DirectoryPayload(TypedDict):
    """``dir``: what there is, and the topics' shapes.

    ``schemaBase`` followed by a topic shape is the $id of the payload's JSON Schema.
    """

    v: Version
    marketId: str
    products: list[str]
    devices: list[str]
    operations: list[str]
    schemaBase: str
    topics: dict[str, str]


class MarketRefPayload(TypedDict):
    """``m/ref``: MarketReferenceDataType.

    Scale, tick, offset and resource stand here where all products have the same.
    """

    v: Version
    marketId: str
    marketName: str
    marketPartyId: str
    currency: str
    timezone: str
    segments: list[str]
    currencyCodeSource: Literal["ISO3AlphaCurrencyCode"]
    priceScale: NotRequired[int]
    tickSize: NotRequired[int]
    timeOffset: NotRequired[DurationText]
    resourceDesignator: NotRequired[str]
    import_limit_w: float | None
    export_limit_w: float | None


class RuleTerm(TypedDict):
    """A rule about one term: a number in the product's integers, a truth or a duration."""

    term: str
    value: NotRequired[int | bool]
    duration: NotRequired[DurationText]


class RuleSet(TypedDict):
    """EiMarketRuleSetType.

    minimum refuses below, maximum above; force overwrites; a term under mustUnderstand is refused
    where it is not understood, one under ignore is dropped.
    """

    ruleSetPurpose: Literal["minimum", "maximum", "force", "mustUnderstand", "ignore"]
    terms: list[RuleTerm]


class SegmentRules(TypedDict):
    """The terms of one product; ``rulesHash`` is SHA-256 over the canonical JSON of the rest."""

    segmentId: str
    mechanism: str
    priceRule: str
    tieRule: str
    gateClosure: DurationText
    timeOffset: DurationText
    tickSize: int
    roundLot: int
    priceFloor: int
    priceCap: int
    minTenderQuantity: int
    maxTenderQuantity: int
    streamTradingOk: Literal["ST_PROHIBITED", "ST_PERMITTED", "ST_REQUIRED"]
    executionInstructionsAccepted: str
    warrants: list[str]
    ruleSets: list[RuleSet]
    nonStandardTermsHandling: Literal["reject", "ignore"]
    termsUnderstood: list[str]
    revision: int
    rulesHash: NotRequired[str]


class RulesPayload(TypedDict):
    """``m/rules``: the rules every tender is under; ``rulesHash`` is that of ``segments``."""

    v: Version
    marketId: str
    segments: list[SegmentRules]
    rulesHash: str
    operations: list[str]
    maxPayloadBytes: int
    idempotentFor: DurationText
    syncWindow: DurationText


class ProductPayload(TypedDict):
    """CTS ProductType."""

    resourceDesignator: str
    resourceUnit: str
    quantityScale: int
    duration: DurationText


class SegmentFacts(TypedDict):
    """What a product is in the words of SegmentReferenceDataType.

    ``tradeableAhead`` is tradeableInstrumentRange from now on: an interval may start until then.
    ``auctionAtClose``: all tenders meet at the gate.  Endpoints are topics: ``{U}`` the party,
    ``{OP}`` the operation.
    """

    segmentDesc: str
    marketMechanism: str
    auctionAtClose: bool
    tradeableAhead: DurationText
    negotiationsPermitted: bool
    tickerTenders: bool
    tickerQuotes: bool
    tickerRfqs: bool
    tickerTransactions: bool
    marketInstrumentSummaryAvailable: bool
    tradeEndpoint: str
    subscriptionEndpoint: str


class SegmentRefPayload(SegmentFacts):
    """``p/P/ref``: SegmentReferenceDataType.  Money = price x quantity x time."""

    v: Version
    marketId: str
    segmentId: str
    segmentStatus: Literal["ACTIVE"]
    product: ProductPayload
    currency: str
    priceScale: int
    priceUnit: str
    tickSize: int
    roundLot: int
    priceFloor: int
    priceCap: int
    minTenderQuantity: int
    maxTenderQuantity: int
    warrants: list[str]
    streamTradingOk: Literal["ST_PROHIBITED", "ST_PERMITTED", "ST_REQUIRED"]
    executionInstructionsAccepted: str
    timeOffset: DurationText
    gateClosure: DurationText
    revision: int
    rulesHash: str


class SessionPayload(TypedDict):
    """``p/P/session``: SessionDataType; ``sessionClose`` is the gate.

    HALTED: the journal is not written, nobody outside can trade.  ``sessionOpen`` is the gate
    before; tenders for this instrument may come earlier, see ``tradeableAhead``.
    """

    v: Version
    marketId: str
    segmentId: str
    sessionStatus: Literal["HALTED", "OPEN", "CLOSED", "PREOPEN"]
    currentTradingPhase: str
    sessionStart: InstantText
    sessionOpen: InstantText
    sessionClose: InstantText
    tradeableInstrumentRange: IntervalPayload
    messageTimeStamp: InstantText


class TenderSetPayload(TypedDict):
    """The tenders of one party for one interval."""

    netting: bool
    revision: int
    tenders: list[TenderPayload]


class BookPayload(TypedDict):
    """``p/P/tender/U``: the live sets of one party."""

    v: Version
    partyId: str
    marketId: str
    segmentId: str
    sets: list[TenderSetPayload]


class MarginalPayload(TypedDict):
    """A step at the margin."""

    partyId: str
    tenderId: str
    side: SideText
    price: int
    quantity: int
    filled: int


class ClearingPayload(TypedDict):
    """``p/P/clearing``: the last clearing and why its price is what it is.

    ``price`` is null when nothing was traded; ``referencePrice`` is then the last one.
    ``instrument`` is the product's interval, ``interval`` what the transactions cover.
    ``priceRange`` is every price that would have cleared the same volume.
    """

    v: Version
    marketId: str
    segmentId: str
    sequence: int
    clearedAt: InstantText
    instrument: IntervalPayload
    interval: IntervalPayload
    scheduled: bool
    price: int | None
    referencePrice: int | None
    priceScale: int
    priceUnit: str
    currency: str
    volume: int
    quantityScale: int
    resourceUnit: str
    clearingType: str
    priceRange: list[int | None]
    marginal: list[MarginalPayload]
    nextCheaper: MarginalPayload | None
    nextDearer: MarginalPayload | None
    congestionPrice: int
    rejectedBlocks: list[str]
    bookRevision: int
    because: str


class TransactionTick(TypedDict):
    """``p/P/tick/transaction``, not retained: one side of a match."""

    v: Version
    segmentId: str
    marketTransactionId: str
    partyId: str
    counterPartyId: str
    side: SideText
    price: int
    priceScale: int
    quantity: int
    quantityScale: int
    interval: IntervalPayload
    clearing: int


class CapabilitiesPayload(TypedDict):
    """What the device told of itself; null where it told nothing."""

    control: str
    rating_w: float | None
    charge_w: float | None
    discharge_w: float | None
    capacity_wh: float | None
    round_trip: float | None
    stages_w: list[float | None]
    resolution_w: float | None
    floor_w: float | None
    timer_max_s: int | None
    timer_reaches_level: bool


class FallbackPayload(TypedDict):
    """Where the device goes when the gateway is gone; ``level_w`` null = its own rule."""

    after: DurationText
    level_w: float | None


class ItemBasePayload(TypedDict):
    """EMIX itemBase: what is measured, and in which unit."""

    itemDescription: str
    itemUnits: str
    siScaleCode: Literal["none"]


class ReportPayload(TypedDict):
    """One value that a device reports: ``field`` of the payload on ``d/D/topic``.

    A value that a device does not know is null or absent there.
    """

    topic: Literal["reading", "energy", "set", "state"]
    field: str
    reportType: str
    readingType: str
    itemBase: ItemBasePayload


class DescriptionPayload(TypedDict):
    """``d/D/desc``."""

    v: Version
    deviceId: str
    role: str | None
    maker: str
    model: str
    version: str
    serial: str
    models: list[int]
    capabilities: CapabilitiesPayload
    fallback: FallbackPayload | None
    reports: list[ReportPayload]
    notes: list[str]


class StatePayload(TypedDict):
    """``d/D/state``."""

    v: Version
    deviceId: str
    state: Literal["online", "sleeping", "offline", "faulty"]
    since: InstantText
    reason: str


class ReadingPayload(TypedDict):
    """``d/D/reading``: one message per read; flows are positive into the device.

    ``note`` is what is odd although the device works; ``timer_left_s`` what it says is left of
    its own countdown.
    """

    v: Version
    deviceId: str
    at: InstantText
    quality: Literal["good", "suspect", "stale", "missing"]
    flows: dict[str, float | None]
    soc_pct: NotRequired[float]
    available_w: NotRequired[float]
    asleep: NotRequired[bool]
    fault: NotRequired[str]
    note: NotRequired[str]
    timer_left_s: NotRequired[float]
    points: dict[str, float | int | str | None]


class SetpointPayload(TypedDict):
    """``d/D/set``: flows in W, null where it did not come so far.

    ``lease_s`` and ``timer_s`` are what was left of them at ``at``; ``deviceTimer_s`` is what the
    device itself said at its last reading was left of its countdown.  ``fallbackAfter_s`` is the
    promise: so long after the last renewal the device is at its fall-back; ``fallbackObserved_s``
    is what the last drill measured.  ``writesToday`` counts requests of this UTC day to registers
    that keep their value, of ``writesPerDay`` (null: no budget); ``volatileWritesToday`` the rest.
    """

    v: Version
    deviceId: str
    at: InstantText
    wanted: float | None
    commanded: float | None
    accepted: float | None
    effective: float | None
    outcome: str | None
    leaseUntil: InstantText | None
    lease_s: float | None
    timerUntil: InstantText | None
    timer_s: float | None
    deviceTimer_s: NotRequired[float]
    fallbackAfter_s: float | None
    fallbackObserved_s: float | None
    writesToday: int
    writesPerDay: int | None
    volatileWritesToday: int
    because: str
    detail: NotRequired[str]


class FaultPayload(TypedDict):
    """``d/D/fault/CODE``.

    ``severity`` as in ITU-T X.733; ``expected`` and ``observed`` where it is about a number.
    """

    v: Version
    deviceId: str
    code: str
    severity: Literal["critical", "major", "minor", "warning"]
    since: InstantText
    text: str
    expected: NotRequired[float]
    observed: NotRequired[float]


class EnergyPayload(TypedDict):
    """``d/D/energy``: whole Wh into and out of the device since it was first counted.

    It never falls, whatever the device's own counter does.
    """

    v: Version
    deviceId: str
    at: InstantText
    in_wh: int
    out_wh: int


class EarnedPayload(TypedDict):
    """``amount`` of ``10^amountScale`` of the currency; earned positive."""

    amount: int
    amountScale: int
    currency: str


class StringYieldPayload(TypedDict):
    """One string of modules, of model 160; by measured DC power."""

    actual_wh: int
    expected_wh: int | None
    ratio: float | None


class YieldPayload(TypedDict):
    """``d/D/yield``: what a solar device gave in a day of the area's zone.

    ``expected_wh`` and ``ratio`` are of the quarter hours in which it was read throughout and not
    held back, under a clear sky; null while ``quality`` is ``none``.  ``earnings``: what was given
    at the prices of the market.  ``strings``: by number.
    """

    v: Version
    deviceId: str
    at: InstantText
    day: str
    closed: bool
    actual_wh: int
    expected_wh: int | None
    ratio: float | None
    quality: Literal["none", "own-best", "clear-sky"]
    earnings: EarnedPayload
    strings: dict[str, StringYieldPayload]


class LimitsPayload(TypedDict):
    """``d/D/limits``: the limits that ``owner/limit/D/KEY`` sets, and between what; W or %.

    ``gateway`` as D is the connection to the grid.
    """

    v: Version
    deviceId: str
    at: InstantText
    limits: dict[str, float | None]
    ranges: dict[str, list[float | None]]


class HealthPayload(TypedDict):
    """``d/D/health``: codes of the faults there are now; FAULTY: the device reports one."""

    v: Version
    deviceId: str
    at: InstantText
    faults: list[str]


class ControlPayload(TypedDict):
    """``m/control``: the owner's mode in force, and who set it."""

    v: Version
    mode: Literal["observe", "advise", "act", "hands-off"]
    until: InstantText | None
    at: InstantText
    by: str
