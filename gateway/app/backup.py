"""``backup``: state and configuration of a gateway in one file, also while it runs."""

import contextlib
import grp
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.adapters.archive import BackupFailed, Item, is_plain, write_archive
from gateway.adapters.clock import real_now
from gateway.adapters.journal_copy import copy_journal, head_in
from gateway.adapters.plugins import own_version
from gateway.adapters.state import StateDir
from gateway.config.references import referred_files
from gateway.config.whereabouts import SERVICE
from gateway.model.errors import JournalFailed
from gateway.model.time import rfc3339

CONFIG: Final = "config"
ELSEWHERE: Final = "elsewhere"
STATE: Final = "state"
Access = tuple[int, str, str]

# Made anew at every start, or true only while a gateway runs.
PASSING: Final = frozenset({"lock", "broker", "running.json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What was kept.

    Attributes:
        files: how many; ``size``: of the backup, bytes.
        left_out: a sentence per thing that could not be kept.
    """

    files: int
    size: int
    left_out: tuple[str, ...]


def back_up(target: Path, state: StateDir, config: Path | None) -> Backup:
    """Write the backup; nothing of the gateway is changed.

    Raises:
        BackupFailed: it cannot be written, or the state folder may not be read.
    """
    if not os.access(target.parent, os.W_OK):
        message = f"{target.parent}: no folder that can be written to; name another place"
        raise BackupFailed(message)
    with tempfile.TemporaryDirectory(prefix=".gridtender-", dir=target.parent) as folder:
        left_out: list[str] = []
        try:
            configured, elsewhere, access = _config_items(config)
            items = [*configured, *_state_items(state, left_out)]
            items += _journal_item(state, Path(folder), left_out)
        except OSError as error:
            message = f"{error.filename}: cannot be read: {error.strerror}; use sudo"
            raise BackupFailed(message) from error
        about = {
            "version": own_version(),
            "at": rfc3339(real_now()),
            "config": None if config is None else str(config.resolve()),
            "access": access,
            "elsewhere": elsewhere,
            "state": str(state.path.resolve()),
            "owner": _owner(state.path),
            "epoch": _epoch(Path(folder)),
            "leftOut": left_out,
        }
        write_archive(target, about, items)
    return Backup(files=len(items), size=target.stat().st_size, left_out=tuple(left_out))


def _config_items(config: Path | None) -> tuple[list[Item], dict[str, str], dict[str, Access]]:
    """The file and what it names; of files elsewhere where they lay; who may read each."""
    if config is None:
        return [], {}, {}
    names = [config.name, *referred_files(config)]
    if SERVICE.config.exists() and config.samefile(SERVICE.config):
        names += [name for name in ("mqtt-password",) if (config.parent / name).is_file()]
    items, elsewhere, access = [], {}, {}
    for number, name in enumerate(dict.fromkeys(names)):
        path = config.parent / name
        kept = f"{CONFIG}/{name}"
        if not is_plain(name):
            kept = f"{ELSEWHERE}/{number}-{_plain(path.name)}"
            elsewhere[kept] = str(path.resolve())
        items.append(Item(name=kept, content=path.read_bytes()))
        access[kept] = _access(path)
    return items, elsewhere, access


def _access(path: Path) -> Access:
    """Mode, user and group of a file."""
    found = path.stat()
    return stat.S_IMODE(found.st_mode), _user(found.st_uid), _group(found.st_gid)


def _user(number: int) -> str:
    """Its name, empty where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return ""


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return ""


def _plain(name: str) -> str:
    return name if is_plain(name) else "file"


def _state_items(state: StateDir, left_out: list[str]) -> Iterator[Item]:
    """Every small file; the journal and its copies are large, and kept otherwise."""
    for path in sorted(state.path.rglob("*")):
        name = path.relative_to(state.path).as_posix()
        first = name.partition("/")[0]
        if first in PASSING or first.startswith((state.journal.name, ".")) or not path.is_file():
            continue
        if path.name.startswith("."):  # half written at this moment
            continue
        if not is_plain(name) or path.is_symlink():
            left_out.append(f"{path}: not one of the gateway's own files")
            continue
        with contextlib.suppress(FileNotFoundError):  # replaced or removed meanwhile
            yield Item(name=f"{STATE}/{name}", content=path.read_bytes())


def _journal_item(state: StateDir, folder: Path, left_out: list[str]) -> list[Item]:
    if not state.journal.exists():
        return []
    copy = folder / state.journal.name
    try:
        copy_journal(state.journal, copy)
    except JournalFailed as fault:
        left_out.append(str(fault))
        return []
    return [Item(name=f"{STATE}/{state.journal.name}", content=copy)]


def _epoch(folder: Path) -> int:
    """Of the copied journal."""
    found = [head_in(path) for path in folder.glob("*.sqlite")]
    return max((head.epoch for head in found if head is not None), default=0)


def _owner(folder: Path) -> str:
    """The user the state belongs to."""
    try:
        return _user(folder.stat().st_uid)
    except OSError:
        return ""
