"""The price rule of GridLAB-D's auction: beside the next bid rather than on it.

Where the quantities meet and the prices do not, the middle is taken, unless a bid that was left
out lies nearer: then the price stands one tick beside it, so that it is not called.  Where one
side would trade at any price, the price stands next to what was left out.

Source: GridLAB-D, market module, class auction; its offset of 1e-4 is a tick here.
"""

from collections.abc import Collection
from typing import Final

from gateway.market.grid import PriceGrid
from gateway.model.tender import Side
from gateway.ports.mechanism import Step

NAME: Final = "gridlabd"


def price(traded: Collection[Step], left: Collection[Step], grid: PriceGrid) -> int:
    """The price where the quantities meet.

    Args:
        traded: steps of both sides, filled.
        left: steps that were not, or not in full.
        grid: whose cap and floor are the prices of those who trade at any.
    """
    buy = min(step.price for step in traded if step.side is Side.BUY)
    sell = max(step.price for step in traded if step.side is Side.SELL)
    above, below = _beside(left, grid)
    if buy == grid.cap and sell > grid.floor:
        return max(above, sell)
    if sell == grid.floor and buy < grid.cap:
        return min(below, buy)
    middle = (buy + sell) // (2 * grid.tick) * grid.tick
    return above if above > middle else min(middle, below)


def idle(steps: Collection[Step], grid: PriceGrid) -> int | None:
    """The price where nothing is traded: between the best bids, or beside the only one."""
    above, below = _beside(steps, grid)
    buying, selling = above > grid.floor, below < grid.cap
    if buying and selling:
        return (above + below) // (2 * grid.tick) * grid.tick
    if buying:
        return min(above, grid.cap)
    return max(below, grid.floor) if selling else None


def _beside(left: Collection[Step], grid: PriceGrid) -> tuple[int, int]:
    """A tick above the dearest BUY and one below the cheapest SELL; floor and cap without."""
    buys = (step.price + grid.tick for step in left if step.side is Side.BUY)
    sells = (step.price - grid.tick for step in left if step.side is Side.SELL)
    return max(buys, default=grid.floor), min(sells, default=grid.cap)
