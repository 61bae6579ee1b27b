"""The state folder: one owner, and the mode the owner set."""

import os
import stat
import subprocess
import sys

import pytest

from gateway.adapters.state import StateDir, StateInUse, StateMissing, StateUnusable
from gateway.model.site import ControlMode, OwnerControl
from gateway.model.time import Instant


@pytest.fixture
def state(tmp_path):
    return StateDir(tmp_path / "state")


def test_folder_is_created_for_its_owner_alone(state):
    assert stat.S_IMODE(state.path.stat().st_mode) == 0o700


def test_second_holder_is_refused_naming_the_first(state):
    expected = f"process {os.getpid()}:"
    with (
        state.lock(),
        pytest.raises(StateInUse, match=expected) as caught,
        StateDir(state.path).lock(),
    ):
        pass
    assert caught.value.pid == os.getpid()


def test_lock_is_free_again_after_it_was_left(state):
    for _ in range(2):
        with state.lock():
            pass


def test_lock_ends_with_a_killed_process(state):
    holder = (
        "import os, signal, sys; from pathlib import Path;"
        "from gateway.adapters.state import StateDir\n"
        "with StateDir(Path(sys.argv[1])).lock(): os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", holder, str(state.path)], check=False)
    assert done.returncode == -9
    with state.lock():
        pass


def test_fault_inside_the_lock_stays_what_it_is(state):
    with pytest.raises(ConnectionError), state.lock():
        raise ConnectionError


def test_control_is_remembered(state):
    assert state.load_control() is None
    for control in (
        OwnerControl(mode=ControlMode.HANDS_OFF, until=Instant(77)),
        OwnerControl(mode=ControlMode.ACT),
    ):
        state.store_control(control)
        assert StateDir(state.path).load_control() == control


def test_cleared_control_is_forgotten(state):
    state.store_control(OwnerControl(mode=ControlMode.HANDS_OFF))
    for _ in range(2):
        state.clear_control()
        assert state.load_control() is None


@pytest.mark.parametrize("content", ["", "{}", '{"v": 1, "control": {"mode": "fly"}}'])
def test_broken_control_file_is_refused_and_kept(state, content):
    (state.path / "owner.json").write_text(content)
    with pytest.raises(StateUnusable, match=r"owner.json: .*remove the file"):
        state.load_control()
    assert (state.path / "owner.json").read_text() == content


def test_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(StateUnusable, match="state_dir must be a folder"):
        StateDir(tmp_path / "state")


def test_missing_folder_is_not_made_where_it_must_be_there(tmp_path):
    with pytest.raises(StateMissing, match="no such folder"):
        StateDir(tmp_path / "state", create=False)
    assert not (tmp_path / "state").exists()


def test_whether_it_is_held_is_told_without_holding_it(state):
    assert not state.is_held()
    with state.lock():
        assert state.is_held()
        assert state.is_held()
    assert not state.is_held()
