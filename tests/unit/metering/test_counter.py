"""What a device's energy counter does, and what is counted of it."""

import math

from gateway.metering.counter import CONFIRMED, Sample, count, forget_base
from gateway.model.energy import SLACK_WH, Counter


def run(counter, *samples):
    for sample in samples:
        counter = count(counter, sample)
    return counter


def at(raw_wh, power_wh=0.0, most_wh=10.0):
    return Sample(raw_wh=raw_wh, power_wh=power_wh, most_wh=most_wh)


def based(raw_wh):
    """A counter that follows the device since it stood at ``raw_wh``."""
    return run(Counter(), *[at(raw_wh)] * CONFIRMED)


def test_a_counter_that_moves_is_followed_to_the_watt_hour():
    counter = run(based(5000.0), at(5003.0), at(5003.0), at(5010.0))
    assert counter.total_wh == 10.0


def test_nothing_is_counted_of_what_the_device_counted_before_us():
    assert based(12_345_678.0).total_wh == 0.0


def test_a_night_of_zeros_is_no_reset_and_counts_nothing_twice():
    counter = run(based(5000.0), at(5003.0), *[at(0.0)] * 50, at(5003.0), at(5004.0))
    assert counter.total_wh == 4.0


def test_a_night_without_any_value_is_the_same():
    counter = run(based(5000.0), at(5003.0), *[at(None)] * 50, at(5003.0), at(5004.0))
    assert counter.total_wh == 4.0


def test_what_was_integrated_while_the_counter_was_missing_is_paid_back():
    counter = run(based(5000.0), at(None, 2.0), at(None, 2.0), at(5005.0))
    assert counter.total_wh == 5.0


def test_an_integration_that_ran_ahead_waits_for_the_counter():
    counter = run(based(5000.0), at(None, 6.0), at(5004.0))
    assert counter.total_wh == 6.0
    assert count(counter, at(5005.0)).total_wh == 6.0
    assert run(counter, at(5005.0), at(5008.0)).total_wh == 8.0


def test_a_device_without_counter_is_integrated():
    assert run(Counter(), *[at(None, 1.5)] * 4).total_wh == 6.0


def test_a_reset_counter_becomes_the_base_when_it_stays_and_power_fills_the_time_between():
    reset = [at(float(3 + i), 1.0) for i in range(CONFIRMED)]
    counter = run(based(5000.0), at(5003.0), *reset, at(10.0))
    assert counter.total_wh == 3.0 + CONFIRMED * 1.0 + (10.0 - (3 + CONFIRMED - 1))


def test_one_garbage_value_changes_nothing():
    for garbage in (4_294_967_295.0, 17.0, math.nan, math.inf, -3.0):
        counter = run(based(5000.0), at(5003.0), at(garbage), at(5004.0))
        assert counter.total_wh == 4.0, garbage


def test_a_32_bit_counter_that_rolls_over_goes_on():
    end = 2.0**32
    counter = run(based(end - 3.0), at(end - 1.0), at(4.0))
    assert counter.total_wh == 7.0


def test_it_rolls_over_in_tenths_of_a_kilowatt_hour_too():
    end = 2.0**32 / 10
    counter = run(based(end - 100.0), at(100.0))
    assert counter.total_wh == 200.0


def test_a_jump_beyond_the_rating_is_not_counted_even_when_it_stays():
    jumped = 5000.0 + 50 * SLACK_WH
    counter = run(based(5000.0), *[at(jumped)] * CONFIRMED, at(jumped + 2.0))
    assert counter.total_wh == 2.0


def test_what_moved_while_nobody_looked_is_counted_if_the_rating_allows_it():
    counter = count(based(5000.0), at(25_000.0, most_wh=24_000.0))
    assert counter.total_wh == 20_000.0


def test_an_exchanged_device_goes_on_from_the_same_total():
    counter = run(based(5000.0), at(5008.0))
    counter = run(forget_base(counter), *[at(5009.0)] * CONFIRMED, at(5010.0))
    assert counter.total_wh == 9.0
