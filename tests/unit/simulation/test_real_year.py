"""Real homes through a real year: how near to perfect foresight the battery earns."""

from dataclasses import replace

import pytest

from gateway.simulation.simulate import simulate

YEAR = 8760
FLAT = (0.30, 0.08)
SUMMER = 24 * 200


def assert_earns(cost, least):
    assert cost.captured >= least
    possible = cost.none - cost.optimum
    assert cost.market <= cost.self_consumption + 0.001 * possible


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize(
    ("home", "steps", "least"),
    [("h1", YEAR // 4, 0.98), ("h6", YEAR // 4, 0.97), ("h12", YEAR, 0.95)],
)
def test_under_a_tariff_by_time_of_use_nearly_all_is_captured(real_home, home, steps, least):
    assert_earns(simulate(real_home(home, 0, steps)).total.cost, least)


@pytest.mark.slow
@pytest.mark.patient
def test_three_homes_behind_one_meter_capture_nearly_all_of_the_pooled_optimum(real_home):
    each = [real_home(name, 0, YEAR // 2) for name in ("h1", "h6", "h12")]
    homes = tuple(home for one in each for home in one.homes)
    assert_earns(simulate(replace(each[0], homes=homes, community=True)).total.cost, 0.96)


@pytest.mark.slow
@pytest.mark.parametrize("home", ["h1", "h6"])
def test_under_a_flat_tariff_it_is_never_dearer_than_self_consumption(real_home, home):
    assert_earns(simulate(real_home(home, SUMMER, 20 * 24, FLAT)).total.cost, 0.99)
