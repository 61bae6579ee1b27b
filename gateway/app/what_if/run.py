"""One clearing of a book by a mechanism of one's choice."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from gateway.app.mechanisms import mechanisms
from gateway.app.what_if.book import Book
from gateway.app.what_if.tenders import Kept
from gateway.app.what_if.terms import Terms
from gateway.market.mechanisms.equilibrium import EquilibriumBook
from gateway.model.errors import WrongInput
from gateway.model.product import Product
from gateway.model.resource import Resource
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import HOUR, Duration
from gateway.ports.mechanism import Matching, Mechanism, Outcome, Step

# Prices of a book are places on its grid, cut finer, so that one between two places has a number.
_FINE: Final = 10**12


def known() -> dict[str, Mechanism]:
    """Mechanisms that make something of tenders alone, by name, installed ones too."""
    return {n: one for n, one in mechanisms().items() if one.matching is not Matching.QUOTES}


def rules_of(mechanism: str) -> tuple[str, ...]:
    """The price rules a mechanism knows, its own first.

    Raises:
        WrongInput: no mechanism of this name.
    """
    every = known()
    if mechanism not in every:
        message = f"--mechanism: found {mechanism!r}, allowed: {', '.join(sorted(every))}"
        raise WrongInput(message)
    return every[mechanism].price_rules


def clear(book: Book, mechanism: str, rule: str | None = None) -> dict[str, object]:
    """The outcome as a JSON document.

    Args:
        book: what was read.
        mechanism: one of ``known``.
        rule: one of ``rules_of`` it; None for its own.

    Raises:
        WrongInput: neither.
    """
    rules = rules_of(mechanism)
    if rule is not None and rule not in rules:
        allowed = ", ".join(rules) or f"none, {mechanism} needs no rule"
        message = f"--price-rule: found {rule!r}, allowed: {allowed}"
        raise WrongInput(message)
    refused = [{"id": one.id, "why": one.why} for one in book.refused]
    chosen = rule or (rules[0] if rules else "midpoint")
    return {**_auctioned(book, mechanism, chosen), "refused": refused}


def _auctioned(book: Book, mechanism: str, rule: str) -> dict[str, object]:
    """By a mechanism of the market."""
    product = Product(
        id="book",
        resource=Resource("POWER"),
        unit="W",
        interval=Duration(HOUR),
        mechanism=mechanism,
        price_rule=rule,
        price_floor=0,
        price_cap=book.terms.cap * _FINE,
        tick=_FINE,
        maker=book.terms.maker,
    )
    steps = known()[mechanism].open_book(product)
    if isinstance(steps, EquilibriumBook):
        _state(book, steps)
    else:
        for step in _steps(book):
            steps.add(step)
    return _told(book, steps.clear())


def _state(book: Book, steps: EquilibriumBook) -> None:
    """Curves as they are: between two prices they are lines."""
    for number, one in enumerate(book.kept):
        if one.side is None:
            steps.add_curve(Party(id=one.party), one.id, one.demand, number)
        else:
            (place, lots) = one.demand.places[0], abs(sum(one.demand.quantities))
            steps.add(_step(one, one.side, place, lots, number))


def _step(
    one: Kept, side: Side, place: int, lots: int, sequence: int, *, closing: bool = False
) -> Step:
    price = place * _FINE
    tender = Tender(id=one.id, side=side, price=price, quantity=lots, all_or_none=one.all_or_none)
    return Step(Party(id=one.party), tender, side, price, lots, sequence, closing)


def _steps(book: Book) -> Iterator[Step]:
    """All tenders as steps; of a curve that buys and sells at one price only one is in a need."""
    sequence = 0
    for one in book.kept:
        bought, _ = one.demand.edges(book.terms.cap)
        for side, place, lots in one.demand.pieces(book.terms.cap):
            sequence += 1
            closing = side is Side.SELL and place == bought
            yield _step(one, side, place, lots, sequence, closing=closing)


def _told(book: Book, outcome: Outcome) -> dict[str, object]:
    terms = book.terms
    awards: dict[tuple[str, int], int] = {}
    for step, lots, place in outcome.priced:
        key = (step.tender_id, place)
        awards[key] = awards.get(key, 0) + step.side.sign * lots
    return {
        "price": None if outcome.price is None else _real(terms, outcome.price),
        "quantity": float(outcome.quantity * terms.lot),
        "type": outcome.type.value,
        "marginal": list(dict.fromkeys(one.tender for one in outcome.marginal)),
        "awards": [
            {"id": tender, "quantity": float(lots * terms.lot), "price": _real(terms, place)}
            for (tender, place), lots in awards.items()
        ],
    }


def _real(terms: Terms, price: int) -> float:
    return float(terms.price(Fraction(price, _FINE)))
