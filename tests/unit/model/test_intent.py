"""What the name of an event means, and what it does not."""

import pytest

from gateway.model.device import Device, Role
from gateway.model.errors import SettingsError
from gateway.model.intent import intent_of
from gateway.model.wish import wish_of


def device(id_, role):
    return Device(id=id_, role=role, driver="x", connection="x", line="x")


DEVICES = (device("wallbox", Role.EV), device("heatpump", Role.HEAT))


@pytest.mark.parametrize(
    ("words", "of", "wish"),
    [
        ("wallbox: 30 kWh", "wallbox", "30 kWh"),
        ("EV 30 kWh by 07:00", "wallbox", "30 kWh by 07:00"),
        ("Car 80 %, at most 0.25", "wallbox", "80 %, at most 0.25"),
        ("Heatpump : surplus only", "heatpump", "surplus"),
    ],
)
def test_a_wish_of_a_load_in_plain_words(words, of, wish):
    found = intent_of(words, DEVICES)
    assert (found.devices, found.wish) == ((of,), wish_of(wish))


@pytest.mark.parametrize(
    ("words", "of"),
    [
        ("No interruptions tonight", ("wallbox", "heatpump")),
        ("heatpump: no interruptions", ("heatpump",)),
    ],
)
def test_no_interruptions_of_all_loads_or_of_one(words, of):
    found = intent_of(words, DEVICES)
    assert (found.devices, found.wish) == (of, None)


@pytest.mark.parametrize(
    "words",
    ["", "Dentist", "Dentist 15:00", "Car to the garage", "boiler: 3 kWh", "bob: no interruptions"],
)
def test_what_is_nobodys_wish_is_passed_over(words):
    assert intent_of(words, DEVICES) is None


def test_which_of_two_cars_is_meant_nobody_knows():
    two = (*DEVICES, device("second", Role.EV))
    assert intent_of("EV 30 kWh", two) is None
    assert intent_of("second 30 kWh", two).devices == ("second",)


def test_a_load_that_is_asked_for_something_not_understood_is_a_mistake():
    with pytest.raises(SettingsError, match="an amount"):
        intent_of("wallbox: plenty", DEVICES)
