"""Devices that misbehave: what the registers and the physics do then."""

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.model.request import OwnerRequest
from gateway.model.site import ControlMode, OwnerControl
from gateway.model.time import parse_rfc3339, seconds
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
NIGHT = parse_rfc3339("2026-06-21T23:00:00Z")
QUIET = {"load_w": 300, "temperature_c": 21.2}
FULL = {**QUIET, "battery_soc_pct": 100, "solar_w": 6000}
NO_EXPORT = {"export_limit_w": 0}
NO_HEAT = {"heatpump": None}


@dataclass
class Trouble:
    """A device's registers between the line and the real ones."""

    box: object
    writes: list = field(default_factory=list)
    refuse: bool = False
    cut_after_write: bool = False
    after_write: object = None
    frozen: dict = field(default_factory=dict)
    freeze: bool = False
    cut: bool = False

    def read(self, address, count):
        if self.cut:
            self.cut = False
            message = "connection lost"
            raise DeviceUnavailable(message)
        if self.freeze:
            return self.frozen.setdefault((address, count), self.box.read(address, count))
        return self.box.read(address, count)

    def write(self, address, words):
        self.writes.append((address, tuple(words)))
        if self.refuse:
            message = "no"
            raise RequestRefused(message, code=4)
        self.box.write(address, words)
        if self.after_write is not None:
            self.after_write()
        self.cut = self.cut_after_write


def trouble(home, device):
    outlet = home.house._outlets[device]
    outlet._box = Trouble(outlet._box)
    return outlet._box


def restart(box, **registers):
    """The device comes back with other registers than were written."""
    for name, value in registers.items():
        box.bank.put("123." + name, value)
    box.write(box.bank.address("123.WMaxLim_Ena"), [0])


def say(home, mode, until=None):
    return home.gateway.owner(
        OwnerRequest(control=OwnerControl(mode=mode, until=until), by="topic")
    )


def worst_export(home, start, after_s):
    return max(-truth["grid_w"] for t, truth in home.since(start) if t > after_s)


def test_a_limit_that_somebody_takes_off_is_back_within_4_s(at_home):
    async def script(home):
        await home.pass_time(41.3)
        start = home.clock.now()
        restart(home.house._world.roof)
        await home.pass_time(20)
        return home.back_within(start, lambda grid: grid >= -50)

    assert at_home(script, FULL, grid=NO_EXPORT, devices=NO_HEAT) <= 4.0


def test_a_restarted_inverter_is_limited_again_within_4_s_of_its_return(at_home):
    async def script(home):
        await home.pass_time(41.3)
        await home.house.unplug("roof")
        await home.pass_time(8)
        restart(home.house._world.roof)
        await home.house.plug("roof")
        start = home.clock.now()
        await home.pass_time(20)
        return home.back_within(start, lambda grid: grid >= -50)

    assert at_home(script, FULL, grid=NO_EXPORT, devices=NO_HEAT) <= 5.0


def test_a_quick_restart_of_the_inverter_is_noticed_too(at_home):
    async def script(home):
        await home.pass_time(41.3)
        await home.house.unplug("roof")
        await home.pass_time(1.2)
        restart(home.house._world.roof)
        await home.house.plug("roof")
        start = home.clock.now()
        await home.pass_time(20)
        return home.back_within(start, lambda grid: grid >= -50)

    assert at_home(script, FULL, grid=NO_EXPORT, devices=NO_HEAT) <= 5.0


def test_a_lost_read_back_is_written_again(at_home):
    async def script(home):
        roof = trouble(home, "roof")
        roof.cut_after_write = True
        await home.pass_time(30)
        roof.cut_after_write = False
        start = home.clock.now()
        await home.pass_time(20)
        return home.back_within(start, lambda grid: grid >= -50), home.house.truth()

    settled_s, truth = at_home(script, FULL, grid=NO_EXPORT, devices=NO_HEAT)
    assert settled_s <= 5.0
    assert truth["roof_w"] < -200


def test_an_inverter_that_refuses_is_told_once_and_asked_again(at_home):
    async def script(home):
        roof = trouble(home, "roof")
        roof.refuse = True
        await home.pass_time(30)
        told = [
            f for f in home.facts if type(f).__name__ == "SetpointStatus" and f.device == "roof"
        ]
        tries = len(roof.writes)
        roof.refuse = False
        await home.pass_time(10)
        return told, tries, home.house.truth()

    told, tries, truth = at_home(script, FULL, grid=NO_EXPORT, devices=NO_HEAT)
    assert tries > 10
    assert len([t for t in told if t.outcome == "refused"]) == 1
    assert truth["grid_w"] > -60


def test_a_frozen_meter_is_not_believed_for_ever(at_home):
    async def script(home):
        await home.pass_time(40)
        trouble(home, "grid").freeze = True
        for sun in range(1000, 2600, 50):
            home.house.set_sun(sun)
            await home.pass_time(2)
        home.house.set_load(300)
        start = home.clock.now()
        await home.pass_time(20)
        return worst_export(home, start, 10)

    house = {**FULL, "solar_w": 1000, "load_w": 3000}
    assert at_home(script, house, grid=NO_EXPORT, devices=NO_HEAT) < 100


def test_dawn_under_an_export_limit_of_0_leaks_no_more_than_the_reentry_and_does_not_stick(at_home):
    async def script(home):
        await home.pass_time(30)
        start = home.clock.now()
        for sun in range(0, 6000, 50):
            home.house.set_sun(sun)
            await home.pass_time(1, step_s=0.2)
        worst = worst_export(home, start, 0)
        home.house.set_load(2300)
        await home.pass_time(20)
        return worst, home.house.truth()

    worst, truth = at_home(script, {**FULL, "solar_w": 0}, grid=NO_EXPORT, devices=NO_HEAT)
    assert worst <= 120
    assert truth["roof_w"] < -2200


def test_an_inverter_that_tells_nothing_by_night_wakes_under_its_limit(at_home):
    async def script(home):
        roof = home.house._world.roof
        measure = roof._measure

        def nothing():
            measure()
            if roof.available_w < 20:
                for point in ("103.W", "103.Hz", "103.St"):
                    roof.bank.put(point, None)

        roof._measure = nothing
        await home.pass_time(30)
        asleep = home.gateway.site.state("roof").value
        night_limit = home.house.truth()["limit_w"]
        start = home.clock.now()
        home.house.set_sun(6000)
        await home.pass_time(20)
        return asleep, night_limit, worst_export(home, start, 0), home.house.truth()

    asleep, night_limit, worst, truth = at_home(
        script, {**FULL, "solar_w": 0}, grid=NO_EXPORT, devices=NO_HEAT
    )
    assert asleep == "sleeping"
    assert 0 < night_limit <= 300
    assert worst <= 120
    assert truth["roof_w"] < -200


def test_a_slowly_polled_battery_does_not_swing(at_home):
    async def script(home):
        await home.pass_time(30)
        home.house.set_load(2300)
        start = home.clock.now()
        await home.pass_time(60)
        return [truth["battery_w"] for t, truth in home.since(start) if t > 8]

    devices = {**NO_HEAT, "battery": {"poll": "5s"}}
    battery = at_home(script, {**QUIET, "battery_soc_pct": 60, "solar_w": 0}, devices=devices)
    assert max(battery) - min(battery) < 300


def test_a_slowly_polled_inverter_comes_back_by_small_steps(at_home):
    async def script(home):
        await home.pass_time(60)
        start = home.clock.now()
        home.house.set_load(2300)
        await home.pass_time(60)
        return worst_export(home, start, 0), home.house.truth()

    devices = {**NO_HEAT, "roof": {"poll": "5s"}}
    worst, truth = at_home(script, FULL, grid=NO_EXPORT, devices=devices)
    assert worst <= 130
    assert truth["roof_w"] < -2200


def test_an_export_limit_of_3_kw_is_used_and_held(at_home):
    async def script(home):
        await home.pass_time(40)
        start = home.clock.now()
        home.house.set_sun(100)
        await home.pass_time(20)
        home.house.set_sun(7500)
        await home.pass_time(20)
        return [truth["grid_w"] for t, truth in home.since(start) if t > 25]

    grid = at_home(
        script, {**FULL, "solar_w": 7500}, grid={"export_limit_w": 3000}, devices=NO_HEAT
    )
    assert min(grid) > -3060
    assert max(grid) < -2900


def test_at_a_negative_import_price_the_battery_charges_inside_the_import_limit(at_home):
    async def script(home):
        await home.pass_time(40)
        start = home.clock.now()
        home.house.set_load(2000)
        await home.pass_time(40)
        return [(t, truth["grid_w"]) for t, truth in home.since(start)], home.house.truth()

    grid = {"import_limit_w": 4000, "import_price": -0.05, "export_price": -0.10}
    samples, truth = at_home(
        script, {**QUIET, "battery_soc_pct": 40, "solar_w": 0}, grid=grid, devices=NO_HEAT
    )
    assert max(g for t, g in samples if t > 4) < 4060
    assert truth["battery_w"] > 1500


def test_before_a_price_topic_spoke_the_limits_hold(at_home):
    async def script(home):
        await home.pass_time(40)
        start = home.clock.now()
        await home.pass_time(20)
        return worst_export(home, start, 0), home.house.truth()

    grid = {**NO_EXPORT, "import_price": {"topic": "p/i"}, "export_price": {"topic": "p/e"}}
    worst, truth = at_home(script, FULL, grid=grid, devices=NO_HEAT)
    assert worst < 60
    assert truth["roof_w"] < -200


def test_a_battery_without_a_state_of_charge_stands_still(at_home):
    async def script(home):
        battery = home.house._world.battery
        measure = battery._measure

        def nothing():
            measure()
            battery.bank.put("124.ChaState", None)

        await home.pass_time(30)
        battery._measure = nothing
        await home.pass_time(20)
        return home.house.truth()

    truth = at_home(script, {**QUIET, "solar_w": 4000}, devices=NO_HEAT)
    assert truth["battery_w"] == pytest.approx(0.0, abs=1.0)


def test_a_stop_with_dead_devices_ends_within_20_s_and_lets_go_of_the_rest(tmp_path, virtual):
    async def main():
        house = {**FULL, "solar_w": 6000, "battery_soc_pct": 50}
        changes = {"grid": {"import_limit_w": None, "export_price": -0.1}, "devices": NO_HEAT}
        async with open_home(tmp_path, NOON, house, **changes) as home:
            await home.pass_time(40)
            limited = home.house._world.roof.bank.get("123.WMaxLim_Ena")
            home.house.hang("battery")
            home.house.hang("grid")
            began = home.clock.now()
        took_s = (home.clock.now() - began) / 1e9
        left = [arming.device for arming in home.gateway.armory.all()]
        return limited, took_s, left, home.house._world.roof.bank.get("123.WMaxLim_Ena")

    limited, took_s, left, released = virtual(main())
    assert limited == 1
    assert took_s < 20
    assert left == ["battery"]
    assert released == 0


def test_hands_off_with_a_dead_battery_lets_go_when_it_is_back(at_home):
    async def script(home):
        await home.pass_time(40)
        home.house.hang("battery")
        await home.pass_time(2)
        await say(home, ControlMode.HANDS_OFF)
        await home.pass_time(2)
        held = home.gateway.armory.all()
        await home.house.plug("battery")
        await home.pass_time(25)
        return held, home.gateway.armory.all(), home.house.truth()["battery_w"]

    devices = {**NO_HEAT, "battery": {"fallback": {"after": "600s"}}}
    held, left, power = at_home(
        script, {**QUIET, "solar_w": 4000}, grid={"import_limit_w": None}, devices=devices
    )
    assert held
    assert left == ()
    assert power == pytest.approx(0.0, abs=1.0)


def test_act_said_again_while_a_release_is_under_way_leaves_no_device_driven_unarmed(at_home):
    async def script(home):
        await home.pass_time(40)
        home.house.hang("battery")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(say(home, ControlMode.HANDS_OFF))
            await home.pass_time(1.5)
            tasks.create_task(say(home, ControlMode.ACT))
            await home.pass_time(0.5)
            await home.house.plug("battery")
        await home.pass_time(25)
        words = home.house._world.battery.bank.get("124.StorCtl_Mod")
        return words, [a.device for a in home.gateway.armory.all()], home.house.truth()

    mode, armed, truth = at_home(
        script, {**QUIET, "solar_w": 4000}, grid={"import_limit_w": None}, devices=NO_HEAT
    )
    assert mode == 3
    assert "battery" in armed
    assert truth["battery_w"] > 3000


def test_hands_off_ends_by_itself(at_home):
    async def script(home):
        await home.pass_time(40)
        await say(home, ControlMode.HANDS_OFF, home.clock.now() + seconds(20))
        await home.pass_time(10)
        free = home.house.truth()["battery_w"]
        await home.pass_time(25)
        return free, home.house.truth()["battery_w"]

    free, again = at_home(
        script, {**QUIET, "solar_w": 4000}, grid={"import_limit_w": None}, devices=NO_HEAT
    )
    assert free == pytest.approx(0.0, abs=1.0)
    assert again > 3000


def test_advise_lets_go_and_act_takes_up_again(at_home):
    async def script(home):
        await home.pass_time(40)
        await say(home, ControlMode.ADVISE)
        await home.pass_time(12)
        free = home.house.truth()["battery_w"]
        await say(home, ControlMode.ACT)
        await home.pass_time(25)
        return free, home.house.truth()["battery_w"]

    free, again = at_home(
        script, {**QUIET, "solar_w": 4000}, grid={"import_limit_w": None}, devices=NO_HEAT
    )
    assert free == pytest.approx(0.0, abs=1.0)
    assert again > 3000


def test_a_heat_pump_at_the_import_limit_does_not_flap(at_home):
    house = {
        "load_w": 3000,
        "battery_soc_pct": 10,
        "solar_w": 0,
        "temperature_c": 17.0,
        "outside_c": 0,
    }

    async def script(home):
        await home.pass_time(260)
        start = home.clock.now()
        for step in range(20):
            home.house.set_load(3000 if step % 2 else 1000)
            await home.pass_time(6)
        runs = [truth["heatpump_w"] > 0 for _, truth in home.since(start)]
        return sum(later and not earlier for earlier, later in pairwise(runs))

    starts = at_home(
        script,
        house,
        grid={"import_limit_w": 5000},
        devices={"heatpump": {"price_cap": 0.5, "limits": {"min_rest": "120s"}}},
    )
    assert starts <= 2


def test_without_any_grid_meter_the_battery_holds_its_position(at_home):
    async def script(home):
        await home.pass_time(60)
        return home.house.truth(), home.clearings

    truth, clearings = at_home(
        script,
        {**QUIET, "solar_w": 4000},
        grid={"import_limit_w": None},
        devices={**NO_HEAT, "grid": None},
    )
    assert clearings
    assert truth["battery_w"] > 3000


@pytest.mark.parametrize("interval", ["15min"])
def test_with_long_intervals_control_begins_at_once(at_home, interval):
    async def script(home):
        await home.pass_time(20)
        return home.house.truth()

    products = {"power": {"resource": "POWER", "unit": "W", "interval": interval}}
    truth = at_home(
        script, FULL, grid=NO_EXPORT, devices=NO_HEAT, products=products, epoch=NIGHT + seconds(77)
    )
    assert truth["grid_w"] > -60


@pytest.mark.parametrize("after", ["1s", "2s", "3s"])
def test_a_short_lease_never_lapses(at_home, after):
    async def script(home):
        await home.pass_time(30)
        start = home.clock.now()
        bank = home.house._world.battery.bank
        modes = set()
        while home.clock.now() < start + seconds(30):
            await home.pass_time(0.1)
            modes.add(bank.get("124.StorCtl_Mod"))
        return modes

    devices = {**NO_HEAT, "battery": {"fallback": {"after": after}}}
    modes = at_home(
        script, {**QUIET, "solar_w": 4000}, grid={"import_limit_w": None}, devices=devices
    )
    assert modes == {3}


def test_at_the_import_limit_an_empty_battery_is_left_alone_and_a_full_one_carries_the_rest(
    at_home,
):
    async def script(home):
        await home.pass_time(40)
        start = home.clock.now()
        home.house.set_load(5000)
        await home.pass_time(20)
        battery = home.house.truth()["battery_w"]
        return battery, home.back_within(start, lambda grid: grid <= 3060)

    grid = {"import_limit_w": 3000, "import_price": 0.01, "export_price": 0.0}
    house = {**QUIET, "solar_w": 0}
    empty, _ = at_home(script, {**house, "battery_soc_pct": 10}, grid=grid, devices=NO_HEAT)
    assert empty == pytest.approx(0.0, abs=1.0)
    full, settled_s = at_home(script, {**house, "battery_soc_pct": 90}, grid=grid, devices=NO_HEAT)
    assert full < -1900
    assert settled_s <= 4.0


def test_devices_armed_by_an_earlier_life_are_let_go_when_the_owner_only_observes_now(
    tmp_path, virtual
):
    async def main():
        house, words = None, []
        for control in ("act", "observe"):
            changes = {"grid": {"import_limit_w": None}, "devices": NO_HEAT, "control": control}
            gateway = open_home(tmp_path, NOON, {**QUIET, "solar_w": 4000}, house, **changes)
            home = await gateway.__aenter__()
            house = home.house
            if control == "act":
                await home.pass_time(40)
                crash(home)
            await home.pass_time(1)
            bank = home.house._world.battery.bank
            words.append((bank.get("124.StorCtl_Mod"), len(home.gateway.armory.all())))
            await gateway.__aexit__(None, None, None)
        return words

    assert virtual(main()) == [(3, 1), (0, 0)]


def crash(home):
    """What stands in the devices and on the disk stays as it is."""

    async def nothing(*_args, **_more):
        return frozenset()

    home.gateway.handover._let_go = nothing
