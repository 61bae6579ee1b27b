"""A backup is whole or refused; restoring overwrites nothing unasked and forgets nothing newer."""

import asyncio
import contextlib
import hashlib
import io
import json
import os
import sqlite3
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.adapters.archive import (
    Archive,
    BackupFailed,
    Item,
    NotABackup,
    is_plain,
    write_archive,
)
from gateway.adapters.clock import WallClock
from gateway.adapters.journal import NotAJournal, open_journal, read_journal
from gateway.adapters.journal_schema import APPLICATION_ID
from gateway.adapters.state import StateDir, StateInUse
from gateway.adapters.wear import WearFile
from gateway.app.backup import back_up
from gateway.app.restore import RestoreRefused, restore
from gateway.model.energy import Counter, Metered
from gateway.model.site import ControlMode, JournalSettings, OwnerControl
from gateway.model.time import Instant
from gateway.model.wear import WriteCount


async def run_once(state, rows=3):
    """A start of a gateway: its epoch."""
    journal = open_journal(
        state.journal, clock=WallClock(), settings=JournalSettings(), threaded=False
    )
    async with journal:
        for number in range(rows):
            await journal.durable(journal.append(WallClock().now(), "event", {"n": number}))
        return journal.epoch


@pytest.fixture
def home(tmp_path):
    """A configuration with a price table, and a state folder after two starts."""
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "site.yaml").write_text("grid: {import_price: {csv: prices.csv}}\n")
    (etc / "prices.csv").write_text("time,price\n2026-01-01T00:00:00Z,0.3\n")
    state = StateDir(tmp_path / "state")
    for _ in range(2):
        asyncio.run(run_once(state))
    (state.path / "credentials").mkdir()
    (state.path / "credentials" / "owner").write_text("secret\n")
    state.armings.mkdir()
    (state.armings / "roof.json").write_text('{"old": 1}')
    (state.path / "broker").mkdir()
    (state.path / "broker" / "acl").write_text("made anew")
    return tmp_path


def state_of(home):
    return StateDir(home / "state")


def kept(home, name="backup.tar.gz"):
    target = home / name
    back_up(target, state_of(home), home / "etc" / "site.yaml")
    return target


def put_back(source, **more):
    said = []
    wanted = {"state_dir": None, "config": None, "force": False, **more}
    restore(source, say=said.append, **wanted)
    return "\n".join(said)


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def move_away(home):
    (home / "state").rename(home / "lost-state")
    (home / "etc").rename(home / "lost-etc")


def test_what_was_backed_up_comes_back(home):
    rows = [row.hash for row in read_journal(state_of(home).journal)]
    before = files(home / "etc")
    source = kept(home)
    move_away(home)
    said = put_back(source)
    state = state_of(home)
    assert files(home / "etc") == before
    assert [row.hash for row in read_journal(state.journal)] == rows
    assert (state.path / "credentials" / "owner").read_text() == "secret\n"
    assert (state.armings / "roof.json").read_text() == '{"old": 1}'
    assert not (state.path / "broker").exists()
    assert "armed when the backup was made: roof" in said


def test_only_its_owner_may_read_it(home):
    assert stat.S_IMODE(kept(home).stat().st_mode) == 0o600


def test_what_is_restored_is_private(home):
    source = kept(home)
    move_away(home)
    put_back(source)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (home / "state").rglob("*")}
    assert modes <= {0o600, 0o700}


def test_the_next_start_has_a_number_that_was_never_used(home):
    source = kept(home)
    used = [asyncio.run(run_once(state_of(home))) for _ in range(5)]
    move_away(home)  # the five starts after the backup are lost with the disk
    put_back(source)
    assert asyncio.run(run_once(state_of(home))) > max(used)


def test_a_gateway_that_runs_is_backed_up_without_a_row_lost(home):
    async def while_running():
        journal = open_journal(
            state_of(home).journal, clock=WallClock(), settings=JournalSettings()
        )
        async with journal:
            seq = journal.append(WallClock().now(), "event", {"last": 1})
            await journal.durable(seq)
            with state_of(home).lock():
                source = await asyncio.to_thread(kept, home)
            await journal.durable(journal.append(WallClock().now(), "event", {"after": 1}))
            return source, seq

    source, seq = asyncio.run(while_running())
    move_away(home)
    put_back(source)
    assert [row.seq for row in read_journal(state_of(home).journal)][-1] == seq


def test_nothing_is_overwritten_unasked(home):
    source = kept(home)
    (home / "etc" / "prices.csv").write_text("newer")
    before = files(home)
    with pytest.raises(RestoreRefused, match="--force") as refused:
        put_back(source)
    assert "prices.csv" in str(refused.value)
    assert "site.yaml" not in str(refused.value)  # it is there as it was
    assert files(home) == before


def test_by_force_the_old_is_kept_aside_and_what_is_newer_of_devices_and_owner_stays(home):
    source = kept(home)
    state = state_of(home)
    (state.armings / "roof.json").unlink()
    (state.armings / "battery.json").write_text('{"new": 1}')
    state.store_control(OwnerControl(mode=ControlMode.HANDS_OFF))
    (state.path / "wishes.json").write_text('{"newer": 1}')
    (home / "etc" / "prices.csv").write_text("newer")
    said = put_back(source, force=True)
    state = state_of(home)
    assert (state.path / "wishes.json").read_text() == '{"newer": 1}'
    assert {path.name for path in state.armings.iterdir()} == {"battery.json"}
    assert state.load_control().mode is ControlMode.HANDS_OFF
    (aside,) = home.glob("state.before-restore-*")
    assert (aside / "arming" / "battery.json").exists()
    (old,) = (home / "etc").glob("prices.csv.before-restore-*")
    assert old.read_text() == "newer"
    assert "kept as it is now" in said


def counted(wh):
    return Metered(at=Instant(0), out=Counter(total_wh=wh))


def test_energy_and_writes_never_fall_by_a_restore_whichever_knows_more(home):
    """A new machine has counted a little before the backup of the old one is restored."""
    state = state_of(home)
    state.store_energy({"roof": counted(9e6), "battery": counted(5.0), "gone": counted(1.0)})
    WearFile(state.path).store([WriteCount(device="roof", day=1, total=900)])
    source = kept(home)
    state.store_energy({"roof": counted(40.0), "battery": counted(6.0), "new": counted(2.0)})
    WearFile(state.path).store([WriteCount(device="roof", day=2, total=3)])
    put_back(source, force=True)
    energy = {device: one.out.total_wh for device, one in state_of(home).load_energy().items()}
    assert energy == {"roof": 9e6, "battery": 6.0, "gone": 1.0, "new": 2.0}
    assert [count.total for count in WearFile(home / "state").load()] == [900]


def test_energy_that_can_no_longer_be_read_comes_from_the_backup(home):
    state_of(home).store_energy({"roof": counted(9e6)})
    source = kept(home)
    (home / "state" / "energy.json").write_text("{")
    put_back(source, force=True)
    assert state_of(home).load_energy() == {"roof": counted(9e6)}


def test_what_drills_found_since_stays(home):
    source = kept(home)
    results = home / "state" / "drill" / "results"
    results.mkdir(parents=True)
    (results / "roof.json").write_text("newer")
    put_back(source, force=True)
    assert (results / "roof.json").read_text() == "newer"


@pytest.mark.parametrize("there", ["arming/roof.json", "owner.json"])
def test_a_link_of_the_service_is_not_followed(home, there):
    """Root restores into a folder that the service may write to."""
    secret = home / "shadow"
    secret.write_text("root's own")
    source = kept(home)
    link = home / "state" / there
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    put_back(source, force=True)
    assert "root's own" not in {
        path.read_text() for path in (home / "state").rglob("*.json") if path.is_file()
    }


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
@pytest.mark.parametrize("stands", [True, False])
def test_a_secret_of_the_configuration_is_restored_for_the_same_eyes(home, mode, stands):
    etc = home / "etc"
    (etc / "site.yaml").write_text("broker: {url: mqtt://x, password_file: mqtt.secret}\n")
    (etc / "mqtt.secret").write_text("s3cret")
    (etc / "mqtt.secret").chmod(mode)
    if os.geteuid() == 0:
        os.chown(etc / "mqtt.secret", 1, 1)
    owner = (etc / "mqtt.secret").stat()
    source = kept(home)
    if stands:
        (etc / "mqtt.secret").write_text("another")
    else:
        move_away(home)
    put_back(source, force=True)
    found = (etc / "mqtt.secret").stat()
    assert (etc / "mqtt.secret").read_text() == "s3cret"
    assert stat.S_IMODE(found.st_mode) == mode
    assert (found.st_uid, found.st_gid) == (owner.st_uid, owner.st_gid)


def may_mount(folder):
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=False)
    return done.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_state_folder_that_is_a_disk_of_its_own_is_restored_within(home):
    source = kept(home)
    rows = [row.hash for row in read_journal(state_of(home).journal)]
    move_away(home)
    if not may_mount(home / "state"):
        pytest.skip("mounting is not allowed here")
    try:
        asyncio.run(run_once(state_of(home), rows=1))
        with pytest.raises(RestoreRefused):
            put_back(source)
        said = put_back(source, force=True)
        assert [row.hash for row in read_journal(state_of(home).journal)] == rows
        (aside,) = (home / "state").glob(".before-restore-*")
        assert len([*read_journal(aside / "journal.sqlite")]) == 1
        assert str(aside) in said
        assert asyncio.run(run_once(state_of(home))) > 2
    finally:
        subprocess.run(["umount", home / "state"], check=True)


def test_what_is_being_written_at_the_moment_is_no_loss(home):
    (home / "state" / "arming" / ".roof.json.new").write_text("{")
    assert back_up(home / "b", state_of(home), home / "etc" / "site.yaml").left_out == ()


def test_a_gateway_that_runs_is_not_restored_under(home):
    source, before = kept(home), files(home / "state")
    with state_of(home).lock(), pytest.raises(StateInUse):
        put_back(source, force=True)
    assert files(home / "state") == before


def test_an_empty_state_folder_is_taken_without_force(home):
    source = kept(home)
    move_away(home)
    (home / "state").mkdir()
    assert "restored" in put_back(source)


def test_elsewhere_is_possible(home):
    source = kept(home)
    put_back(source, state_dir=home / "other" / "state", config=home / "other" / "my.yaml")
    assert (home / "other" / "my.yaml").exists()
    assert (home / "other" / "prices.csv").exists()
    assert (home / "other" / "state" / "journal.sqlite").exists()


def test_a_file_from_elsewhere_is_put_beside_and_never_over_its_place(home):
    tariff = home / "srv" / "tariff.csv"
    tariff.parent.mkdir()
    tariff.write_text("time,price\n")
    (home / "etc" / "site.yaml").write_text(f"grid: {{import_price: {{csv: {tariff}}}}}\n")
    source = kept(home)
    move_away(home)
    tariff.write_text("newer")
    said = put_back(source)
    assert tariff.read_text() == "newer"
    (beside,) = (home / "etc" / "from-backup").iterdir()
    assert beside.read_text() == "time,price\n"
    assert str(tariff) in said


def test_a_journal_that_is_damaged_is_left_out_and_the_rest_is_kept(home):
    state = state_of(home)
    state.journal.write_bytes(b"no database at all")
    result = back_up(home / "b", state, home / "etc" / "site.yaml")
    assert "journal" in result.left_out[0]
    with tarfile.open(home / "b") as tar:
        assert "state/credentials/owner" in tar.getnames()


def test_a_folder_that_is_not_there_is_a_sentence(home):
    with pytest.raises(BackupFailed, match="name another place"):
        back_up(home / "nowhere" / "b", state_of(home), None)


def test_a_folder_that_may_not_be_written_is_a_sentence(home):
    items = [Item(name="a", content=b"1")]
    with pytest.raises(BackupFailed, match="cannot be written"):
        write_archive(home / "nowhere" / "b", {}, items)


def test_a_newer_version_is_refused(home):
    source = home / "b"
    write_archive(source, {"version": "99.0", "state": str(home / "s")}, [])
    with pytest.raises(NotABackup, match="upgrade"):
        put_back(source)
    write_archive(source, {"version": "99.0", "v": 2}, [])
    with pytest.raises(NotABackup, match="upgrade"):
        put_back(source)


def _journal_of(path, version):
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version};"
            f"CREATE TABLE head (version); INSERT INTO head VALUES ({version});"
        )
    return path.read_bytes()


def test_a_journal_of_an_older_version_is_taken_and_one_of_a_newer_is_not(home):
    for version, target in ((1, "old"), (99, "new")):
        content = _journal_of(home / f"{version}.sqlite", version)
        about = {"version": "0.0.1", "state": str(home / target)}
        items = [Item(name="state/journal.sqlite", content=content)]
        write_archive(home / f"{target}.gz", about, items)
    put_back(home / "old.gz")
    assert (home / "old" / "journal.sqlite").exists()
    with pytest.raises(NotAJournal, match="upgrade"):
        put_back(home / "new.gz")
    assert not (home / "new").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08"])
def test_what_is_no_backup_is_refused(home, content):
    (home / "b").write_bytes(content)
    with pytest.raises(NotABackup):
        put_back(home / "b")


def test_a_missing_file_is_a_sentence(home):
    with pytest.raises(NotABackup, match="no such file"):
        put_back(home / "nowhere")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_byte_is_found_or_changes_nothing(home, data):
    """A few bits of the packing mean nothing; every other one is found out."""
    source = home / "intact"
    if not source.exists():
        kept(home, "intact")
        Archive(source, home / "as-it-was")
    content = bytearray(source.read_bytes())
    at = data.draw(st.integers(10, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    broken, out = home / "broken", home / f"out-{at}-{content[at]}"
    broken.write_bytes(content)
    try:
        Archive(broken, out)
    except NotABackup:
        return
    assert files(out) == files(home / "as-it-was")


def test_a_damaged_backup_is_refused_before_anything_is_written(home):
    source = kept(home)
    move_away(home)
    content = bytearray(source.read_bytes())
    content[len(content) // 2] ^= 0xFF
    source.write_bytes(content)
    with pytest.raises(NotABackup):
        put_back(source)
    assert not (home / "state").exists()
    assert not (home / "etc").exists()


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "state/../../x", "state//x", "", ".", "state/.", "state/-x", "a\nb"]
)
def test_a_name_that_leads_out_is_refused(home, tmp_path, name):
    assert not is_plain(name)
    source = home / "evil"
    about = {"v": 1, "files": {name: {"bytes": 1, "sha256": ""}}}
    _tar(source, [("manifest.json", json.dumps(about).encode()), (name, b"x")])
    with pytest.raises(NotABackup):
        Archive(source, tmp_path / "out")


def test_a_link_is_no_file(home, tmp_path):
    source = home / "evil"
    about = {"v": 1, "files": {"state/x": {"bytes": 0, "sha256": ""}}}
    _tar(source, [("manifest.json", json.dumps(about).encode())], link=("state/x", "/etc/passwd"))
    with pytest.raises(NotABackup):
        Archive(source, tmp_path / "out")


@pytest.mark.parametrize(("content", "taken"), [(b"one", True), (b"two", False)])
def test_a_file_that_is_not_what_was_backed_up_is_refused(home, tmp_path, content, taken):
    """It was packed anew, so the checksum of the whole is right."""
    source = home / "packed-anew"
    kept_as = {"bytes": 3, "sha256": hashlib.sha256(b"one").hexdigest()}
    about = {"v": 1, "files": {"state/x": kept_as}}
    _tar(source, [("manifest.json", json.dumps(about).encode()), ("state/x", content)])
    with contextlib.nullcontext() if taken else pytest.raises(NotABackup, match="state/x is not"):
        Archive(source, tmp_path / "out")


def test_a_file_larger_than_it_says_is_refused_before_it_fills_the_disk(home, tmp_path):
    source = home / "evil"
    about = {"v": 1, "files": {"state/x": {"bytes": 10, "sha256": ""}}}
    _tar(source, [("manifest.json", json.dumps(about).encode()), ("state/x", bytes(10**7))])
    with pytest.raises(NotABackup, match="damaged"):
        Archive(source, tmp_path / "out")
    assert (tmp_path / "out" / "state" / "x").stat().st_size == 0


def _tar(path, members, link=None):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if link is not None:
            member = tarfile.TarInfo(link[0])
            member.type, member.linkname = tarfile.SYMTYPE, link[1]
            tar.addfile(member)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_restores_belongs_to_whom_the_folder_belonged(home):
    source = kept(home)
    move_away(home)
    Path(home / "state").mkdir()
    os.chown(home / "state", 4711, 4712)
    put_back(source)
    owners = {(p.stat().st_uid, p.stat().st_gid) for p in (home / "state").rglob("*")}
    assert owners == {(4711, 4712)}
