"""How fast the order book is, and many intervals at once: ``python -m benchmarks.order_book``.

Process time of a batch divided by its size; the median of several batches, with the smallest.
All input is made from one seed.
"""

import random
import statistics
import time
from collections.abc import Callable

from benchmarks.market import DEFAULT, measure, product, show
from gateway.market.grid import PriceGrid
from gateway.market.mechanisms import built_in
from gateway.market.mechanisms.resting import RestingBook
from gateway.model.tender import Party, Side, Tender
from gateway.ports.mechanism import ClearingBook, Step

BATCH = 2000
ROUNDS = 9


class Orders:
    """BUY below, SELL above: nobody crosses."""

    def __init__(self) -> None:
        self.dice, self.number = random.Random(1), 0

    def __call__(self, side: Side, price: int | None = None) -> Step:
        """One order."""
        self.number += 1
        low, high = (-10_000, 4_000) if side is Side.BUY else (5_000, 20_000)
        price = self.dice.randint(low, high) if price is None else price
        tender = Tender(id="t", side=side, price=price, quantity=100)
        return Step(Party(id=f"p{self.number}"), tender, side, price, 100, self.number)

    def many(self, count: int) -> list[Step]:
        """Half BUY, half SELL."""
        return [self(Side.BUY if n % 2 else Side.SELL) for n in range(count)]


def timed(acts: dict[str, Callable[[], object]]) -> None:
    """Acts in turn, several times; microseconds of each per step."""
    spans: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            begin = time.process_time()
            act()
            spans[name].append((time.process_time() - begin) / BATCH * 1e6)
    for name, each in spans.items():
        print(f"  {name:<58}{statistics.median(each):9.2f} us  (smallest {min(each):.2f})")


def book_alone(resting: int) -> None:  # noqa: C901 - three acts
    """The sorted book by itself: what a C or Java order book is measured by."""
    orders, grid, book = Orders(), PriceGrid.of(product(DEFAULT)), RestingBook()

    def place(step: Step) -> int:
        return grid.place(step.side, step.price)

    for step in orders.many(resting):
        book.add(step, place(step))
    news = [(step, place(step)) for step in orders.many(BATCH)]
    takers = [(step, place(step)) for step in (orders(Side.BUY, 20_000) for _ in range(BATCH))]

    def add() -> None:
        for step, at in news:
            if not book.meets(step, at):
                book.add(step, at)

    def cancel() -> None:
        for step, _ in news:
            book.remove(step)

    def match() -> None:
        for step, at in takers:
            ((other, _),) = book.meet(step, at) or ()
            book.remove(other)

    def refill() -> None:
        for number in range(BATCH):
            step = orders(Side.SELL, 5_000 + 7 * number % 10_000)
            book.add(step, place(step))

    refill()
    timed({"add": add, "cancel": cancel, "match one and take it off": match, "(refill)": refill})


def book_of_the_port(resting: int) -> None:
    """The same through the mechanism port: a whole ``Outcome`` for each tender that arrives."""
    orders = Orders()
    book: ClearingBook = built_in()["order-book"].open_book(product(DEFAULT))
    for step in orders.many(resting):
        book.add(step)
    news = orders.many(BATCH)

    def add() -> None:
        for step in news:
            book.add(step)
            book.clear()

    def cancel() -> None:
        for step in news:
            book.remove(step)

    def match() -> None:
        for _ in range(BATCH):
            step = orders(Side.BUY, 20_000)
            book.add(step)
            for other, _ in book.clear().fills:
                book.remove(other)
            book.add(orders(Side.SELL))

    timed({"arrive and wait": add, "cancel": cancel, "arrive, match, both off, one more": match})


def horizon(name: str, intervals: int, products: int, parties: int) -> None:
    dice, terms = random.Random(1), product(DEFAULT)
    rows = [
        [
            Step(
                Party(id=f"p{n}"), None, Side.BUY if n % 2 else Side.SELL,
                dice.randint(*DEFAULT), dice.randint(1, 5000), n,
            )
            for n in range(parties)
        ]
        for _ in range(8)
    ]  # fmt: skip
    mechanism = built_in()[name]

    def clear() -> None:
        for number in range(intervals * products):
            book = mechanism.open_book(terms)
            for step in rows[number % len(rows)]:
                book.add(step)
            book.clear()

    show(
        f"{name}: {intervals} intervals x {products} products x {parties}",
        measure(clear, 3),
        1,
        "ms",
    )


def main() -> None:
    for resting in (100, 10_000, 100_000):
        print(f"order book alone, {resting} that rest; must: 5 us per operation")
        book_alone(resting)
        print("  through the port, with prices, fills and the next on both sides")
        book_of_the_port(resting)
    print("many books made, filled and cleared with allocation; must: 600 ms for 96 x 4 x 1 000")
    for name in ("uniform-price", "pay-as-bid", "equilibrium"):
        horizon(name, 96, 4, 1000)


if __name__ == "__main__":
    main()
