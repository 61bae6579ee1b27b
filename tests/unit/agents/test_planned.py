"""A storage that tenders by what its energy is worth afterwards."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.planned import planned_steps, remembered_values
from gateway.agents.utility import GridPrices
from gateway.agents.value import Store, values
from gateway.model.outlook import Outlook, Scenario
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Side
from gateway.model.time import HOUR, Instant

PRODUCT = Product(id="power", resource=POWER, unit="W", interval=HOUR)
STORE = Store(capacity_wh=1000, charge_w=600, discharge_w=500, eta_charge=0.9, eta_discharge=0.9)


def outlook(*imports, residual_w=500.0):
    return Outlook(
        start=Instant(0),
        step=HOUR,
        import_price=imports,
        export_price=(0.05,) * len(imports),
        scenarios=(Scenario(weight=1.0, residual_w=(residual_w,) * len(imports)),),
    )


def sums(steps, side):
    return sum(step.quantity for step in steps if step.side is side)


def test_before_a_dear_hour_it_buys_what_it_will_give_there_at_what_that_saves():
    steps = planned_steps(PRODUCT, values(outlook(0.40), STORE), STORE, 0.0, 1.0)
    first = steps[0]
    assert (first.side, first.price) == (Side.BUY, 3240)  # 0.81 x 0.40
    assert sums(steps, Side.SELL) == 0
    assert sums(steps, Side.BUY) == 600


def test_with_half_a_charge_it_keeps_for_the_dear_hour_and_sells_the_rest_cheaper():
    slopes = values(outlook(0.40, 0.20, residual_w=200.0), STORE)
    steps = planned_steps(PRODUCT, slopes, STORE, 500.0, 1.0)
    sells = [step for step in steps if step.side is Side.SELL]
    assert sells[0].price < 4000
    assert sells[-1].price >= 4000
    assert sums(steps, Side.SELL) == pytest.approx(450, abs=1)


def test_what_will_only_be_exported_is_kept_while_there_is_time_to_export_it():
    full = replace(outlook(0.40, 0.40, residual_w=0.0), left=0.0)
    grid = GridPrices(asks=4000, pays=500)
    steps = planned_steps(PRODUCT, values(full, STORE), STORE, 400.0, 1.0, grid=grid)
    assert min(one.price for one in steps if one.side is Side.SELL) == 501
    late = planned_steps(PRODUCT, values(full, STORE, over=1), STORE, 1000.0, 1.0, grid=grid)
    assert min(one.price for one in late if one.side is Side.SELL) <= 500


def test_what_a_later_hour_needs_at_the_same_price_serves_this_one_before_the_grid_does():
    even = replace(outlook(0.40, 0.40), left=0.0)
    grid = GridPrices(asks=4000, pays=500)
    steps = planned_steps(PRODUCT, values(even, STORE), STORE, 1000.0, 1.0, grid=grid)
    assert max(one.price for one in steps if one.side is Side.SELL) == 3999


def test_for_a_short_interval_power_binds_not_energy():
    steps = planned_steps(PRODUCT, values(outlook(0.40), STORE), STORE, 500.0, 10 / 3600)
    assert (sums(steps, Side.BUY), sums(steps, Side.SELL)) == (600, 500)


@given(
    st.lists(st.floats(-0.3, 0.9), min_size=1, max_size=8),
    st.floats(-5000, 5000),
    st.floats(0, 1000),
    st.sampled_from([10 / 3600, 0.25, 1.0]),
)
def test_it_never_trades_with_itself_nor_promises_more_than_it_can_hold(
    imports, residual_w, stored_wh, hours
):
    found = outlook(*imports, residual_w=residual_w)
    steps = planned_steps(PRODUCT, values(found, STORE), STORE, stored_wh, hours)
    buys = [step.price for step in steps if step.side is Side.BUY]
    sells = [step.price for step in steps if step.side is Side.SELL]
    assert all(a > b for a, b in itertools.pairwise(buys))
    assert all(a < b for a, b in itertools.pairwise(sells))
    if buys and sells:
        assert buys[0] < sells[0]
    assert sums(steps, Side.BUY) <= min(600, (1000 - stored_wh) / 0.9 / hours) + 1e-6
    assert sums(steps, Side.SELL) <= min(500, stored_wh * 0.9 / hours) + 1e-6


@pytest.mark.parametrize("later", [2.0, 2.5, 9.0, -1.0, -1.2, -9.0])
@pytest.mark.parametrize("tick", [1, 100])
def test_worth_more_than_the_cap_or_less_than_the_floor_it_still_buys_below_what_it_sells_at(
    later, tick
):
    product = replace(PRODUCT, tick=tick)
    steps = planned_steps(product, values(outlook(later), STORE), STORE, 500.0, 1.0)
    buys = [step.price for step in steps if step.side is Side.BUY]
    sells = [step.price for step in steps if step.side is Side.SELL]
    assert product.price_floor <= buys[-1]
    assert buys[0] + tick <= sells[0]
    assert sells[-1] <= product.price_cap


def test_many_storages_are_planned_once_for_an_outlook():
    found = outlook(0.40, 0.20)
    stores = [replace(STORE, capacity_wh=1000.0 + number) for number in range(40)]
    first = [remembered_values(found, store, 0) for store in stores]
    again = [remembered_values(found, store, 0) for store in stores]
    assert all(one is other for one, other in zip(first, again, strict=True))
    assert first == [values(found, store) for store in stores]
