"""The battery behind its registers."""

import pytest

from gateway.model.errors import RequestRefused

CHARGE, DISCHARGE, BOTH = 1, 2, 3
EMPTY, DISCHARGING, CHARGING, FULL, HOLDING = 2, 3, 4, 5, 6


def rates(hands, *, out_pct, in_pct, mode=BOTH, timer_s=0, grid=1):
    hands.write("battery", m124_ChaGriSet=grid, m124_InOutWRte_RvrtTms=timer_s)
    hands.write("battery", m124_OutWRte=round(out_pct * 100), m124_InWRte=round(in_pct * 100))
    hands.write("battery", m124_StorCtl_Mod=mode)


def power_w(hands, **given):
    house = hands()
    rates(house, **given)
    return house.wait(5).truth("battery_w")


def test_without_control_it_stands_still(hands):
    assert hands().wait(60).truth("battery_w") == 0


def test_negative_discharge_rate_forces_charging(hands):
    assert power_w(hands, out_pct=-40, in_pct=40) == 2000


def test_negative_charge_rate_forces_discharging(hands):
    assert power_w(hands, out_pct=40, in_pct=-40) == -2000


def test_one_sided_force_works_with_one_mode_bit(hands):
    assert power_w(hands, out_pct=-40, in_pct=100, mode=DISCHARGE) == 2000
    assert power_w(hands, out_pct=100, in_pct=-40, mode=CHARGE) == -2000


def test_positive_rates_only_limit(hands):
    assert power_w(hands, out_pct=40, in_pct=40) == 0


def test_rates_without_their_mode_bit_do_nothing(hands):
    assert power_w(hands, out_pct=-40, in_pct=40, mode=CHARGE) == 0


def test_contradicting_rates_stand_still(hands):
    assert power_w(hands, out_pct=-40, in_pct=-40) == 0


def test_grid_charging_must_be_allowed(hands):
    assert power_w(hands, out_pct=-40, in_pct=40, grid=0) == 0
    assert power_w(hands, out_pct=40, in_pct=-40, grid=0) == -2000


def test_charging_is_absorption_in_103(hands):
    house = hands()
    rates(house, out_pct=-40, in_pct=40)
    house.wait(5)
    assert (house.get("battery", "103.W"), house.get("battery", "124.ChaSt")) == (-2000, CHARGING)


def test_timer_ends_the_rates_and_nothing_else(hands):
    house = hands()
    rates(house, out_pct=-40, in_pct=40, timer_s=30)
    house.write("battery", m124_MinRsvPct=2000)
    assert house.wait(29).truth("battery_w") == 2000
    house.wait(3)
    points = ("StorCtl_Mod", "OutWRte", "InWRte", "ChaGriSet", "MinRsvPct")
    found = [house.get("battery", f"124.{point}") for point in points]
    assert found == [0, 100, 100, 1, 20]
    assert house.truth("battery_w") == 0


def test_rewritten_rates_restart_the_timer(hands):
    house = hands()
    rates(house, out_pct=-40, in_pct=40, timer_s=30)
    house.wait(20)
    house.write("battery", m124_OutWRte=-4000)
    assert house.wait(20).truth("battery_w") == 2000


def test_reserve_keeps_energy_back(hands):
    house = hands(battery_soc_pct=20)
    house.write("battery", m124_MinRsvPct=2000)
    rates(house, out_pct=40, in_pct=-40)
    assert house.wait(5).truth("battery_w") == 0


def test_state_of_charge_and_status_follow(hands):
    assert hands(battery_soc_pct=100).wait(1).get("battery", "124.ChaSt") == FULL
    assert hands(battery_soc_pct=0).wait(1).get("battery", "124.ChaSt") == EMPTY
    house = hands(battery_round_trip=0.81).wait(1)
    assert house.get("battery", "124.ChaSt") == HOLDING
    rates(house, out_pct=-100, in_pct=100)
    house.wait(360)
    assert house.get("battery", "124.ChaState") == pytest.approx(50 + 5 * 0.9, abs=0.1)


@pytest.mark.parametrize(
    "wrong", [{"m124_StorCtl_Mod": 4}, {"m124_OutWRte": 10_001}, {"m124_ChaGriSet": 2}]
)
def test_value_out_of_range_is_refused_with_code_3(hands, wrong):
    with pytest.raises(RequestRefused) as refused:
        hands().write("battery", **wrong)
    assert refused.value.code == 3
