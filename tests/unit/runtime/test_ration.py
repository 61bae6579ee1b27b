"""Tokens: some at once, then one in so long, by whatever the clock does."""

from gateway.model.time import SECOND, Instant
from gateway.runtime.ration import TokenBucket


def taken(bucket, *at_s):
    return [bucket.take(Instant(int(at * SECOND))) for at in at_s]


def test_three_at_once_and_then_one_in_five_seconds():
    bucket = TokenBucket()
    assert taken(bucket, 100, 100, 100, 100, 104) == [True, True, True, False, False]
    assert taken(bucket, 105, 105, 111) == [True, False, True]


def test_a_clock_that_is_set_back_refills_nothing_and_does_not_stop_it_for_so_long():
    bucket = TokenBucket()
    assert taken(bucket, 5000, 5000, 5000, 100) == [True, True, True, False]
    assert taken(bucket, 105) == [True]
