"""The gateway finds out by itself that its grid meter is read the wrong way round."""

import pytest

from gateway.model.event import FaultChanged
from gateway.model.time import parse_rfc3339
from gateway.runtime.polarity import CODE

pytestmark = [pytest.mark.slow, pytest.mark.patient]

NIGHT = parse_rfc3339("2026-06-21T22:30:00Z")
SLOW = {
    "control": "observe",
    "products": {"power": {"resource": "POWER", "unit": "W", "interval": "15min"}},
}


def slow(**grid):
    """Every device read each ten seconds, which is enough for two looks a minute."""
    every = {name: {"poll": "10s"} for name in ("grid", "roof", "battery")}
    every["heatpump"] = None
    every["grid"] |= grid
    return every


def told(home):
    return [f for f in home.facts if isinstance(f, FaultChanged) and f.code == CODE]


async def _some_hours(home, hours=1.2):
    await home.pass_time(hours * 3600, step_s=60)
    return told(home)


def _meter_with(home, phases=lambda phases: phases, power=lambda w: w):
    """Wires as an electrician may leave them."""
    meter = home.house._world.grid
    sample, count = meter.sample, meter.count
    meter.sample = lambda all_w, number: sample(phases(all_w), number)
    meter.count = lambda w, dt_s: count(power(w), dt_s)


def test_a_right_house_is_not_suspected(at_home):
    assert at_home(_some_hours, {"seed": 5}, epoch=NIGHT, devices=slow(), **SLOW) == []


def test_a_wrong_sign_in_the_configuration_is_found_and_the_right_key_proposed(at_home):
    found = at_home(_some_hours, {"seed": 5}, epoch=NIGHT, devices=slow(sign="export"), **SLOW)[-1]
    assert (found.device, found.active) == ("grid", True)
    assert "devices: {grid: {sign: import}}" in found.text
    assert "transformers" not in found.text


def test_turned_current_transformers_are_found_and_what_mends_the_counters_is_said(at_home):
    async def script(home):
        _meter_with(home, lambda phases: tuple(-w for w in phases), lambda w: -w)
        return await _some_hours(home)

    (found,) = at_home(script, {"seed": 5}, epoch=NIGHT, devices=slow(), **SLOW)
    assert "devices: {grid: {sign: export}}" in found.text
    assert "have its current transformers turned" in found.text


def test_one_turned_transformer_is_found_by_its_phase(at_home):
    async def script(home):
        _meter_with(home, lambda phases: (phases[0], -phases[1], phases[2]))
        return await _some_hours(home)

    (found,) = at_home(script, {"seed": 5}, epoch=NIGHT, devices=slow(), **SLOW)
    assert "phase B gives power" in found.text
    assert "electrician" in found.text


@pytest.mark.parametrize("sign", ["import", "export"])
def test_while_it_steers_a_right_house_is_not_suspected_and_a_wrong_one_is(at_home, sign):
    async def script(home):
        return await _some_hours(home, 0.6)

    changes = {"seed": 5, "battery_soc_pct": 97}
    found = at_home(script, changes, epoch=NIGHT, devices=slow(sign=sign))
    assert {one.device for one in found} == (set() if sign == "import" else {"grid"})


@pytest.mark.slow
@pytest.mark.patient
def test_a_right_house_is_not_suspected_in_a_whole_day(at_home):
    async def script(home):
        return await _some_hours(home, 24)

    assert at_home(script, {"seed": 5}, epoch=NIGHT, devices=slow(), **SLOW) == []
