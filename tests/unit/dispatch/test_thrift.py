"""The write budget: what may wait when it runs low, and what never does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dispatch.guard import Guarded, Held
from gateway.dispatch.thrift import DAY, Thrift, spared, thrift
from gateway.model.device import Control
from gateway.model.time import MINUTE, SECOND, Instant, in_seconds

MIDNIGHT = Instant(20_000 * DAY)
NOON = Instant(MIDNIGHT + DAY // 2)
RULE = Thrift(dead_band_w=100.0, free_at=Instant(NOON + MINUTE), used="300 of 500 writes today")
HELD = Held(quantity=1000.0, at=NOON, turned_at=NOON)


def spare(wanted, *, allowed=1000.0, held=HELD, control=Control.TARGET, s=0):
    now = Instant(NOON + s * SECOND)
    bound = Guarded(quantity=allowed)
    return spared(Guarded(quantity=wanted), bound, held, control, RULE, now)


@pytest.mark.parametrize(("used", "per_day"), [(0, 500), (249, 500), (10_000, None)])
def test_half_of_the_budget_is_spent_as_it_comes(used, per_day):
    assert thrift(used, per_day, NOON, NOON) is None


def test_the_rest_is_spread_over_what_is_left_of_the_day():
    rule = thrift(260, 500, NOON, NOON)
    assert in_seconds(rule.free_at - NOON) == pytest.approx(12 * 3600 / 240)
    assert rule.used == "260 of 500 writes today"


def test_without_any_left_there_is_one_change_in_a_quarter_of_an_hour():
    assert thrift(700, 500, NOON, NOON).free_at == NOON + 15 * MINUTE


def test_a_change_that_only_saves_money_waits_and_says_so():
    kept = spare(1500.0)
    assert kept.quantity == 1000.0
    assert kept.reasons == ("write budget (300 of 500 writes today): a change of 500 W waits",)


def test_it_is_made_when_its_time_has_come_unless_it_is_small():
    assert spare(1500.0, s=60).quantity == 1500.0
    assert spare(1080.0, s=60).quantity == 1000.0


@pytest.mark.parametrize(
    "case",
    [
        {"wanted": 500.0, "allowed": 600.0},  # what stands breaks a bound
        {"wanted": 500.0, "allowed": None},
        {"wanted": None},  # a release
        {"wanted": 500.0, "held": None},  # the first
        {"wanted": 500.0, "held": replace(HELD, quantity=None)},
        {
            "wanted": -1000.0,  # less generation
            "allowed": -3000.0,
            "held": replace(HELD, quantity=-3000.0),
            "control": Control.LIMIT,
        },
    ],
)
def test_what_keeps_a_limit_never_waits(case):
    wanted = case.pop("wanted")
    assert spare(wanted, **case).quantity == wanted


def test_more_generation_may_wait():
    held = replace(HELD, quantity=-1000.0)
    kept = spare(-3000.0, allowed=-1000.0, held=held, control=Control.LIMIT)
    assert kept.quantity == -1000.0


@given(wanted=st.floats(-5000, 5000), standing=st.floats(-5000, 5000), bound=st.floats(-5000, 5000))
def test_what_is_kept_is_always_allowed(wanted, standing, bound):
    """A bound is a ceiling here; what stands above it is replaced."""
    held = replace(HELD, quantity=standing)
    wanted = min(wanted, bound)
    kept = spare(wanted, allowed=min(standing, bound), held=held)
    assert kept.quantity <= bound + 1.0
