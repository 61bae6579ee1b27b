"""Restoring the state folder: built whole, then it takes its place; what was there is kept aside.

What tells of the devices as they are now, and what the owner said last, goes before what the
backup knows of it: an old arming record would let go of a device with words of long ago, and
nobody acts because a backup says so.
"""

import contextlib
import os
import pwd
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from gateway.adapters.archive import Archive
from gateway.adapters.clock import real_now
from gateway.adapters.files import sync_directory, write_whole
from gateway.adapters.journal_copy import head_in
from gateway.adapters.state import StateDir, StateUnusable
from gateway.adapters.wear import WearFile
from gateway.app.backup import PASSING, STATE
from gateway.model.energy import Metered
from gateway.model.time import MINUTE

# What is now counts, also that there is none.
_PRESENT: Final = ("arming", "drill", "known", "limits.json", "owner.json", "wishes.json")
# Of a disk that is mounted on the state folder; the lock is ours meanwhile.
_OF_THE_DISK: Final = frozenset({"lost+found", "lock"})

Say = Callable[[str], None]
_Count = TypeVar("_Count")


def occupied(state: Path) -> bool:
    """Whether a gateway has left something there."""
    return state.is_dir() and any(path.name not in PASSING for path in state.iterdir())


def restore_state(archive: Archive, state: Path, now: str, say: Say) -> None:
    """Build the whole folder beside, then let it take its place."""
    state.parent.mkdir(parents=True, exist_ok=True)
    mounted = state.is_mount()
    new = (state if mounted else state.parent) / f".{state.name}.restored-{now}"
    taken = occupied(state)
    new.mkdir(mode=0o700)
    try:
        for name, unpacked in archive.below(STATE):
            target = new / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(unpacked, target)
            target.chmod(0o600)
        if taken:
            _keep_present(state, new, say)
            _keep_further(state, new)
        elif (new / "arming").is_dir():
            armed = ", ".join(sorted(path.stem for path in (new / "arming").glob("*.json")))
            say(f"armed when the backup was made: {armed}; gridtender release lets go of them")
        _raise_epoch(archive, state, new)
        _sync(new)
        _give(new, state, str(archive.about.get("owner") or ""))
        place = _within if mounted else _instead
        aside = place(new, state, now)
        if taken:
            say(f"{state} was kept as {aside}")
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    say(f"{state}: restored, as of {archive.about.get('at')}")


def _instead(new: Path, state: Path, now: str) -> Path:
    """The new folder in the place of the old one; where that is now."""
    aside = state.with_name(f"{state.name}.before-restore-{now}")
    if state.exists():
        state.replace(aside)
    new.replace(state)
    sync_directory(state.parent)
    return aside


def _within(new: Path, state: Path, now: str) -> Path:
    """The same where a disk is mounted on the folder, which nothing can replace."""
    aside = state / f".before-restore-{now}"
    aside.mkdir(mode=0o700)
    for one in {*state.iterdir()} - {aside, new}:
        if one.name not in _OF_THE_DISK:
            one.replace(aside / one.name)
    for one in [*new.iterdir()]:
        one.replace(state / one.name)
    new.rmdir()
    sync_directory(state)
    return aside


def _keep_present(state: Path, new: Path, say: Say) -> None:
    for name in _PRESENT:
        there, here = state / name, new / name
        if here.is_dir():
            shutil.rmtree(here)
        elif here.exists():
            here.unlink()
        if there.is_symlink() or not there.exists():
            continue
        if there.is_dir():
            shutil.copytree(there, here, ignore=_odd)
        else:
            shutil.copyfile(there, here)
            here.chmod(0o600)
        say(f"{here.name}: kept as it is now, not as it was in the backup")


def _odd(folder: str, names: list[str]) -> set[str]:
    """What is neither file nor folder: root follows no link of the service."""
    paths = (Path(folder, name) for name in names)
    return {one.name for one in paths if one.is_symlink() or not (one.is_file() or one.is_dir())}


def _keep_further(state: Path, new: Path) -> None:
    """Energy and writes: of each device what was counted further, for a total never falls."""
    now, then = (_energy(folder) for folder in (state, new))
    if now or then:
        StateDir(new).store_energy(_further(now, then, lambda m: m.into.total_wh + m.out.total_wh))
    now_written, then_written = (
        {count.device: count for count in WearFile(folder).load()} for folder in (state, new)
    )
    if now_written or then_written:
        counts = _further(now_written, then_written, lambda c: c.total + c.volatile_total)
        WearFile(new).store([*counts.values()])


def _energy(folder: Path) -> Mapping[str, Metered]:
    """What was counted there, nothing where that cannot be read."""
    try:
        return StateDir(folder).load_energy()
    except StateUnusable:
        return {}


def _further(
    now: Mapping[str, _Count], then: Mapping[str, _Count], size: Callable[[_Count], float]
) -> dict[str, _Count]:
    newer = {d: one for d, one in now.items() if d not in then or size(one) >= size(then[d])}
    return {**then, **newer}


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
        os.chown(path, user, group, follow_symlinks=False)
