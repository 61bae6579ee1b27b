"""``restore``: a backup becomes state and configuration again.

What stood there is kept aside.  What tells of the devices as they are now, and what the owner
said last, goes before what the backup knows of it: an old arming record would let go of a
device with words of long ago, and nobody acts because a backup says so.
"""

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from gateway.adapters.archive import Archive, BackupFailed, NotABackup
from gateway.adapters.clock import real_now
from gateway.adapters.files import sync_directory, write_whole
from gateway.adapters.journal_copy import check_whole, head_in
from gateway.adapters.journal_file import NewerJournal, NotAJournal
from gateway.adapters.plugins import own_version
from gateway.adapters.state import StateDir
from gateway.app.backup import CONFIG, ELSEWHERE, PASSING, STATE
from gateway.model.errors import GridtenderError
from gateway.model.time import MINUTE, topic_time

# Of the devices as they are, and what the owner said last: the newer one counts.
_PRESENT: Final = (
    "arming",
    "drills.json",
    "energy.json",
    "limits.json",
    "owner.json",
    "writes.json",
)

Say = Callable[[str], None]


class RestoreRefused(GridtenderError):
    """Something stands where the backup would go."""


def restore(
    source: Path, *, state_dir: Path | None, config: Path | None, force: bool, say: Say
) -> None:
    """Put state and configuration back, by default to where they were.

    Raises:
        NotABackup: the file is not whole, or of a newer version.
        StateInUse: a gateway runs on the state folder.
        RestoreRefused: something would be overwritten and ``force`` was not given.
        BackupFailed: the disk does not let us.
    """
    with tempfile.TemporaryDirectory(prefix="gridtender-restore-") as folder:
        archive = Archive(source, Path(folder))
        _check_version(source, archive)
        state, file = _targets(source, archive, state_dir, config)
        if STATE in _folders(archive):
            _check_journal(archive)
        try:
            with _held(state):
                _check_free(state, file, archive, force=force)
                now = topic_time(real_now())
                if file is not None:
                    _restore_config(archive, file, now, say)
                _restore_state(archive, state, now, say)
        except OSError as error:
            message = f"{error.filename}: {error.strerror}; be the user of that folder, or use sudo"
            raise BackupFailed(message) from error


def _folders(archive: Archive) -> set[str]:
    return {name.partition("/")[0] for name in archive.names}


def _check_version(source: Path, archive: Archive) -> None:
    found, ours = str(archive.about.get("version")), own_version()
    if _numbers(found) > _numbers(ours):
        message = (
            f"{source}: the backup was written by gridtender {found}, this is {ours}: "
            "upgrade before you restore it"
        )
        raise NotABackup(message)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _targets(
    source: Path, archive: Archive, state_dir: Path | None, config: Path | None
) -> tuple[Path, Path | None]:
    about = archive.about
    state, file = state_dir or about.get("state"), config or about.get("config")
    if not isinstance(state, str | Path):
        message = f"{source}: the backup does not say where its state lay; use --state-dir DIR"
        raise NotABackup(message)
    return Path(state), None if file is None else Path(file)


def _check_journal(archive: Archive) -> None:
    """Raises JournalFailed where the journal's chain does not hold, or a newer one wrote it.

    An older one is as it was backed up, and is brought forward at the next start.
    """
    name = f"{STATE}/journal.sqlite"
    if name not in archive.names:
        return
    try:
        check_whole(archive.file(name))
    except NewerJournal:
        raise
    except NotAJournal:
        return


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """No gateway runs on the folder, and none can start meanwhile."""
    if not folder.is_dir():
        yield
        return
    with StateDir(folder, create=False).lock():
        yield


def _check_free(state: Path, config: Path | None, archive: Archive, *, force: bool) -> None:
    in_the_way = [f"{state} (state of a gateway)"] if _occupied(state) else []
    if config is not None:
        in_the_way += [str(path) for path, _ in _changed(archive, config) if path.exists()]
    if in_the_way and not force:
        message = (
            f"in the way: {', '.join(in_the_way)}. With --force it is kept aside and the backup "
            "takes its place"
        )
        raise RestoreRefused(message)


def _occupied(state: Path) -> bool:
    return state.is_dir() and any(path.name not in PASSING for path in state.iterdir())


# The configuration.


def _changed(archive: Archive, config: Path) -> Iterator[tuple[Path, Path]]:
    """(where it goes, unpacked file) of each configuration file that is not there as it was."""
    original = Path(str(archive.about.get("config"))).name
    for name, unpacked in archive.below(CONFIG):
        target = config if name == original else config.parent / name
        if not target.is_file() or target.read_bytes() != unpacked.read_bytes():
            yield target, unpacked


def _restore_config(archive: Archive, config: Path, now: str, say: Say) -> None:
    for target, unpacked in list(_changed(archive, config)):
        target.parent.mkdir(parents=True, exist_ok=True)
        secret = "password" in target.name
        mode = 0o600 if secret else 0o644
        if target.exists():
            mode = target.stat().st_mode & 0o777
            aside = target.with_name(f"{target.name}.before-restore-{now}")
            target.replace(aside)
            say(f"{target} was kept as {aside.name}")
        shutil.copyfile(unpacked, target)
        target.chmod(mode)
        say(f"{target}: restored")
    where = archive.about.get("elsewhere") or {}
    for name, unpacked in archive.below(ELSEWHERE):
        lay = str(where.get(f"{ELSEWHERE}/{name}", "?"))
        target = config.parent / "from-backup" / name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(unpacked, target)
        target.chmod(0o600)
        say(f"{target}: lay at {lay}; put it back there if it is missing")


# The state.


def _restore_state(archive: Archive, state: Path, now: str, say: Say) -> None:
    """Build the whole folder beside, then let it take its place."""
    state.parent.mkdir(parents=True, exist_ok=True)
    new = state.with_name(f".{state.name}.restored-{now}")
    new.mkdir(mode=0o700)
    try:
        for name, unpacked in archive.below(STATE):
            target = new / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(unpacked, target)
            target.chmod(0o600)
        occupied = _occupied(state)
        if occupied:
            _keep_present(state, new, say)
        elif (new / "arming").is_dir():
            armed = ", ".join(sorted(path.stem for path in (new / "arming").glob("*.json")))
            say(f"armed when the backup was made: {armed}; gridtender release lets go of them")
        _raise_epoch(archive, state, new)
        _sync(new)
        _give(new, state, str(archive.about.get("owner") or ""))
        if state.exists():
            aside = state.with_name(f"{state.name}.before-restore-{now}")
            state.replace(aside)
            if occupied:
                say(f"{state} was kept as {aside}")
        new.replace(state)
        sync_directory(state.parent)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    say(f"{state}: restored, as of {archive.about.get('at')}")


def _keep_present(state: Path, new: Path, say: Say) -> None:
    for name in _PRESENT:
        there, here = state / name, new / name
        if here.is_dir():
            shutil.rmtree(here)
        elif here.exists():
            here.unlink()
        if there.is_dir():
            shutil.copytree(there, here)
        elif there.exists():
            shutil.copy2(there, here)
        else:
            continue
        say(f"{here.name}: kept as it is now, not as it was in the backup")


def _raise_epoch(archive: Archive, state: Path, new: Path) -> None:
    """No start after the restore has the number of one before it, seen by the backup or not.

    Starts last a minute on average, so there were never more than minutes since 1970.
    """
    known = [int(archive.about.get("epoch") or 0), real_now() // MINUTE]
    for folder in (state, new):
        head = head_in(folder / "journal.sqlite")
        known.append(0 if head is None else head.epoch)
        with contextlib.suppress(OSError, ValueError):
            known.append(int((folder / "journal.sqlite.epoch").read_text("ascii")))
    write_whole(new / "journal.sqlite.epoch", f"{max(known) + 1}\n")


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    sync_directory(folder)


def _give(new: Path, state: Path, owner: str) -> None:
    """What root restores belongs to whom it belonged to."""
    if os.geteuid() != 0:
        return
    if state.exists():
        found = state.stat()
        user, group = found.st_uid, found.st_gid
    else:
        try:
            entry = pwd.getpwnam(owner)
        except KeyError:
            return
        user, group = entry.pw_uid, entry.pw_gid
    for path in (new, *new.rglob("*")):
        os.chown(path, user, group)
