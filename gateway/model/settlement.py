"""Settlement: who stands opposite, what a deviation costs, and what was delivered."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.time import Duration, Instant, Interval


class CounterParty(StrEnum):
    """Who is named opposite a party: the market, or the party its match came from."""

    MARKET = "market"
    PEER = "peer"


class DeviationRule(StrEnum):
    """At what price a deviation is settled."""

    CLEARING_PRICE = "clearing-price"
    TWO_PRICE = "two-price"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a product is settled.

    Attributes:
        surcharge: integer price >= 0 that goes against whoever deviates; ``two-price`` only.
    """

    counter_party: CounterParty = CounterParty.MARKET
    deviation: DeviationRule = DeviationRule.CLEARING_PRICE
    surcharge: int = 0


class DeliveryQuality(StrEnum):
    """What a delivery rests on.

    ``measured``: power, integrated; ``counted``: the same, brought to the device's energy counter;
    ``estimated``: for part of the time nothing was measured, and that part counts as traded;
    ``rest``: what remains of the others, so that all together are zero.
    """

    MEASURED = "measured"
    COUNTED = "counted"
    ESTIMATED = "estimated"
    REST = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one party delivered over some intervals of a product, and what it owes for the rest.

    Energies are quantity x milliseconds, money is price x quantity x milliseconds, all integers;
    signs as of positions (BUY +): positive energy was drawn, positive money is paid.

    Attributes:
        meter: the device that measured it; empty for the rest.
        interval: whole intervals of the product, each ``step`` long.
        quantities: mean flow of each of them, the product's integers; none for the rest.
        delivered: energy that flowed; ``position``: energy that was traded.
        deviation: delivered minus position.
        money: what the deviation costs.
        counted: energy by the device's counter minus energy by its power, None without a counter.
        missing: milliseconds in which nothing was measured.
    """

    party: str
    product: str
    meter: str
    interval: Interval
    step: Duration
    quantities: tuple[int, ...]
    delivered: int
    position: int
    deviation: int
    money: int
    counted: int | None
    missing: int
    quality: DeliveryQuality


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
