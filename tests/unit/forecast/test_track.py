"""A series of the past, what may follow it, and how far off that was."""

import pytest

from gateway.app.outlooks import offset_in
from gateway.forecast.accuracy import LEADS, lead_errors
from gateway.forecast.track import A_DAY, DAYS, STEP, Track, no_offset
from gateway.model.time import HOUR, Instant, parse_rfc3339


def filled(start, steps, value):
    track = Track()
    for k in range(steps):
        track.put(Instant(start + k * STEP), value(Instant(start + k * STEP)))
    return track


def test_what_repeats_every_day_is_foreseen():
    start = parse_rfc3339("2026-06-01T00:00:00Z")
    track = filled(start, 4 * A_DAY, lambda at: float(at // STEP % A_DAY))
    told = track.ahead(Instant(start + 4 * A_DAY * STEP), A_DAY, no_offset)
    for one in told:
        assert one.residual_w == pytest.approx(range(A_DAY))


@pytest.mark.parametrize("change", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"])
def test_a_habit_keeps_its_local_hour_when_the_clocks_change(change):
    offset = offset_in("Europe/Amsterdam")
    turn = parse_rfc3339(change)

    def cooks(at):
        return 2000.0 if (at + offset(at)) % (24 * HOUR) // HOUR == 18 else 100.0

    start, end = Instant(turn - 6 * A_DAY * STEP), Instant(turn - 5 * HOUR)
    track = filled(start, (end - start) // STEP, cooks)
    for one in track.ahead(end, 2 * A_DAY, offset):
        for k, power_w in enumerate(one.residual_w):
            assert power_w == pytest.approx(cooks(Instant(end + k * STEP)))


def test_only_the_newest_days_are_held_and_a_gap_is_unknown():
    start = parse_rfc3339("2026-01-01T00:00:00Z")
    track = filled(start, DAYS * A_DAY, lambda _: 1.0)
    track.put(Instant(start + (DAYS * A_DAY + 1) * STEP), 7.0)
    assert track.at(start) is None
    assert track.at(Instant(start + DAYS * A_DAY * STEP)) is None
    assert track.at(Instant(start + (DAYS * A_DAY + 1) * STEP)) == 7.0


@pytest.mark.parametrize("off_years", [44, -56])
def test_one_value_by_a_clock_that_was_years_off_does_not_end_what_is_remembered(off_years):
    start = parse_rfc3339("2026-06-01T00:00:00Z")
    track = Track()
    track.put(Instant(start + off_years * 365 * A_DAY * STEP), 1.0)
    for k in range(2 * A_DAY):
        track.put(Instant(start + k * STEP), 600.0)
    assert track.looks_back
    assert track.at(Instant(start + STEP)) == 600.0


def test_nothing_is_foreseen_without_a_past_and_the_present_goes_on_in_the_first_day():
    start = parse_rfc3339("2026-06-01T00:00:00Z")
    assert Track().ahead(start, 4, no_offset) == ()
    (one,) = filled(start, 1, lambda _: 300.0).ahead(Instant(start + STEP), 4, no_offset)
    assert one.residual_w == (300.0,) * 4


def test_errors_stand_beside_those_of_yesterday_and_rest_on_the_same_steps():
    start = parse_rfc3339("2026-06-01T00:00:00Z")
    came = filled(start, 3 * A_DAY, lambda at: 100.0 * ((at - start) // (A_DAY * STEP)))
    told = {lead: Track() for lead in LEADS}
    for k in range(2 * A_DAY, 2 * A_DAY + 8):
        told[LEADS[0]].put(Instant(start + k * STEP), 230.0)
    others = {lead: Track() for lead in LEADS}
    for k in range(2 * A_DAY + 2, 2 * A_DAY + 20):  # of steps that the own one can be judged by
        others[LEADS[0]].put(Instant(start + k * STEP), 190.0)
    (one,) = lead_errors(came, told, others, Instant(start + 3 * A_DAY * STEP))
    assert (one.outside_w, one.outside_count) == (pytest.approx(10.0), 6)
    assert (one.lead, one.count) == (LEADS[0], 8)
    assert one.mae_w == pytest.approx(30.0)
    assert one.naive_w == pytest.approx(100.0)
