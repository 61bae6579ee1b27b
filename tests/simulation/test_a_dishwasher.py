"""A machine behind a switch: begun once for its wish, at its latest start at the latest."""

import pytest

from gateway.model.time import parse_rfc3339

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
CALM = {
    "seed": 3,
    "solar_w": 0,
    "load_w": 300,
    "battery_soc_pct": 10,
    "temperature_c": 22,
    "meter_noise_w": 0,
    "step_ms": 1000,
}
POLLS = {name: {"poll": "5s"} for name in ("roof", "battery", "grid", "house")}
# The heat pump's relay stands for the machine's.
MACHINE = {
    "role": "load",
    "price_cap": None,
    "poll": "5s",
    "limits": {"min_rest": "0s"},
    "programme": "3000 W for 10min, 2900 W for 8min",
}


@pytest.mark.slow
@pytest.mark.patient
def test_it_begins_at_the_latest_start_and_goes_through(at_home):
    async def script(home):
        await home.pass_time(60, 1)
        start = home.clock.now()
        await home.pass_time(2100, 5)
        on = [t + 60 for t, truth in home.since(start) if truth["heatpump_w"] > 50]
        return on[0], on[-1], home.gateway.wishes.errand("heatpump")

    wish = {"by": "12:30"}
    machine = {**MACHINE, "wish": wish}
    begins_s, ends_s, errand = at_home(script, CALM, devices={**POLLS, "heatpump": machine})
    assert 7 * 60 - 15 <= begins_s <= 7 * 60 + 20  # 12:30 less 18 min less 5 min
    assert ends_s - begins_s == pytest.approx(18 * 60, abs=20)
    assert errand.started is None  # the next day's


TEMPLATE = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VTODO
UID:wash
SUMMARY:Wash 3000 W
DURATION:PT4M
RELATED-TO;RELTYPE=FINISHTOSTART;GAP=PT1M:dry
END:VTODO
BEGIN:VTODO
UID:dry
SUMMARY:Dry 2900 W
DURATION:PT3M
END:VTODO
END:VCALENDAR
"""
START = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:e
SUMMARY:heatpump: start
DTSTART:20260621T120500Z
DTEND:20260621T130000Z
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.slow
def test_a_template_is_begun_by_an_event_at_any_price_and_goes_through(at_home, tmp_path):
    """Until then the start is all that is wished, so it stays off."""
    (tmp_path / "house.ics").write_text(START)
    (tmp_path / "wash.ics").write_text(TEMPLATE)

    async def script(home):
        start = home.clock.now()
        await home.pass_time(960, 1)
        on = [t for t, truth in home.since(start) if truth["heatpump_w"] > 50]
        return on[0], on[-1], home.gateway.wishes.errand("heatpump")

    machine = {**MACHINE, "programme": "wash.ics"}
    begins_s, ends_s, errand = at_home(
        script, CALM, devices={**POLLS, "heatpump": machine}, calendar="house.ics"
    )
    assert 5 * 60 <= begins_s <= 5 * 60 + 15
    assert ends_s - begins_s == pytest.approx(8 * 60, abs=20)
    assert errand.started is not None
