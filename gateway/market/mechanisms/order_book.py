"""Price-time priority: each tender meets, as it arrives, the best of those that wait.

A trade is made at the price of the one that waited.  What is left waits in its turn.

Steps that cross nobody rest, sorted, in a ``RestingBook``.  The usual newcomer, later than all
that rest and divisible like them, meets it from its top: no more is looked at than what trades.
Whatever is unusual (all-or-none steps that stand crossed, several newcomers at once, a step that
arrived before some that rest, one's own other side) is found by letting every step arrive once
more; both ways give the same trades.

Source: docs/mechanisms/order-book.md.
"""

from collections.abc import Iterable
from heapq import heappop, heappush

from gateway.market.grid import PriceGrid
from gateway.market.mechanisms.resting import RestingBook
from gateway.model.clearing import ClearingType, MarginalTender
from gateway.model.product import Product
from gateway.model.tender import Side
from gateway.ports.mechanism import Matching, Outcome, Step

_Entry = tuple[int, int, bool, Step, int]
"""Best first: eagerness of the price, order of arrival; then the step and what is left of it."""

_OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}

Trade = tuple[Step, Step, int]
"""Who arrived, who waited and set the price, quantity."""


class OrderBook:
    """The mechanism ``order-book``; whatever the price rule, who waited has named the price."""

    name = "order-book"
    matching = Matching.ARRIVAL
    price_rules = ()

    def open_book(self, product: Product) -> "OrderBookSteps":
        """An empty book under the product's terms."""
        return OrderBookSteps(PriceGrid.of(product))


class OrderBookSteps:
    """The steps of one instrument; a clearing lets them arrive in order of sequence."""

    def __init__(self, grid: PriceGrid) -> None:
        self._grid = grid
        self._resting = RestingBook()
        self._arriving: dict[Step, int] = {}  # step -> its place

    def add(self, step: Step) -> None:
        """Take the step in."""
        place = self._grid.place(step.side, step.price, closing=step.closing)
        if self._arriving or step.all_or_none or self._resting.meets(step, place):
            self._arriving[step] = place
        else:
            self._resting.add(step, place)

    def remove(self, step: Step) -> None:
        """Take out exactly the step that was added."""
        if self._arriving.pop(step, None) is None:
            self._resting.remove(step)

    def price(self) -> int | None:
        """The price of the last trade that ``clear`` would make."""
        return self.clear().price

    def clear(self) -> Outcome:
        """The trades of the steps that are in, as they would have come about."""
        self._let_rest()
        if not self._arriving:
            return self._outcome((), self._resting.best(Side.BUY), self._resting.best(Side.SELL))
        newcomer = next(iter(self._arriving))
        if len(self._arriving) == 1 and self._resting.serves(newcomer):
            trades = self._resting.meet(newcomer, self._arriving[newcomer])
            if trades is not None:
                return self._met(newcomer, trades)
        return self._once_more()

    def _let_rest(self) -> None:
        """Rest what crosses nobody any more, in order of arrival."""
        if self._arriving:
            for step in sorted(self._arriving, key=_arrival):
                place = self._arriving[step]
                if not step.all_or_none and not self._resting.meets(step, place):
                    self._resting.add(step, place)
                    del self._arriving[step]

    def _met(self, newcomer: Step, trades: list[tuple[Step, int]]) -> Outcome:
        """The usual newcomer's trades."""
        gone = sum(quantity for _, quantity in trades)
        other, filled = trades[-1]
        side = newcomer.side
        whole = filled == other.quantity
        waiting = _shown(other, filled) if not whole else self._resting.after(other)
        own = _shown(newcomer, gone) if gone < newcomer.quantity else self._resting.best(side)
        bought, sold = (own, waiting) if side is Side.BUY else (waiting, own)
        if len(trades) > 1:
            return self._outcome([(newcomer, one, q) for one, q in trades], bought, sold)
        price = other.price
        return Outcome(
            price=price,
            low=price,
            high=price,
            quantity=filled,
            type=ClearingType.EXACT,
            fills=((other, filled), (newcomer, filled)),
            prices=(price, price),
            next_cheaper=bought,
            next_dearer=sold,
        )

    def _once_more(self) -> Outcome:
        """Every step arrives again."""
        waiting, trades = Waiting(self._grid), list[Trade]()
        for step in sorted([*self._resting, *self._arriving], key=_arrival):
            trades += ((step, other, quantity) for other, quantity in waiting.meet(step))
        return self._outcome(trades, waiting.best(Side.BUY), waiting.best(Side.SELL))

    def _outcome(
        self,
        trades: Iterable[Trade],
        bought: MarginalTender | None,
        sold: MarginalTender | None,
    ) -> Outcome:
        parts: dict[tuple[int, bool, int], tuple[Step, int]] = {}
        price, volume = None, 0
        for step, other, quantity in trades:
            price = other.price
            volume += quantity
            for one in (step, other):
                key = one.sequence, one.closing, price
                before = parts.get(key)
                parts[key] = one, quantity if before is None else before[1] + quantity
        ordered = sorted(parts) if len(parts) > 1 else ()
        prices = tuple(key[2] for key in ordered)
        return Outcome(
            price=price,
            low=min(prices, default=None),
            high=max(prices, default=None),
            quantity=volume,
            type=ClearingType.EMPTY if price is None else ClearingType.EXACT,
            fills=tuple(parts[key] for key in ordered),
            prices=prices,
            next_cheaper=bought,
            next_dearer=sold,
        )


class Waiting:
    """What waits on both sides, best price first, then the earliest: the rule, word by word."""

    def __init__(self, grid: PriceGrid) -> None:
        self._grid = grid
        self._queues: dict[Side, list[_Entry]] = {Side.BUY: [], Side.SELL: []}

    def meet(self, step: Step) -> list[tuple[Step, int]]:
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
        if wanted:
            self._wait(step, wanted)
        return [(entry[3], quantity) for entry, quantity in met]

    def best(self, side: Side) -> MarginalTender | None:
        """The first that waits on a side."""
        if not self._queues[side]:
            return None
        *_, step, left = self._queues[side][0]
        return _shown(step, step.quantity - left)

    def _wait(self, step: Step, left: int) -> None:
        eager = -step.side.sign * self._place(step)
        heappush(self._queues[step.side], (eager, step.sequence, step.closing, step, left))

    def _crosses(self, step: Step, other: Step) -> bool:
        return step.side.sign * (self._place(step) - self._place(other)) > 0

    def _place(self, step: Step) -> int:
        return self._grid.place(step.side, step.price, closing=step.closing)


def _arrival(step: Step) -> tuple[int, bool]:
    return step.sequence, step.closing


def _shown(step: Step, filled: int) -> MarginalTender:
    return MarginalTender(
        party=step.party.id,
        tender=step.tender_id,
        side=step.side,
        price=step.price,
        quantity=step.quantity,
        filled=filled,
    )
