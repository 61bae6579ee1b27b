"""Filters are compared as MQTT means it."""

import pytest

from gateway.wire.filters import covers, matches, overlap


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/#", False),
        ("a/b", "a/+", False),
        ("a/+/c", "a/+/c", True),
        ("#", "$SYS/broker", False),
        ("$SYS/#", "$SYS/broker", True),
        ("a", "a/b", False),
    ],
)
def test_filter_covers_another(wide, narrow, expected):
    assert covers(wide, narrow) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a/+", "+/b", True),
        ("a/#", "a", True),
        ("a/b/#", "a/+", True),
        ("a/b/c", "a/+", False),
        ("a/b", "a/c", False),
        ("#", "$SYS/#", False),
    ],
)
def test_filters_overlap(one, other, expected):
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected


def test_topic_with_wildcards_matches_nothing():
    assert not matches("#", "a/+")
