"""The first interval after a start is traded like every other."""

from gateway.model.time import SECOND

QUIET = {"load_w": 300, "temperature_c": 21.2, "solar_w": 4000}


def test_the_first_gate_after_the_start_clears(at_home):
    async def script(home):
        start = home.clock.now()
        await home.pass_time(12)
        return start, home.clearings

    start, clearings = at_home(script, QUIET, devices={"heatpump": None})
    first = next(clearing for clearing in clearings if clearing.scheduled)
    assert first.instrument.start - start <= 10 * SECOND
