"""The heat pump behind its registers."""

import pytest

from drivers.simulated.heatpump import COMMAND, OWN_RULE, POWER, STAGE, TIMEOUT
from gateway.model.errors import RequestRefused


def command(hands, stage, timeout_s=0):
    hands.world.heatpump.write(COMMAND, [stage, timeout_s])


def read(hands, address):
    return hands.world.heatpump.read(address, 1)[0]


def test_warm_house_needs_no_heat(hands):
    assert read(hands(temperature_c=21.2).wait(10), POWER) == 0


def test_own_thermostat_heats_a_cold_house(hands):
    assert read(hands(temperature_c=19.0).wait(10), POWER) == 3000


@pytest.mark.parametrize(("stage", "power_w"), [(0, 0), (1, 1500), (2, 3000)])
def test_command_sets_the_stage(hands, stage, power_w):
    house = hands()
    command(house, stage)
    house.wait(1)
    assert (read(house, POWER), read(house, STAGE)) == (power_w, stage)
    assert house.truth("heatpump_w") == power_w


def test_command_lapses_with_its_timeout(hands):
    house = hands()
    command(house, 2, timeout_s=60)
    assert read(house.wait(59), POWER) == 3000
    house.wait(2)
    assert (read(house, POWER), read(house, COMMAND)) == (0, OWN_RULE)


def test_rewritten_command_restarts_the_timeout(hands):
    house = hands()
    command(house, 2, timeout_s=60)
    house.wait(50)
    house.world.heatpump.write(COMMAND, [2])
    assert read(house.wait(50), POWER) == 3000


def test_timeout_of_zero_never_ends(hands):
    house = hands()
    command(house, 1)
    assert read(house.wait(3600), COMMAND) == 1


def test_stopped_compressor_rests(hands):
    house = hands()
    command(house, 1)
    house.wait(5)
    command(house, 0)
    house.wait(5)
    command(house, 1)
    assert read(house.wait(100), POWER) == 0
    assert read(house.wait(100), POWER) == 1500


def test_read_only_register_is_refused_with_code_2(hands):
    with pytest.raises(RequestRefused) as refused:
        hands().world.heatpump.write(POWER, [1])
    assert refused.value.code == 2


def test_unknown_stage_is_refused_with_code_3_and_changes_nothing(hands):
    house = hands()
    with pytest.raises(RequestRefused) as refused:
        house.world.heatpump.write(COMMAND, [3, 60])
    assert refused.value.code == 3
    assert (read(house, COMMAND), read(house, TIMEOUT)) == (OWN_RULE, 0)


def test_read_outside_its_registers_is_refused_with_code_2(hands):
    with pytest.raises(RequestRefused) as refused:
        hands().world.heatpump.read(40_000, 2)
    assert refused.value.code == 2
