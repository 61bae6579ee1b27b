"""A car on a charger, judged by its registers and by the energy that went into it."""

import pytest

from gateway.adapters.journal import read_journal
from gateway.agents import agents_for
from gateway.app import load_market
from gateway.model.setpoint import SetpointStatus
from gateway.model.time import parse_rfc3339
from gateway.model.wish import wish_of
from gateway.runtime.replay import Replay
from tests.simulation.harness import open_home

EVENING = parse_rfc3339("2026-06-21T22:00:00Z")
NOON = parse_rfc3339("2026-06-21T12:00:00Z")
LEAST_W = 4140
CALM = {
    "seed": 3,
    "car_wh": 60_000,
    "solar_w": 0,
    "load_w": 300,
    "battery_soc_pct": 10,
    "temperature_c": 23,
    "meter_noise_w": 0,
    "step_ms": 1000,
}
POLLS = {name: {"poll": "5s"} for name in ("roof", "battery", "grid", "house", "heatpump", "car")}


def car(**more):
    return {**POLLS, "car": {**POLLS["car"], **more}}


def charged_wh(home):
    return home.house._world.car.state.taken_wh


def powers(home):
    return [truth["car_w"] for _, truth in home.trace]


def commanded(home):
    facts = (f for f in home.facts if isinstance(f, SetpointStatus) and f.device == "car")
    return {fact.commanded for fact in facts if fact.commanded is not None}


def test_a_car_with_a_price_cap_charges_with_all_it_can_and_its_registers_hold_amperes(at_home):
    async def script(home):
        await home.pass_time(120, 1)
        return powers(home)[-1], home.house._world.car.read(210, 2)

    power_w, words = at_home(script, CALM, devices=car(price_cap=0.35))
    assert power_w == pytest.approx(11_040, abs=100)
    assert words == [160, 60]


def test_on_surplus_only_it_follows_the_sun_and_stands_still_below_its_least_current(at_home):
    async def script(home):
        await home.pass_time(240, 1)
        shining, grid = powers(home)[-1], home.house.truth()["grid_w"]
        home.house.set_sun(3_000)
        await home.pass_time(300, 1)
        return shining, grid, powers(home)[-1], commanded(home)

    wish = {"mode": "surplus"}
    settings = {**CALM, "solar_w": 7_000, "battery_soc_pct": 100}
    shining, grid_w, clouded, told = at_home(script, settings, devices=car(wish=wish))
    assert LEAST_W - 1 <= shining <= 6_700
    assert -700 <= grid_w <= 50
    assert clouded == 0
    assert all(not w or w >= LEAST_W for w in told)


@pytest.mark.slow
def test_an_event_of_the_calendar_charges_it_while_it_stands_there(at_home, tmp_path):
    file = tmp_path / "house.ics"
    event = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        "SUMMARY:car: 30 kWh now\r\nDTSTART:20260621T120100Z\r\nDTEND:20260621T180000Z\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    file.write_text(event)

    async def script(home):
        await home.pass_time(40, 1)
        before = powers(home)[-1]
        await home.pass_time(90, 1)
        during = powers(home)[-1]
        file.write_text(event.replace("SUMMARY:car", "SUMMARY:dentist"))
        await home.pass_time(660, 1)  # its least run
        return before, during, powers(home)[-1]

    # It waits for surplus of which there is none, until the event says otherwise.
    wish = {"mode": "surplus"}
    found = at_home(script, CALM, devices=car(wish=wish), calendar=str(file))
    assert found == (0, pytest.approx(11_040, abs=100), 0)


def test_the_fuse_holds_by_the_car_when_the_cooker_comes_on(at_home):
    async def script(home):
        await home.pass_time(120, 1)
        assert powers(home)[-1] > 10_000
        start = home.clock.now()
        home.house.set_load(6_000)
        await home.pass_time(90, 1)
        return home.back_within(start, lambda grid_w: grid_w <= 12_100), home.house.truth()

    back_s, truth = at_home(
        script, CALM, devices=car(price_cap=0.35), grid={"import_limit_w": 12_000}
    )
    assert back_s <= 10
    assert truth["house_w"] == 6_000
    assert truth["car_w"] == pytest.approx(5_900, abs=200)


def test_a_wish_said_goes_before_the_configured_one_and_ends_when_it_is_done(at_home):
    async def script(home):
        await home.pass_time(120, 1)
        idle = charged_wh(home)
        home.gateway.wishes.say("car", wish_of("1 kWh now"), "topic")
        await home.pass_time(540, 1)
        return idle, charged_wh(home), home.gateway.wishes.errand("car"), powers(home)[-1]

    idle, done, errand, power_w = at_home(script, CALM, devices=car(wish="surplus"))
    assert idle < 100  # before the first gate its own rule held
    assert 1000 <= done - idle <= 1150
    assert str(errand.wish) == "surplus"
    assert power_w == 0


def test_a_restart_forgets_neither_the_wish_nor_what_the_car_had(tmp_path, virtual):
    async def main():
        async with open_home(tmp_path, NOON, CALM, devices=car(wish="surplus")) as home:
            await home.pass_time(90, 1)
            home.gateway.wishes.say("car", wish_of("3 kWh by 20:00, now"), "topic")
            await home.pass_time(360, 1)
            before = home.gateway.wishes.errand("car")
            house, clock = home.house, home.clock
        async with open_home(
            tmp_path, NOON, CALM, house=house, clock=clock, devices=car(wish="surplus")
        ) as home:
            await home.pass_time(5, 1)
            after = home.gateway.wishes.errand("car")
            agents = agents_for(home.gateway.settings)
        replay = Replay(load_market, agents=agents)
        rows = list(replay.run(read_journal(tmp_path / "state" / "journal.sqlite")))
        return before, after, replay.difference, [r.body for r in rows if r.kind == "snapshot"]

    before, after, difference, seen = virtual(main())
    assert (after.wish, after.by, after.made) == (before.wish, before.by, before.made)
    assert 1_500 < after.left_wh <= before.left_wh < 2_999
    assert difference is None
    assert any('"errand"' in body and '"left_wh"' in body for body in seen)


@pytest.mark.slow
@pytest.mark.patient
def test_it_waits_for_cheap_hours_and_runs_at_any_price_when_only_just_time_remains(at_home):
    async def script(home):
        await home.pass_time(1800, 5)
        before = charged_wh(home)
        await home.pass_time(5400, 5)
        return before, charged_wh(home), home.gateway.wishes.errand("car").left_wh

    wish = {"energy": "11kWh", "by": "00:00"}
    before, after, left_wh = at_home(script, CALM, epoch=EVENING, devices=car(wish=wish))
    assert before < 200
    assert after == pytest.approx(11_000, abs=300)
    assert left_wh == pytest.approx(11_000, abs=300) or left_wh < 300
