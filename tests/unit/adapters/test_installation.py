"""Two gateways are never taken for one; one is the same at every start."""

import pytest

from gateway.adapters.installation import client_id, installation


def test_machine_and_state_folder_tell_it_from_others(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.write_text("a" * 32 + "\n")
    there.write_text("b" * 32 + "\n")
    found = {installation(state, machine) for state in ("/x", "/y") for machine in (here, there)}
    assert len(found) == 4
    assert installation("/x", here) == installation("/x", here)
    assert client_id("home", "/x", here) == f"gridtender-home-{installation('/x', here)}"


@pytest.mark.parametrize("content", [None, b"", b"\n", b"uninitialized\n", b"\xff\xfe"])
def test_without_a_machine_id_two_containers_are_two_and_each_stays_what_it_is(tmp_path, content):
    """Both have their state at the same place, each in a file system of its own."""
    machine = tmp_path / "machine-id"
    if content is not None:
        machine.write_bytes(content)
    inside, found = tmp_path / "state", []
    for container in ("one", "two"):
        inside.mkdir()
        found.append([installation(str(inside), machine) for _start in range(2)])
        inside.rename(tmp_path / container)
    (one, again), (two, _) = found
    assert one == again
    assert one != two


def test_a_disk_that_takes_nothing_is_no_reason_to_stop(tmp_path):
    assert installation(str(tmp_path / "nowhere"), tmp_path / "none")
