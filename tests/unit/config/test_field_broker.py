"""Devices on the gateway's own broker: which topics are theirs, and where they connect."""

import pytest

from drivers.mqtt import package
from gateway.config import load

PLUG = (
    "devices:\n"
    "  plug: {driver: mqtt, connection: 'mqtt://', role: load, shape: tasmota, topic: p}\n"
)
LISTEN = "listen: {port: 1883}"


@pytest.fixture
def read(tmp_path, packages, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packages["mqtt"] = package

    def of(text):
        (tmp_path / "site.yaml").write_text(text, encoding="utf-8")
        return load("site.yaml", packages, ["tcp", "mqtt", "mqtts"], environ={"HOME": "/home/ann"})

    return of


def problems(loaded):
    return [(one.path, str(one)) for one in loaded.problems]


@pytest.mark.parametrize(
    "filters",
    [
        "tele/#",
        "{tele: all}",
        "7",
        "true",
        "[1]",
        "[[]]",
        "['']",
        "['tele#']",
        "['a/#/b']",
        "['a+']",
    ],
)
def test_topics_are_a_list_of_filters(read, filters):
    ((path, said),) = problems(read(f"broker: {{devices: {filters}, {LISTEN}}}\n"))
    assert path == "broker.devices"
    assert "a list of topic filters such as" in said


@pytest.mark.parametrize("one", ["#", "rmf/#", "rmf/1/home/d/#", "+/1/home/owner/control", "+/#"])
def test_topics_of_the_gateway_are_no_devices(read, one):
    text = f"broker: {{devices: ['tele/#', '{one}'], {LISTEN}}}\n"
    ((path, said),) = problems(read(text))
    assert path == "broker.devices"
    assert f"{one}" in said
    assert "reaches the gateway's own topics rmf/1/home/#" in said


@pytest.mark.parametrize(
    ("broker", "missing"),
    [
        ("", "broker.listen.port"),
        ("broker: {devices: ['tele/#']}\n", "broker.listen.port"),
        (f"broker: {{{LISTEN}}}\n", "broker.devices"),
    ],
)
def test_a_device_on_a_broker_nobody_can_find_is_named_with_what_is_missing(read, broker, missing):
    ((path, said),) = problems(read(broker + PLUG))
    assert path == "devices.plug.connection"
    assert f"of which {missing} says nothing" in said


def test_a_device_on_our_own_broker_is_told_where_and_as_whom(read, tmp_path):
    text = f"state_dir: {tmp_path}/s\nbroker: {{devices: ['tele/#'], {LISTEN}}}\n{PLUG}"
    (device,) = read(text).site.devices
    secret = f"{tmp_path}/s/credentials/devices"
    line = f"mqtt://127.0.0.1:1883?user=devices&password_file={secret}"
    assert device.device.line == line


@pytest.mark.parametrize("query", ["user=a+b", "ca=ca.pem", "password_file=p", "ca=/x&unit=x"])
def test_an_option_of_a_connection_is_named(read, query):
    text = PLUG.replace("mqtt://", f"mqtts://h?{query}")
    ((path, _),) = problems(read(text))
    assert path == "devices.plug.connection"
