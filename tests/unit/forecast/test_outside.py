"""A forecast from outside in place of the own one, as far as it reaches."""

import pytest

from gateway.forecast.outside import in_place, moved, on_grid
from gateway.forecast.spread import Spread
from gateway.model.forecast import Foreseen, OutsideForecast
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR, MINUTE, Duration, Instant

NOON = Instant(20_000 * 24 * HOUR + 12 * HOUR)
QUARTER = Duration(15 * MINUTE)
OWN = Spread(mean_w=(1000.0,) * 8, p10_w=(400.0,) * 8, p50_w=(900.0,) * 8, p90_w=(1500.0,) * 8)


def told(mean_w, step=Duration(HOUR), start=NOON, **more):
    return OutsideForecast(
        what=Foreseen.SUN, start=start, step=step, mean_w=mean_w, until=NOON + 6 * HOUR, **more
    )


def test_hours_are_told_by_quarters_and_short_steps_as_their_mean():
    hours = told((1000.0, 2000.0))
    assert on_grid(hours.mean_w, hours, NOON, QUARTER, 5) == (1000, 1000, 1000, 1000, 2000)
    minutes = told((0.0, 300.0, 600.0), step=Duration(5 * MINUTE))
    assert on_grid(minutes.mean_w, minutes, NOON, QUARTER, 1) == (300.0,)


def test_steps_that_begin_between_ours_count_by_their_time():
    shifted = told((600.0, 1200.0), start=Instant(NOON - 55 * MINUTE))
    first, second = on_grid(shifted.mean_w, shifted, NOON, QUARTER, 2)
    assert first == pytest.approx((600 * 5 + 1200 * 10) / 15)
    assert second == 1200


def test_what_is_not_told_as_a_whole_is_not_told():
    late = told((600.0,), start=Instant(NOON + 10 * MINUTE))
    assert on_grid(late.mean_w, late, NOON, QUARTER, 5) == (None, 600, 600, 600, None)


def test_where_it_ends_the_own_forecast_goes_on():
    both = in_place(OWN, told((3000.0,)), NOON, QUARTER, 8)
    assert both.mean_w == (3000,) * 4 + (1000,) * 4
    assert both.p10_w == (2400,) * 4 + (400,) * 4
    assert both.p90_w == (3500,) * 4 + (1500,) * 4


def test_its_own_quantiles_stand_and_the_median_is_between_them():
    both = in_place(OWN, told((3000.0,), p10_w=(2950.0,), p90_w=(3050.0,)), NOON, QUARTER, 4)
    assert set(zip(both.p10_w, both.p50_w, both.p90_w, strict=True)) == {(2950, 2950, 3050)}


def test_without_an_own_forecast_it_stands_alone_or_not_at_all():
    alone = in_place(None, told((3000.0, 1000.0)), NOON, QUARTER, 8)
    assert alone.mean_w == alone.p10_w == alone.p90_w == (3000,) * 4 + (1000,) * 4
    assert in_place(None, told((3000.0,)), NOON, QUARTER, 8) is None


@pytest.mark.parametrize(("what", "by"), [(Foreseen.LOAD, 500.0), (Foreseen.SUN, -500.0)])
def test_scenarios_move_by_the_difference_and_stay_as_far_apart(what, by):
    outlook = Outlook(
        start=NOON,
        step=QUARTER,
        import_price=(0.3,) * 3,
        export_price=(0.1,) * 3,
        scenarios=(
            Scenario(weight=0.5, residual_w=(100.0, 200.0, 300.0)),
            Scenario(weight=0.5, residual_w=(-100.0, 0.0, 100.0)),
        ),
    )
    seen = moved(outlook, what, (1000.0,) * 3, (1500.0, None, 1500.0))
    assert [one.residual_w for one in seen.scenarios] == [
        (100 + by, 200, 300 + by),
        (-100 + by, 0, 100 + by),
    ]
