"""Another device turns up under the address of one that is steered."""

from gateway.model.event import SetpointStatus
from gateway.model.setpoint import Outcome

SUNNY = {"load_w": 300, "temperature_c": 21.2, "solar_w": 4000, "battery_soc_pct": 50}


def test_nothing_is_written_to_another_serial_number_at_the_armed_address(at_home):
    async def script(home):
        await home.pass_time(30)
        busy = home.house.truth()["battery_w"]
        await home.house.unplug("battery")
        await home.pass_time(90, step_s=1.0)
        home.house._world.battery.bank.put("1.SN", "ANOTHER")
        await home.house.plug("battery")
        await home.pass_time(40, step_s=1.0)
        other = home.house.truth()["battery_w"]
        statuses = [
            f for f in home.facts if isinstance(f, SetpointStatus) and f.device == "battery"
        ]
        return busy, other, statuses[-1]

    busy, other, status = at_home(script, SUNNY, devices={"heatpump": None})
    assert busy > 3000
    assert other == 0
    assert status.outcome is Outcome.REFUSED
    assert "another device answers" in status.detail


def test_no_heartbeat_goes_to_another_serial_number_at_the_armed_address(at_home):
    async def script(home):
        bank = home.house._world.battery.bank
        await home.pass_time(30)
        ours = bank.get("715.ControllerHb")
        await home.house.unplug("battery")
        await home.pass_time(30, step_s=1.0)
        bank.put("1.SN", "ANOTHER")
        bank.put("715.ControllerHb", 7_000)
        await home.house.plug("battery")
        await home.pass_time(40, step_s=1.0)
        return ours, bank.get("715.ControllerHb")

    ours, others = at_home(script, {**SUNNY, "modern": True}, devices={"heatpump": None})
    assert ours > 5
    assert others == 7_000
