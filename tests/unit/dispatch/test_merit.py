"""The merit order in watts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatch.merit import Step, walk

FLOOR, CAP = -10_000, 20_000


def buy(party, price, power_w, tie=0):
    return Step(party=party, buy=True, price=price, power_w=power_w, tie=tie)


def sell(party, price, power_w, tie=0):
    return Step(party=party, buy=False, price=price, power_w=power_w, tie=tie)


def flows(steps, fixed_w):
    return walk(steps, fixed_w, floor=FLOOR, cap=CAP)


def test_the_cheapest_supplier_serves_the_load():
    result = flows([sell("roof", 0, 5000), sell("utility", 3000, 17000, 2)], 1200)

    assert result == {"roof": -1200}


def test_the_dearer_one_fills_what_the_cheaper_lacks():
    result = flows([sell("roof", 0, 500), sell("utility", 3000, 17000, 2)], 1200)

    assert result == {"roof": -500, "utility": -700}


def test_surplus_goes_to_the_highest_value_first():
    steps = [sell("roof", 0, 6000), buy("battery", 1500, 3000), buy("utility", 800, 5000, 2)]

    assert flows(steps, 1000) == {"roof": -6000, "battery": 3000, "utility": 2000}


def test_at_one_price_local_parties_come_before_the_grid():
    steps = [sell("battery", 3000, 1000), sell("utility", 3000, 9000, 2)]

    assert flows(steps, 1500) == {"battery": -1000, "utility": -500}


def test_two_batteries_at_one_price_share():
    steps = [sell("one", 1800, 1000), sell("two", 1800, 3000)]

    assert flows(steps, 2000) == {"one": -500, "two": -1500}


def test_unknown_generation_is_taken_whatever_the_price():
    assert flows([buy("battery", 1500, 3000)], -800) == {"battery": 800}


steps = st.lists(
    st.builds(
        Step,
        party=st.sampled_from(["a", "b", "c"]),
        buy=st.booleans(),
        price=st.integers(FLOOR + 1, CAP - 1),
        power_w=st.integers(1, 9000),
        tie=st.integers(0, 2),
    ),
    max_size=8,
)


@given(steps, st.integers(-5000, 5000))
def test_flows_never_exceed_what_was_tendered(steps, fixed_w):
    result = flows(steps, fixed_w)
    for party, flow in result.items():
        bought = sum(s.power_w for s in steps if s.party == party and s.buy)
        sold = sum(s.power_w for s in steps if s.party == party and not s.buy)
        assert -sold - 1e-6 <= flow <= bought + 1e-6


@given(steps, st.integers(0, 5000))
def test_with_enough_supply_the_site_balances(steps, fixed_w):
    result = flows([*steps, sell("utility", CAP, 100_000, 2)], fixed_w)

    assert sum(result.values()) + fixed_w == pytest.approx(0, abs=1e-6)


@given(
    st.lists(st.tuples(st.integers(100, 2800), st.integers(1, 900)), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(2801, 5000), st.integers(1, 900)), min_size=1, max_size=6),
    st.integers(-9000, 9000),
)
def test_a_storage_of_many_steps_follows_the_balance_from_its_first_step_to_its_last(
    bids, asks, fixed_w
):
    steps = [buy("battery", price, power_w) for price, power_w in bids]
    steps += [sell("battery", price, power_w) for price, power_w in asks]
    grid = [sell("utility", 9000, 20000, 2), buy("utility", 50, 20000, 2)]

    flow = flows([*steps, *grid], fixed_w).get("battery", 0.0)

    charges, gives = sum(w for _, w in bids), sum(w for _, w in asks)
    assert flow == pytest.approx(min(max(-fixed_w, -gives), charges))
