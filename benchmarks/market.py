"""How fast and how small the market is: ``python -m benchmarks.market [--quick]``.

Each figure is the smallest of several rounds in process time, so that other programs on the
machine disturb it little; the median is printed beside it.  All input is made from one seed.
"""

import argparse
import gc
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from gateway.market.market import Market
from gateway.market.mechanisms import built_in
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import SECOND, Duration, Instant
from gateway.ports.mechanism import ClearingBook, Step

NOW = Instant(1_800_000_000 * SECOND)
SMALL = (0, 999)  # 1 000 price steps
DEFAULT = (-10_000, 20_000)  # 30 001
ROUNDS = 7


def product(prices: tuple[int, int]) -> Product:
    return Product(
        id="power",
        resource=POWER,
        unit="W",
        interval=Duration(10 * SECOND),
        price_floor=prices[0],
        price_cap=prices[1],
    )


def draw(dice: random.Random, number: int, prices: tuple[int, int]) -> Tender:
    side = Side.BUY if number % 2 else Side.SELL
    price, quantity = dice.randint(*prices), dice.randint(1, 5000)
    return Tender(id=f"t{number}", side=side, price=price, quantity=quantity)


def step(tender: Tender, number: int) -> Step:
    party = Party(id=f"p{number}")
    return Step(party, tender, tender.side, tender.price, tender.quantity, number)


def filled_book(prices: tuple[int, int], parties: int) -> tuple[ClearingBook, list[Step]]:
    dice = random.Random(1)
    book = built_in()["uniform-price"].open_book(product(prices))
    steps = [step(draw(dice, number, prices), number) for number in range(parties)]
    for each in steps:
        book.add(each)
    book.price()
    return book, steps


def measure(act: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """(smallest, median) seconds of process time."""
    spans = []
    for _ in range(rounds):
        begin = time.process_time()
        act()
        spans.append(time.process_time() - begin)
    return min(spans), statistics.median(spans)


def show(what: str, spans: tuple[float, float], per: int, unit: str) -> None:
    factor = {"us": 1e6, "ms": 1e3}[unit] / per
    print(f"  {what:<58}{spans[0] * factor:9.2f} {unit}  (median {spans[1] * factor:.2f})")


def revise(book: ClearingBook, steps: list[Step], news: list[tuple[int, Step]]) -> None:
    for number, new in news:
        book.remove(steps[number])
        book.add(new)
        steps[number] = new
        book.price()


def tender_to_price(sizes: Iterable[int]) -> None:
    print(
        "tender -> price: one step out, its new value in, the price; no events, no allocation\n"
        "  must: 10 us up to 1 000 price steps, 20 us at 30 001, whatever the number of parties"
    )
    for prices in (SMALL, DEFAULT):
        for parties in sizes:
            book, steps = filled_book(prices, parties)
            dice = random.Random(2)
            changed = [dice.randrange(parties) for _ in range(2000)]
            news = [(number, step(draw(dice, number, prices), number)) for number in changed]
            what = f"{prices[1] - prices[0] + 1} price steps, {parties} parties"
            show(what, measure(partial(revise, book, steps, news)), len(news), "us")


def auction(sizes: Iterable[int]) -> None:
    print(
        "auction with allocation to every tender: the book's clear(), no transactions\n"
        "  must: 1 ms at 1 000 tenders, 12 ms at 10 000; aim: half of it"
    )
    for tenders in sizes:
        book, _ = filled_book(DEFAULT, tenders)
        show(f"30001 price steps, {tenders} tenders", measure(book.clear), 1, "ms")


def open_market(parties: int) -> Market:
    known = [Party(id=f"p{number}") for number in range(parties)]
    return Market(product(DEFAULT), area="home", epoch=1, parties=known)


def tender_sets(parties: int, tenders: int, revision: int = 0) -> list[TenderSet]:
    """Netting sets for the next interval, ``tenders`` BUY steps or SELL steps each."""
    dice = random.Random(revision)
    interval = product(DEFAULT).next_interval(Instant(NOW + SECOND))
    return [
        TenderSet(
            party=f"p{number}",
            product="power",
            interval=interval,
            tenders=tuple(
                Tender(
                    id=f"r{revision}-{k}",
                    side=Side.BUY if number % 2 else Side.SELL,
                    price=dice.randint(*DEFAULT),
                    quantity=dice.randint(1, 5000),
                )
                for k in range(tenders)
            ),
            netting=True,
            revision=revision,
        )
        for number in range(parties)
    ]


def submit_all(market: Market, rounds: Iterator[list[TenderSet]]) -> None:
    for tenders in next(rounds):
        market.submit(tenders, NOW)
        market.price(tenders.interval, NOW)


def whole_market(sizes: Iterable[int]) -> None:
    print("the whole market: rules, revisions, netting, ids, events, transactions, positions")
    for parties in sizes:
        market = open_market(parties)
        rounds = iter([tender_sets(parties, 1, revision) for revision in range(5)])
        spans = measure(partial(submit_all, market, rounds), 5)
        show(f"{parties} parties: a revision -> price", spans, parties, "us")
        spans = measure(partial(market.advance, market.next_deadline), 1)
        show(f"{parties} parties: a gate, with {parties} tenders", spans, 1, "ms")


def memory(shapes: Iterable[tuple[int, int]]) -> None:
    print("bytes per open tender: tracemalloc around making and submitting the sets, and again")
    print("  once the book was asked for a price (its two trees aside)")
    print("  must: 500 B; aim: 300 B")
    for parties, tenders in shapes:
        market = open_market(parties)
        first = tender_sets(1, 1)[0]
        market.submit(first, NOW)
        market.price(first.interval, NOW)  # the trees
        gc.collect()
        tracemalloc.start()
        for each in tender_sets(parties, tenders, 1):
            market.submit(each, NOW)
        waiting = traced()
        market.price(first.interval, NOW)
        count = parties * tenders
        what = f"{parties} parties with {tenders} tenders each"
        print(f"  {what:<58}{waiting / count:9.0f} B, priced {traced() / count:.0f} B")
        tracemalloc.stop()


def traced() -> int:
    """Bytes that are alive now."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="small sizes only")
    quick = arguments.parse_args().quick
    tender_to_price((100, 10_000) if quick else (100, 1000, 10_000, 100_000))
    auction((1000,) if quick else (1000, 10_000))
    whole_market((100,) if quick else (100, 1000))
    memory([(100, 10)] if quick else [(1000, 1), (1000, 10), (100, 100)])


if __name__ == "__main__":
    main()
