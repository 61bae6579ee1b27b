"""What was bought ahead, as stretches without a gap."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.commitment import commitments
from gateway.model.time import HOUR, Instant, Interval, parse_rfc3339
from gateway.model.wish import wish_of

NOW = parse_rfc3339("2026-11-23T15:00:00Z")


def hours(*watts):
    return [
        (Interval(Instant(NOW + k * HOUR), Instant(NOW + (k + 1) * HOUR)), float(power_w))
        for k, power_w in enumerate(watts)
    ]


def told(*watts):
    found = commitments("car", hours(*watts), NOW)
    return [((one.interval.start - NOW) // HOUR, one.name) for one in found]


def test_each_stretch_is_one_with_its_energy():
    assert told(0, 3000, 2000, 0, 500) == [(1, "car: 5.0 kWh"), (4, "car: 0.5 kWh")]


def test_what_has_begun_is_told_no_more_nor_what_is_sold_or_next_to_nothing():
    assert told(3000, 0, -2000, 0, 90) == []


def test_its_name_is_the_wish_for_as_much():
    (one,) = commitments("car", hours(0, 2500), NOW)
    device, _, words = one.name.partition(": ")
    assert (device, wish_of(words).energy_wh) == ("car", 2500)


def test_a_person_sees_no_difference_of_less_than_a_tenth_of_a_kilowatt_hour():
    (one,), (other,), (more,) = (
        [*commitments("car", hours(0, watts), NOW)] for watts in (2500, 2510, 2600)
    )
    assert not one.differs(other)
    assert one.differs(more)


@given(st.lists(st.integers(-3000, 5000), min_size=1, max_size=24))
def test_all_that_is_bought_after_the_first_gap_is_told_once(watts):
    found = [*commitments("car", hours(*watts), NOW)]
    begun = next((k for k, power_w in enumerate(watts) if power_w <= 0), len(watts))
    bought = sum(max(power_w, 0) for power_w in watts[begun:])
    small = 100 * len(watts)
    assert bought - small <= sum(one.energy_wh for one in found) <= bought
    ends = [(one.interval.start, one.interval.end) for one in found]
    assert all(before[1] < after[0] for before, after in pairwise(ends))
