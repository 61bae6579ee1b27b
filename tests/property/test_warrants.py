"""Warrants against brute force on small books: what can be matched, and no more."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.market.mechanisms import built_in
from gateway.market.warranted import Warranted
from gateway.model.tender import Party, Side, Tender
from gateway.ports.mechanism import Step
from tests.unit.market.conftest import product

ANY = st.sampled_from([(), ("green",), ("local",), ("green", "local")])
NEVER = st.just(False)


@st.composite
def books(draw, asked=ANY, blocks=NEVER):
    steps = []
    for number in range(draw(st.integers(2, 7))):
        tender = Tender(
            id=f"t{number}",
            side=draw(st.sampled_from(Side)),
            price=draw(st.integers(0, 5)),
            quantity=draw(st.integers(1, 3)),
            warrants=draw(asked),
            all_or_none=draw(blocks),
        )
        who = Party(id=f"p{number}")
        steps.append(Step(who, tender, tender.side, tender.price, tender.quantity, number + 1))
    return steps


def opened(steps, **terms):
    mechanism = Warranted(built_in()["uniform-price"])
    book = mechanism.open_book(product(price_floor=-9, price_cap=9, **terms))
    for step in steps:
        book.add(step)
    return book


def units(steps, filled):
    """One entry per unit: the warrants of its step."""
    return [set(step.tender.warrants) for step in steps for _ in range(filled.get(step, 0))]


def matched(buys, sells):
    """The largest number of BUY units that SELL units can serve, by augmenting paths."""
    served = {}

    def serve(buy, tried):
        for index, carried in enumerate(sells):
            if index in tried or not buys[buy] <= carried:
                continue
            tried.add(index)
            if index not in served or serve(served[index], tried):
                served[index] = buy
                return True
        return False

    return sum(serve(buy, set()) for buy in range(len(buys)))


def at_price(steps, price):
    """What could change hands at the price."""
    whole = {step: step.quantity for step in steps}
    buys = [s for s in steps if s.side is Side.BUY and s.price >= price]
    sells = [s for s in steps if s.side is Side.SELL and s.price <= price]
    return matched(units(buys, whole), units(sells, whole))


def sides(steps):
    return [[s for s in steps if s.side is side] for side in (Side.BUY, Side.SELL)]


@given(books())
def test_the_most_that_any_price_lets_change_hands_does(steps):
    outcome = opened(steps).clear()

    assert outcome.quantity == max(at_price(steps, price) for price in range(6))


@given(books())
def test_every_buy_is_served_by_sells_that_carry_what_it_asks_for(steps):
    outcome = opened(steps).clear()
    buys, sells = sides(steps)
    bought, sold = units(buys, outcome.filled), units(sells, outcome.filled)

    assert len(bought) == len(sold) == outcome.quantity
    assert matched(bought, sold) == outcome.quantity


@given(books())
def test_nobody_trades_beyond_limit_or_quantity(steps):
    outcome = opened(steps).clear()

    for step, filled in outcome.fills:
        assert 0 < filled <= step.quantity
        assert step.side.sign * (step.price - outcome.price) >= 0
    assert not outcome.fills or outcome.low <= outcome.price <= outcome.high


@given(books())
def test_nobody_left_over_could_take_the_place_of_a_worse_one(steps):
    outcome = opened(steps).clear()
    filled = outcome.filled
    buys, sells = sides(steps)
    whole = {step: step.quantity for step in steps}
    eligible = [s for s in sells if outcome.price is not None and s.price <= outcome.price]
    for better, worse in permutations(buys, 2):
        if better.price <= worse.price or not filled.get(worse):
            continue
        if filled.get(better, 0) == better.quantity:
            continue
        instead = {**filled, worse: filled[worse] - 1, better: filled.get(better, 0) + 1}
        served = matched(units(buys, instead), units(eligible, whole))
        assert served < outcome.quantity


@given(books(asked=st.just(())))
def test_a_book_without_warrants_clears_as_ever(steps):
    plain = built_in()["uniform-price"].open_book(product(price_floor=-9, price_cap=9))
    for step in steps:
        plain.add(step)
    heeding = opened(steps)
    heeding._asking = 1  # as if somebody asked for nothing

    ours, theirs = heeding.clear(), plain.clear()

    assert (ours.quantity, dict(ours.fills)) == (theirs.quantity, dict(theirs.fills))
    assert not ours.quantity or (ours.price, ours.low, ours.high, ours.type) == (
        theirs.price,
        theirs.low,
        theirs.high,
        theirs.type,
    )


@settings(max_examples=50)
@given(books(blocks=st.booleans()))
def test_all_or_none_is_filled_whole_or_not_at_all(steps):
    outcome = opened(steps).clear()
    buys, sells = sides(steps)

    assert all(n == s.quantity for s, n in outcome.fills if s.all_or_none)
    assert matched(units(buys, outcome.filled), units(sells, outcome.filled)) == outcome.quantity
