"""Alternatives in random books: at most one of a group trades, and all else holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.market.book import InstrumentBook
from gateway.market.exclusive import Alternatives
from gateway.market.grid import PriceGrid
from gateway.market.mechanisms import built_in
from gateway.market.positions import Positions
from gateway.model.tender import Party, Side, Tender
from gateway.ports.mechanism import Step
from tests.unit.market.conftest import interval, product

TERMS = product(price_floor=0, price_cap=9)
WORDS = st.sampled_from(["", "", "a", "b"])


@st.composite
def tenders(draw):
    found = []
    for number in range(draw(st.integers(2, 12))):
        tender = Tender(
            id=f"t{number}",
            side=draw(st.sampled_from(Side)),
            price=draw(st.integers(0, 9)),
            quantity=draw(st.integers(1, 5)),
            all_or_none=draw(st.booleans()),
            exclusive=draw(WORDS),
        )
        found.append((draw(st.sampled_from("xyz")), tender))
    return found


def opened(found, mechanism):
    steps = built_in()[mechanism].open_book(TERMS)
    book = InstrumentBook("power", interval(), steps, PriceGrid.of(TERMS))
    for number, (party, tender) in enumerate(found, 1):
        book.add(Party(id=party), tender, number, tender.quantity)
    return book


@given(tenders(), st.sampled_from(["uniform-price", "pay-as-bid"]))
def test_at_most_one_of_a_group_trades_and_bought_equals_sold(found, mechanism):
    book = opened(found, mechanism)
    outcome = book.clear(Positions("power"), interval())

    groups = [(s.party.id, s.tender.exclusive) for s in outcome.filled if s.tender.exclusive]
    assert len(groups) == len(set(groups))
    assert sum(s.side.sign * n for s, n in outcome.filled.items()) == 0


@given(tenders())
def test_what_was_left_out_of_a_clearing_stands_in_the_book(found):
    book = opened(found, "uniform-price")
    outcome = book.clear(Positions("power"), interval())
    traded = {(s.party.id, s.tender_id): n for s, n in outcome.filled.items()}

    left = {
        (party, tender.id): tender.quantity
        for party in book.increments
        for tender in book.live_set(party).tenders
    }
    asked = {(party, tender.id): tender.quantity for party, tender in found}
    assert left == {key: n - traded.get(key, 0) for key, n in asked.items() if n != traded.get(key)}


@given(tenders())
def test_price_told_before_is_the_price_of_the_clearing(found):
    book = opened(found, "uniform-price")
    told = book.price(Positions("power"), interval().start)

    assert told == book.clear(Positions("power"), interval()).price


STAIRS = 40


@pytest.mark.parametrize("mechanism", ["uniform-price", "pay-as-bid", "equilibrium"])
def test_groups_that_clash_one_after_the_other_do_not_make_a_clearing_long(mechanism):
    terms = product(price_floor=0, price_cap=99)
    book = Counted(built_in()[mechanism].open_book(terms))
    alternatives = Alternatives()
    buyer = Tender(id="buy", side=Side.BUY, price=99, quantity=STAIRS + 1)
    book.add(Step(Party(id="x"), buyer, Side.BUY, 99, STAIRS + 1, 1))
    for number in range(2 * STAIRS):
        group, dear = divmod(number, 2)
        price = 2 + group if dear else 1
        tender = Tender(
            id=f"t{number}", side=Side.SELL, price=price, quantity=1, exclusive=f"g{group}"
        )
        step = Step(Party(id="y"), tender, Side.SELL, price, 1, 2 + number)
        book.add(step)
        alternatives.add(step)

    outcome = alternatives.clear(book)
    groups = [s.tender.exclusive for s in outcome.filled if s.tender.exclusive]
    assert sorted(groups) == sorted(f"g{group}" for group in range(STAIRS))
    assert book.cleared < 12


class Counted:
    """A book that counts its clearings."""

    def __init__(self, inner):
        self.inner, self.cleared = inner, 0
        self.add, self.remove = inner.add, inner.remove

    def clear(self):
        self.cleared += 1
        return self.inner.clear()
