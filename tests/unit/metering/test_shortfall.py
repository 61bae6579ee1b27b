"""Whether a roof gave less than it should, and why."""

from math import pi, sin
from random import Random

import pytest

from gateway.metering.shortfall import likely_reason, low_days
from gateway.model.roof import Compared, Expectation, YieldQuality

_FROM, _TO = 24, 72  # quarter hours of the day with sun


def _day(share) -> Expectation:
    """``share`` of what is expected, by quarter hours since sunrise (0..47)."""
    quarters = {}
    for slot in range(_FROM, _TO):
        expected = 1000 * sin(pi * (slot - _FROM + 0.5) / (_TO - _FROM))
        one = Compared(expected_wh=expected, given_wh=expected * share(slot - _FROM))
        quarters[f"{slot:02}"] = one
    return Expectation(quarters=quarters, quality=YieldQuality.CLEAR_SKY)


def _clouds(seed: int, most: float = 1.0) -> Expectation:
    dice = Random(seed)
    shares = [dice.uniform(0.1, most) for _ in range(48)]
    return _day(lambda n: shares[n])


CLEAR, THIRD_OFF = _day(lambda _: 0.97), _day(lambda _: 0.66)
FOG = _day(lambda _: 0.12)


def test_sunny_days_below_what_should_be_are_counted() -> None:
    assert low_days(0, THIRD_OFF, []) == 1
    assert low_days(1, THIRD_OFF, []) == 2


def test_one_good_day_ends_the_count() -> None:
    assert low_days(2, CLEAR, []) == 0


@pytest.mark.parametrize("day", [*[_clouds(n) for n in range(20)], FOG, Expectation()])
def test_days_of_clouds_or_fog_or_nothing_known_are_not_judged(day: Expectation) -> None:
    assert low_days(2, day, []) == 2


def test_under_clouds_a_roof_is_judged_by_another_that_came_to_what_it_should() -> None:
    assert low_days(0, _clouds(1, 0.8), [CLEAR]) == 1


def test_a_roof_that_gives_nothing_at_all_is_judged() -> None:
    assert low_days(0, _day(lambda _: 0.0), []) == 1


@pytest.mark.parametrize(
    ("day", "strings", "sisters", "words"),
    [
        (THIRD_OFF, {"1": CLEAR, "2": _day(lambda _: 0.31)}, [], "string 2 gave 31 %"),
        (_day(lambda n: 0.0 if 20 <= n < 36 else 1.0), {}, [], "nothing for 16 quarter hours"),
        (THIRD_OFF, {}, [THIRD_OFF], "the other roofs gave less too"),
        (
            _day(lambda n: min(1.0, 0.6 / sin(pi * (n + 0.5) / 48))),
            {},
            [],
            "never gave more than 2400 W",
        ),
        (_day(lambda n: 0.2 if n < 20 else 1.0), {}, [CLEAR], "something shades it"),
        (THIRD_OFF, {"1": THIRD_OFF, "2": THIRD_OFF}, [CLEAR], "the whole day alike"),
    ],
    ids=["a string", "trips", "all roofs", "held", "shade", "alike"],
)
def test_the_reason_is_what_would_look_like_this(day, strings, sisters, words: str) -> None:
    assert words in likely_reason(day, strings, sisters)
