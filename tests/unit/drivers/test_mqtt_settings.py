"""Settings of devices on MQTT, and values out of any payload."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mqtt import package
from drivers.mqtt.control import achieved_w, command
from drivers.mqtt.values import read
from gateway.model.device import Device, Role
from gateway.model.message import pick

PAYLOADS = {
    "zigbee2mqtt": b'{"power": 812.4, "energy": 3.2, "state": "ON", "linkquality": 80}',
    "tasmota": b'{"Time": "2026-01-01T00:00:00", "ENERGY": {"Power": 812.4, "Total": 3.2}}',
    "shelly": b'{"id": 0, "output": true, "apower": 812.4, "aenergy": {"total": 3200}}',
    "esphome": b"812.4",
}
POWER = {"values": {"power": {"topic": "t"}}}


def device(role=Role.LOAD, line="mqtt://h:1883"):
    return Device(id="it", role=role, driver="mqtt", connection=line, line=line)


@pytest.mark.parametrize("shape", PAYLOADS)
def test_power_of_each_shape_is_found(shape):
    settings = package.parse(device(), {"shape": shape, "topic": "it", "switch_w": 1500})
    power = next(value for value in settings.values if value.name == "power")
    assert read(power, PAYLOADS[shape]) == 812.4
    assert settings.control.switch_w == 1500


@pytest.mark.parametrize("role", [Role.GRID, Role.LOAD, Role.SOLAR])
def test_the_key_that_turns_its_sign_is_proposed_and_turns_it_back_again(role):
    settings = package.parse(device(role), POWER)
    (sign,) = settings.turned(role).values()
    turned = package.parse(device(role), POWER | {"sign": int(sign)})
    assert (turned.sign, turned.turned(role)) == (-settings.sign, {"sign": f"{settings.sign:.0f}"})


def test_a_shelly_is_told_to_switch_itself_off():
    settings = package.parse(device(), {"shape": "shelly", "topic": "it", "switch_w": 1500})
    told = command(settings.control, 1500.0, 60)
    assert '"toggle_after": 60}' in told.payload
    assert told.shown_by(PAYLOADS["shelly"])
    assert not told.shown_by(b'{"output": false}')


def test_a_switch_starts_a_generator_where_its_whole_power_is_wanted_out_of_it():
    own = {"shape": "shelly", "topic": "it", "switch_w": 3000}
    control = package.parse(device(Role.GENERATOR), own).control
    assert [achieved_w(control, flow) for flow in (-3000.0, -2900.0, 3000.0)] == [-3000, 0, 0]
    assert '"on": true' in command(control, -3000.0, 60).payload
    assert '"on": false' in command(control, 0.0, 60).payload


@pytest.mark.parametrize(
    ("role", "own", "path"),
    [
        (Role.LOAD, {}, "values"),
        (Role.LOAD, {"shape": "nobody", "topic": "it"}, "shape"),
        (Role.LOAD, {"shape": "tasmota", "topic": "it/#"}, "topic"),
        (Role.LOAD, {"values": {"power": {"topic": "t", "unit": "hp"}}}, "values.power.unit"),
        (Role.GRID, {"values": {"power": {"topic": "t"}}, "expiry": "5min"}, "expiry"),
        (Role.LOAD, {"values": {"power": {"topic": "t"}}, "sign": 2}, "sign"),
        (Role.METER, {"shape": "tasmota", "topic": "it", "switch_w": 9}, "control"),
        (Role.SENSOR, {"values": {"power": {"topic": "t"}}}, "values"),
        (Role.LOAD, {**POWER, "shape": 0}, "shape"),
        (Role.LOAD, {**POWER, "shape": ""}, "shape"),
        (Role.LOAD, {**POWER, "shape": []}, "shape"),
        (Role.LOAD, {**POWER, "shape": {}}, "shape"),
        (Role.LOAD, {**POWER, "time": True}, "time"),
        (Role.LOAD, {**POWER, "time": math.nan}, "time"),
        (Role.LOAD, {"values": {"power": {"topic": "t", "path": False}}}, "values.power.path"),
        (Role.LOAD, {**POWER, "control": {}}, "control"),
        (Role.LOAD, {**POWER, "control": []}, "control"),
    ],
)
def test_a_mistake_is_named_by_its_key(role, own, path):
    errors = package.parse(device(role), own)
    assert isinstance(errors, tuple)
    assert path in {".".join(map(str, error.path)) for error in errors}


@given(payload=st.binary(max_size=80), path=st.sampled_from(["", "a.b", "0.1", "ENERGY.Power"]))
def test_any_payload_gives_a_finite_value_or_none(payload, path):
    value = pick(payload, path)
    assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("payload", [b"[" * 100_000, b"1e999", b"NaN", b'"\xff', b"9" * 9000])
def test_a_payload_of_bad_weather_has_no_value(payload):
    settings = package.parse(device(), {"values": {"power": {"topic": "t"}}})
    assert read(settings.values[0], payload) is None
