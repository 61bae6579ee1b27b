"""What a sensor tells is announced to Home Assistant as what it is."""

from gateway.model.device import Capabilities, Device, Role
from gateway.model.resource import OCCUPANCY, TEMPERATURE
from gateway.wire.home_assistant_entities import Entities
from gateway.wire.topics import Topics


def test_a_sensor_has_its_temperature_and_occupancy_and_others_have_none():
    room = Device(id="room", role=Role.SENSOR, driver="mqtt", connection="x", line="x")
    entities = Entities(Topics("home"), [])
    told = entities.of_device(room, Capabilities(states=(TEMPERATURE, OCCUPANCY)))
    assert told["temperature"]["device_class"] == "temperature"
    assert told["occupancy"]["p"] == "binary_sensor"
    assert not {"temperature", "occupancy"} & set(entities.of_device(room, Capabilities()))
