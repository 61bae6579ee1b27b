"""What may come, by a whole house over two days, with a restart in between."""

import sqlite3

import pytest

from gateway.adapters.plugins import house_factories
from gateway.model.forecast import Forecast, Foreseen
from gateway.model.time import HOUR, parse_rfc3339, seconds
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home
from tests.simulation.test_energy import CALM

MIDNIGHT = parse_rfc3339("2026-06-20T00:00:00Z")
SETTINGS = {"seed": 3, "battery_soc_pct": 60, "solar_w": 4000.0}


def forecasts(home, what):
    return [f for f in home.facts if isinstance(f, Forecast) and f.what is what]


@pytest.mark.slow
def test_the_first_forecasts_come_with_the_first_whole_quarter(tmp_path, virtual):
    async def main():
        clock = VirtualClock(MIDNIGHT)
        async with open_home(tmp_path, MIDNIGHT, SETTINGS, clock=clock, **CALM) as home:
            await clock.sleep(seconds(1900))
            return home.facts, home.gateway.outlooks.latest(), forecasts(home, Foreseen.LOAD)

    _, outlook, told = virtual(main())
    assert outlook is None  # of the first day nothing is known to plan by
    assert told
    assert told[-1].start == MIDNIGHT + seconds(1800)
    assert all(w > 0 for w in told[-1].mean_w)
    assert told[-1].errors == ()


@pytest.mark.slow
@pytest.mark.patient
def test_two_days_with_a_restart_give_an_outlook_and_errors_beside_the_naive(tmp_path, virtual):
    async def main():
        clock = VirtualClock(MIDNIGHT)
        house = house_factories()["demo"](clock, SETTINGS)
        for hours in (13, 36):
            opened = open_home(tmp_path, MIDNIGHT, SETTINGS, house=house, clock=clock, **CALM)
            async with opened as home:
                await clock.sleep(seconds(3600 * hours))
                outlook = home.gateway.outlooks.latest()
                loads = forecasts(home, Foreseen.LOAD)
                suns = forecasts(home, Foreseen.SUN)
        return outlook, loads, suns

    outlook, loads, suns = virtual(main())
    assert outlook is not None
    assert outlook.steps == 144
    assert {one.lead // HOUR for one in loads[-1].errors} == {1, 6, 24}
    assert all(one.count > 10 for one in suns[-1].errors)
    # In this house the sun stands still.
    assert suns[-1].mean_w == pytest.approx((4000.0,) * 144, rel=0.01)
    with sqlite3.connect(tmp_path / "state" / "history.sqlite") as file:
        (quarters,) = file.execute(
            "SELECT count(*) FROM entry JOIN series ON id = series WHERE name = 'load'"
        ).fetchone()
    assert 48 * 4 <= quarters <= 49 * 4
