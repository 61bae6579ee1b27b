"""Small files that are whole after a power cut: written beside, synced, renamed."""

import os
from pathlib import Path


def write_whole(path: Path, content: str) -> None:
    """Replace the file; after the call, and at any moment before, it is whole on the disk.

    Raises:
        OSError: nothing changed.
    """
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)  # of a crash; and root follows nobody's link
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        hand_over(file.fileno(), path.parent)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_directory(path.parent)


def hand_over(file: int, directory: Path) -> None:
    """What root writes into another user's folder belongs to that user, who must read it."""
    if os.geteuid() != 0:
        return
    owner, found = directory.stat(), os.fstat(file)
    other = (found.st_uid, found.st_gid) != (owner.st_uid, owner.st_gid)
    if other and found.st_nlink == 1:
        os.fchown(file, owner.st_uid, owner.st_gid)


def remove(path: Path) -> None:
    """Remove the file for good; a missing one is no fault."""
    path.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make new, renamed and removed entries durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
