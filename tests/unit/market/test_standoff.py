"""What is worth a clearing ahead, and the curve that everybody may read."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.market.standoff import MOST_STEPS, balance_price, moves, supply
from gateway.model.demand import Demand
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import HOUR, Instant, Interval

HOUR_ONE = Interval(Instant(0), Instant(HOUR))
STEPS = st.dictionaries(st.integers(-100, 100), st.integers(1, 1000), min_size=1, max_size=40)


def demand_of(by_price, above):
    return Demand(above=above, steps=tuple(sorted(by_price.items(), reverse=True)))


def stated(party, *steps):
    tenders = tuple(
        Tender(id=f"{number}", side=side, price=price, quantity=quantity)
        for number, (side, price, quantity) in enumerate(steps)
    )
    return TenderSet(
        party=party, product="hourly", interval=HOUR_ONE, tenders=tenders, netting=True, revision=1
    )


LOAD = stated("load", (Side.BUY, 20_000, 600))
GRID = stated("utility", (Side.SELL, 3000, 17_000), (Side.BUY, 800, 5000))


def test_nothing_moves_while_everybody_holds_what_it_requires_within_the_least():
    assert not moves([LOAD, GRID], {"load": 600, "utility": -600}, 3000, 100)
    assert not moves([LOAD, GRID], {"load": 500, "utility": -500}, 3000, 100)


def test_a_position_further_off_than_the_least_moves():
    assert moves([LOAD, GRID], {"load": 499, "utility": -499}, 3000, 100)
    assert moves([LOAD, GRID], {"load": 701, "utility": -701}, 3000, 100)
    assert moves([LOAD], {}, 3000, 0)


def test_at_a_tie_any_part_of_the_step_at_the_price_is_as_good():
    for held in (0, -9000, -17_000):
        assert not moves([GRID], {"utility": held}, 3000, 0)
    assert moves([GRID], {"utility": 1}, 3000, 0)


def test_without_enough_demand_at_any_price_there_is_none():
    assert balance_price(Demand(above=-500, steps=((100, 400),))) is None
    assert balance_price(Demand(above=0, steps=())) is None


@given(by_price=STEPS, above=st.integers(-5000, 0))
def test_at_the_balance_price_demand_spans_zero_and_dearer_none_is_short(by_price, above):
    demand = demand_of(by_price, above)
    price = balance_price(demand)
    if price is None:
        assert demand.at(min(by_price)) < 0
    else:
        assert demand.below(price) <= 0 <= demand.at(price)
        assert all(demand.at(dearer) < 0 for dearer in by_price if dearer > price)


@given(by_price=STEPS, above=st.integers(-5000, 0))
def test_the_supply_curve_rises_and_never_tells_more_than_there_is(by_price, above):
    demand = demand_of(by_price, above)
    curve = supply(demand)
    assert len(curve) == min(MOST_STEPS, len(by_price))
    assert list(curve) == sorted(curve)
    assert all(quantity == -demand.below(price) for price, quantity in curve)
    assert curve[-1] == (max(by_price), -demand.below(max(by_price)))
