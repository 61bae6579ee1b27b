"""The generating set behind its registers."""

import pytest

from drivers.simulated.generator import COMMAND, GIVEN, POWER, STARTS, STATE
from gateway.model.errors import RequestRefused


@pytest.fixture
def genset(hands):
    return hands(genset=True)


def told(house, *registers):
    return tuple(house.world.genset.read(at, 1)[0] for at in registers)


def command(house, watts, timeout_s=0):
    house.world.genset.write(COMMAND, [watts, timeout_s])


def test_it_warms_up_then_gives_what_is_wanted(genset):
    command(genset, 3000)
    assert told(genset.wait(5), POWER, STATE) == (0, 1)
    assert told(genset.wait(10), POWER, STATE, STARTS) == (3000, 2, 1)
    assert genset.truth("genset_w") == -3000


@pytest.mark.parametrize(("watts", "given"), [(1499, 0), (1500, 1500), (9000, 5000)])
def test_below_its_least_power_it_stands_and_above_its_most_it_gives_that(genset, watts, given):
    command(genset, watts)
    assert told(genset.wait(30), POWER) == (given,)


def test_its_command_lapses_and_it_stands_still(genset):
    command(genset, 3000, timeout_s=20)
    assert told(genset.wait(19), POWER) == (3000,)
    assert told(genset.wait(2), POWER, STATE, COMMAND) == (0, 0, 0xFFFF)


def test_it_counts_what_it_gives(genset):
    command(genset, 3000)
    genset.wait(3600)
    (high, low) = told(genset, GIVEN, GIVEN + 1)
    assert (high << 16) + low == pytest.approx(3000, abs=15)


def test_registers_that_it_has_not_are_refused(genset):
    with pytest.raises(RequestRefused):
        genset.world.genset.read(312, 1)
    with pytest.raises(RequestRefused):
        genset.world.genset.write(POWER, [1])
