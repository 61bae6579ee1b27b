"""One clearing against the definition, counted out price by price."""

from itertools import product as combinations
from itertools import starmap

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.market import mechanisms
from gateway.market.blocks import EXACT_UP_TO
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TieClass
from gateway.model.time import SECOND, Duration
from gateway.ports.mechanism import Step

FLOOR, CAP = -3, 9
PRICES = range(FLOOR, CAP + 1)
TERMS = Product(
    id="power",
    resource=POWER,
    unit="W",
    interval=Duration(10 * SECOND),
    price_floor=FLOOR,
    price_cap=CAP,
)

rows = st.tuples(
    st.sampled_from(Side),
    st.integers(FLOOR, CAP),
    st.integers(1, 12),
    st.sampled_from(TieClass),
)
tables = st.lists(rows, max_size=12)


def make(number, side, price, quantity, tie_class, *, block=False):
    party = Party(id=f"p{number}", tie_class=tie_class)
    tender = Tender(id="t", side=side, price=price, quantity=quantity, all_or_none=block)
    return Step(party, tender, side, price, quantity, number)


def fill_book(steps, terms=TERMS):
    book = mechanisms.built_in()["uniform-price"].open_book(terms)
    for step in steps:
        book.add(step)
    return book


def steps_of(table):
    return [make(number, *row) for number, row in enumerate(table)]


def wanted(steps, side, price):
    """Quantity of the side that accepts the price."""
    sign = side.sign
    return sum(s.quantity for s in steps if s.side is side and sign * (s.price - price) >= 0)


def most_traded(steps):
    return max(min(wanted(steps, Side.BUY, p), wanted(steps, Side.SELL, p)) for p in PRICES)


@given(tables)
def test_bought_equals_sold_and_nobody_trades_beyond_limit_or_quantity(table):
    outcome = fill_book(steps_of(table)).clear()

    assert sum(step.side.sign * filled for step, filled in outcome.fills) == 0
    for step, filled in outcome.fills:
        assert 0 < filled <= step.quantity
        assert step.side.sign * (step.price - outcome.price) >= 0


@given(tables)
def test_volume_is_the_most_that_any_price_allows(table):
    steps = steps_of(table)

    assert fill_book(steps).clear().quantity == most_traded(steps)


@given(tables)
def test_no_step_better_than_the_price_is_left_unfilled(table):
    steps = steps_of(table)
    outcome = fill_book(steps).clear()
    filled = dict(outcome.fills)

    if outcome.price is not None:
        better = [s for s in steps if s.side.sign * (s.price - outcome.price) > 0]
        assert all(filled.get(step) == step.quantity for step in better)


@given(tables)
def test_price_range_is_what_the_fills_say(table):
    steps = steps_of(table)
    outcome = fill_book(steps).clear()
    filled = dict(outcome.fills)
    if not outcome.quantity:
        return

    used = [(s.side, s.price) for s in steps if filled.get(s, 0) > 0]
    not_full = [(s.side, s.price) for s in steps if filled.get(s, 0) < s.quantity]
    low = max(
        [p for side, p in used if side is Side.SELL]
        + [p for side, p in not_full if side is Side.BUY]
    )
    high = min(
        [p for side, p in used if side is Side.BUY]
        + [p for side, p in not_full if side is Side.SELL]
    )
    assert (outcome.low, outcome.high) == (low, high)
    assert outcome.price == (low + high) // 2


@given(tables, st.integers(FLOOR, CAP), st.integers(1, 12))
def test_more_supply_never_raises_a_price(table, price, quantity):
    steps = steps_of(table)
    before = fill_book(steps).price()
    more = make(99, Side.SELL, price, quantity, TieClass.LOCAL)
    after = fill_book([*steps, more]).price()

    if before is not None and after is not None:
        assert after <= before


@given(tables, st.randoms(use_true_random=False))
def test_order_of_adding_does_not_matter(table, random):
    steps = steps_of(table)
    shuffled = random.sample(steps, len(steps))

    assert fill_book(steps).clear() == fill_book(shuffled).clear()


@given(tables, st.randoms(use_true_random=False))
def test_order_of_arrival_moves_only_odd_lots_at_the_margin(table, random):
    order = random.sample(range(len(table)), len(table))
    one = {n: make(n, *row) for n, row in enumerate(table)}
    other = {n: make(order[n], *row) for n, row in enumerate(table)}
    first, second = fill_book(one.values()).clear(), fill_book(other.values()).clear()
    first_fills, second_fills = dict(first.fills), dict(second.fills)

    assert (first.price, first.quantity) == (second.price, second.quantity)
    for number, step in one.items():
        before, after = first_fills.get(step, 0), second_fills.get(other[number], 0)
        assert before == after or (abs(before - after) <= 1 and step.price == first.price)


@given(tables, tables)
def test_price_of_a_changed_book_is_that_of_a_new_one(table, extra):
    """Steps come and go after the curves were built."""
    steps = steps_of(table)
    book = fill_book(steps)
    book.price()
    passing = [make(100 + n, *row) for n, row in enumerate(extra)]
    for step in passing:
        book.add(step)
        book.price()
    for step in passing:
        book.remove(step)

    assert book.clear() == fill_book(steps).clear()
    assert book.price() == book.clear().price


blocks = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(FLOOR, CAP), st.integers(1, 12)), max_size=6
)


def best_blocks(divisible, block_steps):
    """The selection of largest welfare that a price supports, counted out."""
    best = None
    for mask in combinations((True, False), repeat=len(block_steps)):
        chosen = [step for step, taken in zip(block_steps, mask, strict=True) if taken]
        for price in PRICES:
            welfare = welfare_at(divisible, chosen, price)
            if welfare is not None and (best is None or welfare > best[0]):
                best = (welfare, chosen)
    return best


def welfare_at(divisible, chosen, price):
    """Surplus of all filled steps if ``price`` supports the chosen blocks, else None."""
    if any(step.side.sign * (step.price - price) < 0 for step in chosen):
        return None
    injected = sum(-step.side.sign * step.quantity for step in chosen)
    least = injected + wanted(divisible, Side.SELL, price - 1) - wanted(divisible, Side.BUY, price)
    most = injected + wanted(divisible, Side.SELL, price) - wanted(divisible, Side.BUY, price + 1)
    if not least <= 0 <= most:
        return None
    better = [s for s in divisible if s.side.sign * (s.price - price) > 0]
    return sum(s.side.sign * (s.price - price) * s.quantity for s in [*better, *chosen])


def with_blocks(table, block_rows):
    divisible = steps_of(table)
    block_steps = [
        make(50 + n, *row, TieClass.LOCAL, block=True) for n, row in enumerate(block_rows)
    ]
    return divisible, block_steps


@given(st.lists(rows, max_size=6), blocks)
def test_blocks_are_the_selection_of_largest_welfare(table, block_rows):
    divisible, block_steps = with_blocks(table, block_rows)
    outcome = fill_book([*divisible, *block_steps]).clear()
    filled = [step for step, _ in outcome.fills if step.all_or_none]

    _, chosen = best_blocks(divisible, block_steps)

    assert filled == chosen


@given(st.lists(rows, max_size=8), blocks)
@example(table=[], block_rows=[(Side.BUY, CAP, 3), (Side.SELL, 0, 3)])
def test_blocks_are_filled_whole_and_never_lose(table, block_rows):
    divisible, block_steps = with_blocks(table, block_rows)
    outcome = fill_book([*divisible, *block_steps]).clear()

    assert sum(step.side.sign * filled for step, filled in outcome.fills) == 0
    for step, filled in outcome.fills:
        assert filled == step.quantity or not step.all_or_none
        assert step.side.sign * (step.price - outcome.price) >= 0
    taken = {step for step, _ in outcome.fills}
    left_out = [s for s in block_steps if s not in taken]
    in_the_money = [
        s
        for s in left_out
        if outcome.price is not None and s.side.sign * (s.price - outcome.price) > 0
    ]
    assert list(outcome.rejected) == in_the_money


@given(st.lists(rows, max_size=8), blocks)
def test_taking_blocks_out_one_by_one_also_makes_nobody_lose(table, block_rows):
    divisible, block_steps = with_blocks(table, block_rows)
    many = [
        make(100 + n, Side.SELL, CAP, 1, TieClass.LOCAL, block=True) for n in range(EXACT_UP_TO + 1)
    ]
    outcome = fill_book([*divisible, *block_steps, *many]).clear()

    assert not outcome.exact
    assert sum(starmap(lambda step, filled: step.side.sign * filled, outcome.fills)) == 0
    for step, filled in outcome.fills:
        assert filled == step.quantity or not step.all_or_none
        assert step.side.sign * (step.price - outcome.price) >= 0
