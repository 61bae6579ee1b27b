"""Somebody else writes the setpoint: an accident, or another controller."""

import pytest

from gateway.dispatch.contest import WINDOW, Contest
from gateway.model.device import ContestPolicy
from gateway.model.time import MINUTE, SECOND, Instant, in_seconds

T0 = 1_000_000 * SECOND
WHAT = "someone changed register 40236: wrote 1, reads 0"


def at(s):
    return Instant(T0 + round(s * SECOND))


def struck(policy, *seconds):
    contest = Contest(policy=policy)
    for s in seconds:
        contest = contest.struck(WHAT, at(s), at(s))
    return contest


@pytest.mark.parametrize("policy", ContestPolicy)
def test_once_or_twice_is_an_accident_and_answered_at_once(policy):
    contest = struck(policy, 0, 100)
    assert not contest.fight
    assert contest.may_write(at(100))


def test_three_times_in_a_quarter_of_an_hour_is_a_fight():
    assert struck(ContestPolicy.YIELD, 0, 300, 899).fight
    assert not struck(ContestPolicy.YIELD, 0, 450, 901).fight


def test_yielding_pauses_double_from_5_minutes_to_an_hour():
    contest, now, pauses = struck(ContestPolicy.YIELD, 0, 1), 2.0, []
    for _ in range(6):
        contest = contest.struck(WHAT, at(now), at(now))
        pauses.append(in_seconds(contest.until - at(now)) / 60)
        assert contest.yields(Instant(contest.until - 1))
        assert not contest.yields(contest.until)
        now = in_seconds(contest.until - T0) + 1
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_insisting_pauses_double_from_2_to_30_seconds_and_nothing_is_left_alone():
    contest, now, pauses = struck(ContestPolicy.INSIST, 0, 1), 2.0, []
    for _ in range(6):
        contest = contest.struck(WHAT, at(now), at(now))
        pauses.append(in_seconds(contest.until - at(now)))
        assert not contest.yields(at(now))
        assert not contest.may_write(at(now))
        now = in_seconds(contest.until - T0) + 1
    assert pauses == [2, 4, 8, 16, 30, 30]


def test_the_fight_is_over_when_our_words_stood_for_the_window():
    contest = struck(ContestPolicy.YIELD, 0, 1, 2)
    quiet = Instant(contest.until + WINDOW)
    assert contest.settled(Instant(quiet - 1)).fight
    assert contest.settled(quiet) == Contest(policy=ContestPolicy.YIELD)


def test_the_owner_is_told_who_when_and_what_to_do():
    text = struck(ContestPolicy.YIELD, 0, 1, 2).text
    for part in (WHAT, "1970-01-12T13:46:42.000Z", "until 1970-01-12T13:51:42", "contest: insist"):
        assert part in text
    assert "contest: yield" in struck(ContestPolicy.INSIST, 0, 1, 2).text


def test_a_stepped_clock_keeps_the_length_of_a_pause():
    contest = struck(ContestPolicy.YIELD, 0, 1, 2).shifted(-3600 * SECOND)
    assert contest.yields(Instant(at(2) - 3600 * SECOND + 5 * MINUTE - 1))
    assert not contest.yields(Instant(at(2) - 3600 * SECOND + 5 * MINUTE))


def test_who_insists_answers_at_once_one_who_writes_once_a_minute():
    contest = Contest(policy=ContestPolicy.INSIST)
    for minute in range(20):
        now = at(60 * minute + 60)
        contest = contest.struck(WHAT, now, ours=at(60 * minute))
        assert contest.may_write(now)
    assert contest.fight
