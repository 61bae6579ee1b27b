"""Wishes in the state folder: what is under way, and what commands leave for the gateway."""

from collections.abc import Iterator
from pathlib import Path

import structlog

from gateway.adapters.state import StateUnusable, explained, load_document, store_document
from gateway.model.wish import KeptWishes, Said


class WishFile:
    """``wishes.json``, written by the gateway, and ``said-DEVICE.json``, written by commands."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "wishes.json"
        self._stamp = 0

    def load(self) -> KeptWishes:
        """What was under way; nothing without the file.

        Raises:
            StateUnusable: it cannot be read; a broken one is set aside.
        """
        try:
            return load_document(self._path, KeptWishes) or KeptWishes()
        except ValueError as error:
            aside = self._path.with_name(f"{self._path.name}.broken")
            with explained(self._path):
                self._path.replace(aside)
            message = f"{self._path}: {error}; it is now {aside.name}: say the wishes again"
            raise StateUnusable(message) from error

    def store(self, kept: KeptWishes) -> None:
        """Replace the file.

        Raises:
            StateUnusable: it is not on the disk.
        """
        store_document(self._path, kept)

    def leave(self, said: Said) -> None:
        """Tell the gateway, now or at its next start.

        Raises:
            StateUnusable: it is not on the disk.
        """
        store_document(self._folder / f"said-{said.device}.json", said)

    def left(self) -> Iterator[Said]:
        """What commands said last of each device, where the folder changed since the last look."""
        try:
            stamp = self._folder.stat().st_mtime_ns
        except OSError:
            return
        if stamp == self._stamp:
            return
        self._stamp = stamp
        for path in sorted(self._folder.glob("said-*.json")):
            try:
                said = load_document(path, Said)
            except (ValueError, StateUnusable) as fault:
                structlog.get_logger().error("wish.unreadable", reason=f"{path}: {fault}")
                continue
            if said is not None:
                yield said
