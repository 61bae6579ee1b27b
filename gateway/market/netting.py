"""Netting: a party's whole requirement minus what it already holds, as steps to clear.

Each tender occupies a piece of the quantity axis, from -sum(SELL) to +sum(BUY), dearer pieces
further down.  What lies above the standing position is still to be bought, what lies below could
be sold again.  A position outside the axis must be traded back into it.
"""

from collections.abc import Iterator, Sequence

from gateway.market.grid import PriceGrid
from gateway.model.tender import Party, Side, Tender
from gateway.ports.mechanism import Step

Numbered = tuple[int, Tender]
"""A tender with its sequence number."""


def pieces(numbered: Sequence[Numbered]) -> Iterator[tuple[int, Tender, int, int]]:
    """(sequence, tender, from, to) of each tender's piece of the quantity axis, from < to.

    Equal prices: the earlier sequence lies nearer to zero.
    """
    buys = [pair for pair in numbered if pair[1].side is Side.BUY]
    sells = [pair for pair in numbered if pair[1].side is Side.SELL]
    reached = 0
    for sequence, tender in sorted(buys, key=lambda pair: (-pair[1].price, pair[0])):
        yield sequence, tender, reached, reached + tender.quantity
        reached += tender.quantity
    reached = 0
    for sequence, tender in sorted(sells, key=lambda pair: (pair[1].price, pair[0])):
        yield sequence, tender, reached - tender.quantity, reached
        reached -= tender.quantity


def net(
    party: Party, numbered: Sequence[Numbered], position: int, grid: PriceGrid, sequence: int
) -> list[Step]:
    """The steps that bring the party from ``position`` to its requirement.

    Args:
        party: whose requirement it is.
        numbered: its tenders; no BUY as dear as a SELL.
        position: what it holds (BUY +, SELL -).
        grid: of the product; a position that must be left trades at its floor or cap.
        sequence: of the must-trade rest.
    """
    steps: list[Step] = []
    lowest = highest = 0
    for number, tender, start, end in pieces(numbered):
        lowest, highest = min(lowest, start), max(highest, end)
        buying = end - max(start, position)
        selling = min(end, position) - start
        if buying > 0:
            closing = tender.side is Side.SELL
            steps.append(Step(party, tender, Side.BUY, tender.price, buying, number, closing))
        if selling > 0:
            closing = tender.side is Side.BUY
            steps.append(Step(party, tender, Side.SELL, tender.price, selling, number, closing))
    if position > highest:
        steps.append(Step(party, None, Side.SELL, grid.floor, position - highest, sequence))
    if position < lowest:
        steps.append(Step(party, None, Side.BUY, grid.cap, lowest - position, sequence))
    return steps


def filled(numbered: Sequence[Numbered], position: int) -> list[tuple[Tender, int]]:
    """How much of each tender a total ``position`` fills."""
    found = []
    for _, tender, start, end in pieces(numbered):
        taken = (
            min(end, position) - start if tender.side is Side.BUY else end - max(start, position)
        )
        found.append((tender, max(0, taken)))
    return found
