"""Settlement: exact money and the energy by which delivery left the position.

Energy is quantity x milliseconds, money price x quantity x milliseconds, both integers; only
``Product.money`` turns money into currency, for statements.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.model.position import Position, PositionStep
from gateway.model.product import Product
from gateway.model.settlement import Delivery, DeliveryQuality, DeviationRule, Settlement
from gateway.model.time import MILLISECOND, Instant, Interval
from gateway.model.transaction import Transaction


def cost(transactions: Iterable[Transaction]) -> int:
    """What the transactions cost together, exact money: pays +, earns -."""
    return sum(transaction.money for transaction in transactions)


def costs(transactions: Iterable[Transaction]) -> dict[str, int]:
    """What each party pays (+) or earns (-), exact money; all together are zero."""
    total: defaultdict[str, int] = defaultdict(int)
    for transaction in transactions:
        total[transaction.party] += transaction.money
    return dict(sorted(total.items()))


def energy(steps: Iterable[PositionStep], interval: Interval) -> int:
    """Quantity x milliseconds of a step function inside ``interval`` (BUY +, SELL -)."""
    parts = ((step.quantity, step.interval.overlap(interval)) for step in steps)
    return sum(q * (part.duration // MILLISECOND) for q, part in parts if part is not None)


def deviation(delivered: Iterable[PositionStep], position: Position, interval: Interval) -> int:
    """Delivered minus traded energy inside ``interval``, quantity x milliseconds.

    Positive: the party drew more, or fed in less, than it had traded.

    Args:
        delivered: the metered flow in the product's integers, passive sign.
        position: of the party over at least ``interval``.
        interval: to settle.
    """
    return energy(delivered, interval) - energy(position.steps, interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What a party's meter says of a window, in the product's integers.

    Attributes:
        quantities: mean of each interval of the window, signed as a position.
        counted, missing, quality: as of ``Delivery``.
    """

    party: str
    meter: str
    quantities: tuple[int, ...]
    counted: int | None = None
    missing: int = 0
    quality: DeliveryQuality = DeliveryQuality.MEASURED


def settle(
    product: Product,
    window: Interval,
    *,
    flows: Iterable[Flow],
    positions: Mapping[str, Position],
    prices: Sequence[int],
    rest: str,
) -> tuple[Delivery, ...]:
    """Every metered party's delivery and, last, that of ``rest``: all deviations sum to zero.

    Whoever has no meter counts as delivering what it traded.  ``rest`` answers for what nobody
    measured: its energy and its money are the opposite of everybody else's.

    Args:
        product: whose ``settlement`` prices a deviation.
        window: whole intervals of the product.
        flows: one per metered party, none of ``rest``.
        positions: of every party over the window; together they are zero.
        prices: of each interval of the window, the product's integers.
        rest: the party of the unmetered rest.
    """
    metered = [_delivery(product, window, flow, positions, prices) for flow in flows]
    known = {one.party for one in metered} | {rest}
    traded = {party: energy(held.steps, window) for party, held in positions.items()}
    unmetered = sum(amount for party, amount in traded.items() if party not in known)
    return (
        *metered,
        Delivery(
            party=rest,
            product=product.id,
            meter="",
            interval=window,
            step=product.interval,
            quantities=(),
            delivered=-unmetered - sum(one.delivered for one in metered),
            position=-unmetered - sum(one.position for one in metered),
            deviation=-sum(one.deviation for one in metered),
            money=-sum(one.money for one in metered),
            counted=None,
            missing=0,
            quality=DeliveryQuality.REST,
        ),
    )


def _delivery(
    product: Product,
    window: Interval,
    flow: Flow,
    positions: Mapping[str, Position],
    prices: Sequence[int],
) -> Delivery:
    held, length = positions.get(flow.party), product.interval // MILLISECOND
    starts = range(window.start, window.end, product.interval)
    parts = (Interval(Instant(s), Instant(s + product.interval)) for s in starts)
    traded = [0 if held is None else energy(held.steps, part) for part in parts]
    delivered = [quantity * length for quantity in flow.quantities]
    apart = [d - t for d, t in zip(delivered, traded, strict=True)]
    terms = product.settlement or Settlement()
    owed = (deviation_money(d, price, terms) for d, price in zip(apart, prices, strict=True))
    return Delivery(
        party=flow.party,
        product=product.id,
        meter=flow.meter,
        interval=window,
        step=product.interval,
        quantities=flow.quantities,
        delivered=sum(delivered),
        position=sum(traded),
        deviation=sum(apart),
        money=sum(owed),
        counted=flow.counted,
        missing=flow.missing,
        quality=flow.quality,
    )


def deviation_money(amount: int, price: int, terms: Settlement) -> int:
    """What a deviation of one interval costs, exact money: pays +, earns -.

    ``clearing-price``: as if it had been traded at the interval's price.  ``two-price``: dearer by
    the surcharge for whoever drew more than it traded, and paid less by it for whoever drew less.
    """
    match terms.deviation:
        case DeviationRule.NONE:
            return 0
        case DeviationRule.CLEARING_PRICE:
            return amount * price
        case DeviationRule.TWO_PRICE:
            return amount * price + abs(amount) * terms.surcharge
