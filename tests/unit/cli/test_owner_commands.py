"""``hands-off`` and ``release``: which state folder they mean, and what they leave in it."""

import os

import pytest

from gateway.adapters.opt_out_file import OptOutFiles
from gateway.adapters.state import StateDir
from gateway.model.site import ControlMode


@pytest.mark.parametrize("verb", ["hands-off", "release"])
def test_missing_folder_is_a_sentence_and_is_not_made(command, tmp_path, verb):
    code, said = command(verb, "--state-dir", tmp_path / "nowhere")
    assert code == 1
    assert f"{tmp_path / 'nowhere'}: there is no such folder" in said
    assert "--config FILE" in said
    assert list(tmp_path.iterdir()) == []


def test_without_a_gateway_it_holds_from_the_next_start(command, tmp_path):
    code, said = command("hands-off", "--state-dir", tmp_path)
    assert (code, "no gateway is running" in said, "next start" in said) == (0, True, True)
    assert StateDir(tmp_path).load_control().mode is ControlMode.HANDS_OFF
    code, said = command("hands-off", "--end", "--state-dir", tmp_path)
    assert (code, "no gateway is running" in said) == (0, True)
    assert StateDir(tmp_path).load_control() is None


def test_a_running_gateway_lets_go_within_a_second(command, tmp_path):
    with StateDir(tmp_path).lock():
        code, said = command("hands-off", "--for", "2h", "--state-dir", tmp_path)
    assert (code, "within a second" in said, "next start" in said) == (0, True, False)


def test_folder_of_the_configuration_goes_before_that_of_the_environment(
    command, tmp_path, monkeypatch
):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    monkeypatch.setenv("STATE_DIRECTORY", str(theirs))
    config = tmp_path / "site.yaml"
    config.write_text("state_dir: ours\n")
    assert command("hands-off", "--config", config)[0] == 0
    assert (ours / "owner.json").exists()
    assert command("hands-off")[0] == 0
    assert (theirs / "owner.json").exists()


def test_release_leaves_no_folder_of_records_behind(command, tmp_path):
    assert command("release", "--state-dir", tmp_path) == (0, "no device is armed\n")
    assert not (tmp_path / "arming").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(command, tmp_path):
    os.chown(tmp_path, 4711, 4712)
    assert command("hands-off", "--state-dir", tmp_path)[0] == 0
    assert command("release", "--state-dir", tmp_path)[0] == 0
    owners = {file.name: (file.stat().st_uid, file.stat().st_gid) for file in tmp_path.iterdir()}
    assert owners == {"owner.json": (4711, 4712), "lock": (4711, 4712)}


def test_one_device_is_left_alone_with_a_reason_and_an_end(command, tmp_path):
    code, said = command(
        "hands-off", "--device", "car", "--for", "2h", "--reason", "guests",
        "--state-dir", tmp_path,
    )  # fmt: skip
    assert code == 0
    assert said.startswith("car is left alone until 20")
    (opt_out,) = OptOutFiles(tmp_path).left()
    assert (opt_out.device, opt_out.reason, opt_out.over) == ("car", "guests", False)
    assert opt_out.until - opt_out.at == 7200 * 10**9
    assert StateDir(tmp_path).load_control() is None
    assert command("hands-off", "--device", "car", "--end", "--state-dir", tmp_path)[0] == 0
    (opt_out,) = OptOutFiles(tmp_path).left()
    assert opt_out.over


def test_a_name_that_is_none_leaves_nothing(command, tmp_path):
    code, said = command("hands-off", "--device", "../car", "--state-dir", tmp_path)
    assert (code, "no name of a device" in said) == (2, True)
    assert list(tmp_path.iterdir()) == []
