"""What stored energy is worth."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.value import Store, asks, bids, values
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR, Instant

STORE = Store(capacity_wh=1000, charge_w=1000, discharge_w=1000, eta_charge=0.9, eta_discharge=0.9)
DRAW = 500.0
# Fills or empties in one hour, so in whole cells.
FULL = replace(STORE, charge_w=1000 / 0.9, discharge_w=900)


def outlook(prices, *residuals_w, export=0.05):
    return Outlook(
        start=Instant(0),
        step=HOUR,
        import_price=tuple(prices),
        export_price=(export,) * len(prices),
        scenarios=tuple(
            Scenario(weight=1 / len(residuals_w), residual_w=tuple(one)) for one in residuals_w
        ),
    )


def test_energy_for_a_dear_hour_is_worth_what_it_saves_there_the_rest_what_it_costs_after():
    slopes = values(outlook([0.40, 0.10], [DRAW, 0.0]), STORE, cells=10)
    evening = round(DRAW / 0.9 / 100)
    assert slopes[:evening] == pytest.approx([0.40 * 0.9] * evening)
    # Nine tenths of the store can be bought in the hour after; one cell more lasts to the end.
    assert slopes[evening] == pytest.approx(0.25 * 0.9)
    assert slopes[evening + 1 :] == pytest.approx([0.10 / 0.9] * (9 - evening))


def test_what_nobody_draws_is_worth_the_cheap_hours_and_not_the_mean_of_all():
    """An empty house: energy that no hour in sight needs is not kept from the next cheap draw."""
    slopes = values(outlook([0.50] * 4 + [0.20] * 8, [0.0] * 12), STORE, cells=4)
    assert slopes == pytest.approx([0.20 * 0.9] * 4)


def test_of_two_ways_it_may_go_the_mean_counts():
    both = values(outlook([0.40], [DRAW * 2], [-DRAW * 4]), STORE, cells=4)
    first = values(outlook([0.40], [DRAW * 2]), STORE, cells=4)
    second = values(outlook([0.40], [-DRAW * 4]), STORE, cells=4)
    assert both == pytest.approx([(a + b) / 2 for a, b in zip(first, second, strict=True)])


def brute(prices, residual_w, export, cells):
    """The best of all plans that move whole cells."""
    cell_kwh = STORE.capacity_wh / 1000 / cells
    end = STORE.given(min(prices))

    def cost(price, draw_w, up):
        power = up * cell_kwh / 0.9 if up > 0 else up * cell_kwh * 0.9
        meter = draw_w / 1000 + power
        return meter * price if meter > 0 else meter * export

    worth = []
    for level in range(cells + 1):
        best = max(
            end * cell_kwh * (level + sum(plan))
            - sum(cost(*one) for one in zip(prices, residual_w, plan, strict=True))
            for plan in itertools.product(range(-cells, cells + 1), repeat=len(prices))
            if all(0 <= level + sum(plan[: k + 1]) <= cells for k in range(len(plan)))
        )
        worth.append(best)
    return [(b - a) / cell_kwh for a, b in itertools.pairwise(worth)]


@given(
    st.lists(st.floats(0.06, 0.5), min_size=3, max_size=3),
    st.lists(st.sampled_from([-2, -1, 0, 1, 2]), min_size=3, max_size=3),
)
def test_it_is_what_trying_every_plan_finds(prices, cells_wanted):
    # Whole cells of draw or surplus, so that plans in whole cells reach the optimum.
    residual_w = [n * 250 * 0.9 if n > 0 else n * 250 / 0.9 for n in cells_wanted]
    found = values(outlook(prices, residual_w), FULL, cells=4)
    assert found == pytest.approx(brute(prices, residual_w, 0.05, 4), abs=1e-9)


@given(
    st.lists(st.floats(-0.3, 0.9), min_size=1, max_size=12),
    st.floats(-0.3, 0.9),
    st.lists(st.floats(-9000, 9000), min_size=12, max_size=12),
    st.floats(0, 1000),
)
def test_more_is_never_worth_more_and_it_buys_below_what_it_sells_at(
    prices, export, residual_w, stored
):
    slopes = values(outlook(prices, residual_w[: len(prices)], export=export), STORE)
    assert all(low >= high - 1e-12 for low, high in itertools.pairwise(slopes))
    wanted, offered = list(bids(slopes, STORE, stored)), list(asks(slopes, STORE, stored))
    assert sum(wh for _, wh in wanted) * 0.9 == pytest.approx(1000 - stored, abs=1e-6)
    assert sum(wh for _, wh in offered) / 0.9 == pytest.approx(stored, abs=1e-6)
    if wanted and offered and slopes[-1] >= 0:
        assert wanted[0][0] <= offered[0][0] + 1e-12


def test_a_draw_of_less_than_half_a_cell_each_step_is_not_lost():
    """A small load in steps of a quarter of an hour, as a house has it at night."""
    steps = 12
    told = Outlook(
        start=Instant(0),
        step=HOUR // 4,
        import_price=(0.40,) * steps,
        export_price=(0.05,) * steps,
        scenarios=(Scenario(weight=1.0, residual_w=(100.0,) * steps),),
        left=0.0,
    )
    slopes = values(told, STORE, cells=10)
    # 300 Wh in three hours take 333 Wh out of the store: three cells.
    assert slopes[:3] == pytest.approx([0.36] * 3)
    assert max(slopes[3:]) < 0.1


def test_a_store_slower_than_half_a_cell_each_step_still_fills():
    slow = replace(STORE, charge_w=100, discharge_w=100)
    told = replace(outlook([0.10] * 6 + [0.40] * 6, [0.0] * 6 + [DRAW] * 6), left=0.0)
    slopes = values(told, slow, cells=4)
    # The dear hours take two cells, which the cheap ones bring; what is more can be sold.
    assert slopes[:3] == pytest.approx([0.10 / 0.9, 0.10 / 0.9, 0.05 * 0.9])


def test_steps_that_are_over_count_no_more():
    told = replace(outlook([0.10, 0.40], [0.0, DRAW]), left=0.0)
    # While the cheap hour lasts it can be had at its price; after it, not any more.
    assert values(told, STORE, cells=10)[0] == pytest.approx(0.10 / 0.9)
    assert values(told, STORE, over=1, cells=10)[0] == pytest.approx(0.40 * 0.9)
