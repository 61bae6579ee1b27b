"""What is learned of a room from quarter hours of temperature and power."""

import math
import random

import pytest

from gateway.forecast.thermal import learn, thermal
from gateway.model.comfort import Learned
from gateway.physics.thermal import Building, warm

HOUSE = Building(capacity_wh_per_k=8000.0, resistance_k_per_w=0.006)
COP = 3.0


def lived(quarters, *, cop=COP, swing_k=3.0, seed=1, since=None):
    """What is learned of the house in winter, its heat pump switched at random."""
    dice, now_c, learned = random.Random(seed), 20.5, since or Learned()
    for quarter in range(quarters):
        power_w = dice.choice([0, 0, 1500, 3000]) if 19 <= now_c <= 22.5 else 0
        power_w = 3000 if now_c * cop < 19 * cop else power_w
        outside_c = (5.0 if cop > 0 else 32.0) + swing_k * math.sin(quarter / 96 * math.tau)
        then_c = warm(HOUSE, now_c, outside_c=outside_c, heat_w=cop * power_w, dt_s=900)
        learned = learn(
            learned,
            from_c=round(now_c, 1),
            to_c=round(then_c, 1),
            power_w=power_w,
            hours=0.25,
        )
        now_c = then_c
    return learned


def test_on_the_first_morning_nothing_is_claimed():
    assert thermal(lived(20), cooling=False) is None


def test_after_two_days_the_gain_is_known_by_a_tenth_and_the_decay_by_half():
    told = thermal(lived(192), cooling=False)
    assert told.gain_k_per_kwh == pytest.approx(0.375, rel=0.1)
    lost_k_per_h = (20 - told.rest_c) / told.keeps_h
    assert lost_k_per_h == pytest.approx((20 - 5) / 48, rel=0.5)


def test_what_cools_has_a_negative_gain_and_is_none_where_it_heats():
    learned = lived(192, cop=-COP)
    assert thermal(learned, cooling=True).gain_k_per_kwh == pytest.approx(-0.375, rel=0.15)
    assert thermal(learned, cooling=False) is None


def test_a_summer_in_which_it_stands_still_leaves_what_heating_does_known():
    winter, now_c = lived(192), 23.0
    learned = winter
    for _ in range(96 * 90):
        learned = learn(learned, from_c=now_c, to_c=now_c, power_w=0.0, hours=0.25)
    told = thermal(learned, cooling=False)
    assert told is None or told.gain_k_per_kwh == pytest.approx(0.375, rel=0.25)
    assert all(learned.unsure[i][i] <= Learned().unsure[i][i] * (1 + 1e-9) for i in range(3))
