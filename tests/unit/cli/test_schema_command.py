"""``schema acl``: the access rules for a broker of the owner's own."""

import json

import pytest

from gateway.wire.acl import mosquitto_acl
from gateway.wire.schemas import SHAPES


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


def test_all_schemas_are_written_as_files_that_the_index_names(command, tmp_path):
    code, said = command("schema", "all", "--output", str(tmp_path / "schemas"))
    index = json.loads((tmp_path / "schemas" / "index.json").read_text())
    assert (code, said) == (0, f"wrote {len(SHAPES) + 2} files to {tmp_path / 'schemas'}\n")
    assert set(index) == set(SHAPES)
    for topic, name in index.items():
        schema = json.loads((tmp_path / "schemas" / name).read_text())
        assert schema["$id"] == f"urn:gridtender:rmf:1:{topic}"


def test_list_names_every_payload_and_errors_every_code(command):
    _, listed = command("schema", "list")
    _, errors = command("schema", "errors")
    assert [line.split()[0] for line in listed.splitlines()] == list(SHAPES)
    assert {one["code"] for one in json.loads(errors)} >= {400, 403, 404, 409, 422, 423, 503}
