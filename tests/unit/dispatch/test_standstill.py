"""When a steered device that shows the same is no longer believed."""

import pytest

from gateway.dispatch.standstill import (
    LONGEST,
    ONCE_MORE,
    everything,
    expected,
    measured,
    next_standstill,
)
from gateway.model.device import Limits
from gateway.model.reading import Reading
from gateway.model.time import SECOND, Instant

SHOWN = {"103.W": 2700.0, "103.Hz": 50.0}


def after(*told, every_s=1, shown=SHOWN):
    """What is known after one reading per command, and when that is."""
    still, at = None, 0
    for told_w in told:
        still = next_standstill(still, shown, told_w, Instant(at * SECOND))
        at += every_s
    return still, Instant((at - every_s) * SECOND)


def test_ten_seconds_after_it_was_told_otherwise_a_device_that_shows_the_same_is_frozen():
    still, at = after(2700, 2700, *[700] * 11)
    assert still.lasts(at, LONGEST)
    assert not still.lasts(Instant(at - SECOND), LONGEST)


@pytest.mark.parametrize("told", [[2700] * 60, [2700, 2510] * 30, [None] * 60, [None, 2700] * 30])
def test_one_that_is_told_about_the_same_may_show_the_same(told):
    still, at = after(*told)
    assert not still.lasts(at, LONGEST)


def test_any_point_that_moves_ends_it():
    still, at = after(2700, *[700] * 20)
    moved = next_standstill(still, {**SHOWN, "103.Hz": 50.01}, 700, at)
    assert not moved.lasts(Instant(at + 60 * SECOND), LONGEST)


def test_after_five_minutes_it_is_believed_once_more():
    still, at = after(2700, *[0] * 20)
    later = Instant(at + ONCE_MORE)
    assert next_standstill(still, SHOWN, 0, later).told_at is None


def test_a_stepped_clock_changes_nothing_of_it():
    still, at = after(2700, *[700] * 11)
    assert still.shifted(-(10**15)).lasts(Instant(at - 10**15), LONGEST)
    assert after(2700)[0].shifted(5) == after(2700)[0]


def test_an_empty_storage_may_discharge_or_not_and_a_full_one_charge_or_not():
    limits = Limits(min_soc_pct=10, max_soc_pct=95)
    assert expected(-2000, 10.4, limits) is None
    assert expected(2000, 10.4, limits) == 2000
    assert expected(2000, 95.0, limits) is None
    assert expected(0, 95.0, limits) == 0
    assert expected(-2000, 95.0, limits) == -2000
    assert expected(-2000, 50.0, limits) == -2000
    assert expected(-2000, None, limits) == -2000


def test_our_own_writes_are_no_sign_of_life_of_a_flow_but_are_of_the_whole():
    reading = Reading(
        device="x", at=Instant(0), points={"103.W": 1.0, "124.InWRte": 50.0, "124.ChaState": 40.0}
    )
    assert measured(reading) == {"103.W": 1.0, "power_w": None}
    assert everything(reading) == reading.points
    assert everything(Reading(device="x", at=Instant(0), points={"103.W": 1.0})) == {}
