"""All promises of a mechanism, tried out on many small books."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count

from gateway.model.clearing import ClearingType
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TieClass
from gateway.model.time import SECOND, Duration
from gateway.ports.mechanism import ClearingBook, Matching, Mechanism, Outcome, Step

_FLOOR, _CAP, _LOT = -4, 9, 2


class MechanismPromise(StrEnum):
    """What every mechanism promises, as a sentence (``gateway.ports.mechanism``)."""

    PORT = "it says its name, when it matches and its price rules, and opens a book under each"
    ERRORS = "nothing is raised for steps that keep the product's terms"
    EMPTY = "of an empty book nothing is traded, and its type is EMPTY"
    KNOWN = "only steps that are in the book are filled"
    BALANCE = "bought equals sold, and what is paid equals what is received"
    VOLUME = "the quantity told is what was bought"
    QUANTITY = "nobody trades more than his quantity, or nothing"
    LIMIT = "nobody pays more, or gets less, than he said"
    RANGE = "the price is from floor to cap, and there is one wherever something is traded"
    LOTS = "of whole lots only whole lots are traded"
    WHOLE = "an all-or-none step is filled whole or not at all"
    PURE = "clearing changes nothing: again, it comes out the same, and price is its price"
    REPEATABLE = "the same steps come to the same, in whatever order they were added"
    UNDONE = "a step that was added and removed leaves no trace"
    TIES = "at a gate, order of arrival changes neither price nor volume of divisible steps"


@dataclass(frozen=True, slots=True)
class BrokenMechanismPromise:
    """One promise that was not kept, with the book and what was seen."""

    promise: MechanismPromise
    seen: str


class MechanismBreaksPromises(AssertionError):
    """The mechanism does not keep what its port promises.

    Attributes:
        broken: every finding, in the order of the promises.
    """

    def __init__(self, found: Iterable[BrokenMechanismPromise]) -> None:
        order = list(MechanismPromise)
        self.broken = tuple(sorted(found, key=lambda one: order.index(one.promise)))
        super().__init__(_page(self.broken))


def check_mechanism(mechanism: Mechanism, *, books: int = 300, seed: int = 1) -> None:
    """Prove the promises of ``gateway.ports.mechanism`` on random small books.

    Called from an ordinary test.  The same seed makes the same books.

    Args:
        mechanism: what the entry point names.
        books: how many, under each of its price rules.
        seed: of the books.

    Raises:
        MechanismBreaksPromises: names each promise that was not kept, with a book that shows it.
    """
    trial = _Trial(mechanism)
    for product in trial.products():
        dice = random.Random(seed)  # noqa: S311 - repeatable books
        trial.empty(product)
        for _ in range(books):
            trial.judge(product, _steps(dice))
    if trial.found:
        raise MechanismBreaksPromises(trial.found.values())


class _Trial:
    """Finds, per promise, the smallest book that shows it broken."""

    def __init__(self, mechanism: Mechanism) -> None:
        self._mechanism = mechanism
        self.found: dict[MechanismPromise, BrokenMechanismPromise] = {}
        self._sizes: dict[MechanismPromise, int] = {}

    def products(self) -> Iterator[Product]:
        """One for each price rule that the mechanism knows."""
        try:
            name, matching = self._mechanism.name, self._mechanism.matching
            rules = tuple(self._mechanism.price_rules)
            if not name or not isinstance(matching, Matching):
                self._broken(MechanismPromise.PORT, (), f"name {name!r}, matching {matching!r}")
            for rule in rules or ("midpoint",):
                product = _product(name, rule)
                self._mechanism.open_book(product)
                yield product
        except Exception as error:  # noqa: BLE001 - a mechanism on trial may raise anything
            self._broken(MechanismPromise.PORT, (), repr(error))

    def empty(self, product: Product) -> None:
        """Nothing of nothing."""
        outcome = self._mechanism.open_book(product).clear()
        if outcome.quantity or outcome.fills or outcome.type is not ClearingType.EMPTY:
            self._broken(MechanismPromise.EMPTY, (), f"{outcome}")

    def judge(self, product: Product, steps: Sequence[Step]) -> None:
        """Everything about one book."""
        try:
            book = _filled(self._mechanism, product, steps)
            outcome = book.clear()
            self._judge_fills(product, steps, outcome)
            self._judge_again(product, steps, book, outcome)
        except Exception as error:  # noqa: BLE001 - a mechanism on trial may raise anything
            self._broken(MechanismPromise.ERRORS, steps, repr(error))

    def _judge_fills(self, product: Product, steps: Sequence[Step], outcome: Outcome) -> None:
        promise = MechanismPromise
        prices = outcome.prices or (outcome.price,) * len(outcome.fills)
        priced = [(s, q, p) for (s, q), p in zip(outcome.fills, prices, strict=True)]
        signed = [(s.side.sign * q, p or 0) for s, q, p in priced]
        bought = sum(q for q, _ in signed if q > 0)
        filled = outcome.filled
        checks = (
            (promise.KNOWN, all(s in steps for s in filled)),
            (promise.BALANCE, not sum(q for q, _ in signed) and not sum(q * p for q, p in signed)),
            (promise.VOLUME, bought == outcome.quantity),
            (promise.QUANTITY, all(0 < q <= s.quantity for s, q in filled.items())),
            (promise.LIMIT, all(s.side.sign * (s.price - (p or 0)) >= 0 for s, _, p in priced)),
            (promise.RANGE, _in_range(product, outcome)),
            (promise.LOTS, not any(q % _LOT for q in filled.values())),
            (promise.WHOLE, not any(s.all_or_none and q < s.quantity for s, q in filled.items())),
        )
        for kept, holds in checks:
            if not holds:
                self._broken(kept, steps, _told(outcome))

    def _judge_again(
        self, product: Product, steps: Sequence[Step], book: ClearingBook, first: Outcome
    ) -> None:
        seen = _told(first)
        if _told(book.clear()) != seen or book.price() != first.price:
            self._broken(MechanismPromise.PURE, steps, f"{seen}; then {_told(book.clear())}")
        other = _told(_filled(self._mechanism, product, steps[::-1]).clear())
        if other != seen:
            self._broken(MechanismPromise.REPEATABLE, steps, f"{seen}; reversed {other}")
        if steps:
            more = replace(steps[0], party=Party(id="one-more"), sequence=len(steps) + 1)
            book.add(more)
            book.clear()
            book.remove(more)
            if _told(book.clear()) != seen:
                self._broken(MechanismPromise.UNDONE, steps, f"{seen}; then {_told(book.clear())}")
        if self._mechanism.matching is Matching.GATE and not any(s.all_or_none for s in steps):
            last = len(steps)
            turned = [replace(step, sequence=last - step.sequence) for step in steps]
            late = _filled(self._mechanism, product, turned).clear()
            if (late.price, late.quantity) != (first.price, first.quantity):
                self._broken(MechanismPromise.TIES, steps, f"{seen}; turned {_told(late)}")

    def _broken(self, promise: MechanismPromise, steps: Sequence[Step], seen: str) -> None:
        if promise in self.found and self._sizes[promise] <= len(steps):
            return
        self._sizes[promise] = len(steps)
        book = ", ".join(map(_text, steps)) or "an empty book"
        self.found[promise] = BrokenMechanismPromise(promise, f"{book}: {seen}")


def _product(mechanism: str, rule: str) -> Product:
    return Product(
        id="power",
        resource=POWER,
        unit="W",
        interval=Duration(10 * SECOND),
        mechanism=mechanism,
        price_rule=rule,
        price_floor=_FLOOR,
        price_cap=_CAP,
        lot=_LOT,
    )


def _steps(dice: random.Random) -> list[Step]:
    """Up to eight tenders of as many parties."""
    numbers, blocks = count(), dice.random() < 1 / 2
    return [
        _step(
            next(numbers),
            dice.choice(list(Side)),
            dice.randint(_FLOOR, _CAP),
            _LOT * dice.randint(1, 6),
            dice.choice(list(TieClass)),
            whole=blocks and dice.random() < 1 / 4,
        )
        for _ in range(dice.randint(0, 8))
    ]


def _step(
    number: int, side: Side, price: int, quantity: int, tie_class: TieClass, *, whole: bool
) -> Step:
    party = Party(id=f"p{number}", tie_class=tie_class)
    tender = Tender(id="t", side=side, price=price, quantity=quantity, all_or_none=whole)
    return Step(party, tender, side, price, quantity, number)


def _filled(mechanism: Mechanism, product: Product, steps: Iterable[Step]) -> ClearingBook:
    book = mechanism.open_book(product)
    for step in steps:
        book.add(step)
    return book


def _in_range(product: Product, outcome: Outcome) -> bool:
    prices = (*outcome.prices, *(() if outcome.price is None else (outcome.price,)))
    priced = outcome.price is not None or not outcome.fills
    return priced and all(product.price_floor <= p <= product.price_cap for p in prices)


def _told(outcome: Outcome) -> str:
    prices = outcome.prices or (outcome.price,) * len(outcome.fills)
    fills = ", ".join(
        f"{step.party.id} {step.side.sign * quantity:+d} at {price}"
        for (step, quantity), price in zip(outcome.fills, prices, strict=True)
    )
    return f"{outcome.type.value} {outcome.quantity} at {outcome.price} ({fills or 'nothing'})"


def _text(step: Step) -> str:
    whole = " all or none" if step.all_or_none else ""
    return f"{step.party.id} {step.side.value} {step.quantity}@{step.price}{whole}"


def _page(broken: Sequence[BrokenMechanismPromise]) -> str:
    lines = [f"{one.promise}:\n  {one.seen}" for one in broken]
    return "\n".join(["the mechanism breaks its promises", *lines])
