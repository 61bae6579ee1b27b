"""Pairing: which buyer's fill stands opposite which seller's, where parties settle as peers."""

from collections.abc import Iterator, Sequence

from gateway.model.tender import Side
from gateway.ports.mechanism import Step

Fill = tuple[Step, int, int]
"""(step, quantity, price)"""


def paired(fills: Sequence[Fill], market: str) -> Iterator[tuple[Step, int, int, str]]:
    """(step, quantity, price, counter party) of every piece of every fill, in the fills' order.

    Buyers and sellers are walked through from the dearest down, each in the order of its fill, so
    the same fills always pair the same way; quantities stay whole lots because fills are.  Each
    side keeps its own price, so a party's totals are those without pairing.  What could only be
    paired with its own party stands opposite the market.
    """
    opposite: list[list[tuple[int, str]]] = [[] for _ in fills]
    left = [quantity for _, quantity, _ in fills]
    sellers = _ordered(fills, Side.SELL)
    for buyer in _ordered(fills, Side.BUY):
        for seller in _others(fills, left, sellers, buyer):
            quantity = min(left[buyer], left[seller])
            for one, other in ((buyer, seller), (seller, buyer)):
                opposite[one].append((quantity, fills[other][0].party.id))
                left[one] -= quantity
            if not left[buyer]:
                break
        sellers = [seller for seller in sellers if left[seller]]
    for (step, _, price), pieces, rest in zip(fills, opposite, left, strict=True):
        for quantity, party in [*pieces, *([(rest, market)] if rest else [])]:
            yield step, quantity, price, party


def _ordered(fills: Sequence[Fill], side: Side) -> list[int]:
    found = [index for index, (step, _, _) in enumerate(fills) if step.side is side]
    return sorted(found, key=lambda index: (-fills[index][2], index))


def _others(
    fills: Sequence[Fill], left: Sequence[int], sellers: Sequence[int], buyer: int
) -> Iterator[int]:
    """Sellers with something left that are not the buyer itself."""
    own = fills[buyer][0].party.id
    return (s for s in sellers if left[s] and fills[s][0].party.id != own)
