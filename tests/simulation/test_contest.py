"""Two controllers on one device: a named state, few writes, and no endless turn-taking."""

import asyncio
from dataclasses import dataclass, field

import pytest

from gateway.model.event import FaultChanged
from gateway.model.time import parse_rfc3339, seconds
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
SUNNY = {"load_w": 300, "temperature_c": 21.2, "battery_soc_pct": 30, "solar_w": 4000}
NO_LIMIT = {"import_limit_w": None}
ONLY_BATTERY = {"heatpump": None}


@dataclass
class Counted:
    """A device's registers, and when each request to write them came."""

    box: object
    clock: object
    writes: list = field(default_factory=list)

    def read(self, address, count):
        return self.box.read(address, count)

    def write(self, address, words):
        self.writes.append(self.clock.now())
        self.box.write(address, words)


def counted(home, device):
    outlet = home.house._outlets[device]
    outlet._box = Counted(outlet._box, home.clock)
    return outlet._box


def contested(home):
    return [f for f in home.facts if isinstance(f, FaultChanged) and f.code == "SETPOINT_CONTESTED"]


async def stranger(home, every_s, mode=0):
    """Takes the battery's limits out of force, again and again."""
    box = home.house._outlets["battery"]._box.box
    address = box.bank.address("124.StorCtl_Mod")
    while True:
        await home.pass_time(every_s, step_s=every_s)
        home.house.truth()
        box.write(address, [mode])


async def beside(home, other, lasting_s):
    """Let time pass beside another controller."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(other)
        await home.clock.sleep(seconds(lasting_s))
        task.cancel()


@pytest.mark.slow
@pytest.mark.patient
def test_a_stranger_that_writes_every_second_is_named_and_yielded_to(at_home):
    async def script(home):
        battery = counted(home, "battery")
        await home.pass_time(40, step_s=1)
        battery.writes.clear()
        await beside(home, stranger(home, 1.0), 2400)
        armed = home.gateway.armory.get("battery")
        return contested(home), battery.writes, armed

    faults, writes, armed = at_home(script, SUNNY, grid=NO_LIMIT, devices=ONLY_BATTERY)
    assert len(writes) < 40
    assert [f.active for f in faults] == [True] * len(faults)
    assert len(faults) == 4  # after 0, 5, 15 and 35 minutes
    assert "someone changed register" in faults[0].text
    assert "left alone until" in faults[0].text
    assert armed is not None


@pytest.mark.slow
@pytest.mark.patient
def test_under_a_site_limit_the_gateway_insists_but_not_at_every_poll(at_home):
    async def script(home):
        battery = counted(home, "battery")
        await home.pass_time(40, step_s=1)
        battery.writes.clear()
        await beside(home, stranger(home, 1.0), 900)
        return contested(home), len(battery.writes)

    faults, writes = at_home(script, SUNNY, devices=ONLY_BATTERY)
    assert faults[-1].active
    assert "at most every 30s" in faults[-1].text
    assert 30 <= writes <= 120  # about one turn of two requests each half minute


def test_a_cloud_that_lifts_an_export_limit_every_minute_is_answered_each_time_within_4_s(at_home):
    async def script(home):
        await home.pass_time(41.3)
        roof, late = home.house._world.roof, []
        for _ in range(8):
            home.house.truth()
            roof.write(roof.bank.address("123.WMaxLim_Ena"), [0])
            start = home.clock.now()
            await home.pass_time(60)
            late.append(home.back_within(start, lambda grid: grid >= -50))
        return late, contested(home)

    house = {**SUNNY, "battery_soc_pct": 100, "solar_w": 6000}
    late, faults = at_home(script, house, grid={"export_limit_w": 0}, devices=ONLY_BATTERY)
    assert max(late) <= 4.0
    assert faults[-1].active


@pytest.mark.slow
@pytest.mark.patient
def test_when_the_stranger_has_gone_the_battery_is_steered_again_and_the_fault_ends(at_home):
    async def script(home):
        counted(home, "battery")
        await home.pass_time(40, step_s=1)
        await beside(home, stranger(home, 1.0), 60)
        idle = home.house.truth()["battery_w"]
        await home.pass_time(30 * 60, step_s=5)
        return idle, home.house.truth()["battery_w"], contested(home)

    idle, again, faults = at_home(script, SUNNY, grid=NO_LIMIT, devices=ONLY_BATTERY)
    assert abs(idle) < 50
    assert again > 3000
    assert [f.active for f in faults] == [True, False]


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize("policy", ["yield", "insist"])
def test_two_gateways_on_one_battery_end_in_a_named_state_with_few_writes(
    tmp_path, virtual, policy
):
    ours, theirs = {"contest": policy}, {"contest": policy, "limits": {"max_w": 1000}}

    async def main():
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        changes = {"grid": NO_LIMIT}
        devices = {**ONLY_BATTERY, "battery": ours}
        async with open_home(tmp_path / "a", NOON, SUNNY, **changes, devices=devices) as one:
            battery = counted(one, "battery")
            await one.pass_time(60, step_s=1)
            devices = {**ONLY_BATTERY, "battery": theirs}
            async with open_home(
                tmp_path / "b", NOON, SUNNY, one.house, one.clock, **changes, devices=devices
            ) as two:
                await one.pass_time(1800, step_s=5)
                late = [at for at in battery.writes if at > one.clock.now() - seconds(900)]
                return [contested(home)[-1:] for home in (one, two)], len(late)

    told, writes = virtual(main())
    named = [fault for faults in told for fault in faults]
    assert any(fault.active for fault in named)
    # A quarter of an hour of renewals by one is 60 requests; two that insist take 4 a minute each.
    assert writes < 130
