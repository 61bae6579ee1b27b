"""What may follow, by what followed before."""

import pytest

from gateway.forecast.scenarios import Recall, scenarios

DAY = [0.0, 0.0, 100.0, 400.0]


def test_without_a_past_there_is_nothing():
    assert scenarios([], 4, 4) == ()


def test_on_the_first_day_what_is_now_goes_on():
    (only,) = scenarios([1.0, 7.0], 3, 4)
    assert only.weight == 1.0
    assert only.residual_w == (7.0, 7.0, 7.0)


def test_days_that_were_all_alike_come_again_also_beyond_a_day():
    told = scenarios(DAY * 5 + DAY[:2], 6, 4)
    assert sum(one.weight for one in told) == pytest.approx(1)
    for one in told:
        assert one.residual_w == pytest.approx((100, 400, 0, 0, 100, 400))


def test_what_differs_now_fades():
    past = [*DAY * 3, 64.0]
    (one,) = scenarios(past, 4, 4, Recall(keep=1, decay=0.5 ** (1 / 6)))
    assert one.residual_w == pytest.approx((0 + 32, 100 + 16, 400 + 8, 64 + 4))


def test_the_day_most_like_today_weighs_most():
    past = [*[5, 5, 900, 900], *[80, 80, 20, 20], *[5, 5, 900, 900], 79, 79]
    told = scenarios(past, 1, 4, Recall(compare_h=12, decay=0.0, age=1.0))
    heaviest = max(told, key=lambda one: one.weight)
    assert heaviest.residual_w == (20,)


def test_nothing_but_the_past_is_needed_and_only_so_many_are_kept():
    past = [float(hour % 7) for hour in range(24 * 80)]
    told = scenarios(past, 36, 24)
    assert len(told) == 20
    assert all(len(one.residual_w) == 36 for one in told)
