"""The mechanism port: how tenders of one instrument become a price and fills."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.model.clearing import ClearingType, MarginalTender
from gateway.model.errors import InvariantBroken
from gateway.model.product import Product
from gateway.model.tender import Party, Side, Tender


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One piece of what a party would trade now; compared by identity.

    Attributes:
        tender: the tender it is a piece of; None for a must-trade rest of netting.
        side, price, quantity: of the piece.  They differ from the tender's where the piece
            gives back a part of a standing position.
        sequence: order of arrival, the last tie-break; unique per tender.
        closing: gives back what an earlier clearing bought or sold at the same limit.  The party
            is indifferent at exactly that price, so there the piece serves a need but never
            makes one: it does not trade with another step at its own price.
    """

    party: Party
    tender: Tender | None
    side: Side
    price: int
    quantity: int
    sequence: int
    closing: bool = False

    @property
    def all_or_none(self) -> bool:
        """Whether it is filled whole or not at all."""
        return self.tender is not None and self.tender.all_or_none

    @property
    def tender_id(self) -> str:
        """The party's id of its tender, empty for a must-trade rest."""
        return "" if self.tender is None else self.tender.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one clearing decided.

    Attributes:
        price: None only with type EMPTY.  Where fills have prices of their own, that of the pair
            that trades last.
        low, high: the range of equilibrium prices; None where nothing was traded.
        fills: (step, quantity > 0) in order of sequence; bought equals sold.
        prices: of each fill, where they differ; empty where all pay ``price``.  What the buyers
            pay equals what the sellers get.  A step then has a fill for each of its prices.
        rejected: in-the-money all-or-none steps that were left out, in order of sequence.
        exact: whether the all-or-none steps were chosen by largest welfare.
    """

    price: int | None
    low: int | None
    high: int | None
    quantity: int
    type: ClearingType
    fills: tuple[tuple[Step, int], ...] = ()
    prices: tuple[int, ...] = ()
    marginal: tuple[MarginalTender, ...] = ()
    next_cheaper: MarginalTender | None = None
    next_dearer: MarginalTender | None = None
    rejected: tuple[Step, ...] = ()
    exact: bool = True

    @property
    def filled(self) -> dict[Step, int]:
        """What each step got in all."""
        if not self.prices:
            return dict(self.fills)
        totals: dict[Step, int] = {}
        for step, quantity in self.fills:
            totals[step] = totals.get(step, 0) + quantity
        return totals

    @property
    def priced(self) -> tuple[tuple[Step, int, int], ...]:
        """(step, quantity, price) of each fill.

        Raises:
            InvariantBroken: bought and sold differ, or what is paid and what is received.
        """
        prices = self.prices or (self.price or 0,) * len(self.fills)
        fills = tuple((s, q, p) for (s, q), p in zip(self.fills, prices, strict=True))
        apart = sum(step.side.sign * quantity for step, quantity, _ in fills)
        owed = sum(step.side.sign * quantity * price for step, quantity, price in fills)
        if apart or owed or (fills and self.price is None):
            message = f"bought and sold differ by {apart}, paid and received by {owed}"
            raise InvariantBroken(message)
        return fills


class ClearingBook(Protocol):
    """The steps of one instrument, always ready to be cleared.  Clearing changes nothing in it."""

    def add(self, step: Step) -> None:
        """Take the step in; its price and quantity satisfy the product's terms."""
        ...

    def remove(self, step: Step) -> None:
        """Take out exactly the step that was added."""
        ...

    def price(self) -> int | None:
        """The price ``clear`` would find now, without allocation."""
        ...

    def clear(self) -> Outcome:
        """The outcome for the steps that are in.

        Raises:
            InvariantBroken: bought and sold differ.
        """
        ...


class Matching(StrEnum):
    """When tenders of a mechanism are matched."""

    GATE = "gate"
    """All of an interval together, when its gate closes; parties may state whole requirements."""
    ARRIVAL = "arrival"
    """Each as it is submitted, until the gate closes."""
    QUOTES = "quotes"
    """Never by themselves: parties accept each other's quotes."""


class Mechanism(Protocol):
    """A named rule of clearing; pure, the same steps give the same outcome.

    Attributes:
        name: as in ``Product.mechanism``.
        matching: when its tenders are matched.
        price_rules: that a product may choose from, its own first; empty: it needs none.
    """

    @property
    def name(self) -> str:
        """As in ``Product.mechanism``."""
        ...

    @property
    def matching(self) -> Matching:
        """When its tenders are matched."""
        ...

    @property
    def price_rules(self) -> tuple[str, ...]:
        """That a product may choose from, its own first; empty: it needs none."""
        ...

    def open_book(self, product: Product) -> ClearingBook:
        """An empty book under the product's terms.

        Raises:
            ValueError: terms the mechanism does not know.
        """
        ...
