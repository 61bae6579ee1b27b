"""The driver keeps what gridtender asks of a driver, and knows its device."""

import pytest
from gridtender_acme import AcmePackage, package

from gateway.testing import check_driver

HEATER = {"connection": "tcp://192.168.1.40:502?unit=7", "role": "heat", "rod_w": 1200}


def heater():
    """An H3 as its thermostat runs it: one rod, 52.5 degrees."""
    words = dict.fromkeys(range(22), 0)
    return words | {0: 0xAC03, 1: 0x0001, 2: 0x0203, 10: 1180, 11: 525, 20: 0xFFFF}


def test_every_promise_of_a_driver_is_kept():
    check_driver(package, HEATER, heater, power_w=1180, level_w=2400, missing={10: 0xFFFF})


@pytest.mark.parametrize("rod_w", [99, 4001, "1000", True, None, 1000.5])
def test_a_rod_that_cannot_be_is_named(rod_w):
    (error,) = AcmePackage().parse(None, {"rod_w": rod_w})
    assert error.path == ("rod_w",)
    assert "100 to 4000" in error.allowed
