"""Tenders: what a party offers to buy or sell.

A demand curve is a set of step tenders.  Quantities are positive with a side;
prices and quantities are the product's integers.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from gateway.model.terms import PriceBase
from gateway.model.time import Instant, Interval


class Side(StrEnum):
    """Source: CTS SideType."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL: the sign of a position."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """Who trades with it."""
        return Side.SELL if self is Side.BUY else Side.BUY


class TieClass(IntEnum):
    """Who is filled first among steps exactly at the price: lower first."""

    LOCAL = 0
    INTERTIE = 1
    GRID = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who trades.

    Attributes:
        id: one name in the area; a device's agent has the device's id.
        tie_class: its place at the margin.
        outside: over MQTT, or one of the gateway's own agents.
        max_open_tenders: budget; more are refused with RULES_VIOLATION.
    """

    id: str
    tie_class: TieClass = TieClass.LOCAL
    outside: bool = False
    max_open_tenders: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """One step.

    Attributes:
        id: given by the tenderer, unique per party: ``[A-Za-z0-9._~-]{1,64}``.
        price: limit, integer, inclusive (BUY at most, SELL at least).
        quantity: positive integer, whole lots.
        all_or_none: filled whole or not at all.
        expiration: the tender takes part only in clearings before it; None = end of interval.
        warrants: what a SELL carries, or a BUY asks for, in order.
        instructions: CTS executionInstructions, one character each.
        stream: id of the stream tender it is one interval of.
        exclusive: tenders of the party with the same word are alternatives: at most one of them
            executes, in part or whole.
        base: how ``price`` was stated if it was not stated as a number.
    """

    id: str
    side: Side
    price: int
    quantity: int
    all_or_none: bool = False
    expiration: Instant | None = None
    warrants: tuple[str, ...] = ()
    instructions: str = ""
    stream: str = ""
    exclusive: str = ""
    base: PriceBase | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderSet:
    """A party's tenders for one instrument.

    Attributes:
        netting: True states the party's *whole* requirement: the exchange clears it minus the
            standing position, and the set replaces the party's former set for the instrument.
            False are CTS increments: they are added to what the party already tenders.
        revision: of a netting set; an older or equal one is refused.
    """

    party: str
    product: str
    interval: Interval
    tenders: tuple[Tender, ...]
    netting: bool = False
    revision: int = 0
