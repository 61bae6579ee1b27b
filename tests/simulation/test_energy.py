"""Energy counted of a simulated house against its own registers: nights, restarts, crashes."""

import pytest

from gateway.adapters.plugins import house_factories
from gateway.model.event import EnergyCounted
from gateway.model.time import parse_rfc3339, seconds
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home

EVENING = parse_rfc3339("2026-06-21T18:00:00Z")
NOON = parse_rfc3339("2026-06-21T12:00:00Z")
HOUR_S = 3600.0
SETTINGS = {"seed": 3, "battery_soc_pct": 60}
# Nothing is steered here: few polls and few gates make long times short.
SLOW = {name: {"poll": "20s"} for name in ("roof", "battery", "grid", "house", "heatpump")}
CALM = {
    "control": "observe",
    "devices": SLOW,
    "products": {"power": {"resource": "POWER", "unit": "W", "interval": "1800s"}},
}


def told(home, device):
    found = (fact for fact in home.facts if isinstance(fact, EnergyCounted))
    return [fact for fact in found if fact.device == device]


def counters(home):
    """What the devices' own registers say, Wh: roof out, grid in, grid out."""
    now = home.clock.now()
    roof, grid = (home.gateway.site.view(device, now).reading for device in ("roof", "grid"))
    return roof.counted_out_wh, grid.counted_in_wh, grid.counted_out_wh


@pytest.mark.slow
@pytest.mark.patient
def test_over_a_night_and_two_restarts_the_totals_follow_the_counters_and_never_fall(
    tmp_path, virtual
):
    async def main():
        clock = VirtualClock(EVENING)
        house = house_factories()["demo"](clock, SETTINGS)
        facts, read = [], []
        for hours in (1.5, 6.0, 1.5):
            opened = open_home(tmp_path, EVENING, SETTINGS, house=house, clock=clock, **CALM)
            async with opened as home:
                await clock.sleep(seconds(65))
                read.append(counters(home))
                await clock.sleep(seconds(hours * HOUR_S))
                read.append(counters(home))
            facts += home.facts
            await clock.sleep(seconds(HOUR_S))  # nobody looks for an hour
        return facts, [after - before for before, after in zip(read[0], read[-1], strict=True)]

    facts, (roof, imported, exported) = virtual(main())
    seen = {}
    for fact in facts:
        if isinstance(fact, EnergyCounted):
            before = seen.get(fact.device, (0, 0))
            assert fact.in_wh >= before[0]
            assert fact.out_wh >= before[1]
            seen[fact.device] = (fact.in_wh, fact.out_wh)
    assert roof > 1000
    # What flowed in the first minute, before the first of these registers was read.
    assert seen["roof"][1] == pytest.approx(roof, abs=150)
    assert seen["grid"] == pytest.approx((imported, exported), abs=150)


def test_what_is_told_was_kept_so_a_power_cut_takes_nothing_back(tmp_path, virtual):
    async def main():
        clock = VirtualClock(NOON)
        house = house_factories()["demo"](clock, {**SETTINGS, "solar_w": 4000})
        file, lives = tmp_path / "state" / "energy.json", []
        for _ in range(3):
            opened = open_home(tmp_path, NOON, SETTINGS, house=house, clock=clock, **CALM)
            async with opened as home:
                await clock.sleep(seconds(700))
                kept, at_cut = file.read_bytes(), len(told(home, "roof"))
                await clock.sleep(seconds(200))
                assert len(told(home, "roof")) == at_cut
            lives.append([fact.out_wh for fact in told(home, "roof")][:at_cut])
            file.write_bytes(kept)  # as if the power had gone before the last write
        return lives

    every = [value for life in virtual(main()) for value in life]
    assert every == sorted(every)
    assert every[-1] > 500
