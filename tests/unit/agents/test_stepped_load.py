import pytest

from gateway.agents import SteppedLoad
from gateway.model.device import Control, DeviceState, Limits
from gateway.model.time import MINUTE, SECOND, Duration, Instant

STAGES = {"stages_w": (1000.0, 2000.0, 3000.0)}


@pytest.fixture
def wanted(make_gate, make_view, make_device):
    """What a heat pump with three stages of 1 kW tenders."""

    def of(power_w=0.0, *, limits=None, price_cap=0.25, **view):
        view.setdefault("told", STAGES)
        device = make_device("pump", "heat", limits=limits, price_cap=price_cap)
        return SteppedLoad(device=device).tenders(make_gate(make_view("pump", power_w, **view)))

    return of


def ago(noon, duration):
    return Instant(noon - duration)


def test_each_stage_is_one_whole_step_a_tick_below_the_last(wanted, steps):
    tenders = wanted()
    assert steps(tenders) == [("BUY", 2500, 1000), ("BUY", 2499, 1000), ("BUY", 2498, 1000)]
    assert all(tender.all_or_none for tender in tenders)


def test_without_a_price_cap_it_still_yields_to_load_that_must_run(wanted):
    assert [tender.price for tender in wanted(price_cap=None)] == [19999, 19998, 19997]


def test_price_cap_above_the_market_is_cut_below_its_cap(wanted):
    assert wanted(price_cap=9.0)[0].price == 19999


def test_running_stage_is_one_block_inside_its_minimum_run(wanted, steps, noon):
    tenders = wanted(
        1950.0, limits=Limits(min_run=Duration(10 * MINUTE)), running_since=ago(noon, MINUTE)
    )
    assert steps(tenders) == [("BUY", 19999, 2000), ("BUY", 2498, 1000)]
    assert all(tender.all_or_none for tender in tenders)


def test_after_its_minimum_run_price_decides_again(wanted, noon):
    tenders = wanted(
        1950.0, limits=Limits(min_run=Duration(10 * MINUTE)), running_since=ago(noon, 11 * MINUTE)
    )
    assert tenders[0].price == 2500


def test_minimum_run_is_judged_at_the_start_of_the_interval(wanted, noon):
    limits = Limits(min_run=Duration(10 * SECOND))
    assert wanted(1000.0, limits=limits, running_since=ago(noon, 9 * SECOND))[0].price == 2500


def test_inside_its_minimum_rest_it_wants_nothing(wanted, noon):
    limits = Limits(min_rest=Duration(5 * MINUTE))
    assert wanted(limits=limits, stopped_since=ago(noon, MINUTE)) == ()
    assert len(wanted(limits=limits, stopped_since=ago(noon, 6 * MINUTE))) == 3


def test_stages_above_what_the_owner_allows_are_not_wanted(wanted, steps):
    assert steps(wanted(limits=Limits(max_w=1500.0))) == [("BUY", 2500, 1000)]


def test_load_without_stages_stays_in_the_residual(wanted):
    assert wanted(800.0, told={}) == ()


def test_load_that_cannot_be_switched_stays_in_the_residual(wanted):
    assert wanted(800.0, control=Control.NONE) == ()


def test_offline_load_wants_nothing(wanted):
    assert wanted(state=DeviceState.OFFLINE) == ()
    assert wanted(None) == ()
