"""A tank's rise: due so long after it was last hot, whatever was restarted between."""

import asyncio

import pytest

from gateway.adapters.climate_file import ClimateFile
from gateway.model.comfort import Comfort, Learned, Tank
from gateway.model.device import Role
from gateway.model.reading import Reading
from gateway.model.resource import POWER, TEMPERATURE
from gateway.model.time import HOUR, Duration, Instant
from gateway.runtime.bus import LocalBus
from gateway.runtime.climates import Climates

DAY = Duration(24 * HOUR)
START = Instant(20_000 * DAY)
TANK = Comfort(
    wish_c=48, low_c=45, high_c=65, tank=Tank(litres=300, rise_c=60, every=Duration(7 * DAY))
)


@pytest.fixture
def boiler(fakes, tmp_path):
    """``boiler(at, water_c)``: reads it; the climate that agents see."""
    device = fakes.device("boiler", Role.HEAT, comfort=TANK)
    file = ClimateFile(tmp_path)

    class Cellar:
        def __init__(self):
            self.restart()

        def restart(self):
            self.bus, self.site = LocalBus(), fakes.site(device)
            self.climates = Climates(
                devices=[device], load=file.load, store=file.store, site=self.site, bus=self.bus
            )

        def __call__(self, at, water_c):
            flows = {TEMPERATURE: water_c, POWER: 0.0}
            self.bus.publish(Reading(device="boiler", at=at, flows=flows))
            return self.site.view("boiler", at).climate

    return Cellar()


async def test_from_the_first_sight_on_it_is_due_in_its_time(boiler):
    assert boiler(START, 50.0).rise_by == START + 7 * DAY
    assert boiler(Instant(START + DAY), 59.9).rise_by == START + 7 * DAY


async def test_a_tank_that_was_hot_is_due_anew(boiler):
    boiler(START, 50.0)
    hot = Instant(START + 2 * DAY)
    assert boiler(hot, 60.0).rise_by == hot + 7 * DAY


async def test_its_litres_tell_how_it_answers(boiler):
    known = boiler(START, 50.0).thermal
    assert known.gain_k_per_kwh == pytest.approx(2.866, abs=0.001)


async def test_a_restart_does_not_put_it_off(boiler, tmp_path):
    boiler(START, 50.0)
    await asyncio.sleep(0)  # the file is written behind
    boiler.restart()
    assert boiler(Instant(START + 3 * DAY), 50.0).rise_by == START + 7 * DAY


def test_a_file_of_before_there_were_tanks_is_read(tmp_path):
    room = '{"samples": 3, "theta": [1, 2, 3], "unsure": [0, 0, 0, 0, 0, 0, 0, 0, 0]}'
    old = f'{{"rooms": {{"hp": {room}}}, "v": 1}}'
    (tmp_path / "climates.json").write_text(old)
    assert ClimateFile(tmp_path).load()["hp"] == Learned(
        theta=(1e-9, 2e-9, 3e-9), unsure=((0.0,) * 3,) * 3, samples=3
    )
