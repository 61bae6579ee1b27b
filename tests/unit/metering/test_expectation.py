"""What is expected of a roof."""

from math import pi, sin

import pytest

from gateway.metering.expectation import (
    QUARTER,
    Quarter,
    close,
    expect,
    held_back,
    learn,
)
from gateway.model.roof import Expectation, Roof, YieldQuality
from gateway.model.time import HOUR, Instant, parse_rfc3339

_FIRST = parse_rfc3339("2025-06-01T00:00:00Z")
_DAY = 24 * HOUR


def _sky(at: Instant) -> float:
    return sin(2 * pi * (at % _DAY / _DAY - 0.25))


def _quarters(day: int, factor: float = 1.0) -> list[Quarter]:
    """A clear day of a roof that gives 1 kWh a quarter hour with the sun in the zenith."""
    starts = [Instant(_FIRST + day * _DAY + n * QUARTER) for n in range(96)]
    return [
        Quarter(start=s, wh=max(0.0, 1000 * factor * _sky(Instant(s + QUARTER // 2))))
        for s in starts
    ]


def _seen(*factors: float, sky: bool = True) -> Roof:
    """A roof that gave so much of a clear day on each of so many days."""
    roof, sun = Roof(), _sky if sky else None
    for day, factor in enumerate(factors):
        for one in _quarters(day, factor):
            roof = learn(roof, one, sun)
        roof = close(roof, sun)
    return roof


def _expected(roof: Roof, day: int, factor: float = 1.0, *, sky: bool = True) -> Expectation:
    so_far = Expectation()
    for one in _quarters(day, factor):
        so_far = expect(roof, so_far, one, _sky if sky else None)
    return so_far


@pytest.mark.parametrize("days", [0, 1, 2])
def test_before_three_days_were_seen_nothing_is_expected(days: int) -> None:
    found = _expected(_seen(*[1.0] * days), days)
    assert (found.quality, found.expected_wh, found.ratio) == (YieldQuality.NONE, None, None)


@pytest.mark.parametrize(
    ("sky", "quality"), [(True, YieldQuality.CLEAR_SKY), (False, YieldQuality.OWN_BEST)]
)
def test_a_clear_day_like_the_others_comes_to_what_is_expected(
    sky: bool, quality: YieldQuality
) -> None:
    found = _expected(_seen(1, 1, 1, sky=sky), 3, sky=sky)
    assert found.quality is quality
    assert found.ratio == pytest.approx(1.0)


def test_a_roof_that_lost_half_its_power_comes_to_half() -> None:
    assert _expected(_seen(*[1.0] * 5), 5, 0.5).ratio == pytest.approx(0.5)


def test_the_best_day_counts_not_the_last() -> None:
    assert _expected(_seen(1, 1, 1, 0.1), 4).ratio == pytest.approx(1.0, rel=0.02)


def test_a_loss_is_the_measure_only_after_weeks() -> None:
    weeks = [1.0, 1.0, 1.0, *[0.67] * 14]
    assert _expected(_seen(*weeks), 17, 0.67).ratio < 0.8
    assert _expected(_seen(*weeks, *[0.67] * 30), 47, 0.67).ratio == pytest.approx(1.0, rel=0.02)


def test_a_day_without_readings_makes_nothing_fade() -> None:
    roof = _seen(1, 1, 1)
    assert close(roof, _sky) == roof


def test_the_day_itself_is_not_its_own_measure() -> None:
    roof = _seen(0.5, 0.5, 0.5)
    for one in _quarters(3):
        roof = learn(roof, one, _sky)
    assert _expected(roof, 3).ratio == pytest.approx(2.0)


def test_quarters_that_are_not_compared_count_on_neither_side() -> None:
    roof, so_far = _seen(1, 1, 1), Expectation()
    for one in _quarters(3)[:48]:
        so_far = expect(roof, so_far, one, _sky)
    assert so_far.ratio == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("given", "available", "limit", "held"),
    [
        (1000.0, 4000.0, None, True),
        (4000.0, 4000.0, 4000.0, False),
        (1000.0, None, 1000.0, True),
        (1000.0, None, 3000.0, False),
        (1000.0, None, None, False),
        (0.0, None, 0.0, True),
    ],
)
def test_a_roof_is_held_back_by_its_own_word_or_by_a_limit_that_binds(
    given: float, available: float | None, limit: float | None, held: bool
) -> None:
    assert held_back(given, available, limit) is held
