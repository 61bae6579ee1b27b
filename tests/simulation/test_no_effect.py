"""A device that takes every word and does nothing: the owner is told, with the likely reason."""

from gateway.model.event import FaultChanged
from gateway.model.setpoint import Outcome, SetpointStatus

SUNNY = {"load_w": 300, "temperature_c": 21.2, "battery_soc_pct": 50, "solar_w": 4000}
ONLY_BATTERY = {"heatpump": None}


def followed(home, device):
    return [
        f
        for f in home.facts
        if isinstance(f, FaultChanged) and (f.device, f.code) == (device, "SETPOINT_NOT_FOLLOWED")
    ]


def statuses(home, device):
    return [f for f in home.facts if isinstance(f, SetpointStatus) and f.device == device]


def test_a_battery_with_external_control_off_is_named_until_it_follows(at_home):
    async def script(home):
        battery = home.house._world.battery
        steered = battery._command
        battery._command = lambda: 0.0
        await home.pass_time(40)
        bank, ignored = battery.bank, statuses(home, "battery")[-1]
        words = bank.get("124.StorCtl_Mod"), bank.get("124.InWRte")
        told = followed(home, "battery")[-1]
        battery._command = steered
        await home.pass_time(60)
        return words, ignored, told, followed(home, "battery")[-1], home.house.truth()

    words, ignored, told, after, truth = at_home(
        script, SUNNY, grid={"import_limit_w": None}, devices=ONLY_BATTERY
    )
    assert words[0] == 3
    assert words[1] > 50  # the registers ask for it
    assert ignored.effective is None
    assert ignored.accepted > 3000
    assert told.active
    assert "124 StorCtl_Mod is set and ignored" in told.text
    assert "external control" in told.text
    assert not after.active
    assert truth["battery_w"] > 3000


def test_a_bound_above_the_sun_is_no_fault(at_home):
    async def script(home):
        await home.pass_time(40)
        return followed(home, "roof"), statuses(home, "roof")

    house = {**SUNNY, "battery_soc_pct": 100, "solar_w": 2000}
    faults, told = at_home(script, house, grid={"export_limit_w": 5000}, devices=ONLY_BATTERY)
    assert not faults
    assert any(s.outcome is Outcome.EFFECTIVE and "nothing to cut" in s.detail for s in told)
