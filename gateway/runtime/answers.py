"""Which events of a market's answer are told to the party that asked; the rest happened beside."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from gateway.model.event import Accepted, Cancelled, MarketEvent, Refused
from gateway.model.negotiation import (
    AcceptQuote,
    CancelQuotes,
    CreateQuote,
    CreateRfq,
    Negotiation,
    RejectQuote,
)
from gateway.model.quote import Ending, QuoteChanged, QuoteRejected, RfqChanged
from gateway.model.request import Outcome, Reply
from gateway.model.transaction import Transaction
from gateway.ports.journal import Row
from gateway.runtime.rows import CancelAsked, Happened, Input, Negotiated, Submitted, read_body


def told(given: Input, events: Sequence[MarketEvent]) -> tuple[Outcome, ...]:
    """A submission is answered by what was taken, a cancellation by what was cancelled."""
    found = (event for event in events if _answers(given, event))
    return cast("tuple[Outcome, ...]", tuple(found))


def _answers(given: Input, event: MarketEvent) -> bool:
    match given:
        case _ if isinstance(event, Refused):
            return True
        case Submitted():
            return isinstance(event, Accepted)
        case CancelAsked():
            return isinstance(event, Cancelled)
        case Negotiated(asked=asked):
            return _answers_quote(asked, event)
        case _:
            return False


def _answers_quote(asked: Negotiation, event: MarketEvent) -> bool:
    match asked, event:
        case CreateQuote(quote=wanted), QuoteChanged(quote=quoted, ending=None):
            return replace(quoted, to=wanted.to) == wanted
        case CreateRfq(rfq=wanted), RfqChanged(rfq=standing, ending=None):
            return standing == wanted
        case CancelQuotes(party=party), QuoteChanged() | RfqChanged():
            return event.party == party and event.ending is Ending.REQUESTED
        case AcceptQuote(party=asking), Transaction(party=party):
            return party == asking
        case RejectQuote(), QuoteRejected():
            return True
        case _:
            return False


class Unanswered:
    """Follows the rows of a journal: the newest request that was decided and has no reply.

    Its party was told nothing and asks again; what it accepted must not be traded twice.
    """

    def __init__(self) -> None:
        self._input: Row | None = None
        self._happened: Row | None = None

    def take(self, row: Row, inputs: type[Input] | None) -> None:
        """The next row; ``inputs`` is what its body holds if it is an input."""
        if inputs is not None:
            self._input, self._happened, self._cls = row, None, inputs
        elif row.kind == "event":
            self._happened = row
        elif row.kind in {"reply", "start"}:
            self._input = None

    def reply(self, owed: Happened | None) -> Reply | None:
        """The reply that a crash cut off; ``owed`` where it cut off the events as well."""
        if self._input is None:
            return None
        given = read_body(self._cls, self._input)
        asked = _asked(given)
        if asked is None:
            return None
        if owed is None and self._happened is not None:
            owed = read_body(Happened, self._happened)
        events = () if owed is None else owed.events
        party, request = asked
        return Reply(
            party=party, request_id=request, at=self._input.now, outcomes=told(given, events)
        )


def _asked(given: Input) -> tuple[str, str] | None:
    """Party and request id; None where no party asked."""
    match given:
        case Submitted(tenders=tenders, request=str(request)):
            return tenders.party, request
        case CancelAsked(party=party, request=str(request)):
            return party, request
        case Negotiated(
            asked=(
                CreateQuote() | CreateRfq() | CancelQuotes() | AcceptQuote() | RejectQuote()
            ) as asked
        ):
            return asked.party, asked.request_id
        case _:
            return None
