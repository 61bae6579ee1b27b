"""A car with a calendar: its agent tenders only inside, also once the file is written."""

import pytest

from gateway.model.time import rfc3339
from tests.simulation.test_a_car import CALM, NOON, car, powers

pytestmark = pytest.mark.slow


def window(start, end):
    def told(at):
        return rfc3339(at)[:19].replace("-", "").replace(":", "") + "Z"

    return (
        "BEGIN:VCALENDAR\nBEGIN:VAVAILABILITY\nUID:a\nDTSTAMP:20260101T000000Z\n"
        "BEGIN:AVAILABLE\nUID:w\nDTSTAMP:20260101T000000Z\n"
        f"DTSTART:{told(start)}\nDTEND:{told(end)}\n"
        "END:AVAILABLE\nEND:VAVAILABILITY\nEND:VCALENDAR\n"
    )


def tendered(home):
    market = home.gateway.marketplace.market("power")
    return [one for one in market.live_sets("car") if one.tenders]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_car_charges_inside_its_window_and_not_outside(at_home, tmp_path, hours):
    file = tmp_path / "car.ics"
    now = NOON
    begin, end = sorted((now - 3600 * 10**9, now + hours * 3600 * 10**9))
    file.write_text(window(begin, end) if hours > 0 else window(begin - 10**12, now - 10**12))

    async def script(home):
        await home.pass_time(120, 1)
        return powers(home)[-1]

    power_w = at_home(script, CALM, epoch=NOON, devices=car(price_cap=0.35, available=str(file)))
    assert (power_w > 5000) is (hours > 0)


def test_a_window_that_is_taken_away_ends_what_is_tendered(at_home, tmp_path):
    file = tmp_path / "car.ics"
    file.write_text(window(NOON - 3600 * 10**9, NOON + 3600 * 10**9))

    async def script(home):
        await home.pass_time(60, 1)
        before = tendered(home)
        file.write_text(window(NOON - 7200 * 10**9, NOON - 3600 * 10**9))
        await home.pass_time(300, 1)  # it runs on for its minimum
        return before, tendered(home), powers(home)[-1]

    before, after, power_w = at_home(
        script, CALM, epoch=NOON, devices=car(price_cap=0.35, available=str(file))
    )
    assert before
    assert not after
    assert power_w < 100
