"""The first interval after a start is traded like every other."""

import pytest

from gateway.model.time import SECOND

QUIET = {"load_w": 300, "temperature_c": 21.2, "solar_w": 4000}


@pytest.mark.xfail(strict=True, reason="a market that is first called at a gate skips that gate")
def test_the_first_gate_after_the_start_clears(at_home):
    async def script(home):
        start = home.clock.now()
        await home.pass_time(12)
        return start, home.clearings[0]

    start, first = at_home(script, QUIET, devices={"heatpump": None})
    assert first.scheduled
    assert first.instrument.start - start <= 10 * SECOND
