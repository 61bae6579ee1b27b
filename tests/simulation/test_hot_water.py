"""Hot water on the simulated house, judged by the tank and by the meter."""

import pytest

from gateway.model.time import parse_rfc3339

pytestmark = [pytest.mark.slow, pytest.mark.patient]

MORNING = parse_rfc3339("2026-06-21T08:00:00Z")
HOUSE = {
    "seed": 3,
    "load_w": 400,
    "solar_peak_w": 4000,
    "cloud": "none",
    "meter_noise_w": 0,
    "step_ms": 1000,
    "water_c": 50,
}
POLLS = {name: {"poll": "10s"} for name in ("roof", "grid", "house")}
BOILER = {"poll": "10s", "water": {"litres": 300, "high": 65}}
OTHERS = {"heatpump": None, "battery": None}


def test_the_surplus_of_a_morning_fills_the_tank_up_to_its_highest_and_no_further(at_home):
    async def script(home):
        await home.pass_time(5 * 3600, 10)
        return home.trace

    trace = at_home(script, HOUSE, epoch=MORNING, devices={**POLLS, **OTHERS, "boiler": BOILER})
    hottest = max(truth["water_c"] for _, truth in trace)
    assert 64.5 < hottest < 65.6
    used_kwh = sum(truth["boiler_w"] for _, truth in trace) / 360_000
    assert used_kwh == pytest.approx(5.2 + 0.5, abs=0.4)  # 15 K of 300 l, and what it loses
    bought = [min(max(t["grid_w"], 0), t["boiler_w"]) for _, t in trace]
    assert sum(bought) / 360_000 < 0.1


def test_a_cold_tank_is_warmed_to_its_lowest_whatever_that_costs(at_home):
    async def script(home):
        await home.pass_time(2400, 10)
        return home.trace

    dark = {**HOUSE, "solar_w": 0, "water_c": 42}
    trace = at_home(script, dark, epoch=MORNING, devices={**POLLS, **OTHERS, "boiler": BOILER})
    assert trace[-1][1]["water_c"] >= 44.9
    assert trace[60][1]["boiler_w"] == 3000
