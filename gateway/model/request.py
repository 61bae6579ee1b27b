"""What parties and the owner ask of the house, already parsed, and the answers."""

from dataclasses import dataclass

from gateway.model.admittance import Admittance, EnrolmentTold, Membership
from gateway.model.delivered import AskDelivery, Delivered
from gateway.model.event import Accepted, Cancelled, Refused
from gateway.model.limit import LimitKey
from gateway.model.negotiation import QuoteRequest
from gateway.model.position import Position
from gateway.model.quote import QuoteChanged, QuoteRejected, RfqChanged
from gateway.model.site import OwnerControl
from gateway.model.standing import StandingRequest, StandingTold
from gateway.model.subscription import Follow
from gateway.model.tender import TenderSet
from gateway.model.time import Instant, Interval
from gateway.model.transaction import Transaction
from gateway.model.wish import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitTenders:
    """EiCreateTender of an outside party.

    Attributes:
        more: sets for further intervals, taken together with the first or not at all.
    """

    party: str
    request_id: str
    tenders: TenderSet
    more: tuple[TenderSet, ...] = ()

    @property
    def product(self) -> str:
        """Whose market it is for."""
        return self.tenders.product

    @property
    def sets(self) -> tuple[TenderSet, ...]:
        """All of them."""
        return (self.tenders, *self.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitStream(SubmitTenders):
    """EiCreateStreamTender: one set with one tender per interval.

    Attributes:
        stream: the id that the party gave it.
    """

    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTenders:
    """EiCancelTender: ids as the party gave them."""

    party: str
    request_id: str
    product: str
    tenders: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPosition:
    """EiRequestPosition; a party sees only its own."""

    party: str
    request_id: str
    product: str
    interval: Interval


Request = (
    SubmitTenders
    | SubmitStream
    | CancelTenders
    | AskPosition
    | AskDelivery
    | Follow
    | Admittance
    | QuoteRequest
    | StandingRequest
)
"""Each says ``party``, ``request_id`` and ``product``."""

Outcome = (
    Accepted
    | Refused
    | Cancelled
    | Position
    | Delivered
    | Membership
    | EnrolmentTold
    | QuoteChanged
    | RfqChanged
    | QuoteRejected
    | Transaction
    | StandingTold
)
"""What an answer may tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to one request; sent only when it is durable.

    Attributes:
        outcomes: Accepted per set or one Refused for a submission; Cancelled per tender or one
            Refused for a cancellation; Position or one Refused for a position.
        at: when it was decided.
    """

    party: str
    request_id: str
    at: Instant
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRequest:
    """The owner's topic or command; ``control`` None takes up what is configured."""

    control: OwnerControl | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRequest:
    """The owner sets a limit of a device, or of the connection (``limit.CONNECTION``)."""

    device: str
    key: LimitKey
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WishRequest:
    """The owner wishes something of a device, for once; None ends what was said."""

    device: str
    wish: Wish | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyLeft:
    """An outside party, or its will, says that it is offline: what it tenders is withdrawn."""

    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHeard:
    """A number heard on a topic that the configuration names as a price."""

    topic: str
    value: float
