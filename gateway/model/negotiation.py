"""What parties ask about quotes, already parsed; journalled as it is given to the market."""

from dataclasses import dataclass

from gateway.model.quote import Quote, Rfq
from gateway.model.tender import Tender
from gateway.model.time import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateQuote:
    """EiCreateQuote."""

    party: str
    request_id: str
    quote: Quote

    @property
    def product(self) -> str:
        """Whose market it is for."""
        return self.quote.product


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRfq:
    """EiCreateRfq."""

    party: str
    request_id: str
    rfq: Rfq

    @property
    def product(self) -> str:
        """Whose market it is for."""
        return self.rfq.product


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelQuotes:
    """EiCancelQuote: quotes and requests by the ids that the party or the market gave them."""

    party: str
    request_id: str
    product: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptQuote:
    """EiAcceptQuote.

    Attributes:
        quote: the market's id of it.
        tender: what the party would trade: the opposite side, at most the quoted quantity, a
            price at least as good as the quoted one.
        interval: that it takes the quote to be for; None: it does not say.
    """

    party: str
    request_id: str
    product: str
    quote: str
    tender: Tender
    interval: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectQuote:
    """EiRejectQuote, by the party that a quote is for; ``quote`` is the market's id."""

    party: str
    request_id: str
    product: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveQuotes:
    """The party is gone: what it quotes and asks for is withdrawn, SUPERVISORY."""

    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndQuotes:
    """Quotes and requests whose time is over end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoAccept:
    """An acceptance never became durable: it is undone by opposite transactions.

    Attributes:
        quantity: that had been traded.
    """

    accepted: AcceptQuote
    quantity: int


QuoteRequest = CreateQuote | CreateRfq | CancelQuotes | AcceptQuote | RejectQuote
"""What a party can ask."""

Negotiation = (
    CreateQuote
    | CreateRfq
    | CancelQuotes
    | AcceptQuote
    | RejectQuote
    | LeaveQuotes
    | EndQuotes
    | UndoAccept
)
"""What a market can be told about its quotes."""
