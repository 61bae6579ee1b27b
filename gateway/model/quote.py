"""Quotes and requests for quotes: how parties look for a price before anybody is bound.

Source: OASIS Common Transactive Services 1.0, EiQuoteType, EiRfqType and the quote facet.
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.tender import Side, Tender
from gateway.model.time import Instant, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price somebody would trade at.

    Attributes:
        tender: side, price and quantity of the quoter; its id is the quoter's quoteId.
        tradeable: it can be accepted; otherwise it is an indication.
        private: only ``to`` sees it.
        rfq: market id of the request it answers, empty if it answers none.
        to: the only party that may accept it; empty: everybody.
    """

    party: str
    product: str
    interval: Interval
    tender: Tender
    tradeable: bool = True
    private: bool = False
    rfq: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rfq:
    """A request for quotes.

    Attributes:
        id: given by the party that asks.
        side: what it wants to do; quotes that answer have the other one.
        within: quotes are for instruments inside it.
        quantity: in each instrument, the product's integer.
        price: that it has in mind, the product's integer; None: it does not say.
        expiration: None = the last gate inside ``within``.
        to: the only party that is asked, and sees it; empty: everybody.
        tradeable_only: answers have to be tradeable.
        private_answers: answers are seen by the party that asks only.
    """

    id: str
    party: str
    product: str
    side: Side
    within: Interval
    quantity: int
    price: int | None = None
    expiration: Instant | None = None
    to: str = ""
    tradeable_only: bool = False
    private_answers: bool = False


class Ending(StrEnum):
    """Why a quote or a request for quotes stands no more."""

    FILLED = "FILLED"
    REQUESTED = "REQUESTED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    SUPERVISORY = "SUPERVISORY"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteChanged:
    """A quote came, was accepted in part, or ended.

    Attributes:
        id: given by the market, ``<area>-q-<epoch>-<seq>``.
        remaining: what of its quantity can still be accepted.
        ending: None while it stands.
    """

    id: str
    quote: Quote
    remaining: int
    ending: Ending | None = None

    @property
    def party(self) -> str:
        """Who quotes."""
        return self.quote.party

    @property
    def product(self) -> str:
        """What is quoted."""
        return self.quote.product


@dataclass(frozen=True, slots=True, kw_only=True)
class RfqChanged:
    """A request for quotes came or ended.

    Attributes:
        id: given by the market, ``<area>-rfq-<epoch>-<seq>``.
        ending: None while it stands.
    """

    id: str
    rfq: Rfq
    ending: Ending | None = None

    @property
    def party(self) -> str:
        """Who asks."""
        return self.rfq.party

    @property
    def product(self) -> str:
        """What it asks for."""
        return self.rfq.product


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRejected:
    """The party that a quote is for does not want it."""

    party: str
    product: str
    quote: QuoteChanged
