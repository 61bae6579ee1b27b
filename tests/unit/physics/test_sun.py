"""The sun where almanacs have it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.time import parse_rfc3339
from gateway.physics.sun import elevation_deg

GREENWICH = (51.48, 0.0)


@pytest.mark.parametrize(
    ("at", "place", "degrees"),
    [
        ("2026-06-21T12:02:00Z", GREENWICH, 61.96),  # 90 - latitude + obliquity
        ("2026-12-21T11:58:00Z", GREENWICH, 15.08),
        ("2026-06-21T00:02:00Z", GREENWICH, -15.08),
        ("2026-03-20T12:07:00Z", (0.0, 0.0), 89.9),
        ("2026-06-21T04:02:00Z", (-33.87, 151.21), 25.5),  # two hours after noon in Sydney
        ("2026-12-21T12:00:00Z", (80.0, 0.0), -13.4),
    ],
)
def test_elevation_is_that_of_the_almanac(at, place, degrees):
    assert elevation_deg(parse_rfc3339(at) / 1e9, *place) == pytest.approx(degrees, abs=0.5)


@given(st.floats(0, 4e9), st.floats(-90, 90), st.floats(-180, 180))
def test_it_is_always_an_angle_above_the_horizon(at_s, latitude, longitude):
    assert -90 <= elevation_deg(at_s, latitude, longitude) <= 90
