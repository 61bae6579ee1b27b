"""What a degree more is worth."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.warmth import ahead, ramp
from gateway.model.comfort import Comfort, Thermal
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR, Instant
from gateway.physics.thermal import Building, warm

ROOM = Comfort(wish_c=20.5, low_c=19.0, high_c=23.0)
FRIDGE = Comfort(wish_c=5.0, low_c=3.0, high_c=7.0, cooling=True)
HOUSE = Thermal(keeps_h=48.0, rest_c=5.0, gain_k_per_kwh=0.375)
BOX = Thermal(keeps_h=5.0, rest_c=20.0, gain_k_per_kwh=-20.0)
FLAT = [0.30] * 24
PEAK = [0.50] * 4 + [0.20] * 20


def outlook(prices, residual_w=500.0):
    return Outlook(
        start=Instant(0),
        step=HOUR,
        import_price=tuple(prices),
        export_price=(0.05,) * len(prices),
        scenarios=(Scenario(weight=1.0, residual_w=(residual_w,) * len(prices)),),
    )


def worth(now_c, prices=FLAT, residual_w=500.0, comfort=ROOM, body=HOUSE, most_w=3000.0):
    return ahead(outlook(prices, residual_w), comfort, body, most_w, now_c)


def test_at_a_price_that_never_changes_the_wish_is_kept_by_a_quarter_of_a_degree():
    assert worth(20.2) > 0.30 > worth(20.75)


def test_before_dear_hours_warmth_is_worth_more_than_it_costs_now():
    assert worth(20.75, PEAK) > 0.20
    assert worth(20.75, [0.20] * 24) < 0.20


def test_in_dear_hours_it_lets_the_room_cool_but_not_below_the_limit():
    dear = [0.50] * 2 + [0.20] * 22
    assert worth(20.0, dear) < 0.50
    assert worth(18.8, dear) > 0.50


def test_surplus_that_comes_at_noon_is_waited_for():
    noon = Outlook(
        start=Instant(0),
        step=HOUR,
        import_price=(0.30,) * 24,
        export_price=(0.05,) * 24,
        scenarios=(Scenario(weight=1.0, residual_w=(500.0,) * 2 + (-3000.0,) * 4 + (500.0,) * 18),),
    )
    assert ahead(noon, ROOM, HOUSE, 3000.0, 20.3) < worth(20.3)


def test_a_fridge_pays_more_the_warmer_it_is_and_cools_ahead_of_dear_hours():
    def pays(now_c, prices=FLAT):
        return worth(now_c, prices, comfort=FRIDGE, body=BOX, most_w=100.0)

    assert pays(6.5) > pays(5.0) > pays(3.5)
    assert pays(5.0, [0.20, 0.20, 0.60, 0.60] + [0.20] * 20) > pays(5.0, [0.20] * 24)


def test_the_ramp_pays_the_tariff_at_the_wish_and_what_feeding_in_earns_at_the_far_limit():
    assert ramp(ROOM, 20.5, 0.30, 0.22) == pytest.approx(0.30)
    assert ramp(ROOM, 23.0, 0.30, 0.22) == pytest.approx(0.08)
    assert ramp(ROOM, 19.0, 0.30, 0.22) == pytest.approx(0.52)
    assert ramp(FRIDGE, 7.0, 0.30, 0.22) == pytest.approx(0.52)


@given(
    st.lists(st.floats(0.02, 0.9), min_size=12, max_size=36),
    st.floats(18.0, 23.9),
    st.floats(0.05, 1.0),
    st.floats(-3000, 3000),
)
def test_the_warmer_the_less_it_pays(prices, now_c, step_k, residual_w):
    slack = 0.2 * max(prices)  # the grain of powers and temperatures
    assert worth(now_c, prices, residual_w) >= worth(now_c + step_k, prices, residual_w) - slack


def a_winter_week(price_at, pays):
    """Bill and coldest and warmest of a house in steps of a quarter of an hour."""
    house, now_c, bill, seen = Building(), 20.5, 0.0, []
    for quarter in range(96 * 4):
        hour = quarter // 4
        price = price_at(hour)
        power_w = 3000 if now_c <= 19.0 else 3000 * (pays(now_c, hour) >= price)
        bill += price * power_w / 4000
        now_c = warm(house, now_c, outside_c=5.0, heat_w=3 * power_w, dt_s=900)
        seen.append(now_c)
    held_kwh = (now_c - 20.5) / 0.375
    return bill - held_kwh * 0.25, min(seen), max(seen)


def test_four_winter_days_with_dear_evenings_cost_a_tenth_less_and_the_band_is_held():
    def price_at(hour):
        return 0.40 if 17 <= hour % 24 < 21 else 0.20

    def looks_ahead(now_c, hour):
        return worth(now_c, [price_at(hour + 1 + k) for k in range(36)])

    plain, *_ = a_winter_week(price_at, lambda now_c, _: 1.0 if now_c < 20.5 else 0.0)
    bill, coldest, warmest = a_winter_week(price_at, looks_ahead)
    assert bill < 0.9 * plain
    assert coldest >= ROOM.low_c - 0.2
    assert warmest <= ROOM.high_c


def test_more_scenarios_of_the_same_change_nothing():
    one = outlook(PEAK)
    half = replace(one.scenarios[0], weight=0.5)
    both = replace(one, scenarios=(half, half))
    assert ahead(both, ROOM, HOUSE, 3000.0, 20.1) == pytest.approx(
        ahead(one, ROOM, HOUSE, 3000.0, 20.1)
    )
