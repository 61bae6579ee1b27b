from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents import Generator
from gateway.agents.commitment import Unit, gain, plan
from gateway.model.device import Limits
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR, MINUTE, SECOND, Duration, Instant, Interval, parse_rfc3339

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
TOLD = {"rating_w": 5000.0, "floor_w": 2000.0}
LIMITS = Limits(min_run=Duration(2 * HOUR), min_rest=Duration(HOUR))
FLOOR, CAP = -10_000, 20_000


def outlook(prices, residual_w=4000.0):
    """Hours from 12:00 on; feeding in earns 0.08."""
    count = len(prices)
    return Outlook(
        start=NOON,
        step=Duration(HOUR),
        import_price=tuple(prices),
        export_price=(0.08,) * count,
        scenarios=(Scenario(weight=1.0, residual_w=(residual_w,) * count),),
    )


@pytest.fixture
def offered(make_gate, make_view, make_device):
    """(price, quantity, whole) of each SELL for the first ten seconds."""

    def of(*, ahead=None, power_w=0.0, fuel=0.25, start=0.40, limits=LIMITS, told=TOLD, **view):
        device = make_device(
            "genset", "generator", marginal_cost=fuel, start_cost=start, limits=limits
        )
        interval = Interval(NOON, Instant(NOON + 10 * SECOND))
        gate = make_gate(make_view("genset", power_w, told=told, **view), interval=interval)
        tenders = Generator(device=device).tenders(replace(gate, outlook=ahead))
        assert all(one.side == "SELL" for one in tenders)
        return [(one.price, one.quantity, one.all_or_none) for one in tenders]

    return of


def running(minutes):
    since = Instant(NOON - minutes * MINUTE)
    return {"power_w": -2000.0, "running_since": since}


def test_standing_it_asks_for_its_fuel_and_its_start_over_the_least_it_must_run(offered):
    assert offered() == [(3_500, 2_000, True)]  # 0.25 + 0.40 / (2 kW x 2 h)


def test_it_starts_for_its_fuel_where_hours_to_come_repay_the_start(offered):
    assert offered(ahead=outlook([0.40] * 4 + [0.2] * 8)) == [(2_500, 2_000, True)]


def test_a_peak_too_short_for_its_least_run_does_not_start_it(offered):
    ((price, _, _),) = offered(ahead=outlook([0.30] + [0.20] * 11))
    assert price == CAP  # but when there is too little, what must run pays the cap


def test_a_peak_that_repays_start_and_idle_running_starts_it(offered):
    # 0.15 x 4 kWh in the first hour, less 0.05 x 2 kWh in the second, is more than 0.40.
    assert offered(ahead=outlook([0.40] + [0.20] * 11))[0][0] == 2_500


def test_it_waits_for_the_better_hours(offered):
    assert offered(ahead=outlook([0.20, 0.20, 0.50, 0.50, 0.20]))[0][0] == CAP


def test_within_its_least_run_it_is_offered_at_the_floor_and_what_is_above_at_its_fuel(offered):
    assert offered(**running(30)) == [(FLOOR, 2_000, True), (2_500, 3_000, False)]


def test_after_it_it_is_offered_at_its_fuel(offered):
    assert offered(**running(150)) == [(2_500, 2_000, True), (2_500, 3_000, False)]


def test_it_runs_on_through_a_dip_rather_than_start_again(offered):
    dip = outlook([0.24] + [0.40] * 6)
    ((price, _, _), _) = offered(ahead=dip, **running(150))
    assert price == 1_500  # never at a loss beyond a start in each least run: 0.25 - 0.10


def test_it_stops_where_nothing_is_to_come(offered):
    assert offered(ahead=outlook([0.24] * 12), **running(150))[0][0] == 2_500


@pytest.mark.parametrize(
    "view",
    [
        {"stopped_since": Instant(NOON - 30 * MINUTE)},
        {"no_effect_at": Instant(NOON - MINUTE)},
        {"told": {}},
    ],
    ids=["rests", "did not follow", "power unknown"],
)
def test_it_is_not_offered(offered, view):
    assert offered(**view) == []


def test_one_with_stages_gives_its_largest_or_nothing(offered):
    told = {"rating_w": 3000.0, "stages_w": (3000.0,), "floor_w": 3000.0}
    assert offered(told=told, start=0.0) == [(2_500, 3_000, True)]
    assert offered(told=told, **running(150)) == [(2_500, 3_000, True)]


def test_its_owner_bounds_it(offered):
    own = replace(LIMITS, max_w=3000.0, min_w=2500.0)
    assert offered(limits=own, **running(150)) == [(2_500, 2_500, True), (2_500, 500, False)]


HOURS = 7
UNITS = st.builds(
    Unit,
    least_w=st.just(2000.0),
    most_w=st.sampled_from([2000.0, 5000.0]),
    fuel=st.sampled_from([0.1, 0.25]),
    start=st.sampled_from([0.0, 0.3, 1.0]),
    run_h=st.integers(0, 3).map(float),
    rest_h=st.integers(0, 2).map(float),
)


@given(UNITS, st.lists(st.sampled_from([-0.1, 0.1, 0.2, 0.3, 0.6]), min_size=HOURS, max_size=HOURS))
def test_the_plan_is_worth_the_best_of_all_runs(unit, prices):
    ahead = outlook(prices)
    gains = [gain(ahead, step, unit) for step in range(HOURS)]

    @cache
    def best(step, on, for_steps):
        """By trying everything: on or off for so many steps already."""
        if step == HOURS:
            return 0.0
        stay = gains[step] if on else 0.0
        found = [stay + best(step + 1, on, min(for_steps + 1, 3))]
        least = unit.run_h if on else unit.rest_h
        if for_steps >= max(least, 1 if on else 0):
            turned = 0.0 if on else gains[step] - unit.start
            found.append(turned + best(step + 1, not on, 1))
        return max(found)

    planned = plan(ahead, unit)
    assert planned.stands[0] == pytest.approx(best(0, on=False, for_steps=3))
    assert planned.stays[0] == pytest.approx(best(0, on=True, for_steps=3))
