"""What a counter of the desk is: it decides one kind of request, and records what it did."""

from dataclasses import dataclass
from typing import Any, Protocol

from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.product import Product
from gateway.model.request import Outcome, Reply, Request
from gateway.model.time import Instant, Interval


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a request.

    Attributes:
        seq: of the row that must be durable before the reply leaves; 0: nothing was recorded.
        took: whether there is something to take back when that row never becomes durable.
    """

    reply: Reply
    seq: int = 0
    took: bool = False


class Counter(Protocol):
    """Decides requests of one kind; nothing is awaited between reading and changing state."""

    def closed(self, request: Any, now: Instant) -> str:  # noqa: ANN401 - its own kind
        """Why such requests are not taken now, a sentence; empty: they are."""
        ...

    def decide(self, request: Any, now: Instant) -> Decision:  # noqa: ANN401
        """Do what is asked, or refuse it."""
        ...

    def take_back(self, request: Any) -> None:  # noqa: ANN401
        """Undo a decision that ``took``: it never became durable, and its party is told so."""
        ...

    def withdraw(self, party: str) -> None:
        """Let go of all that a silent party has here, SUPERVISORY."""
        ...


def is_ahead(product: Product, interval: Interval, now: Instant) -> bool:
    """Whether the interval is beyond the one whose gate comes next."""
    return interval.start > product.next_interval(Instant(now + product.gate_lead)).start


def replied(request: Request, now: Instant, outcomes: tuple[Outcome, ...]) -> Reply:
    """The answer to the request."""
    return Reply(party=request.party, request_id=request.request_id, at=now, outcomes=outcomes)


def refused(
    request: Request, now: Instant, code: ResponseCode, why: str, *, term: str = ""
) -> Reply:
    """The answer to a request of which nothing was taken."""
    missing = code is ResponseCode.NOT_FOUND
    one = Refused(
        party=request.party,
        product=request.product,
        code=code,
        detail=Detail.INVALID_REFERENCE if missing else Detail[code.name],
        description=why,
        term=term,
    )
    return replied(request, now, (one,))
