"""The state folder: one owner, and the mode the owner set."""

import os
import stat
import subprocess
import sys

import pytest

from gateway.adapters.state import StateDir, StateInUse, StateMissing, StateUnusable
from gateway.model.energy import Counter, Metered
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


def test_limits_and_energy_come_back_as_they_were_stored(state):
    assert state.load_limits() == {}
    assert state.load_energy() == {}
    state.store_limits({"roof": {"max_w": 3000.5}})
    metered = Metered(at=Instant(7), out=Counter(total_wh=1234.567, raw_wh=9.0), serial="123")
    state.store_energy({"roof": metered})
    assert state.load_limits() == {"roof": {"max_w": 3000.5}}
    assert state.load_energy() == {"roof": metered}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"v": 2}', '{"v": 1, "devices": {"a": 3}}'])
def test_broken_energy_file_is_set_aside_and_counting_begins_anew(state, content):
    file = state.path / "energy.json"
    file.write_text(content)
    with pytest.raises(StateUnusable, match=r"is now energy.json.broken"):
        state.load_energy()
    assert state.load_energy() == {}
    assert (state.path / "energy.json.broken").read_text() == content


def test_broken_limits_file_is_refused_and_kept(state):
    file = state.path / "limits.json"
    file.write_text('{"v": 1, "limits": {"roof": {"max_w": "much"}}}')
    with pytest.raises(StateUnusable, match=r"limits.json: .*remove the file"):
        state.load_limits()
    assert file.exists()
