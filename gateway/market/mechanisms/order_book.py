"""Price-time priority: each tender meets, as it arrives, the best of those that wait.

A trade is made at the price of the one that waited.  What is left waits in its turn.

Source: docs/mechanisms/order-book.md.
"""

from collections.abc import Iterator
from heapq import heappop, heappush

from gateway.market.grid import PriceGrid
from gateway.model.clearing import ClearingType, MarginalTender
from gateway.model.product import Product
from gateway.model.tender import Side
from gateway.ports.mechanism import Outcome, Step

_Entry = tuple[int, int, bool, Step, int]
"""Best first: eagerness of the price, order of arrival; then the step and what is left of it."""

_OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


class OrderBook:
    """The mechanism ``order-book``; whatever the price rule, who waited has named the price."""

    name = "order-book"

    def open_book(self, product: Product) -> "OrderBookSteps":
        """An empty book under the product's terms."""
        return OrderBookSteps(PriceGrid.of(product))


class OrderBookSteps:
    """The steps of one instrument; a clearing lets them arrive in order of sequence."""

    def __init__(self, grid: PriceGrid) -> None:
        self._grid = grid
        self._steps: dict[Step, None] = {}

    def add(self, step: Step) -> None:
        """Take the step in."""
        self._steps[step] = None

    def remove(self, step: Step) -> None:
        """Take out exactly the step that was added."""
        del self._steps[step]

    def price(self) -> int | None:
        """The price of the last trade that ``clear`` would make."""
        return self.clear().price

    def clear(self) -> Outcome:
        """The trades of the steps that are in, as they would have come about."""
        waiting = Waiting(self._grid)
        parts: dict[tuple[Step, int], int] = {}
        price = None
        for step in sorted(self._steps, key=lambda one: (one.sequence, one.closing)):
            for other, quantity in waiting.meet(step):
                price = other.price
                for one in (step, other):
                    parts[one, price] = parts.get((one, price), 0) + quantity
        ordered = sorted(parts, key=lambda part: (part[0].sequence, part[0].closing))
        prices = tuple(price for _, price in ordered)
        return Outcome(
            price=price,
            low=min(prices, default=None),
            high=max(prices, default=None),
            quantity=sum(parts[p] for p in ordered if p[0].side is Side.BUY),
            type=ClearingType.EMPTY if price is None else ClearingType.EXACT,
            fills=tuple((part[0], parts[part]) for part in ordered),
            prices=prices,
            next_cheaper=waiting.best(Side.BUY),
            next_dearer=waiting.best(Side.SELL),
        )


class Waiting:
    """What waits on both sides, best price first, then the earliest."""

    def __init__(self, grid: PriceGrid) -> None:
        self._grid = grid
        self._queues: dict[Side, list[_Entry]] = {Side.BUY: [], Side.SELL: []}

    def meet(self, step: Step) -> Iterator[tuple[Step, int]]:
        """(who waited, quantity) of each trade of an arriving step; what is left of it waits."""
        queue, wanted = self._queues[_OTHER[step.side]], step.quantity
        met: list[tuple[_Entry, int]] = []
        passed: list[_Entry] = []
        while wanted and queue and self._crosses(step, queue[0][3]):
            entry = heappop(queue)
            *_, other, left = entry
            if other.party == step.party or (other.all_or_none and left > wanted):
                passed.append(entry)
                continue
            met.append((entry, min(left, wanted)))
            wanted -= min(left, wanted)
        if wanted and step.all_or_none:
            passed += [entry for entry, _ in met]
            met, wanted = [], step.quantity
        for entry in passed:
            heappush(queue, entry)
        for (eager, sequence, closing, other, left), quantity in met:
            if left > quantity:
                heappush(queue, (eager, sequence, closing, other, left - quantity))
            yield other, quantity
        if wanted:
            self._wait(step, wanted)

    def best(self, side: Side) -> MarginalTender | None:
        """The first that waits on a side."""
        if not self._queues[side]:
            return None
        *_, step, left = self._queues[side][0]
        return MarginalTender(
            party=step.party.id,
            tender=step.tender_id,
            side=side,
            price=step.price,
            quantity=step.quantity,
            filled=step.quantity - left,
        )

    def _wait(self, step: Step, left: int) -> None:
        eager = -step.side.sign * self._place(step)
        heappush(self._queues[step.side], (eager, step.sequence, step.closing, step, left))

    def _crosses(self, step: Step, other: Step) -> bool:
        return step.side.sign * (self._place(step) - self._place(other)) > 0

    def _place(self, step: Step) -> int:
        return self._grid.place(step.side, step.price, closing=step.closing)
