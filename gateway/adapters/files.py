"""Small files that are whole after a power cut: written beside, synced, renamed."""

import os
from pathlib import Path


def write_whole(path: Path, content: str) -> None:
    """Replace the file; after the call, and at any moment before, it is whole on the disk.

    Raises:
        OSError: nothing changed.
    """
    beside = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_directory(path.parent)


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
