"""What a market says happened, as one union of frozen facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from gateway.model.admittance import EnrolmentTold, RegistrationTold
from gateway.model.ahead import ForwardCurve
from gateway.model.clearing import Clearing
from gateway.model.device import Description, DeviceState
from gateway.model.forecast import Forecast
from gateway.model.harvest import DayYield
from gateway.model.intertie import TiePosition, TieState
from gateway.model.limit import LimitKey, Ranges
from gateway.model.opt_out import OptOutChanged
from gateway.model.position import Position
from gateway.model.product import Product
from gateway.model.quote import QuoteChanged, QuoteRejected, RfqChanged
from gateway.model.reading import Reading
from gateway.model.seal import Sealed
from gateway.model.setpoint import SetpointStatus
from gateway.model.site import OwnerControl
from gateway.model.statement import Statement
from gateway.model.tender import TenderSet
from gateway.model.time import Instant, Interval
from gateway.model.transaction import Transaction
from gateway.model.wish import Errand


class ResponseCode(IntEnum):
    """HTTP-like response codes of CTS EiResponse."""

    OK = 200
    INVALID_ARTIFACT = 400
    NOT_AUTHORIZED = 403
    NOT_FOUND = 404
    DUPLICATE = 409
    RULES_VIOLATION = 422
    TRADING_CLOSED = 423
    FORCE_MAJEURE = 503


class Detail(StrEnum):
    """Source: CTS ResponseDetailType."""

    SUCCESS = "SUCCESS"
    INVALID_ARTIFACT = "INVALID_ARTIFACT"
    NOT_AUTHORIZED = "NOT_AUTHORIZED"
    PARTY_RESTRICTED = "PARTY_RESTRICTED"
    INVALID_REFERENCE = "INVALID_REFERENCE"
    INVALID_MARKET = "INVALID_MARKET"
    INVALID_SEGMENT = "INVALID_SEGMENT"
    INVALID_INSTRUMENT = "INVALID_INSTRUMENT"
    DUPLICATE = "DUPLICATE"
    RULES_VIOLATION = "RULES_VIOLATION"
    TRADING_CLOSED = "TRADING_CLOSED"
    FORCE_MAJEURE = "FORCE_MAJEURE"


class CancelReason(StrEnum):
    """Source: CTS CancelReasonType; EXPIRED is ours and is not sent as a cancellation."""

    REQUESTED = "REQUESTED"
    SUPERVISORY = "SUPERVISORY"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The whole tender set stands in the book.

    Attributes:
        orders: (tender id, market order id) per tender.
        replaced: ids of the tenders of the older revision that this set replaced.
    """

    party: str
    product: str
    interval: Interval
    orders: tuple[tuple[str, str], ...]
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing of the request was taken; the book is as it was.

    Attributes:
        term: the rule that was violated (``roundLot``, ``tickSize``, ``expirationTime``, ...),
            empty where the code says all.
        description: a sentence for a person.
        violated: every rule that was violated with its sentence, where there are several.
    """

    party: str
    product: str
    code: ResponseCode
    detail: Detail
    description: str
    term: str = ""
    violated: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A tender left the book unfilled or partly filled.

    Attributes:
        why: of a withdrawal by the market, where one sentence tells it; else empty.
    """

    party: str
    product: str
    tender: str
    order: str
    reason: CancelReason
    remaining: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStepped:
    """The wall clock was re-anchored by ``by`` nanoseconds (positive: forward)."""

    at: Instant
    by: int


MarketEvent = (
    Accepted
    | Refused
    | Cancelled
    | Clearing
    | Transaction
    | QuoteChanged
    | RfqChanged
    | QuoteRejected
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookView:
    """The live sets of one party in one product, as mirrored to MQTT; empty = none live."""

    party: str
    product: str
    sets: tuple[TenderSet, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A device was connected and told what it is."""

    device: str
    description: Description


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """A device entered a state; ``reason`` is a sentence for a person."""

    device: str
    state: DeviceState
    since: Instant
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultChanged:
    """A fault of a device or of the gateway (``device`` = "gateway") came or went.

    Attributes:
        code: ``SETPOINT_NOT_FOLLOWED``, ``JOURNAL_FAILED``, ``LIMIT_BROKEN``, ...
        expected, observed: what should be and what is, where the fault is about a number.
    """

    device: str
    code: str
    active: bool
    at: Instant
    text: str = ""
    expected: float | None = None
    observed: float | None = None


class SessionStatus(StrEnum):
    """Source: CTS SessionStatusType."""

    HALTED = "HALTED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    PREOPEN = "PREOPEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChanged:
    """Which instrument of a product is traded now, and until when.

    Attributes:
        interval: the instrument whose gate comes next; ``gate``: when it closes.
    """

    product: str
    status: SessionStatus
    interval: Interval
    gate: Instant
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsChanged:
    """The catalogue changed while the gateway runs.

    Attributes:
        products: all that are traded now, in order; ``gone``: ids of those that are not any more.
    """

    products: tuple[Product, ...]
    gone: tuple[str, ...]
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChanged:
    """The owner's mode in force changed; ``by`` is topic, command, configuration or end."""

    control: OwnerControl
    at: Instant
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyCounted:
    """Energy of a device since it was first counted; kept on the disk, so it never falls.

    Attributes:
        in_wh, out_wh: into and out of the device, whole Wh.
    """

    device: str
    at: Instant
    in_wh: int
    out_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsChanged:
    """The limits in force that the owner may tighten, of a device or of the connection.

    Attributes:
        limits: what each stands at.
        ranges: what each may be set to.
    """

    device: str
    at: Instant
    limits: Mapping[LimitKey, float]
    ranges: Ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class WishChanged:
    """What is wished of a device, and what of it is still to be done; None = nothing."""

    device: str
    at: Instant
    errand: Errand | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChanged:
    """What is wrong with a device, or with the gateway, now; empty = nothing."""

    device: str
    at: Instant
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A binding match or a withdrawn tender, as its party outside is told until it knows.

    Attributes:
        at: when it happened.
        epoch, seq: number the pushes to this party: seq is 1, 2, 3 … in each run of the gateway,
            and the same when a push is repeated in that run; 0: not sent in this run.
    """

    fact: Transaction | Cancelled
    at: Instant
    epoch: int = 0
    seq: int = 0

    @property
    def id(self) -> str:
        """What it is acknowledged by: the transaction, or the order that was withdrawn."""
        return self.fact.id if isinstance(self.fact, Transaction) else self.fact.order

    @property
    def party(self) -> str:
        """Whom it is for."""
        return self.fact.party


Fact = (
    Reading
    | MarketEvent
    | BookView
    | Position
    | SetpointStatus
    | Described
    | StateChanged
    | FaultChanged
    | SessionChanged
    | ProductsChanged
    | ControlChanged
    | EnergyCounted
    | DayYield
    | Forecast
    | ForwardCurve
    | LimitsChanged
    | WishChanged
    | OptOutChanged
    | HealthChanged
    | ClockStepped
    | TieState
    | TiePosition
    | EnrolmentTold
    | RegistrationTold
    | Sealed
    | Statement
    | Push
)
"""Everything that travels on the in-process bus."""
