"""Perfect foresight against what an independent linear program, or trying all plans, finds."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.value import Store
from gateway.simulation.optimum import Moment, best_flows
from gateway.simulation.optimum_grid import best_flows_on_grid, needed

STORE = Store(capacity_wh=900, charge_w=600, discharge_w=600, eta_charge=1.0, eta_discharge=1.0)


def cost(moments, flows, wear=0.0):
    total = 0.0
    for moment, flow in zip(moments, flows, strict=True):
        grid = moment.residual_wh + flow
        total += grid * (moment.buys if grid > 0 else moment.sells) + wear * abs(flow)
    return total


def brute(moments, store, stored):
    """Every plan in steps of 300 Wh."""
    best = float("inf")
    for flows in itertools.product((-600, -300, 0, 300, 600), repeat=len(moments)):
        levels = list(itertools.accumulate(flows, initial=stored))
        if all(0 <= level <= store.capacity_wh for level in levels):
            best = min(best, cost(moments, flows, store.wear))
    return best


prices = st.tuples(st.integers(1, 60), st.integers(0, 60)).map(lambda p: (max(p), min(p)))


@given(
    st.lists(st.tuples(st.sampled_from([-900, -300, 0, 300, 600]), prices), min_size=1, max_size=4),
    st.sampled_from([0, 300, 900]),
    st.sampled_from([0, 3]),
)
def test_no_plan_is_cheaper(steps, stored, wear):
    moments = [Moment(residual, *pair) for residual, pair in steps]
    store = Store(
        capacity_wh=900, charge_w=600, discharge_w=600, eta_charge=1, eta_discharge=1, wear=wear
    )
    flows = list(best_flows(moments, store, 1.0, stored))
    assert cost(moments, flows, wear) == pytest.approx(brute(moments, store, stored))


anything = st.tuples(st.integers(-40, 60), st.integers(-40, 60))


@given(
    st.lists(
        st.tuples(st.sampled_from([-900, -300, 0, 300, 600]), anything), min_size=1, max_size=4
    ),
    st.sampled_from([0, 300, 900]),
)
def test_at_any_prices_a_grid_finds_the_cheapest_plan(steps, stored):
    moments = [Moment(residual, *pair) for residual, pair in steps]
    flows = list(best_flows_on_grid(moments, STORE, 1.0, stored, points=13))
    assert cost(moments, flows) == pytest.approx(brute(moments, STORE, stored))


def test_where_drawing_is_paid_for_energy_is_burnt_in_the_battery():
    store = Store(
        capacity_wh=1000, charge_w=1000, discharge_w=1000, eta_charge=0.9, eta_discharge=0.9
    )
    hours = [Moment(0.0, -0.5, -0.6), Moment(0.0, 0.0, 0.0), Moment(0.0, -0.5, -0.6)]
    assert needed(hours)
    assert not needed([Moment(0.0, 0.3, 0.0)])
    flows = list(best_flows_on_grid(hours, store, 1.0, 900.0))
    assert flows[0] == pytest.approx(100 / 0.9)
    assert flows[1] < -800
    assert flows[2] == pytest.approx(1000, abs=1)


def test_energy_is_bought_cheap_for_the_dear_hour_as_far_as_losses_allow():
    store = Store(
        capacity_wh=2000, charge_w=1000, discharge_w=1000, eta_charge=0.9, eta_discharge=0.9
    )
    night, evening = Moment(100.0, 0.10, 0.0), Moment(500.0, 0.40, 0.0)
    flows = list(best_flows([night, evening], store, 1.0, 0.0))
    assert flows == pytest.approx([500 / 0.81, -500])
    assert list(best_flows([night, evening._replace(buys=0.12)], store, 1.0, 0.0)) == [0.0, 0.0]


def test_what_is_left_at_the_end_is_worth_nothing_so_it_is_used():
    flows = list(best_flows([Moment(0.0, 0.3, 0.08)] * 2, STORE, 1.0, 900.0))
    assert sum(flows) == pytest.approx(-900)


def test_a_step_shorter_than_an_hour_moves_less_energy():
    flows = list(best_flows([Moment(0.0, 0.1, 0.0), Moment(900.0, 0.4, 0.0)], STORE, 0.25, 0.0))
    assert flows == pytest.approx([150, -150])
