"""A generator on the simulated house, judged by its own registers."""

import pytest

from drivers.simulated.generator import POWER, STARTS
from gateway.model.event import Clearing
from gateway.model.time import parse_rfc3339

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
HOUSE = {
    "seed": 3,
    "solar_w": 0,
    "load_w": 4000,
    "temperature_c": 22,
    "meter_noise_w": 0,
    "step_ms": 1000,
    "genset": True,
}
# 0.25 + 0.005 / (1.5 kW x 5 min) = 0.29, less than the tariff's 0.30.
SET = {
    "marginal_cost": 0.25,
    "start_cost": 0.005,
    "limits": {"min_run": "5min", "min_rest": "1min"},
}
OTHERS = {"heatpump": None, "battery": None, "roof": None}


def outputs(home, start):
    return [(t, -truth["genset_w"]) for t, truth in home.since(start)]


@pytest.mark.slow
def test_it_serves_the_load_for_its_minimum_run_and_rests_when_there_is_too_little(at_home):
    async def script(home):
        start = home.clock.now()
        await home.pass_time(180, 1)
        served = home.house.truth()["grid_w"]
        home.house.set_load(800)  # less than its least power
        await home.pass_time(420, 1)
        words = home.house._world.genset.read(300, 6)
        clearings = [fact for fact in home.facts if isinstance(fact, Clearing)]
        return outputs(home, start), served, words, clearings[-1].price

    given, served_w, words, last_price = at_home(script, HOUSE, devices={**OTHERS, "genset": SET})
    begins = min(t for t, w in given if w)
    ends = max(t for t, w in given if w)
    assert 60 <= begins <= 90  # its minimum rest, then it warms up
    assert served_w == pytest.approx(0, abs=60)
    assert ends - begins == pytest.approx(300, abs=15)
    assert {round(w) for t, w in given if begins + 200 < t <= ends} == {1500}
    assert (words[POWER - 300], words[STARTS - 300]) == (0, 1)
    assert last_price == 3000


def test_too_dear_a_start_leaves_it_standing(at_home):
    async def script(home):
        await home.pass_time(180, 1)
        return home.house._world.genset.read(300, 6)[STARTS - 300]

    dear = {**SET, "start_cost": 0.01}
    assert at_home(script, HOUSE, devices={**OTHERS, "genset": dear}) == 0


def test_an_export_limit_is_kept_while_it_runs(at_home):
    async def script(home):
        start = home.clock.now()
        await home.pass_time(150, 1)
        home.house.set_load(2500)
        await home.pass_time(60, 1)
        return [truth["grid_w"] for t, truth in home.since(start) if t > 160], outputs(home, start)

    grid, given = at_home(
        script, HOUSE, devices={**OTHERS, "genset": SET}, grid={"export_limit_w": 500}
    )
    assert min(grid) >= -520
    assert given[-1][1] == pytest.approx(2500, abs=60)
