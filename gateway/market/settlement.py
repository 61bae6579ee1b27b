"""Settlement: exact money and the energy by which delivery left the position.

Energy is quantity x milliseconds, money price x quantity x milliseconds, both integers; only
``Product.money`` turns money into currency, for statements.
"""

from collections import defaultdict
from collections.abc import Iterable

from gateway.model.position import Position, PositionStep
from gateway.model.time import MILLISECOND, Interval
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
