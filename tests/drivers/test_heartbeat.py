"""Heartbeats over a socket: the gateway's to the device, and the device's own."""

import pytest

from drivers.sunspec.heartbeat import Pulse
from gateway.model.time import SECOND, Instant


@pytest.mark.parametrize(("found", "beats"), [(0, [1, 2, 3]), (0xFFFF_FFFD, [0xFFFF_FFFE, 0, 1])])
async def test_a_heartbeat_counts_on_from_what_stood_there_and_wraps_to_zero(rig, found, beats):
    made = rig.der(ControllerHb_715=found)
    seen = []
    async with rig.tcp(made.memory) as line:
        driver = rig.driver(line, "solar")
        await driver.connect()
        for _ in beats:
            await driver.beat()
            seen.append(made.get("715.ControllerHb"))
    assert driver.listens
    assert seen == beats
    assert {len(words) for _, _, words in made.writes()} == {2}


async def test_802_is_used_where_there_is_no_715_and_wraps_at_16_bits(rig):
    made = rig.der_battery(ControllerHb_715=0xFFFF_FFFF, CtrlHb_802=0xFFFE)
    async with rig.tcp(made.memory) as line:
        driver = rig.driver(line, "storage")
        await driver.connect()
        await driver.beat()
    assert made.get("802.CtrlHb") == 0
    assert made.get("715.ControllerHb") == 0xFFFF_FFFF


async def test_a_device_without_a_register_for_it_does_not_listen(rig):
    async with rig.tcp(rig.inverter().memory) as line:
        driver = rig.driver(line, "solar")
        await driver.connect()
        assert not driver.listens


async def test_op_ctl_and_alarm_reset_are_never_written(rig):
    made = rig.der()
    async with rig.tcp(made.memory) as line:
        driver = rig.driver(line, "solar")
        await driver.connect()
        await driver.arm()
        for quantity in (-3000, -1000, None):
            await driver.write(rig.setpoint(quantity))
            await driver.beat()
    written = {at + i for _, at, words in made.writes() for i in range(len(words))}
    assert written.isdisjoint({made.at("715.OpCtl"), made.at("715.AlarmReset")})


def beats(pulse, *samples):
    return [
        pulse.stopped({"715.DERHb": beat}, Instant(at * SECOND), SECOND) for beat, at in samples
    ]


def test_a_heart_that_stops_is_told_after_five_seconds():
    quiet = beats(Pulse(), (1, 0), (2, 1), (2, 3), (2, 5))
    assert quiet == ["", "", "", ""]
    assert "715.DERHb stands still for 7 s" in beats(Pulse(), (1, 0), (2, 1), (2, 8))[-1]


def test_a_heart_that_never_beat_is_not_implemented():
    assert beats(Pulse(), (0, 0), (0, 60), (0, 600)) == ["", "", ""]


def test_a_slow_poll_gets_three_of_its_own():
    pulse = Pulse()
    seen = [pulse.stopped({"802.Hb": b}, Instant(at * SECOND), 10 * SECOND)
            for b, at in ((1, 0), (2, 10), (2, 30), (2, 40))]  # fmt: skip
    assert [bool(text) for text in seen] == [False, False, False, True]
