"""What the roof of a whole house gave today: told, by string, and kept over a restart."""

import pytest

from gateway.adapters.plugins import house_factories
from gateway.model.harvest import DayYield
from gateway.model.time import parse_rfc3339, seconds
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home
from tests.simulation.test_energy import CALM

MORNING = parse_rfc3339("2026-06-21T09:00:00Z")
SETTINGS = {"seed": 3, "battery_soc_pct": 60, "solar_w": 4000.0}


@pytest.mark.slow
def test_a_day_goes_on_after_a_restart_by_the_counter_and_earns_the_price(tmp_path, virtual):
    async def main():
        clock = VirtualClock(MORNING)
        house = house_factories()["demo"](clock, SETTINGS)
        told, counted = [], []
        for _ in range(2):
            opened = open_home(tmp_path, MORNING, SETTINGS, house=house, clock=clock, **CALM)
            async with opened as home:
                await clock.sleep(seconds(60))
                reading = home.gateway.site.view("roof", clock.now()).reading
                counted.append(reading.counted_out_wh)
                await clock.sleep(seconds(1900))
                reading = home.gateway.site.view("roof", clock.now()).reading
                counted.append(reading.counted_out_wh)
            told.append([fact for fact in home.facts if isinstance(fact, DayYield)])
            await clock.sleep(seconds(900))
        return told, counted

    (first, second), counted = virtual(main())
    last = second[-1]
    assert (last.device, last.day, last.closed, last.quality) == ("roof", "20260621", False, "none")
    # The quarter hour in which nobody looked is in the counter.
    assert last.actual_wh == pytest.approx(counted[-1] - counted[0], rel=0.05)
    assert last.actual_wh > 2.3 * first[-1].actual_wh
    assert {one.name for one in last.strings} == {"1", "2"}
    assert 0.08 <= 1000 * last.earned / sum(one.actual_wh for one in last.strings) <= 0.30
