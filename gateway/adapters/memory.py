"""What is known of the devices, as one small JSON file each, written when it changes."""

import asyncio
import json
from pathlib import Path
from typing import Final

from gateway.adapters.files import write_whole
from gateway.adapters.state import StateUnusable
from gateway.model.canonical import from_json, to_json
from gateway.model.known import Known

VERSION: Final = 1


class FileMemory:
    """Implements the memory port on the folder ``directory`` (made with the first record).

    A file that cannot be used is reported and replaced by the next record: whatever it held, the
    device tells it again.
    """

    def __init__(self, directory: Path, *, threaded: bool = True) -> None:
        self._directory = directory
        self._threaded = threaded

    def get(self, device: str) -> Known | None:
        """What is remembered of a device, or None.

        Raises:
            StateUnusable: the file is broken, of another version, or about another device.
        """
        path = self._path(device)
        try:
            content = json.loads(path.read_text("ascii"))
            if not isinstance(content, dict) or content.get("v") != VERSION:
                message = f"expected an object with v: {VERSION}"
                raise ValueError(message)  # noqa: TRY301 - one sentence for all that is wrong
            known = from_json(Known, content.get("known"))
            if known.device != device:
                message = f"it is about device {known.device!r}"
                raise ValueError(message)  # noqa: TRY301
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            message = f"{path}: {error}; it is not used, and replaced when the device answers"
            raise StateUnusable(message) from error
        return known

    async def keep(self, known: Known) -> None:
        """Replace the device's file.

        Raises:
            StateUnusable: it is not on the disk.
        """
        content = {"v": VERSION, "known": to_json(known)}
        text = json.dumps(content, sort_keys=True, indent=1) + "\n"
        if self._threaded:
            await asyncio.to_thread(self._write, known.device, text)
        else:
            self._write(known.device, text)

    def _write(self, device: str, text: str) -> None:
        path = self._path(device)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, text)
        except OSError as error:
            message = f"{path}: {error.strerror or error}; what the device is, is not remembered"
            raise StateUnusable(message) from error

    def _path(self, device: str) -> Path:
        return self._directory / f"{device}.json"
