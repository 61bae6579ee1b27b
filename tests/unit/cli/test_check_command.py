"""``check`` shows the limits that were set while the gateway ran."""

import json

from gateway.adapters.state import StateDir

SITE = "control: observe\nstate_dir: state\n"


def test_limits_set_since_stand_beside_the_configured_ones(command, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    StateDir(tmp_path / "state").store_limits(
        {"gateway": {"export_limit_w": 0.0}, "battery": {"min_soc_pct": 40.0}}
    )
    code, said = command("check", file)
    assert code == 0
    assert "Limits set since" in said
    assert "gateway       export_limit_w 0 W" in said
    assert "battery       min_soc_pct 40 %  (not configured: waits)" in said
    _, said = command("check", "--json", file)
    assert json.loads(said)["ownerLimits"]["battery"] == {"min_soc_pct": 40}


def test_without_any_nothing_is_said_and_no_folder_made(command, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    code, said = command("check", file)
    assert code == 0
    assert "Limits set since" not in said
    assert not (tmp_path / "state").exists()


def test_a_broken_file_is_named_and_the_configuration_explained_all_the_same(command, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    StateDir(tmp_path / "state").path.joinpath("limits.json").write_text("{")
    code, said = command("check", file)
    assert code == 0
    assert "limits.json" in said
    assert "No problems." in said
