"""When silence is sleep."""

import pytest

from gateway.model.device import Role
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.time import HOUR, Duration, Instant
from gateway.runtime.silence import LONGEST_NIGHT, LastHeard, sleeps

NOW = Instant(1_782_000_000_000_000_000)
AGO = Instant(NOW - 2 * HOUR)


def heard(power_w=-3000.0, at=AGO, *, asleep=False, held=False, slept_at=None, none=False):
    flows = {} if power_w is None else {POWER: power_w}
    reading = None if none else Reading(device="d", at=at, flows=flows, asleep=asleep)
    return LastHeard(reading=reading, slept_at=slept_at, rating_w=8000.0, held=held)


def at(elevation):
    return lambda _: elevation


@pytest.mark.parametrize(
    ("last", "sun", "word"),
    [
        (heard(), at(-5.0), "the sun is down"),
        (heard(), at(5.0), ""),
        (heard(), None, ""),
        (heard(none=True), at(-5.0), "the sun is down"),
        (heard(none=True), None, ""),
        (heard(0.0, asleep=True), None, "slept when"),
        (heard(0.0, asleep=True), at(8.0), "slept when"),
        (heard(0.0, asleep=True), at(40.0), ""),
        (heard(-20.0), None, "gave nothing"),
        (heard(-20.0, held=True), None, ""),
        (heard(-2000.0), None, ""),
        (heard(None), None, ""),
        (heard(none=True, slept_at=AGO), None, "before this start"),
        (heard(none=True, slept_at=AGO), at(40.0), ""),
        (heard(none=True, slept_at=Instant(NOW - LONGEST_NIGHT)), None, ""),
        (heard(none=True, slept_at=Instant(NOW + HOUR)), None, ""),
        (heard(0.0, at=Instant(NOW - LONGEST_NIGHT), asleep=True), None, ""),
        (heard(slept_at=AGO), None, ""),  # it was awake since
    ],
)
def test_a_silent_solar_device_sleeps_where_something_says_so(last, sun, word):
    found = sleeps(Role.SOLAR, last, sun, NOW)
    assert (word in found) if word else found == ""


@pytest.mark.parametrize("role", [Role.STORAGE, Role.GRID, Role.LOAD])
def test_the_sun_says_nothing_of_what_does_not_live_by_it(role):
    assert sleeps(role, heard(), at(-5.0), NOW) == ""
    assert sleeps(role, heard(0.0), None, NOW) == ""
    assert "slept when" in sleeps(role, heard(0.0, asleep=True), at(40.0), NOW)


def test_a_night_is_no_longer_than_a_day():
    assert Duration(0) < LONGEST_NIGHT < Duration(24 * HOUR)
