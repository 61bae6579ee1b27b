"""One price for everybody: vectors by hand."""

import pytest

from gateway.model.clearing import ClearingType
from gateway.model.tender import TieClass
from tests.unit.market.conftest import Table, product


def test_partly_used_seller_sets_the_price(table):
    table.sell(100, 50), table.sell(200, 120, "second")
    table.buy(150, 200), table.buy(100, 100)

    outcome = table.book.clear()

    assert (outcome.quantity, outcome.price) == (150, 120)
    assert outcome.type is ClearingType.MARGINAL_SELLER
    assert table.fills()["second"] == 50
    assert [m.party for m in outcome.marginal] == ["second"]
    assert (outcome.next_cheaper.price, outcome.next_dearer.price) == (100, 200)


def test_range_of_prices_gives_the_midpoint(table):
    table.sell(100, 50), table.buy(100, 200)

    outcome = table.book.clear()

    assert (outcome.quantity, outcome.price, outcome.low, outcome.high) == (100, 125, 50, 200)
    assert outcome.type is ClearingType.EXACT
    assert (outcome.next_cheaper.price, outcome.next_dearer.price) == (50, 200)


def test_no_overlap_is_an_empty_clearing(table):
    table.sell(100, 200), table.buy(100, 100)

    outcome = table.book.clear()

    assert (outcome.quantity, outcome.price, outcome.type) == (0, None, ClearingType.EMPTY)
    assert outcome.fills == ()


def test_steps_at_the_price_share_pro_rata(table):
    table.sell(100, 100, "x"), table.sell(300, 100, "y"), table.buy(200, 200, "b")

    outcome = table.book.clear()

    assert (outcome.quantity, outcome.price) == (200, 100)
    assert table.fills() == {"x": 50, "y": 150, "b": 200}


def test_negative_price_of_must_run_supply_stands(table):
    table.sell(100, -20, "pv"), table.buy(60, 10)

    outcome = table.book.clear()

    assert (outcome.quantity, outcome.price) == (60, -20)
    assert table.fills()["pv"] == 60


def test_earlier_of_two_equal_blocks_is_filled_not_none(table):
    table.sell(100, 50, "x", all_or_none=True), table.sell(100, 50, "y", all_or_none=True)
    table.buy(100, 200, "b")

    outcome = table.book.clear()

    assert table.fills() == {"x": 100, "b": 100}
    assert [step.party.id for step in outcome.rejected] == ["y"]
    assert outcome.exact


def test_block_larger_than_demand_is_not_filled(table):
    table.sell(100, 50, all_or_none=True), table.buy(60, 200)

    assert table.book.clear().quantity == 0


def test_local_party_comes_before_the_grid_at_one_price(table):
    table.sell(3000, 300, "grid", tie_class=TieClass.GRID)
    table.sell(1000, 300, "tie", tie_class=TieClass.INTERTIE)
    table.sell(500, 300, "battery")
    table.buy(2000, 2000, "load")

    assert table.fills() == {"load": 2000, "battery": 500, "tie": 1000, "grid": 500}


def test_lots_that_do_not_divide_go_to_the_largest_remainder_then_the_earlier():
    table = Table(lot=10)
    table.sell(100, 5, "a"), table.sell(100, 5, "b"), table.sell(150, 5, "c")
    table.buy(100, 9, "load")

    # 100 over 100:100:150 in lots of ten: 2.86, 2.86, 4.29
    assert table.fills() == {"a": 30, "b": 30, "c": 40, "load": 100}


def test_equal_remainders_go_to_the_earlier(table):
    table.sell(1, 5, "a"), table.sell(1, 5, "b"), table.buy(1, 9, "load")

    assert table.fills() == {"a": 1, "load": 1}


def test_unserved_demand_at_the_cap_is_a_shortage(table):
    table.sell(100, 50), table.buy(300, 20_000)

    outcome = table.book.clear()

    assert (outcome.price, outcome.quantity, outcome.type) == (20_000, 100, ClearingType.SHORTAGE)


def test_shortage_with_nothing_for_sale_still_has_the_cap_as_price(table):
    table.buy(300, 20_000)

    outcome = table.book.clear()

    assert (outcome.price, outcome.quantity, outcome.type) == (20_000, 0, ClearingType.SHORTAGE)


def test_unsold_supply_at_the_floor_is_a_surplus(table):
    table.sell(300, -10_000), table.buy(100, 50)

    outcome = table.book.clear()

    assert (outcome.price, outcome.quantity, outcome.type) == (-10_000, 100, ClearingType.SURPLUS)


@pytest.mark.parametrize(("rule", "price"), [("low", 51), ("high", 200), ("midpoint", 125)])
def test_price_rule_picks_inside_the_range(rule, price):
    table = Table(price_rule=rule)
    table.sell(100, 51), table.buy(100, 200)

    assert table.book.price() == price


def test_midpoint_is_rounded_down_to_a_tick():
    table = Table(tick=25)
    table.sell(100, -100), table.buy(100, 25)

    assert table.book.price() == -50


def test_unknown_price_rule_is_refused_by_name():
    known = "midpoint, low, marginal-seller, high, marginal-buyer, gridlabd"
    with pytest.raises(ValueError, match=known):
        Table(price_rule="pay-as-bid")
    assert product().price_rule == "midpoint"


def test_removed_step_leaves_no_trace(table):
    table.sell(100, 50), table.buy(100, 200)
    before = table.book.clear()
    step = table.sell(500, 10)
    assert table.book.price() != before.price

    table.book.remove(step)

    assert table.book.clear() == before


def test_closing_steps_do_not_trade_at_their_own_price(table):
    """Two parties indifferent at one price: neither needs the other."""
    table.sell(100, 80, "holds", closing=True), table.buy(100, 80, "wants")

    assert table.book.clear().quantity == 0


def test_closing_steps_serve_a_need_at_their_own_price(table):
    table.sell(100, 80, "holds", closing=True), table.buy(60, 90, "needs")

    assert (table.book.price(), table.fills()) == (80, {"holds": 60, "needs": 60})


def test_in_the_money_block_that_no_price_supports_is_named(table):
    table.sell(100, 10, "div"), table.sell(100, 40, "block", all_or_none=True)
    table.buy(150, 100, "load")

    outcome = table.book.clear()

    # Block with 50 of div: the price would be 10, below the block's 40.
    assert (outcome.quantity, outcome.price) == (100, 100)
    assert [step.party.id for step in outcome.rejected] == ["block"]


def test_many_blocks_are_taken_out_one_at_a_time_and_it_says_so(table):
    for number in range(25):
        table.sell(100, 10 + number, f"s{number}", all_or_none=True)
    table.buy(1050, 200, "load")

    outcome = table.book.clear()

    assert not outcome.exact
    assert outcome.quantity == 1000
    assert sorted(table.fills()) == sorted([*(f"s{n}" for n in range(10)), "load"])
