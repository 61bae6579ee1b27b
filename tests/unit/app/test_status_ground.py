"""What a state folder tells without a gateway, and what a gateway leaves of itself in it."""

import pytest

from gateway.adapters.presence import Presence, announce, find
from gateway.adapters.state import StateDir
from gateway.app.status_ground import read_ground
from gateway.model.site import ControlMode, OwnerControl

HERE = Presence(
    area="home", kind="mosquitto", host="127.0.0.1", port=1883, username="gateway", version="1"
)


def test_an_empty_folder_stays_empty(tmp_path):
    ground = read_ground(StateDir(tmp_path, create=False))
    assert (ground.running, ground.armed, ground.written, ground.presence) == (
        False,
        (),
        None,
        None,
    )
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_told(tmp_path):
    state = StateDir(tmp_path)
    state.store_control(OwnerControl(mode=ControlMode.HANDS_OFF))
    state.armings.mkdir()
    (state.armings / "roof.json").write_text("{")
    state.journal.write_text("")
    announce(tmp_path, HERE)
    with state.lock():
        ground = read_ground(state)
    assert ground.running
    assert ground.control.mode is ControlMode.HANDS_OFF
    assert "roof" in ground.broken[0]
    assert ground.written is not None
    assert ground.presence == HERE


def test_a_broken_control_file_is_a_sentence(tmp_path):
    (tmp_path / "owner.json").write_text("{")
    assert "owner.json" in read_ground(StateDir(tmp_path)).control_broken


def test_the_same_presence_is_not_written_twice(tmp_path):
    announce(tmp_path, HERE)
    before = (tmp_path / "running.json").stat().st_mtime_ns
    announce(tmp_path, HERE)
    assert (tmp_path / "running.json").stat().st_mtime_ns == before


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path):
    announce(tmp_path / "nowhere", HERE)
    assert find(tmp_path / "nowhere") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": 2}', '{"v": 1}', '{"v": 1, "x": 1}'])
def test_a_presence_that_cannot_be_read_is_none(tmp_path, text):
    (tmp_path / "running.json").write_text(text)
    assert find(tmp_path) is None
