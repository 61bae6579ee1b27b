"""A roof and a battery by 704, judged at their registers and in the physics."""

from itertools import pairwise

import pytest

from gateway.adapters.plugins import house_factories
from gateway.model.reading import Quality, Reading
from gateway.model.request import OwnerRequest
from gateway.model.setpoint import Outcome, SetpointStatus
from gateway.model.site import ControlMode, OwnerControl
from gateway.model.time import parse_rfc3339
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
CALM = {"load_w": 500, "temperature_c": 21.2, "meter_noise_w": 0, "solar_w": 6000}
HOUSE = {**CALM, "modern": True, "battery_soc_pct": 50}
FULL = {**CALM, "modern": True, "battery_soc_pct": 100}
NO_HEAT = {"heatpump": None}
NO_EXPORT = {"export_limit_w": 0}
SOON = {"fallback": {"after": "20s"}}
OWN_RULE = {"fallback": {"after": "20s", "level": "own-rule"}}
FREE = {"devices": {**NO_HEAT, "battery": OWN_RULE}}
LATER = {"devices": {**NO_HEAT, "roof": SOON, "battery": SOON}}


def point(home, device, name):
    box = home.house._outlets[device]._box
    box.read(40_000, 2)
    return box.bank.get(name)


def supervision(home, device):
    return home.house._outlets[device]._box.supervision


def of(home, kind, device):
    return [fact for fact in home.facts if isinstance(fact, kind) and fact.device == device]


async def cut(home, *devices):
    """The gateway is dead to them: nothing it writes arrives any more."""
    for device in devices:
        await home.house.unplug(device)


def test_roof_and_battery_follow_the_house_under_an_export_limit(at_home):
    async def script(home):
        await home.pass_time(60)
        start = home.clock.now()
        await home.pass_time(60)
        return [t["grid_w"] for _, t in home.since(start)], point(home, "battery", "704.WSet")

    grid, charging = at_home(script, HOUSE, grid=NO_EXPORT, devices=NO_HEAT)
    assert min(grid) > -60
    assert max(grid) < 150
    assert charging == -5000


@pytest.mark.parametrize(
    ("house", "device"), [(HOUSE, "battery"), (FULL, "roof")], ids=("battery", "roof")
)
def test_the_devices_own_countdown_is_read_and_shown(at_home, house, device):
    async def script(home):
        await home.pass_time(60)
        start = len(home.facts)
        await home.pass_time(40)
        readings = [f for f in home.facts[start:] if isinstance(f, Reading)]
        left = [r.timer_left_s for r in readings if r.device == device]
        return left, of(home, SetpointStatus, device)[-1], point(home, device, "715.OpCtl")

    left, status, op_ctl = at_home(script, house, grid=NO_EXPORT, devices=NO_HEAT)
    assert 58 <= max(left) <= 60
    assert 28 <= min(left) <= 31
    assert 0 < status.timer_left_s <= 60
    assert op_ctl == 1


def test_cut_off_under_an_export_limit_both_are_at_their_level_in_time(at_home):
    async def script(home):
        await home.pass_time(60)
        held = home.house.truth()
        await cut(home, "roof", "battery")
        await home.pass_time(22)
        home.house.set_sun(8000)
        await home.pass_time(120)
        registers = [
            point(home, "roof", f"704.WMaxLimPct{name}") for name in ("", "Ena", "RvrtRem")
        ]
        return held, registers, point(home, "battery", "704.WSetEna"), home.trace

    held, registers, enabled, trace = at_home(script, HOUSE, grid=NO_EXPORT, **LATER)
    assert held["roof_w"] < -5000
    assert held["battery_w"] > 4500
    assert registers == [0, 1, 0]
    assert enabled == 1
    settled = [truth for at, truth in trace if at > NOON + (60 + 20 + 6) * 10**9]
    assert all(truth["roof_w"] == 0 == truth["battery_w"] for truth in settled)
    assert min(truth["grid_w"] for truth in settled) >= 0


def test_model_123_cannot_end_at_a_level_and_stays_where_it_was(at_home):
    async def script(home):
        await home.pass_time(60)
        await cut(home, "roof", "battery")
        await home.pass_time(120)
        return home.house.truth(), point(home, "roof", "123.WMaxLimPct_RvrtTms")

    truth, timer = at_home(script, {**FULL, "modern": False}, grid=NO_EXPORT, **LATER)
    assert timer == 0
    assert truth["roof_w"] < -400


def test_cut_off_without_a_limit_the_battery_is_back_at_its_own_rule(at_home):
    async def script(home):
        await home.pass_time(60)
        held = home.house.truth()["battery_w"]
        await cut(home, "battery")
        await home.pass_time(30)
        return held, home.house.truth()["battery_w"], point(home, "battery", "704.WSetEna")

    held, after, enabled = at_home(script, {**HOUSE, "solar_w": 0, "load_w": 2000}, **FREE)
    assert held < -1500
    assert (after, enabled) == (0, 0)


def test_a_beat_a_second_while_the_gateway_lives_and_none_when_it_is_gone(at_home):
    async def script(home):
        await home.pass_time(30)
        beats = []
        for _ in range(30):
            await home.pass_time(1)
            beats.append(point(home, "roof", "715.ControllerHb"))
        limited = home.house.truth()["limit_w"]
        await cut(home, "roof")
        await home.pass_time(4)
        still = home.house.truth()["limit_w"]
        await home.pass_time(4)
        return beats, limited, still, home.house.truth()["limit_w"]

    beats, limited, still, dead = at_home(
        script, {**FULL, "heartbeat_s": 6.0}, grid=NO_EXPORT, devices=NO_HEAT
    )
    assert {b - a for a, b in pairwise(beats)} <= {0, 1, 2}
    assert 28 <= beats[-1] - beats[0] <= 30
    assert limited == still > 0
    assert dead == 0


def test_hands_off_lets_go_and_beats_no_longer(at_home):
    async def script(home):
        await home.pass_time(40)
        off = OwnerControl(mode=ControlMode.HANDS_OFF, until=None)
        await home.gateway.owner(OwnerRequest(control=off, by="topic"))
        await home.pass_time(2)
        beat = point(home, "battery", "715.ControllerHb")
        await home.pass_time(20)
        return beat, point(home, "battery", "715.ControllerHb"), home.gateway.armory.all()

    before, after, _ = at_home(script, HOUSE, devices=NO_HEAT)
    assert before == after > 20


def test_a_device_whose_own_heart_stops_is_not_believed_and_gets_its_level(at_home):
    async def script(home):
        await home.pass_time(40)
        supervision(home, "roof").hung = True
        await home.pass_time(20)
        return of(home, Reading, "roof")[-1], home.house.truth()["limit_w"]

    reading, limit_w = at_home(script, FULL, grid=NO_EXPORT, devices=NO_HEAT)
    assert reading.quality is Quality.SUSPECT
    assert "715.DERHb stands still" in reading.note
    assert limit_w == 0


def test_under_local_control_nothing_is_written_and_afterwards_it_goes_on(at_home):
    async def script(home):
        await home.pass_time(40)
        supervision(home, "battery").local = True
        await home.pass_time(70)
        status, rem = of(home, SetpointStatus, "battery")[-1], point(home, "battery", "704.WSetEna")
        supervision(home, "battery").local = False
        await home.pass_time(20)
        return status, rem, home.house.truth()["battery_w"]

    status, enabled, power_w = at_home(script, HOUSE, **FREE)
    assert status.outcome is Outcome.REFUSED
    assert "715 LocRemCtl is LOCAL" in status.detail
    assert enabled == 0
    assert power_w > 4500


def test_the_owners_reserve_stands_in_the_bank_and_nobody_disconnects_it(at_home):
    async def script(home):
        await home.pass_time(40)
        return point(home, "battery", "802.SoCRsvMin"), point(home, "battery", "802.SetOp")

    assert at_home(script, HOUSE, devices=NO_HEAT) == (10, 1)


def test_after_a_crash_and_a_second_life_the_words_found_first_are_given_back(tmp_path, virtual):
    names = ("WSetEna", "WSetMod", "WSet", "WSetRvrt", "WSetEnaRvrt", "WSetRvrtTms")

    async def main():
        clock = VirtualClock(NOON)
        house = house_factories()["demo"](clock, HOUSE)
        battery = house._outlets["battery"]._box
        words = [[battery.bank.get(f"704.{name}") for name in names]]
        for unplugged in (True, False):
            async with open_home(tmp_path, NOON, {}, house, clock, **FREE) as home:
                await home.pass_time(40)
                words.append([battery.bank.get(f"704.{name}") for name in names])
                if unplugged:
                    await cut(home, "battery")
            await house.plug("battery")
        words.append([battery.bank.get(f"704.{name}") for name in names])
        return words

    found, first, second, after = virtual(main())
    assert first[0] == second[0] == 1
    assert second[4] == 0
    assert after == found
