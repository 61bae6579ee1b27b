"""The newer models' physics: the way back, the countdown, both heartbeats."""

import pytest

from gateway.model.errors import RequestRefused


def limit(house, pct, *, timer_s=0, back_pct=100, back_enabled=0):
    write(house, "roof", "704.WMaxLimPctRvrt", back_pct * 100)
    write(house, "roof", "704.WMaxLimPctEnaRvrt", back_enabled)
    write(house, "roof", "704.WMaxLimPctRvrtTms", 0, timer_s)
    write(house, "roof", "704.WMaxLimPct", pct * 100)
    write(house, "roof", "704.WMaxLimPctEna", 1)


def write(house, device, point, *words):
    box = getattr(house.world, device)
    box.write(box.bank.address(point), words)


def test_generation_is_negative_power_and_positive_in_701(hands):
    house = hands(modern=True).wait(5)
    assert house.truth("roof_w") == -6000
    assert house.get("roof", "701.W") == 6000
    assert house.get("roof", "713.WHRtg") is None


def test_the_timer_ends_at_the_reversion_value(hands):
    house = hands(modern=True)
    limit(house, 50, timer_s=10, back_pct=25, back_enabled=1)
    assert house.wait(9).truth("roof_w") == -4000
    assert house.get("roof", "704.WMaxLimPctRvrtRem") == 1
    assert house.wait(6).truth("roof_w") == -2000
    assert house.get("roof", "704.WMaxLimPct") == 25
    assert house.get("roof", "704.WMaxLimPctRvrtRem") == 0


def test_the_timer_ends_at_no_limit_where_that_is_the_reversion(hands):
    house = hands(modern=True)
    limit(house, 50, timer_s=10)
    assert house.wait(16).truth("roof_w") == -6000
    assert house.get("roof", "704.WMaxLimPctEna") == 0


def test_only_the_enable_restarts_the_timer(hands):
    house = hands(modern=True)
    limit(house, 50, timer_s=10)
    house.wait(6)
    write(house, "roof", "704.WMaxLimPct", 4000)
    assert house.wait(3).get("roof", "704.WMaxLimPctRvrtRem") == 1
    write(house, "roof", "704.WMaxLimPctEna", 1)
    assert house.get("roof", "704.WMaxLimPctRvrtRem") == 10


def test_a_32_bit_point_is_taken_whole_or_not_at_all(hands):
    house = hands(modern=True)
    with pytest.raises(RequestRefused):
        write(house, "roof", "704.WMaxLimPctRvrtTms", 0)
    assert house.get("roof", "704.WMaxLimPctRvrtTms") == 0


def test_wset_is_power_out_of_the_battery_in_watts_or_percent(hands):
    house = hands(modern=True, battery_soc_pct=50)
    write(house, "battery", "704.WSetMod", 1)
    write(house, "battery", "704.WSet", 0xFFFF, 0x10000 - 3000)
    write(house, "battery", "704.WSetEna", 1)
    assert house.wait(3).truth("battery_w") == 3000
    assert house.get("battery", "802.W") == -3000
    write(house, "battery", "704.WSetMod", 0)
    write(house, "battery", "704.WSetPct", 2000)
    assert house.wait(3).truth("battery_w") == -1000


def test_a_reserve_and_a_disconnection_hold_the_battery(hands):
    house = hands(modern=True, battery_soc_pct=50)
    write(house, "battery", "802.SoCRsvMin", 5000)
    write(house, "battery", "704.WSetMod", 1)
    write(house, "battery", "704.WSet", 0, 3000)
    write(house, "battery", "704.WSetEna", 1)
    assert house.wait(3).truth("battery_w") == pytest.approx(0, abs=1)
    write(house, "battery", "802.SoCRsvMin", 0)
    assert house.wait(3).truth("battery_w") == -3000
    write(house, "battery", "802.SetOp", 2)
    assert house.wait(3).truth("battery_w") == 0
    assert house.get("battery", "802.State") == 1


def test_a_command_without_heartbeat_stops_the_device_until_it_beats_again(hands):
    house = hands(modern=True, heartbeat_s=5)
    limit(house, 50, timer_s=60)
    assert house.wait(4).truth("roof_w") == -4000
    assert house.wait(6).truth("roof_w") == 0
    write(house, "roof", "715.ControllerHb", 0, 1)
    assert house.wait(4).truth("roof_w") == -4000


def test_its_own_heart_beats_each_second_unless_it_hangs(hands):
    house = hands(modern=True).wait(10)
    assert house.get("roof", "715.DERHb") == 10
    house.world.roof.supervision.hung = True
    assert house.wait(10).get("roof", "715.DERHb") == 10


def test_local_control_refuses_commands_with_code_3(hands):
    house = hands(modern=True)
    house.world.roof.supervision.local = True
    with pytest.raises(RequestRefused) as refused:
        write(house, "roof", "704.WMaxLimPct", 1000)
    assert refused.value.code == 3
    assert house.get("roof", "715.LocRemCtl") == 1
