"""Which all-or-none steps are filled: the selection of largest welfare that one price supports.

Selected blocks trade in any case and the divisible steps balance them.  Welfare then depends on
the divisible steps only through the net quantity the blocks inject, and is concave in it; so a
depth-first search bounded at one Lagrange price cuts most of the 2^n selections.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from gateway.market.curves import ABOVE, Curves
from gateway.market.grid import PriceGrid
from gateway.model.tender import Side
from gateway.ports.mechanism import Step

EXACT_UP_TO = 20


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """An all-or-none step and its place on the grid."""

    step: Step
    place: int

    @property
    def injected(self) -> int:
        """What it puts into the market: SELL +, BUY -."""
        return -self.step.side.sign * self.step.quantity

    @property
    def edge(self) -> tuple[int, int]:
        """The places (at least, at most) between which a price does not make it lose."""
        return (self.place, ABOVE) if self.step.side is Side.SELL else (-1, self.place)

    def gain(self, price: int) -> int:
        """Surplus of filling it at ``price``; negative if it loses."""
        return self.step.side.sign * self.step.quantity * (self.step.price - price)


class Residual:
    """The divisible steps as a function of what the blocks inject."""

    def __init__(self, grid: PriceGrid, quantities: Iterable[tuple[int, int]]) -> None:
        """Take (place, quantity) of the divisible steps; places may repeat."""
        ordered = sorted(quantities)
        self._places = [place for place, _ in ordered]
        self._units = list(accumulate((quantity for _, quantity in ordered), initial=0))
        self._bought = sum(quantity for place, quantity in ordered if place & 1)
        self.prices = [grid.price(place) for place in self._places]
        worth = (p * q for p, (_, q) in zip(self.prices, ordered, strict=True))
        self._worth = list(accumulate(worth, initial=0))

    def supported(self, edge: tuple[int, int]) -> tuple[int, int]:
        """The least and most that may be injected so that the crossing touches ``edge``."""
        return (
            self._bought - self._units[bisect_right(self._places, edge[1])],
            self._bought - self._units[bisect_left(self._places, edge[0])],
        )

    def welfare(self, injected: int) -> int:
        """Surplus of the divisible steps, up to a constant, when they balance ``injected``."""
        passed = self._bought - injected
        index = bisect_right(self._units, passed) - 1
        rest = passed - self._units[index]
        return -(self._worth[index] + (rest * self.prices[index] if rest else 0))

    def dual(self, price: int) -> int:
        """The largest ``welfare(injected) - price * injected`` over all that can be injected."""
        injected = self._bought - self._units[bisect_right(self.prices, price)]
        return self.welfare(injected) - price * injected


def select(
    blocks: Sequence[Block], curves: Curves, grid: PriceGrid, divisible: Iterable[tuple[int, int]]
) -> tuple[list[Block], bool]:
    """The blocks to fill, and whether the choice is exact (up to ``EXACT_UP_TO`` blocks).

    Equal welfare: the selection with the earlier sequence; filling before not filling.

    Args:
        blocks: all of the book.
        curves: its divisible steps; unchanged afterwards.
        grid: of the product.
        divisible: the divisible steps again, as (place, quantity).
    """
    ordered = sorted(blocks, key=lambda block: block.step.sequence)
    if len(ordered) > EXACT_UP_TO:
        return _remove_one_by_one(ordered, curves), False
    return _Search(ordered, Residual(grid, divisible)).best(), True


@dataclass(frozen=True, slots=True)
class _Node:
    """A partial selection: its value, what it injects and the price places it supports."""

    value: int
    injected: int
    edge: tuple[int, int]
    chosen: tuple[Block, ...]

    def accept(self, block: Block, gain: int) -> "_Node":
        edge = block.edge
        return _Node(
            self.value + gain,
            self.injected + block.injected,
            (max(self.edge[0], edge[0]), min(self.edge[1], edge[1])),
            (*self.chosen, block),
        )


class _Search:
    """Depth first over the blocks; a value carries the tie-break in its low bits."""

    def __init__(self, blocks: list[Block], residual: Residual) -> None:
        count = len(blocks)
        price = _relaxed_price(blocks, residual)
        valued = [
            ((block.gain(price) << count) + (1 << (count - 1 - i)), block)
            for i, block in enumerate(blocks)
        ]
        self._valued = sorted(valued, key=lambda item: -abs(item[0]))
        self._hope = _rest_sums(max(0, value) for value, _ in self._valued)
        self._more = _rest_sums(max(0, block.injected) for _, block in self._valued)
        self._less = _rest_sums(min(0, block.injected) for _, block in self._valued)
        self._residual, self._price, self._shift = residual, price, count
        self._dual = residual.dual(price) << count
        self._best: int | None = None
        self._chosen: tuple[Block, ...] = ()

    def best(self) -> list[Block]:
        self._descend(0, _Node(0, 0, (-1, ABOVE), ()))
        return list(self._chosen)

    def _descend(self, depth: int, node: _Node) -> None:
        if not self._promising(depth, node):
            return
        if depth == len(self._valued):
            own = self._residual.welfare(node.injected) - self._price * node.injected
            welfare = (own << self._shift) + node.value
            if self._best is None or welfare > self._best:
                self._best, self._chosen = welfare, node.chosen
            return
        gain, block = self._valued[depth]
        branches = (node.accept(block, gain), node)
        for branch in branches if gain > 0 else reversed(branches):
            self._descend(depth + 1, branch)

    def _promising(self, depth: int, node: _Node) -> bool:
        if node.edge[0] > node.edge[1]:
            return False
        if self._best is not None and self._dual + node.value + self._hope[depth] <= self._best:
            return False
        least, most = self._residual.supported(node.edge)
        return (
            node.injected + self._less[depth] <= most and node.injected + self._more[depth] >= least
        )


def _rest_sums(values: Iterable[int]) -> list[int]:
    return list(accumulate(reversed(list(values)), initial=0))[::-1]


def _relaxed_price(blocks: list[Block], residual: Residual) -> int:
    """The price if every block could be split, where the bound of the search is tight.

    The bound is convex in the price with corners at the steps' prices only.
    """

    def bound(price: int) -> int:
        return residual.dual(price) + sum(max(0, block.gain(price)) for block in blocks)

    corners = sorted({*residual.prices, *(block.step.price for block in blocks)})
    first, last = 0, len(corners) - 1
    while first < last:
        middle = (first + last) // 2
        if bound(corners[middle]) <= bound(corners[middle + 1]):
            last = middle
        else:
            first = middle + 1
    return corners[first]


def _remove_one_by_one(blocks: list[Block], curves: Curves) -> list[Block]:
    """Clear as if blocks could be split and take out those not filled whole, worst first.

    Taking out a block that is not filled at all moves nothing, so those go together.
    """
    standing = dict.fromkeys(blocks)
    for block in blocks:
        curves.add(block.place, block.step.quantity)
    while left_out := _left_out(list(standing), curves):
        for block in left_out:
            curves.add(block.place, -block.step.quantity)
            del standing[block]
    for block in standing:
        curves.add(block.place, -block.step.quantity)
    return list(standing)


def _left_out(blocks: list[Block], curves: Curves) -> set[Block]:
    crossing = curves.crossing()
    if crossing is None:
        return set()
    low, high = crossing.low, crossing.high
    unfilled = {
        block
        for block in blocks
        if (block.place > low if block.step.side is Side.SELL else block.place < high)
    }
    at_margin = [block for block in blocks if block.place == low == high]
    excess = sum(block.step.quantity for block in at_margin) - crossing.partial
    while excess > 0:
        latest = at_margin.pop()
        excess -= latest.step.quantity
        unfilled.add(latest)
    return unfilled
