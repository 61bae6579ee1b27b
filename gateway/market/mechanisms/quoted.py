"""Products that are traded by quotes: their tenders never meet each other.

What is quoted, asked for and accepted is judged beside the book; here stands only that no gate
and no arrival matches anything.

Source: docs/mechanisms/quote-driven.md, docs/mechanisms/negotiated.md.
"""

from gateway.model.clearing import ClearingType
from gateway.model.product import Product
from gateway.ports.mechanism import Matching, Outcome, Step

_NOTHING = Outcome(price=None, low=None, high=None, quantity=0, type=ClearingType.EMPTY)


class QuoteDriven:
    """The mechanism ``quote-driven``: makers quote to everybody, takers accept."""

    name = "quote-driven"
    matching = Matching.QUOTES
    price_rules = ()

    def open_book(self, _product: Product) -> "QuotedSteps":
        """An empty book."""
        return QuotedSteps()


class Negotiated(QuoteDriven):
    """The mechanism ``negotiated``: two parties agree between themselves."""

    name = "negotiated"


class QuotedSteps:
    """Steps that wait; nothing comes of them."""

    def __init__(self) -> None:
        self._steps: dict[Step, None] = {}

    def add(self, step: Step) -> None:
        """Take the step in."""
        self._steps[step] = None

    def remove(self, step: Step) -> None:
        """Take out exactly the step that was added."""
        del self._steps[step]

    def price(self) -> int | None:
        """None: a price is agreed on, not found."""
        return None

    def clear(self) -> Outcome:
        """Nothing is traded."""
        return _NOTHING
