"""A car that comes home before midnight: it waits for the cheap hours."""

import pytest

from gateway.model.time import parse_rfc3339

MIDNIGHT = parse_rfc3339("2026-06-22T00:00:00Z")


@pytest.mark.slow
@pytest.mark.patient
def test_it_waits_for_midnight_and_pays_half(lived):
    async def script(home):
        await home.pass_time(2.5 * 3600, 10)
        return home.trace, home.gateway.wishes.errand("car")

    trace, errand = lived("ev-arrives-empty", script)
    steps = [(at, truth["car_w"] * 10 / 3_600_000) for at, truth in trace]
    early = sum(kwh for at, kwh in steps if at < MIDNIGHT)
    cheap = sum(kwh for at, kwh in steps if at >= MIDNIGHT)
    assert early == 0
    assert cheap == pytest.approx(20, abs=0.2)
    # 20 kWh with 11.04 kW are 1 h 49 min.
    last = max(at for at, truth in trace if truth["car_w"])
    assert 108 * 60 <= (last - MIDNIGHT) / 1e9 <= 113 * 60
    assert cheap * 0.15 == pytest.approx(20 * 0.15, abs=0.05)
    assert errand is None or errand.left_wh < 200
