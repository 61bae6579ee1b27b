"""A building and its heat pump."""

import pytest

from gateway.physics.thermal import (
    AIR_CONDITIONER,
    Building,
    HeatPump,
    HeatPumpState,
    step_heat_pump,
    thermostat,
    warm,
)

BUILDING = Building(capacity_wh_per_k=8000, resistance_k_per_w=0.005)
PUMP = HeatPump()


def step(state, *, command=None, dt_s=1.0):
    return step_heat_pump(PUMP, BUILDING, state, command=command, outside_c=5.0, dt_s=dt_s)


def test_balance_temperature_stays():
    assert warm(BUILDING, 20, outside_c=5, heat_w=3000, dt_s=3600) == pytest.approx(20)


def test_one_long_step_equals_many_short_ones():
    short = 20.0
    for _ in range(3600):
        short = warm(BUILDING, short, outside_c=-5, heat_w=1000, dt_s=1)
    assert short == pytest.approx(warm(BUILDING, 20, outside_c=-5, heat_w=1000, dt_s=3600))


def test_cooling_follows_the_time_constant():
    """C dT/dt = (T_out - T) / R: 15 K over 0.005 K/W is 3 kW, 0.375 K in the first hour."""
    after = warm(BUILDING, 20, outside_c=5, heat_w=0, dt_s=3600)
    assert 20 - after == pytest.approx(0.375, rel=0.02)


@pytest.mark.parametrize(
    ("temperature_c", "running", "wanted"),
    [(19.0, 0, 2), (19.8, 0, 1), (19.8, 2, 2), (20.5, 0, 0), (20.5, 1, 1), (21.1, 2, 0)],
)
def test_thermostat_keeps_its_band_with_hysteresis(temperature_c, running, wanted):
    assert thermostat(PUMP, HeatPumpState(temperature_c, running)) == wanted


def test_command_overrules_the_thermostat():
    assert step(HeatPumpState(22.0), command=2).stage == 2
    assert step(HeatPumpState(18.0, 2), command=0).stage == 0


def test_too_warm_stops_even_a_commanded_pump():
    assert step(HeatPumpState(24.5, 2), command=2).stage == 0


def test_compressor_rests_before_it_starts_again():
    state = step(HeatPumpState(20.0, 1), command=0)
    seconds = 0
    while state.stage == 0:
        state = step(state, command=1)
        seconds += 1
    assert seconds == pytest.approx(PUMP.min_off_s, abs=1)


def test_stages_have_their_power():
    assert [PUMP.power_w(stage) for stage in range(3)] == [0, 1500, 3000]


@pytest.mark.parametrize(
    ("temperature_c", "running", "wanted"),
    [(25.2, 0, 2), (24.8, 0, 1), (24.8, 2, 2), (24.0, 1, 1), (24.0, 0, 0), (23.4, 2, 0)],
)
def test_an_air_conditioner_keeps_its_band_from_the_other_side(temperature_c, running, wanted):
    assert thermostat(AIR_CONDITIONER, HeatPumpState(temperature_c, running)) == wanted


def test_an_air_conditioner_takes_heat_out_and_stops_where_it_is_cold_enough():
    def cooled(state):
        return step_heat_pump(
            AIR_CONDITIONER, BUILDING, state, command=2, outside_c=30.0, dt_s=3600.0
        )

    # 3 kW at a cop of 3 are 9 kW out of 8 kWh/K: 1.1 K in an hour, less what comes in.
    assert cooled(HeatPumpState(24.0)).temperature_c == pytest.approx(23.02, abs=0.05)
    assert cooled(HeatPumpState(17.9, 2)).stage == 0
