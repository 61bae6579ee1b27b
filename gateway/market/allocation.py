"""Sharing a marginal quantity among steps at one price."""

from collections.abc import Sequence
from itertools import groupby
from math import gcd

from gateway.ports.mechanism import Step


def share(steps: Sequence[Step], quantity: int, lot: int) -> list[tuple[Step, int]]:
    """Fill by class, inside a class pro rata in whole lots; only non-zero fills are returned.

    Lots that do not divide go to the largest remainders, ties to the earlier sequence.  Where
    standing positions of another product left broken lots, the largest unit that divides all
    of them is shared instead.

    Args:
        steps: at one place of the grid.
        quantity: to share, at most the sum of the steps.
        lot: of the product.
    """
    fills: list[tuple[Step, int]] = []
    ranked = sorted(steps, key=lambda step: (step.party.tie_class, step.sequence))
    for _, members in groupby(ranked, key=lambda step: step.party.tie_class):
        same_class = list(members)
        part = min(quantity, sum(step.quantity for step in same_class))
        fills += _pro_rata(same_class, part, lot)
        quantity -= part
    return [(step, filled) for step, filled in fills if filled]


def _pro_rata(steps: list[Step], quantity: int, lot: int) -> list[tuple[Step, int]]:
    offered = sum(step.quantity for step in steps)
    if quantity == offered:
        return [(step, step.quantity) for step in steps]
    unit = gcd(lot, quantity, *(step.quantity for step in steps))
    shares = [divmod(step.quantity * (quantity // unit), offered) for step in steps]
    rest = quantity // unit - sum(whole for whole, _ in shares)
    order = sorted(range(len(steps)), key=lambda i: (-shares[i][1], steps[i].sequence))
    extra = set(order[:rest])
    return [
        (step, (whole + (i in extra)) * unit)
        for i, (step, (whole, _)) in enumerate(zip(steps, shares, strict=True))
    ]
