"""The load is an interval, and the estimate stays in it."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatch.estimate import SLACK_W, first_estimate, next_estimate

POWER = st.floats(-10_000, 10_000)


def estimate(load, **steered):
    return first_estimate(load + sum(steered.values()), steered)


def test_the_first_estimate_is_meter_minus_devices():
    assert first_estimate(100.0, {"battery": 500.0, "roof": -2000.0}).residual_w == 1600.0


def test_our_own_command_never_looks_like_a_change_of_load():
    old = estimate(1000.0, battery=0.0)
    for meter_w in (1000.0, 500.0, 0.0):  # sampled before, while or after the battery moved
        assert next_estimate(old, meter_w, {"battery": -1000.0}).residual_w == 1000.0


def test_a_switched_load_shows_at_once():
    old = estimate(1000.0, battery=0.0)
    assert next_estimate(old, 3000.0, {"battery": 0.0}).residual_w == 3000.0


def test_the_meters_noise_moves_nothing():
    old = estimate(1000.0, battery=0.0)
    assert next_estimate(old, 1000.0 + SLACK_W, {"battery": 0.0}).residual_w == 1000.0


def test_a_device_not_seen_before_counts_as_if_it_had_not_moved():
    assert next_estimate(estimate(1000.0), 400.0, {"roof": -600.0}).residual_w == 1000.0


def test_a_device_that_is_gone_is_in_the_load():
    old = estimate(1000.0, roof=-600.0)
    assert next_estimate(old, 400.0, {}).residual_w == 400.0


def test_a_device_told_to_move_may_be_anywhere_on_its_way():
    old = estimate(2000.0, battery=0.0)
    moving = {"battery": (-2000.0, -2000.0)}
    for meter_w in (2000.0, 900.0, 0.0):
        assert next_estimate(old, meter_w, {"battery": 0.0}, moving).residual_w == 2000.0
    assert next_estimate(old, -500.0, {"battery": 0.0}, moving).residual_w == 1500.0


@given(load=POWER, meter_w=POWER, before=POWER, now=POWER)
def test_the_estimate_is_never_outside_what_meter_and_devices_allow(load, meter_w, before, now):
    old = estimate(load, d=before)
    new = next_estimate(old, meter_w, {"d": now}).residual_w
    low, high = sorted((meter_w - before, meter_w - now))
    assert low - SLACK_W - 1e-6 <= new <= high + SLACK_W + 1e-6
