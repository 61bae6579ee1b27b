"""``schema acl``: the access rules for a broker of the owner's own."""

import pytest

from gateway.wire.acl import mosquitto_acl


@pytest.mark.parametrize(("options", "area"), [((), "home"), (("--area", "barn"), "barn")])
def test_acl_is_that_of_the_area(command, options, area):
    assert command("schema", "acl", *options) == (0, mosquitto_acl(area))
    assert f"topic write rmf/1/{area}/owner/control" in mosquitto_acl(area)


def test_area_that_is_no_name_is_wrong_input(command):
    code, said = command("schema", "acl", "--area", "my barn")
    assert (code, "'my barn' is not a name" in said) == (2, True)


def test_topics_of_devices_are_for_their_user_alone(command):
    code, said = command("schema", "acl", "--devices", "zigbee2mqtt/#", "--devices", "tele/#")
    assert (code, said) == (0, mosquitto_acl("home", devices=["zigbee2mqtt/#", "tele/#"]))
    assert "user devices\ntopic readwrite zigbee2mqtt/#\ntopic readwrite tele/#\n" in said


@pytest.mark.parametrize("wrong", ["tele#", "", "a/#/b", "rmf/1/home/d/#", "#"])
def test_a_filter_that_is_none_or_reaches_the_gateway_is_wrong_input(command, wrong):
    code, said = command("schema", "acl", "--devices", wrong)
    assert (code, "--devices" in said) == (2, True)
