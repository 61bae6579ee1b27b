"""Arming records as one small JSON file per device, written before the first setpoint.

They are readable without configuration, driver or journal: what ``release`` needs after a crash.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.adapters.files import remove, sync_directory, write_whole
from gateway.model.canonical import from_json, to_json
from gateway.model.errors import JournalFailed
from gateway.model.setpoint import Arming

VERSION: Final = 1


class FileArmory:
    """Implements the armory port on the folder ``directory`` (created if missing).

    Attributes:
        broken: a sentence per record file that cannot be used.  Such a file is never removed
            or overwritten: it may hold the only words that let go of a device.
    """

    def __init__(self, directory: Path, *, threaded: bool = True) -> None:
        self._directory = directory
        self._threaded = threaded
        self._one_at_a_time = asyncio.Lock()
        self._armings: dict[str, Arming] = {}
        self.broken: tuple[str, ...] = ()
        self._load()

    def get(self, device: str) -> Arming | None:
        """The record of a device, or None."""
        return self._armings.get(device)

    def all(self) -> tuple[Arming, ...]:
        """Every record, by device id."""
        return tuple(self._armings[device] for device in sorted(self._armings))

    async def store(self, arming: Arming) -> None:
        """Keep the record on disk; of one that is there already the words found first stay.

        Raises:
            JournalFailed: it is not on disk, so nothing may be written to the device.
        """
        path = self._path(arming.device)
        async with self._one_at_a_time:
            known = self._armings.get(arming.device)
            if known is not None:
                arming = replace(arming, found=known.found, at=known.at)
            if arming == known:
                return
            content = {"v": VERSION, "arming": to_json(arming)}
            text = json.dumps(content, sort_keys=True, indent=1) + "\n"
            write = _write_once if known is None else write_whole
            await self._on_disk(path, lambda: write(path, text))
            self._armings[arming.device] = arming

    async def discard(self, device: str) -> None:
        """Forget the record, after a release to the words found was read back.

        Raises:
            JournalFailed: the file could not be removed; the record stays.
        """
        path = self._path(device)
        async with self._one_at_a_time:
            if device in self._armings:
                await self._on_disk(path, lambda: remove(path))
                del self._armings[device]

    def _path(self, device: str) -> Path:
        return self._directory / f"{device}.json"

    async def _on_disk(self, path: Path, work: Callable[[], None]) -> None:
        try:
            if self._threaded:
                await asyncio.to_thread(work)
            else:
                work()
        except OSError as error:
            message = f"{path}: the arming record cannot be kept: {error}; check space and rights"
            raise JournalFailed(message) from error

    def _load(self) -> None:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_directory(self._directory.parent)
            found = sorted(self._directory.glob("*.json"))
        except OSError as error:
            message = f"{self._directory}: the arming records cannot be read: {error}"
            raise JournalFailed(message) from error
        broken: list[str] = []
        for path in found:
            try:
                self._armings[path.stem] = _read(path)
            except (OSError, ValueError) as error:
                broken.append(
                    f"{path}: not a usable arming record ({error}); the device named "
                    f"{path.stem} may still be limited: restore it by hand, then remove the file",
                )
        self.broken = tuple(broken)


def _write_once(path: Path, text: str) -> None:
    if path.exists():  # a broken record, or one of another process: never overwritten
        message = "a record that cannot be used is in the way"
        raise FileExistsError(message)
    write_whole(path, text)


def _read(path: Path) -> Arming:
    """The record in the file.

    Raises:
        ValueError: not JSON, another version, not an arming, or another device's.
    """
    content = json.loads(path.read_text("ascii"))
    if not isinstance(content, dict) or content.get("v") != VERSION:
        message = f"expected an object with v: {VERSION}"
        raise ValueError(message)
    arming = from_json(Arming, content.get("arming"))
    if arming.device != path.stem:
        message = f"it is about device {arming.device!r}"
        raise ValueError(message)
    return arming
