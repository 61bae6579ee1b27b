"""A battery."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.physics.inertia import Delayed
from gateway.physics.storage import Battery, BatteryState, step_battery

DT = 0.1
BATTERY = Battery(capacity_wh=10_000, charge_w=5000, discharge_w=5000, round_trip=0.81)


def at(soc_pct, power_w=0.0):
    return BatteryState(soc_pct * 100, power_w, Delayed(power_w))


def run(state, seconds, command_w, reserve_wh=0.0):
    for _ in range(round(seconds / DT)):
        state = step_battery(BATTERY, state, command_w=command_w, reserve_wh=reserve_wh, dt_s=DT)
    return state


def test_charging_costs_the_one_way_efficiency():
    state = run(at(50, 3600), 100, 3600)
    assert state.energy_wh == pytest.approx(5000 + 100 * 0.9)


def test_discharging_costs_it_too():
    state = run(at(50, -3600), 100, -3600)
    assert state.energy_wh == pytest.approx(5000 - 100 / 0.9)


def test_command_acts_after_the_dead_time_and_ramps():
    assert run(at(50), 0.2, 5000).power_w == 0
    assert run(at(50), 0.5, 5000).power_w == pytest.approx(1500)
    assert run(at(50), 2, 5000).power_w == 5000


def test_more_than_the_rating_is_not_done():
    assert run(at(50), 5, 9000).power_w == 5000
    assert run(at(50), 5, -9000).power_w == -5000


def test_full_battery_stops_charging():
    state = run(at(99.99, 5000), 10, 5000)
    assert (state.power_w, state.energy_wh) == (0, 10_000)


def test_empty_battery_stops_discharging():
    state = run(at(0.01, -5000), 10, -5000)
    assert (state.power_w, state.energy_wh) == (pytest.approx(0), pytest.approx(0))


def test_reserve_stops_discharging_but_not_charging():
    assert run(at(20), 5, -5000, reserve_wh=2000).power_w == 0
    assert run(at(10), 5, 5000, reserve_wh=2000).power_w == 5000


def test_standing_battery_keeps_its_energy():
    state = at(50)
    assert run(state, 10, 0.0) is state


@given(st.floats(0, 100), st.lists(st.floats(-9000, 9000), max_size=40))
def test_energy_stays_in_the_cells_and_is_never_made(soc_pct, commands):
    state, drawn_wh = at(soc_pct), 0.0
    start_wh = state.energy_wh
    for command_w in commands:
        state = step_battery(BATTERY, state, command_w=command_w, reserve_wh=0, dt_s=1.0)
        drawn_wh += state.power_w / 3600
        assert 0 <= state.energy_wh <= BATTERY.capacity_wh
    assert state.energy_wh - start_wh <= drawn_wh + 1e-6
