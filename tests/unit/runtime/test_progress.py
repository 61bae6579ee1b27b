"""How far a setpoint came, and when it is written again."""

from dataclasses import replace

import pytest

from gateway.dispatch.lease import LeaseTerms
from gateway.model.device import Control
from gateway.model.setpoint import Outcome, Written
from gateway.model.time import SECOND, Duration, Instant
from gateway.runtime.progress import Progress

START = Instant(1_000 * SECOND)
TERMS = LeaseTerms(timer_s=60, lease=Duration(60 * SECOND), refused="", promise="")


def at(s):
    return Instant(START + round(s * SECOND))


def written(quantity, outcome=Outcome.ACCEPTED, s=0):
    return Written(outcome=outcome, quantity=quantity, at=at(s), detail="because")


def accepted(quantity, s=0):
    progress = Progress(device="d", terms=TERMS)
    progress.command(quantity, at(s))
    progress.attempted(written(quantity, s=s))
    return progress


def due(progress, quantity, s, since=0, *, armed=True):
    return progress.due(quantity, at(s), since=at(since), armed=armed)


@pytest.mark.parametrize(
    ("quantity", "s", "expected"),
    [
        (1000.0, 29, False),
        (1000.0, 30, True),  # half of the lease
        (1019.0, 1, False),
        (1021.0, 1, True),
        (0.0, 1, True),
        (None, 1, True),
    ],
)
def test_written_again_when_it_moved_or_half_of_the_lease_is_over(quantity, s, expected):
    assert due(accepted(1000.0), quantity, s) is expected


def test_nothing_is_written_to_release_a_device_that_was_never_driven():
    assert not due(Progress(device="d"), None, 0, armed=False)


def test_what_an_earlier_life_left_is_released():
    assert due(Progress(device="d"), None, 0, armed=True)


def test_a_released_device_is_not_released_again():
    assert not due(accepted(None), None, 3600)


def test_a_device_that_came_back_is_told_again():
    assert due(accepted(1000.0), 1000.0, 2, since=1)


def test_after_a_failure_what_stood_before_still_bounds_ramp_and_dwell():
    progress = accepted(1000.0)
    progress.command(-500.0, at(5))
    assert not progress.attempted(written(None, Outcome.REFUSED, s=6))
    assert progress.held.quantity == 1000.0
    assert progress.held.turned_at == at(0)
    assert due(progress, 1000.0, 7)


def test_a_failed_write_is_tried_in_the_next_pass_and_no_longer_once_it_worked():
    progress = accepted(1000.0)
    progress.command(1000.0, at(30))
    progress.attempted(written(None, Outcome.REFUSED, s=30))
    assert due(progress, 1000.0, 31)
    progress.command(1000.0, at(31))
    assert not due(progress, 1000.0, 32)


def test_overridden_is_news_once_and_written_again():
    progress = accepted(1000.0)
    assert progress.overridden("register 5: wrote 1, reads 0", at(1))
    assert not progress.overridden("register 5: wrote 1, reads 0", at(1))
    assert due(progress, 1000.0, 1)


def test_a_device_that_does_not_follow_is_a_fault_until_it_does(fakes):
    progress = accepted(1000.0)
    settle = Duration(2 * SECOND)

    def judge(s, power_w):
        sample = fakes.reading("d", at(s), power_w)
        return progress.judge(fakes.device(), Control.TARGET, sample, settle)

    assert judge(1, 0.0) is None
    assert judge(9, 0.0) is None
    fault = judge(10, 0.0)
    assert fault.active
    assert "asked for 1000 W, measured 0 W" in fault.text
    assert not judge(12, 990.0).active
    assert progress.status(at(12), acting=True).effective == 1000.0


def test_renewals_that_come_sooner_than_patience_ends_do_not_hide_that_nothing_happens(fakes):
    progress, faults = Progress(device="d", terms=TERMS), []
    for s in range(20):
        if s % 5 == 0:
            progress.command(1000.0, at(s))
            progress.attempted(written(1000.0, s=s))
        sample = fakes.reading("d", at(s + 0.5), 0.0)
        faults.append(progress.judge(fakes.device(), Control.TARGET, sample, Duration(2 * SECOND)))
    told = [fault for fault in faults if fault is not None]
    assert [fault.active for fault in told] == [True]
    assert told[0].at == at(10.5)


def test_a_device_that_followed_a_moment_ago_is_given_time_again(fakes):
    progress = accepted(1000.0)

    def judge(s, power_w):
        sample = fakes.reading("d", at(s), power_w)
        return progress.judge(fakes.device(), Control.TARGET, sample, Duration(2 * SECOND))

    assert judge(15, 990.0) is None
    assert judge(16, 0.0) is None
    assert judge(24, 0.0) is None
    assert judge(25, 0.0).active


def test_while_the_gateway_only_advises_nothing_is_commanded():
    status = accepted(1000.0).status(at(1), acting=False)
    assert (status.commanded, status.outcome, status.lease_until) == (None, None, None)


def test_lease_and_timer_count_from_the_command():
    status = accepted(1000.0).status(at(1), acting=True)
    assert (status.lease_until, status.timer_until) == (at(60), at(60))


def test_a_stepped_clock_keeps_the_age_of_the_lease():
    progress = accepted(1000.0)
    progress.step(-3600 * SECOND)
    assert not due(progress, 1000.0, -3600 + 29, since=-9999)
    assert due(progress, 1000.0, -3600 + 30, since=-9999)


NO_TIMER = replace(TERMS, timer_s=0)


def test_without_a_timer_words_that_stand_and_work_are_renewed_without_a_write(fakes):
    progress = accepted(1000.0)
    progress.terms, progress.outcome = NO_TIMER, Outcome.EFFECTIVE
    for s in range(0, 3600, 10):
        progress.confirm(fakes.reading("d", at(s), 1000.0))
        assert not due(progress, 1000.0, s + 1)
    assert progress.status(at(3591), acting=True).lease_until == at(3590 + 60)
    progress.confirm(fakes.reading("d", at(3700), 1000.0))
    assert due(progress, 1000.0, 3701)  # once an hour they are written all the same


@pytest.mark.parametrize(
    ("terms", "outcome"), [(TERMS, Outcome.EFFECTIVE), (NO_TIMER, Outcome.NO_EFFECT)]
)
def test_a_timer_is_always_renewed_and_so_is_what_does_not_work(fakes, terms, outcome):
    progress = accepted(1000.0)
    progress.terms, progress.outcome = terms, outcome
    progress.confirm(fakes.reading("d", at(29), 1000.0))
    assert due(progress, 1000.0, 30)


def test_what_was_read_before_our_newest_word_is_no_override():
    progress = accepted(1000.0)
    progress.command(1500.0, at(1))
    assert not progress.overridden("register 5: wrote 1, reads 0", at(1))
    assert not progress.contest.overrides


def test_a_device_that_is_left_to_another_is_not_fought_over_while_it_is():
    progress = accepted(1000.0)
    for s in range(1, 4):
        progress.overridden("register 5: wrote 1, reads 0", at(s))
        progress.command(1000.0, at(s))
        progress.attempted(written(1000.0, s=s))
    turns = progress.contest.turns
    assert not due(progress, 1000.0, 60)
    assert not progress.overridden("register 5: wrote 1, reads 0", at(60))
    assert progress.contest.turns == turns


@pytest.mark.parametrize(("s", "restarted"), [(60, False), (5, True)])
def test_a_device_that_forgot_is_told_again_and_nobody_is_blamed(s, restarted):
    progress = accepted(1000.0)
    assert progress.overridden("register 5: wrote 1, reads 0", at(s), restarted=restarted)
    assert not progress.contest.overrides
    assert due(progress, 1000.0, s)
