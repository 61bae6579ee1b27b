"""Forecasts: quantiles in order, no sun at night or below zero, nothing from the future."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.forecast.spread import clear_sky, spread, under_the_sun
from gateway.forecast.sunshine import sunshine
from gateway.forecast.track import A_DAY, STEP, Track, no_offset
from gateway.model.time import HOUR, Instant

NOW = Instant(20_000 * A_DAY * STEP)
WATTS = st.floats(min_value=-5000, max_value=20_000, width=32)


def sky(at):
    return 1.0 - abs(at % (24 * HOUR) / HOUR - 12) / 6


def track_of(past):
    track = Track()
    for k, value in enumerate(past):
        track.put(Instant(NOW + (k - len(past)) * STEP), value)
    return track


@given(st.lists(WATTS, min_size=1, max_size=3 * A_DAY))
def test_quantiles_are_ordered_and_no_roof_draws_or_gives_at_night(past):
    told = under_the_sun(track_of(past).ahead(NOW, A_DAY, no_offset, sunshine), NOW, STEP, sky)
    seen = spread(told)
    for k in range(A_DAY):
        assert 0 <= seen.p10_w[k] <= seen.p50_w[k] <= seen.p90_w[k]
        assert seen.mean_w[k] >= 0
        if sky(Instant(NOW + k * STEP + STEP // 2)) <= 0:
            assert seen.p90_w[k] == seen.mean_w[k] == 0


@given(st.floats(min_value=0, max_value=30_000))
def test_a_roof_of_which_only_the_rating_is_known_gives_no_more_than_it(rated_w):
    seen = clear_sky(rated_w, NOW, STEP, A_DAY, sky)
    for k in range(A_DAY):
        assert 0 <= seen.p10_w[k] <= seen.p50_w[k] <= seen.p90_w[k] <= rated_w


@given(st.lists(WATTS, min_size=1, max_size=2 * A_DAY), st.lists(WATTS, min_size=1, max_size=50))
def test_what_comes_later_changes_no_forecast_made_before(past, later):
    knows = track_of(past)
    for k, value in enumerate(later):
        knows.put(Instant(NOW + k * STEP), value)
    assert knows.ahead(NOW, 8, no_offset) == track_of(past).ahead(NOW, 8, no_offset)
    told = track_of(past).ahead(NOW, 8, no_offset, sunshine)
    assert knows.ahead(NOW, 8, no_offset, sunshine) == told


@settings(max_examples=25)
@given(st.lists(st.floats(min_value=0, max_value=20_000, width=32), min_size=2 * A_DAY))
def test_sunshine_is_never_above_the_best_or_below_nothing_and_its_weights_are_one(past):
    told = sunshine(past, A_DAY + A_DAY // 2, A_DAY)
    assert abs(sum(one.weight for one in told) - 1) < 1e-9
    for one in told:
        assert min(one.residual_w) >= 0
        assert max(one.residual_w) <= max(past)


@given(st.integers(min_value=3, max_value=9), st.floats(min_value=0, max_value=5000))
def test_where_no_sun_ever_was_none_is_foreseen(days, noon_w):
    day = [noon_w if 24 <= k < 72 else 0.0 for k in range(A_DAY)]
    for one in sunshine(day * days, A_DAY, A_DAY):
        assert [w for k, w in enumerate(one.residual_w) if not 24 <= k < 72] == [0.0] * 48
