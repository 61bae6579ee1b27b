"""The solar inverter behind its registers."""

import pytest

from gateway.model.errors import RequestRefused

SLEEPING, MPPT, THROTTLED, STANDBY = 2, 4, 5, 8


def limit(hands, pct, timer_s=0):
    hands.write("roof", m123_WMaxLimPct_RvrtTms=timer_s)
    hands.write("roof", m123_WMaxLimPct=pct * 100)
    hands.write("roof", m123_WMaxLim_Ena=1)


def test_generation_is_negative_power_and_positive_in_103(hands):
    house = hands().wait(1)
    assert (house.truth("roof_w"), house.get("roof", "103.W")) == (-6000, 6000)


def test_limit_is_a_percentage_of_wmax(hands):
    house = hands()
    limit(house, 25)
    assert house.wait(10).get("roof", "103.W") == 2000


def test_limit_without_enable_does_nothing(hands):
    house = hands()
    house.write("roof", m123_WMaxLimPct=1000)
    assert house.wait(10).get("roof", "103.W") == 6000


def test_limit_follows_dead_time_and_ramp(hands):
    house = hands()
    limit(house, 25)
    assert house.wait(0.4).truth("roof_w") == -6000
    assert house.wait(1.1).truth("roof_w") == pytest.approx(-6000 + 1.1 * 1600)


def test_timer_ends_the_limit(hands):
    house = hands()
    limit(house, 25, timer_s=30)
    assert house.wait(29.9).get("roof", "123.WMaxLim_Ena") == 1
    assert house.wait(0.2).get("roof", "123.WMaxLim_Ena") == 0
    assert house.wait(5).get("roof", "103.W") == 6000


def test_rewritten_value_restarts_the_timer(hands):
    house = hands()
    limit(house, 25, timer_s=30)
    house.wait(20)
    house.write("roof", m123_WMaxLimPct=2500)
    assert house.wait(20).get("roof", "103.W") == 2000
    assert house.wait(20).get("roof", "103.W") == 6000


def test_written_timer_alone_restarts_nothing(hands):
    house = hands()
    limit(house, 25, timer_s=30)
    house.wait(20)
    house.write("roof", m123_WMaxLimPct_RvrtTms=60)
    assert house.wait(15).get("roof", "123.WMaxLim_Ena") == 0


def test_timer_of_zero_never_ends(hands):
    house = hands()
    limit(house, 25)
    assert house.wait(3600).get("roof", "103.W") == 2000


def test_disconnect_stops_it_and_its_timer_connects_again(hands):
    house = hands()
    house.write("roof", m123_Conn_RvrtTms=20, m123_Conn=0)
    house.wait(10)
    assert (house.get("roof", "103.W"), house.get("roof", "103.St")) == (0, STANDBY)
    house.wait(15)
    assert (house.get("roof", "103.W"), house.get("roof", "123.Conn")) == (6000, 1)


def test_state_tells_why_it_gives_what_it_gives(hands):
    house = hands()
    assert house.wait(1).get("roof", "103.St") == MPPT
    limit(house, 25)
    assert house.wait(10).get("roof", "103.St") == THROTTLED
    assert hands(solar_w=0).wait(1).get("roof", "103.St") == SLEEPING


def test_available_power_is_told_only_where_implemented(hands):
    assert hands().wait(1).get("roof", "122.WAval") is None
    assert hands(tells_available=True).wait(1).get("roof", "122.WAval") == 6000


def test_strings_share_the_generation(hands):
    house = hands().wait(1)
    assert house.get("roof", "160.1.DCW") + house.get("roof", "160.2.DCW") == pytest.approx(
        house.get("roof", "103.DCW"), abs=2
    )


def test_energy_counter_integrates(hands):
    house = hands()
    before_wh = house.get("roof", "103.WH")
    assert house.wait(3600).get("roof", "103.WH") - before_wh == pytest.approx(6000, abs=2)


@pytest.mark.parametrize(
    "wrong", [{"m123_WMaxLimPct": 10_001}, {"m123_WMaxLim_Ena": 2}, {"m123_Conn": 7}]
)
def test_value_out_of_range_is_refused_with_code_3(hands, wrong):
    house = hands()
    with pytest.raises(RequestRefused) as refused:
        house.write("roof", **wrong)
    assert refused.value.code == 3
    assert house.get("roof", "123.WMaxLimPct") == 100


def test_refused_write_changes_nothing(hands):
    house = hands()
    roof = house.world.roof
    with pytest.raises(RequestRefused):
        roof.write(roof.bank.address("123.WMaxLimPct"), [20_000, 0, 60, 0, 1])
    assert (house.get("roof", "123.WMaxLim_Ena"), house.get("roof", "123.WMaxLimPct")) == (0, 100)
