"""Restoring the configuration: each file as it was, for the eyes it was for."""

import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.adapters.archive import Archive
from gateway.adapters.files import sync_directory
from gateway.app.backup import CONFIG, ELSEWHERE

Say = Callable[[str], None]


def changed(archive: Archive, config: Path) -> Iterator[tuple[Path, Path]]:
    """(where it goes, unpacked file) of each configuration file that is not there as it was."""
    original = Path(str(archive.about.get("config"))).name
    for name, unpacked in archive.below(CONFIG):
        target = config if name == original else config.parent / name
        if not target.is_file() or target.read_bytes() != unpacked.read_bytes():
            yield target, unpacked


def restore_config(archive: Archive, config: Path, now: str, say: Say) -> None:
    """Put back what differs; ``now`` goes into the names of what is kept aside."""
    for target, unpacked in list(changed(archive, config)):
        target.parent.mkdir(parents=True, exist_ok=True)
        access = _access(archive, unpacked, target)
        if target.exists():
            aside = target.with_name(f"{target.name}.before-restore-{now}")
            target.replace(aside)
            say(f"{target} was kept as {aside.name}")
        _place(unpacked, target, *access)
        say(f"{target}: restored")
    where = archive.about.get("elsewhere") or {}
    for name, unpacked in archive.below(ELSEWHERE):
        lay = str(where.get(f"{ELSEWHERE}/{name}", "?"))
        target = config.parent / "from-backup" / name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        _place(unpacked, target)
        say(f"{target}: lay at {lay}; put it back there if it is missing")


def _access(archive: Archive, unpacked: Path, target: Path) -> tuple[int, int, int]:
    """Mode, user and group: of what stands there, else as when it was backed up."""
    if target.exists():
        found = target.stat()
        return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid
    access = archive.about.get("access") or {}
    told = next(
        (access.get(name) for name in archive.names if archive.file(name) == unpacked), None
    )
    match told:
        case [int(mode), str(user), str(group)]:
            return mode & 0o777, _number(user, pwd.getpwnam), _number(group, grp.getgrnam)
        case _:
            return 0o600 if "password" in target.name else 0o644, -1, -1


def _number(name: str, entry: Callable[[str], tuple[object, ...]]) -> int:
    """Of a user or group; -1 where this machine has none of the name."""
    try:
        return int(str(entry(name)[2]))
    except KeyError:
        return -1


def _place(
    unpacked: Path, target: Path, mode: int = 0o600, user: int = -1, group: int = -1
) -> None:
    """Whole, on the disk, and at no moment for other eyes than those it is for."""
    beside = target.with_name(f".{target.name}.restored")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(unpacked.read_bytes())
        if os.geteuid() == 0:
            os.fchown(file.fileno(), user, group)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(target)
    sync_directory(target.parent)
