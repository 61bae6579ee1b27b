"""One price for everybody: the price at which the most changes hands.

Source: docs/mechanisms/uniform-price.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from gateway.market import gridlabd, price_rules
from gateway.market.allocation import share
from gateway.market.blocks import Block, select
from gateway.market.curves import ABOVE, Crossing, Curves, SortedCurves, Supply
from gateway.market.grid import PriceGrid
from gateway.model.clearing import ClearingType, MarginalTender
from gateway.model.errors import InvariantBroken
from gateway.model.product import Product
from gateway.model.tender import Side
from gateway.ports.mechanism import Matching, Outcome, Step

MARGINAL_SHOWN = 20  # more tenders at the margin are not named one by one
PRICE_RULES: Final = (*price_rules.RULES, gridlabd.NAME)


class UniformPrice:
    """The mechanism ``uniform-price``."""

    name = "uniform-price"
    matching = Matching.GATE
    price_rules = PRICE_RULES

    def open_book(self, product: Product) -> "UniformPriceBook":
        """An empty book under the product's terms.

        Raises:
            ValueError: a price rule that is none of ``PRICE_RULES``.
        """
        price_rules.check(product, PRICE_RULES)
        return UniformPriceBook(product)


@dataclass(frozen=True, slots=True)
class _Solution:
    """The price and what it rests on.

    Attributes:
        crossing: of the divisible steps once the ``blocks`` trade.
        low, high: places that bound the price, blocks included.
    """

    crossing: Crossing
    low: int
    high: int
    price: int | None
    quantity: int
    blocks: tuple[Step, ...]
    exact: bool

    @property
    def partial_place(self) -> int:
        """The place that is partly used, or -2."""
        return self.crossing.low if self.crossing.low == self.crossing.high else -2


class UniformPriceBook:
    """The steps of one instrument, divisible ones also as curves over the price grid."""

    def __init__(self, product: Product) -> None:
        self._grid = PriceGrid.of(product)
        self._lot = product.lot
        # GridLAB-D's rule looks at more than the range.
        self._rule = price_rules.RULES.get(product.price_rule)
        self._divisible: dict[Step, int] = {}
        self._blocks: dict[Step, Block] = {}
        self._sorted: SortedCurves | None = None  # until the next change
        self._curves: Curves | None = None  # two trees: only for a book that is asked for a price

    def add(self, step: Step) -> None:
        """Take the step in."""
        place = self._grid.place(step.side, step.price, closing=step.closing)
        tender = step.tender
        if tender is not None and tender.all_or_none:
            self._blocks[step] = Block(step, place)
            return
        self._divisible[step] = place
        self._sorted = None
        if self._curves is not None:
            self._curves.add(place, step.quantity)

    def remove(self, step: Step) -> None:
        """Take out exactly the step that was added."""
        self._sorted = None
        place = self._divisible.pop(step, None)
        if place is None:
            del self._blocks[step]
        elif self._curves is not None:
            self._curves.add(place, -step.quantity)

    def price(self) -> int | None:
        """The price ``clear`` would find now, without allocation."""
        if self._blocks or self._rule is None:
            return self._solve().price
        crossing = self._trees().crossing()
        return self._price(crossing.low, crossing.high, crossing.sold) if crossing else None

    def clear(self) -> Outcome:
        """The outcome for the steps that are in.

        Raises:
            InvariantBroken: bought and sold differ.
        """
        solution = self._solve()
        fills = self._fills(solution)
        _check_balance(fills, solution.quantity)
        price = solution.price
        if price is None:
            return Outcome(
                price=None,
                low=None,
                high=None,
                quantity=0,
                type=ClearingType.EMPTY,
                rejected=self._rejected(solution),
                exact=solution.exact,
            )
        cheaper, dearer = self._neighbours(price)
        filled = dict(fills)
        traded = solution.quantity > 0
        return Outcome(
            price=price,
            low=self._grid.price(solution.low) if traded else price,
            high=self._grid.price(solution.high) if traded else price,
            quantity=solution.quantity,
            type=self._type(solution),
            fills=fills,
            marginal=self._named({solution.low, solution.high}, filled)[:MARGINAL_SHOWN],
            next_cheaper=next(iter(self._named({cheaper}, filled)), None),
            next_dearer=next(iter(self._named({dearer}, filled)), None),
            rejected=self._rejected(solution),
            exact=solution.exact,
        )

    def _trees(self) -> Curves:
        if self._curves is None:
            self._curves = Curves(4 * self._grid.steps + 3)
            for step, place in self._divisible.items():
                self._curves.add(place, step.quantity)
        return self._curves

    def _summed(self) -> Supply:
        """The trees where there are any, else one sort: most books are cleared once."""
        if self._curves is not None:
            return self._curves
        if self._sorted is None:
            steps = self._divisible.items()
            self._sorted = SortedCurves([(place, step.quantity) for step, place in steps])
        return self._sorted

    def _solve(self) -> _Solution:
        chosen: list[Block] = []
        exact = True
        if self._blocks:
            trees = self._trees()
            quantities = [(place, step.quantity) for step, place in self._divisible.items()]
            chosen, exact = select(tuple(self._blocks.values()), trees, self._grid, quantities)
        crossing = self._summed().crossing(sum(block.injected for block in chosen))
        if crossing is None:
            message = "the selected all-or-none tenders do not balance"
            raise InvariantBroken(message)
        low = max((block.edge[0] for block in chosen), default=-1)
        high = min((block.edge[1] for block in chosen), default=ABOVE)
        low, high = max(low, crossing.low), min(high, crossing.high)
        quantity = crossing.sold + sum(max(0, block.injected) for block in chosen)
        price = self._price(low, high, quantity)
        blocks = tuple(block.step for block in chosen)
        solution = _Solution(crossing, low, high, price, quantity, blocks, exact)
        return solution if self._rule else replace(solution, price=self._gridlabd(solution))

    def _price(self, low: int, high: int, quantity: int) -> int | None:
        if not quantity:
            return self._unserved(low, high)
        grid = self._grid
        rule = self._rule or price_rules.RULES["midpoint"]
        return rule(grid.price(low), grid.price(high), grid.tick)

    def _gridlabd(self, solution: _Solution) -> int | None:
        """The price of a solution by GridLAB-D's rule; what must trade and cannot as elsewhere."""
        if not solution.quantity and solution.price is not None:
            return solution.price
        filled = dict(self._fills(solution))
        steps = (*self._divisible, *self._blocks)
        traded = [step for step in steps if step in filled]
        left = [step for step in steps if filled.get(step, 0) < step.quantity]
        if not solution.quantity:
            return gridlabd.idle(left, self._grid)
        low, high = self._grid.price(solution.low), self._grid.price(solution.high)
        return min(max(gridlabd.price(traded, left, self._grid), low), high)

    def _unserved(self, low: int, high: int) -> int | None:
        """Cap or floor when nothing trades although somebody must; else None."""
        places = {low, high, *(block.place for block in self._blocks.values())}
        if self._must_buy in places:
            return self._grid.cap
        return self._grid.floor if self._must_sell in places else None

    @property
    def _must_buy(self) -> int:
        return self._grid.place(Side.BUY, self._grid.cap)

    @property
    def _must_sell(self) -> int:
        return self._grid.place(Side.SELL, self._grid.floor)

    def _type(self, solution: _Solution) -> ClearingType:
        crossing, cap, floor = solution.crossing, self._grid.cap, self._grid.floor
        if solution.price == cap and (crossing.low == self._must_buy or not solution.quantity):
            return ClearingType.SHORTAGE
        if solution.price == floor and (crossing.high == self._must_sell or not solution.quantity):
            return ClearingType.SURPLUS
        if not solution.quantity:
            return ClearingType.EMPTY
        if solution.partial_place < 0:
            return ClearingType.EXACT
        selling = solution.partial_place % 2 == 0
        return ClearingType.MARGINAL_SELLER if selling else ClearingType.MARGINAL_BUYER

    def _fills(self, solution: _Solution) -> tuple[tuple[Step, int], ...]:
        low, high, partial = solution.crossing.low, solution.crossing.high, solution.partial_place
        fills = [
            (step, step.quantity)
            for step, place in self._divisible.items()
            if (place >= high if place & 1 else place <= low) and place != partial
        ]
        if partial >= 0:
            sharing = [step for step, place in self._divisible.items() if place == partial]
            fills += share(sharing, solution.crossing.partial, self._lot)
        fills += ((step, step.quantity) for step in solution.blocks)
        fills.sort(key=_arrival)
        return tuple(fills)

    def _neighbours(self, price: int) -> tuple[int, int]:
        """The nearest places where a step asks less, and more, than the price."""
        curves, grid = self._summed(), self._grid
        first = grid.place(Side.BUY, price, closing=True)
        last = grid.place(Side.SELL, price, closing=True)
        return curves.occupied_before(first), curves.occupied_after(curves.before(last + 1))

    def _named(self, places: set[int], filled: dict[Step, int]) -> tuple[MarginalTender, ...]:
        steps = [step for step, place in self._divisible.items() if place in places]
        steps += [step for step, block in self._blocks.items() if block.place in places]
        steps.sort(key=lambda step: (step.sequence, step.closing))
        return tuple(
            MarginalTender(
                party=step.party.id,
                tender=step.tender_id,
                side=step.side,
                price=step.price,
                quantity=step.quantity,
                filled=filled.get(step, 0),
            )
            for step in steps
        )

    def _rejected(self, solution: _Solution) -> tuple[Step, ...]:
        if solution.price is None:
            return ()
        price, chosen = solution.price, set(solution.blocks)
        left = (step for step in self._blocks if step not in chosen)
        in_the_money = (s for s in left if s.side.sign * (s.price - price) > 0)
        return tuple(sorted(in_the_money, key=lambda step: step.sequence))


def _arrival(fill: tuple[Step, int]) -> tuple[int, bool]:
    return fill[0].sequence, fill[0].closing


def _check_balance(fills: Iterable[tuple[Step, int]], quantity: int) -> None:
    bought = sold = 0
    for step, filled in fills:
        if step.side is Side.BUY:
            bought += filled
        else:
            sold += filled
    if not bought == sold == quantity:
        message = f"bought {bought}, sold {sold} and cleared {quantity} differ"
        raise InvariantBroken(message)
