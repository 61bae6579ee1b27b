"""A million small books, by every mechanism in turn, against what each owes its parties."""

import random

import pytest

from gateway.market.mechanisms import built_in
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import SECOND, Duration
from gateway.ports.mechanism import Matching, Step

BOOKS = 200_000  # by each of five mechanisms
FLOOR, CAP = 0, 7
PARTIES = [Party(id=f"p{number}") for number in range(6)]
MATCHED = [name for name, one in built_in().items() if one.matching is not Matching.QUOTES]
MOST = {"uniform-price", "pay-as-bid", "equilibrium"}  # trade all that one price allows


def product(mechanism):
    rules = built_in()[mechanism].price_rules
    return Product(
        id="power",
        resource=POWER,
        unit="W",
        interval=Duration(10 * SECOND),
        mechanism=mechanism,
        price_rule=rules[0] if rules else "midpoint",
        price_floor=FLOOR,
        price_cap=CAP,
    )


def draw(dice):
    sides = (Side.BUY, Side.SELL)
    return [
        (sides[dice.getrandbits(1)], dice.getrandbits(3), 1 + dice.getrandbits(3))
        for _ in range(dice.randrange(2, 6))
    ]


TENDERS = {
    (side, price, quantity): Tender(id="t", side=side, price=price, quantity=quantity)
    for side in Side
    for price in range(8)
    for quantity in range(1, 9)
}


def steps_of(table):
    return [
        Step(PARTIES[number], TENDERS[row], *row, number) for number, row in enumerate(table, 0)
    ]


def most(table):
    """The largest volume that one price allows, counted out."""
    return max(
        min(
            sum(q for side, limit, q in table if side is Side.BUY and limit >= price),
            sum(q for side, limit, q in table if side is Side.SELL and limit <= price),
        )
        for price in range(FLOOR, CAP + 1)
    )


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize("mechanism", MATCHED)
def test_every_one_balances_and_nobody_trades_beyond_what_he_said(mechanism):
    dice, terms, rule = random.Random(3), product(mechanism), built_in()[mechanism]
    traded = 0
    for _ in range(BOOKS):
        table = draw(dice)
        book = rule.open_book(terms)
        for step in steps_of(table):
            book.add(step)
        outcome = book.clear()
        fills = outcome.priced  # raises unless lots and money balance
        assert all(s.side.sign * (s.price - price) >= 0 for s, _, price in fills), table
        assert all(0 < q <= s.quantity for s, q in outcome.filled.items()), table
        if mechanism in MOST:
            assert outcome.quantity == most(table), table
        traded += bool(outcome.quantity)
    assert traded > BOOKS // 5
