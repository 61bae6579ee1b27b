"""A heat pump that keeps a temperature, judged by the room and by the meter."""

import json

import pytest

from gateway.model.time import HOUR, Instant, parse_rfc3339

pytestmark = [pytest.mark.slow, pytest.mark.patient]

MIDNIGHT = parse_rfc3339("2026-01-12T00:00:00Z")
NOON = parse_rfc3339("2026-01-12T11:00:00Z")
CALM = {
    "seed": 5,
    "solar_w": 0,
    "load_w": 300,
    "battery_soc_pct": 10,
    "temperature_c": 20.5,
    "outside_c": 5.0,
    "meter_noise_w": 0,
    "step_ms": 1000,
}
POLLS = {name: {"poll": "10s"} for name in ("roof", "battery", "grid", "house")}
COMFORT = {"wish": 20.5, "low": 19, "high": 22.5}


def devices(**comfort):
    return {**POLLS, "heatpump": {"poll": "10s", "price_cap": None, "comfort": COMFORT | comfort}}


def rooms(home):
    return [truth["temperature_c"] for _, truth in home.trace]


def test_at_one_price_the_wish_is_kept_and_what_is_learned_stays_on_the_disk(at_home, tmp_path):
    async def script(home):
        await home.pass_time(13 * 3600, 60)
        kept = json.loads((tmp_path / "state" / "climates.json").read_text())
        return rooms(home)[120:], kept["rooms"]["heatpump"]["samples"]

    minutes = {"power": {"interval": "1min"}}
    temperatures, lessons = at_home(
        script, CALM, epoch=MIDNIGHT, devices=devices(), products=minutes
    )
    assert min(temperatures) > 19.8
    assert max(temperatures) < 21.2
    assert lessons >= 48


def test_what_the_sun_gives_warms_the_room_up_to_its_limit(at_home):
    async def script(home):
        await home.pass_time(4 * 3600, 60)
        return rooms(home)[-1]

    sunny = CALM | {"solar_w": 6000, "battery_soc_pct": 100}
    warm = at_home(script, sunny, epoch=NOON, devices=devices())
    dull = at_home(script, CALM, epoch=Instant(NOON + 24 * HOUR), devices=devices())
    assert 21.2 < warm <= 22.9
    assert dull < 21.0
