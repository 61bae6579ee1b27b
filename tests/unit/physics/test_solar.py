"""Sun, clouds, inverter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.physics.inertia import Delayed
from gateway.physics.solar import (
    SLOT_S,
    Inverter,
    InverterState,
    clear_sky,
    passage,
    step_inverter,
)

DT = 0.1
HOUR = 3600
INVERTER = Inverter(rated_w=8000, ramp_w_per_s=1600)


def run(state, seconds, *, available_w, limit_w=8000.0):
    for _ in range(round(seconds / DT)):
        state = step_inverter(INVERTER, state, available_w=available_w, limit_w=limit_w, dt_s=DT)
    return state


def steady(output_w, limit_w=8000.0):
    return InverterState(output_w, Delayed(limit_w))


@pytest.mark.parametrize("hour", [0, 3, 6, 20, 23])
def test_night_is_dark(hour):
    assert clear_sky(hour * HOUR) == 0.0


def test_day_peaks_between_sunrise_and_sunset():
    assert clear_sky(13 * HOUR) == 1.0
    assert clear_sky(9 * HOUR) == pytest.approx(clear_sky(17 * HOUR))
    assert clear_sky(86_400 * 400 + 13 * HOUR) == 1.0


@given(st.integers(0, 10_000), st.integers(0, 10_000_000))
def test_cloud_stays_in_its_slot_and_bounds(seed, slot):
    cloud = passage(seed, slot)
    if cloud is not None:
        assert slot * SLOT_S <= cloud.start_s < cloud.end_s <= (slot + 1) * SLOT_S
        assert 10 <= cloud.end_s - cloud.start_s <= 120.001
        assert 0.2 <= cloud.factor <= 0.5


def test_cloud_has_sharp_edges():
    cloud = next(c for slot in range(50) if (c := passage(1, slot)))
    shades = [cloud.shade(cloud.start_s - 0.01), cloud.shade(cloud.start_s)]
    assert [*shades, cloud.shade(cloud.end_s)] == [1.0, cloud.factor, 1.0]


def test_limit_moves_nothing_before_the_dead_time_then_ramps():
    state = run(steady(6000), 0.4, available_w=6000, limit_w=1000)
    assert state.output_w == 6000
    state = run(state, 1.1, available_w=6000, limit_w=1000)
    assert state.output_w == pytest.approx(6000 - 1.1 * 1600)
    assert run(state, 5, available_w=6000, limit_w=1000).output_w == 1000


def test_lifted_limit_ramps_up():
    state = run(steady(1000, 1000), 1.4, available_w=6000, limit_w=8000)
    assert state.output_w == pytest.approx(1000 + 1600)


def test_cloud_cuts_at_once_and_its_end_is_ramped():
    state = run(steady(6000), DT, available_w=1500)
    assert state.output_w == 1500
    assert run(state, 1, available_w=6000).output_w == pytest.approx(3100)


def test_standing_limit_holds_when_the_cloud_ends():
    state = steady(800, limit_w=1000)
    for _ in range(100):
        state = step_inverter(INVERTER, state, available_w=7000, limit_w=1000, dt_s=DT)
        assert state.output_w <= 1000


@given(st.floats(0, 12_000), st.floats(0, 8000), st.floats(0, 8000), st.floats(0, 8000))
def test_output_never_exceeds_sun_or_rating(available_w, limit_w, output_w, standing_w):
    state = InverterState(output_w, Delayed(standing_w))
    after = step_inverter(INVERTER, state, available_w=available_w, limit_w=limit_w, dt_s=DT)
    assert 0 <= after.output_w <= min(available_w, INVERTER.rated_w)
