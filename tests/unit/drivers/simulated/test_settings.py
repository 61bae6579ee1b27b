"""Settings of the house."""

import pytest

from drivers.simulated.settings import HouseSettings, parse_settings
from gateway.model.errors import SettingsError


def test_nothing_given_is_the_demo_house():
    assert parse_settings({}) == HouseSettings()


def test_numbers_and_windows_are_taken():
    settings = parse_settings({"solar_w": 6000, "seed": 7, "cloud": [[10, 20, 0.3]]})
    assert (settings.solar_w, settings.seed, settings.cloud) == (6000.0, 7, ((10, 20, 0.3),))


@pytest.mark.parametrize(
    ("mapping", "path"),
    [
        ({"solar": 1}, ("solar",)),
        ({"load_w": "much"}, ("load_w",)),
        ({"seed": None}, ("seed",)),
        ({"step_ms": 0}, ("step_ms",)),
        ({"cooker": 1}, ("cooker",)),
        ({"modern": 1}, ("modern",)),
        ({"heartbeat_s": "5"}, ("heartbeat_s",)),
        ({"load_w": True}, ("load_w",)),
        ({"cloud": "some"}, ("cloud",)),
        ({"cloud": [[1, 2]]}, ("cloud",)),
        ({"cooling": "yes"}, ("cooling",)),
        ({"happens": "a cloud"}, ("happens",)),
        ({"happens": [{"cooker": True}]}, ("happens", 0)),
        ({"happens": [{"after_s": 5}]}, ("happens", 0)),
        ({"happens": [{"after_s": 5, "cooker": 1}]}, ("happens", 0)),
        ({"happens": [{"after_s": 5, "load_w": 1}, {"after_s": 5, "rain": 1}]}, ("happens", 1)),
        ({"happens": [{"after_s": 5, "car_wh": 9000}]}, ("happens",)),
    ],
)
def test_wrong_key_or_value_is_named(mapping, path):
    with pytest.raises(SettingsError) as error:
        parse_settings(mapping)
    assert error.value.path == path
