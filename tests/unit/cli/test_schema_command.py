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
