"""Instants, durations and intervals, and how they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.time import (
    HOUR,
    MILLISECOND,
    SECOND,
    Duration,
    Instant,
    Interval,
    iso_duration,
    parse_duration,
    parse_iso_duration,
    parse_rfc3339,
    rfc3339,
    short_duration,
    topic_time,
)

milliseconds = st.integers(0, 4_000_000_000_000).map(lambda ms: Instant(ms * MILLISECOND))


@given(milliseconds)
def test_an_instant_is_written_with_three_decimals_and_read_back(instant):
    text = rfc3339(instant)

    assert len(text) == len("2026-06-21T12:00:00.000Z")
    assert parse_rfc3339(text) == instant


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("2026-06-21T14:00:00+02:00", "2026-06-21T12:00:00Z"),
        ("2026-06-21T12:00:00.250Z", "2026-06-21T12:00:00.25+00:00"),
    ],
)
def test_any_offset_is_read(text, other):
    assert parse_rfc3339(text) == parse_rfc3339(other)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-06-21T12:00:00", "noon", "", "2026-13-01T00:00:00Z"),
        *("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_what_is_no_instant_with_an_offset_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_rfc3339(text)


def test_the_start_in_a_topic_has_no_separators():
    assert topic_time(parse_rfc3339("2026-06-21T12:00:05Z")) == "20260621T120005Z"


@pytest.mark.parametrize(
    ("text", "duration"),
    [("500ms", 500 * MILLISECOND), ("10s", 10 * SECOND), ("15min", 900 * SECOND), ("1h", HOUR)],
)
def test_short_durations_are_read_and_written(text, duration):
    assert parse_duration(text) == duration
    assert short_duration(Duration(duration)) == text


@pytest.mark.parametrize("text", ["10", "1m", "-5s", "1.5h", "s", ""])
def test_what_is_no_short_duration_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@given(st.integers(0, 10**9).map(lambda ms: Duration(ms * MILLISECOND)))
def test_iso_durations_are_read_back(duration):
    assert parse_iso_duration(iso_duration(duration)) == duration


@pytest.mark.parametrize("text", ["P1M", "PT", "P", "10s", "P1Y", "PT1H2"])
def test_durations_without_a_fixed_length_are_refused(text):
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_iso_duration(text)


def test_an_interval_is_half_open():
    interval = Interval(Instant(10), Instant(20))

    assert Instant(10) in interval
    assert Instant(20) not in interval
    assert interval.overlap(Interval(Instant(20), Instant(30))) is None
    assert interval.overlap(Interval(Instant(15), Instant(30))) == Interval(
        Instant(15), Instant(20)
    )


def test_an_interval_that_does_not_last_is_refused():
    with pytest.raises(ValueError, match="ends after it starts"):
        Interval(Instant(10), Instant(10))
