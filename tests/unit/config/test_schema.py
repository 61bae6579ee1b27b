"""The committed JSON Schema is what the shapes and the installed drivers say."""

import json
from pathlib import Path

import pytest

from gateway.adapters.plugins import driver_packages, line_factories
from gateway.config import json_schema, load, render_json_schema

CONFIG = Path(__file__).parents[3] / "config"


def test_committed_schema_is_up_to_date():
    # To renew it: gridtender schema config > config/gridtender.schema.json
    committed = (CONFIG / "gridtender.schema.json").read_text(encoding="utf-8")

    assert committed == render_json_schema(driver_packages())


def test_keys_of_a_driver_are_allowed_for_its_devices_only(packages):
    del packages["broken"]

    rules = json_schema(packages)["definitions"]["DeviceShape"]["allOf"]

    by_driver = {rule["if"]["properties"]["driver"]["const"]: rule["then"] for rule in rules}
    assert "sign" in by_driver["sunspec"]["properties"]
    assert "sign" not in by_driver["modbus"]["properties"]
    assert not by_driver["modbus"]["additionalProperties"]


def test_schema_is_json_without_null_defaults(packages):
    del packages["broken"]

    text = json.dumps(json_schema(packages))

    assert '"null"' not in text
    assert '"default": null' not in text


@pytest.mark.parametrize(
    "example", sorted(CONFIG.glob("gridtender*.yaml")), ids=lambda path: path.name
)
def test_examples_have_no_problems_and_name_the_schema(example):
    loaded = load(example, driver_packages(), line_factories(), environ={"HOME": "/home/ann"})

    assert [str(problem) for problem in loaded.problems] == []
    first, *_ = example.read_text(encoding="utf-8").splitlines()
    assert first == "# yaml-language-server: $schema=gridtender.schema.json"


def test_commented_sections_of_the_example_are_right_too(tmp_path):
    text = (CONFIG / "gridtender.yaml").read_text(encoding="utf-8")
    lines = text.partition("# Everything below shows its default.\n")[2].splitlines()
    file = tmp_path / "site.yaml"
    file.write_text("\n".join(line.removeprefix("# ") for line in lines), encoding="utf-8")

    loaded = load(file, {}, ["tcp"], environ={"HOME": "/home/ann"})
    bare = tmp_path / "bare.yaml"
    bare.write_text("area: home\n", encoding="utf-8")

    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.site == load(bare, {}, ["tcp"], environ={"HOME": "/home/ann"}).site
