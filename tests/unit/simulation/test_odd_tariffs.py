"""Odd tariffs: whatever is paid, a plan is not dearer than plain self-consumption."""

import random
from dataclasses import replace

import pytest

from gateway.simulation.scenario import YearTariff
from gateway.simulation.simulate import simulate

SPRING, DAYS = 24 * 240, 12  # days into the year of the fixtures
FLAT = [(0.30, 0.08)] * 24
NOTHING_FED_IN = [(0.30, 0.0)] * 24
NEGATIVE_NOON = [(0.05, -0.04) if 11 <= hour < 15 else (0.30, 0.06) for hour in range(24)]
PAID_TO_DRAW = [(-0.05, -0.10) if 2 <= hour < 5 else (0.28, 0.05) for hour in range(24)]
EVENING_SPIKE = [(1.50, 0.90) if hour == 18 else (0.20, 0.05) for hour in range(24)]


def unlike_each_other():
    rng = random.Random(7)
    buys = [max(0.02, rng.gauss(0.25, 0.15)) for _ in range(24 * DAYS)]
    return [(buy, buy - rng.uniform(0.01, 0.20)) for buy in buys]


@pytest.mark.slow
@pytest.mark.parametrize("home", ["h1", "h12"])
@pytest.mark.parametrize(
    "prices",
    [
        pytest.param(FLAT * DAYS, id="flat"),
        pytest.param(NOTHING_FED_IN * DAYS, id="nothing-fed-in"),
        pytest.param(NEGATIVE_NOON * DAYS, id="negative-noon"),
        pytest.param(PAID_TO_DRAW * DAYS, id="paid-to-draw"),
        pytest.param(EVENING_SPIKE * DAYS, id="evening-spike"),
        pytest.param(unlike_each_other(), id="every-hour-another"),
    ],
)
def test_it_is_not_dearer_than_self_consumption(real_home, home, prices):
    buys, sells = zip(*prices, strict=True)
    scenario = real_home(home, SPRING, 24 * DAYS)
    tariff = YearTariff(import_price=buys, export_price=sells)
    cost = simulate(replace(scenario, tariff=tariff)).total.cost
    possible = cost.none - cost.optimum
    assert cost.captured >= 0.9
    assert cost.optimum <= cost.market + 1e-9
    assert cost.market <= cost.self_consumption + 0.001 * possible
