"""A household's load."""

from itertools import pairwise

import pytest

from gateway.physics.load import base_load_w, cooking

HOUR = 3600
DAY = 86_400


@pytest.mark.parametrize("hour", range(24))
def test_base_load_is_that_of_a_home(hour):
    assert 150 <= base_load_w(1, hour * HOUR) <= 900


def test_evening_is_dearer_than_night():
    evening = sum(base_load_w(1, 19.5 * HOUR + s) for s in range(0, HOUR, 60))
    night = sum(base_load_w(1, 3 * HOUR + s) for s in range(0, HOUR, 60))
    assert evening > night * 60 / 60 * 2


def test_nobody_cooks_at_night():
    assert not any(cooking(1, 2 * HOUR + s) for s in range(0, HOUR, 10))


@pytest.mark.parametrize("seed", range(20))
def test_cooker_switches_at_most_twelve_times_an_hour(seed):
    on = [cooking(seed, seed * DAY + 17.5 * HOUR + s) for s in range(HOUR)]
    assert sum(a != b for a, b in pairwise(on)) <= 12


def test_cooker_is_used_for_dinner():
    assert any(cooking(1, 17.5 * HOUR + s) for s in range(0, HOUR, 10))
