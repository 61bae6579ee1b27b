"""The sun of the days before, moved by how clear it is now."""

import pytest

from gateway.forecast.spread import spread
from gateway.forecast.sunshine import sunshine

HOURS = 24
BELL = [max(0.0, 6 - abs(hour - 12)) * 500 for hour in range(HOURS)]


def days(*clear):
    return [part * watts for part in clear for watts in BELL]


def mean_w(past, steps=HOURS):
    return spread(sunshine(past, steps, HOURS)).mean_w


def test_days_that_are_all_alike_go_on():
    assert mean_w(days(0.7, 0.7, 0.7, 0.7)) == pytest.approx([0.7 * w for w in BELL])


def test_a_grey_morning_takes_more_from_the_next_hour_than_from_the_next_day():
    past = days(1.0, 1.0, 1.0, 1.0) + [0.2 * watts for watts in BELL[:12]]
    told = mean_w(past, 36)
    assert told[0] < 0.4 * BELL[12]
    assert told[24] > told[0]
    assert told[24] < BELL[12]


def test_of_clear_and_grey_days_those_like_today_count_more():
    mixed = (1.0, 0.2) * 5
    clear = mean_w(days(*mixed) + BELL[:12])
    grey = mean_w(days(*mixed) + [0.2 * watts for watts in BELL[:12]])
    assert clear[0] > 0.9 * BELL[12]
    assert grey[0] < 0.35 * BELL[12]


def test_on_the_first_day_what_is_now_goes_on():
    (one,) = sunshine([300.0] * 5, 4, HOURS)
    assert one.residual_w == (300.0,) * 4
