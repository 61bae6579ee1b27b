"""Statements: what a party bought, sold, delivered and owes for one day."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One party's day in one product; units and signs as of ``Delivery``.

    Attributes:
        bought, sold: energy, both >= 0; ``bought_money`` is paid, ``sold_money`` earned: negative
            where the price was.
        transactions: how many.
        delivered, deviation, deviation_money: of the quarter hours settled so far.
    """

    bought: int = 0
    sold: int = 0
    bought_money: int = 0
    sold_money: int = 0
    transactions: int = 0
    delivered: int = 0
    deviation: int = 0
    deviation_money: int = 0

    @property
    def money(self) -> int:
        """What the party pays (+) or is paid (-) in all."""
        return self.bought_money - self.sold_money + self.deviation_money


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One party's day, by product id.

    Attributes:
        day: ``YYYYMMDD`` in the area's zone.
        closed: whether the day is over and all of it is settled.
        at: when it was made.
    """

    party: str
    day: str
    accounts: tuple[tuple[str, Account], ...]
    closed: bool
    at: Instant


Accounts = Mapping[str, Mapping[str, Account]]
"""By party and product id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDays:
    """Days that are not closed yet, as of journal row ``seq``: later rows are not in them."""

    seq: int
    days: Mapping[str, Accounts]
