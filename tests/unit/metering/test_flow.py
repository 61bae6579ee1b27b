"""Power integrated into intervals, and what a counter makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.metering.flow import Bin, Flow, Grain, corrected, rounded
from gateway.model.time import SECOND, Duration, Instant, Interval

STEP = Duration(10 * SECOND)
GAP = Duration(30 * SECOND)


def flow_of(*samples):
    flow = Flow(step=STEP, longest_gap=GAP)
    for at_s, watts in samples:
        flow.see(Instant(at_s * SECOND), watts)
    return flow


def over(flow, start_s, end_s):
    return flow.over(Interval(Instant(start_s * SECOND), Instant(end_s * SECOND)))


def test_a_constant_flow_fills_each_interval_it_covers():
    first, second = over(flow_of((0, 500), (20, 500)), 0, 20)
    assert (first.net, first.known_ms) == (500 * 10_000, 10_000)
    assert (second.net, second.known_ms) == (500 * 10_000, 10_000)


def test_a_reading_across_a_boundary_is_cut_there():
    first, second = over(flow_of((5, 0), (15, 1000)), 0, 20)
    assert (first.net, second.net) == (250 * 5_000, 750 * 5_000)
    assert first.known_ms == second.known_ms == 5_000


def test_a_change_of_direction_counts_both_ways():
    (only,) = over(flow_of((0, 1000), (10, -1000)), 0, 10)
    assert only.net == 0
    assert only.into == only.out == 250 * 10_000


@pytest.mark.parametrize("samples", [[(0, 500), (31, 500)], [(0, 500), (5, None), (10, 500)]])
def test_what_lies_between_readings_that_do_not_speak_for_it_is_not_measured(samples):
    assert sum(one.known_ms for one in over(flow_of(*samples), 0, 30)) == 0


def test_a_clock_set_back_measures_nothing_twice():
    flow = flow_of((0, 500), (10, 500), (4, 500))
    assert flow.total == 500 * 10_000


@pytest.mark.parametrize(
    ("seen", "grain"),
    [([5000.0, 6000.0], 1000.0), ([5000.0, 5010.0], 10.0), ([5000.0, 5003.0], 1.0), ([0.25], 0.1)],
)
def test_the_grain_of_a_counter_is_what_divides_all_it_said(seen, grain):
    found = Grain()
    for raw_wh in seen:
        found.see(raw_wh)
    assert found.wh == grain


def test_a_correction_goes_where_nothing_was_measured():
    bins = [Bin(100.0, 0.0, 10_000), Bin(0.0, 0.0, 4_000), Bin()]
    assert corrected(bins, 10_000, 1600.0) == [100.0, 600.0, 1000.0]


def test_a_correction_of_what_was_measured_scales_it():
    bins = [Bin(300.0, 0.0, 10_000), Bin(100.0, 0.0, 10_000)]
    assert corrected(bins, 10_000, 40.0) == [330.0, 110.0]


@given(st.lists(st.floats(-1e6, 1e6), max_size=100))
def test_rounding_keeps_the_sum_at_every_place(values):
    whole = rounded(values)
    for place in range(len(values) + 1):
        assert abs(sum(values[:place]) - sum(whole[:place])) <= 0.5 + 1e-6


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(-9000, 9000)), min_size=2, max_size=30),
    st.floats(-1e9, 1e9),
)
def test_no_energy_is_lost_or_made_by_cutting_it_into_intervals(steps, more):
    at, samples = 0, []
    for pause_s, watts in steps:
        at += pause_s
        samples.append((at, watts))
    flow = flow_of(*samples)
    bins = over(flow, 0, at // 10 * 10 + 10)
    assert sum(one.net for one in bins) == pytest.approx(flow.total, abs=1.0)
    spread = corrected(bins, 10_000, more)
    assert sum(spread) == pytest.approx(flow.total + more, rel=1e-9, abs=1.0)
