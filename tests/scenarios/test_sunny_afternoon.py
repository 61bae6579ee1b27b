"""A hot afternoon: the house is cooled ahead by the sun, and the dear evening is quiet."""

import pytest

from gateway.model.time import parse_rfc3339

DEAR = parse_rfc3339("2026-07-15T17:00:00Z")
HOURS, STEP_S = 9, 30


def kwh(power_w):
    return power_w * STEP_S / 3_600_000


def price(at, power_w):
    if power_w < 0:
        return 0.08
    return 0.45 if at > DEAR else 0.25


def bill(told):
    return sum(kwh(truth["grid_w"]) * price(at, truth["grid_w"]) for at, truth in told)


def evening(told):
    return [max(0.0, truth["grid_w"]) for at, truth in told if at > DEAR]


@pytest.mark.slow
@pytest.mark.patient
def test_it_cools_ahead_by_the_sun_and_evening_peak_and_bill_fall(lived, alone):
    async def script(home):
        await home.pass_time(HOURS * 3600, STEP_S)
        return home.trace

    market = lived("sunny-afternoon", script)
    thermostat = alone("sunny-afternoon", HOURS * 3600, STEP_S)
    rooms = [truth["temperature_c"] for _, truth in market]
    # Ahead: at five it is at its lower limit, where the thermostat has just begun.
    at_five = min(range(len(market)), key=lambda place: abs(market[place][0] - DEAR))
    assert rooms[at_five] == pytest.approx(22.0, abs=0.15)
    assert thermostat[at_five][1]["temperature_c"] == pytest.approx(24.4, abs=0.15)
    # By the sun: nothing is drawn for it.
    assert all(truth["grid_w"] < 0 for _, truth in market[20:at_five])
    # Comfort.
    assert min(rooms) >= 21.8
    assert max(rooms) <= 25.5
    # The evening: only the household's 400 W are left.
    assert max(evening(market)) == pytest.approx(400, abs=1)
    assert max(evening(thermostat)) > 1700
    assert sum(map(kwh, evening(market))) == pytest.approx(0.94, abs=0.05)
    assert sum(map(kwh, evening(thermostat))) == pytest.approx(3.08, abs=0.1)
    # The bill of the nine hours: what is fed in earns 0.08.
    assert bill(market) == pytest.approx(-0.11, abs=0.03)
    assert bill(thermostat) == pytest.approx(0.47, abs=0.03)
