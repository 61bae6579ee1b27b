"""Settlement: who stands opposite, what a deviation costs, and what was delivered."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.time import Duration, Interval


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
