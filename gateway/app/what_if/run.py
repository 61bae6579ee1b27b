"""One clearing of a book by a mechanism of one's choice."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Final

from gateway.app.what_if import equilibrium
from gateway.app.what_if.book import Book
from gateway.app.what_if.tenders import Kept
from gateway.market import price_rules
from gateway.market.mechanisms import built_in
from gateway.market.mechanisms.uniform_price import PRICE_RULES
from gateway.model.errors import WrongInput
from gateway.model.product import Product
from gateway.model.resource import Resource
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import HOUR, Duration
from gateway.ports.mechanism import Outcome, Step

_EQUILIBRIUM: Final = "equilibrium"
_RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "uniform-price": PRICE_RULES,
    # As it is called: the buyer pays what he bid.
    "pay-as-bid": ("marginal-buyer", *(r for r in price_rules.RULES if r != "marginal-buyer")),
    "order-book": (),
    _EQUILIBRIUM: (),
}
MECHANISMS: Final = tuple(_RULES)


def rules_of(mechanism: str) -> tuple[str, ...]:
    """The price rules a mechanism knows, its own first.

    Raises:
        WrongInput: no mechanism of this name.
    """
    if mechanism not in _RULES:
        message = f"--mechanism: found {mechanism!r}, allowed: {', '.join(MECHANISMS)}"
        raise WrongInput(message)
    return _RULES[mechanism]


def clear(book: Book, mechanism: str, rule: str | None = None) -> dict[str, object]:
    """The outcome as a JSON document.

    Args:
        book: what was read.
        mechanism: one of ``MECHANISMS``.
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
    if mechanism == _EQUILIBRIUM:
        whole = [one.id for one in book.kept if one.all_or_none]
        refused += [
            {"id": one, "why": "an equilibrium fills no tender all or none"} for one in whole
        ]
        return {**_balanced(book), "refused": refused}
    chosen = rule or (rules[0] if rules else "midpoint")
    return {**_auctioned(book, mechanism, chosen), "refused": refused}


def _balanced(book: Book) -> dict[str, object]:
    """By the equilibrium of all curves."""
    terms = book.terms
    offers = [
        equilibrium.Offer(one.id, one.demand, _sampled(one), number)
        for number, one in enumerate(book.kept)
        if not one.all_or_none
    ]
    found = equilibrium.clear(offers, terms.cap)
    price = None if found.place is None else float(terms.price(found.place))
    return {
        "price": price,
        "quantity": float(found.quantity * terms.lot),
        "type": found.type.value,
        "marginal": list(found.marginal),
        "awards": [
            {"id": one.id, "quantity": float(found.awards[one.id] * terms.lot), "price": price}
            for one in book.kept
            if found.awards.get(one.id)
        ],
    }


def _sampled(one: Kept) -> Callable[[int], Fraction]:
    """Its demand at a price of the grid."""
    if one.side is Side.BUY:
        return lambda place: one.demand.at(Fraction(place))[1]
    return lambda place: one.demand.at(Fraction(place))[0]


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
        price_cap=book.terms.cap,
    )
    steps = built_in()[mechanism].open_book(product)
    for step in _steps(book):
        steps.add(step)
    return _told(book, steps.clear())


def _steps(book: Book) -> Iterator[Step]:
    """All tenders as steps; of a curve that buys and sells at one price only one is in a need."""
    sequence = 0
    for one in book.kept:
        bought, _ = one.demand.edges(book.terms.cap)
        party = Party(id=one.party)
        for side, place, lots in one.demand.pieces(book.terms.cap):
            sequence += 1
            tender = Tender(
                id=one.id, side=side, price=place, quantity=lots, all_or_none=one.all_or_none
            )
            closing = side is Side.SELL and place == bought
            yield Step(party, tender, side, place, lots, sequence, closing)


def _told(book: Book, outcome: Outcome) -> dict[str, object]:
    terms = book.terms
    awards: dict[tuple[str, int], int] = {}
    for step, lots, place in outcome.priced:
        key = (step.tender_id, place)
        awards[key] = awards.get(key, 0) + step.side.sign * lots
    return {
        "price": None if outcome.price is None else float(terms.price(outcome.price)),
        "quantity": float(outcome.quantity * terms.lot),
        "type": outcome.type.value,
        "marginal": list(dict.fromkeys(one.tender for one in outcome.marginal)),
        "awards": [
            {"id": tender, "quantity": float(lots * terms.lot), "price": float(terms.price(place))}
            for (tender, place), lots in awards.items()
        ],
    }
