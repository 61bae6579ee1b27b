"""Write counts in one small file of the state folder.

A file that cannot be read is set aside, never lost: the counting starts anew beside it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from gateway.adapters.files import write_whole
from gateway.adapters.state import StateUnusable
from gateway.model.canonical import from_json, to_json
from gateway.model.wear import WriteCount

VERSION: Final = 1


class WearFile:
    """The file ``writes.json`` in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "writes.json"

    def load(self) -> tuple[WriteCount, ...]:
        """What was kept, by device; nothing where there is no usable file."""
        try:
            content = json.loads(self.path.read_text("ascii"))
            if not isinstance(content, dict) or content.get("v") != VERSION:
                message = f"expected an object with v: {VERSION}"
                raise ValueError(message)  # noqa: TRY301  one sentence for all that is wrong
            return tuple(from_json(WriteCount, count) for count in content.get("devices", ()))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError) as error:
            self._set_aside(str(error))
            return ()

    def store(self, counts: Sequence[WriteCount]) -> None:
        """Replace the file.

        Raises:
            StateUnusable: it is not on the disk.
        """
        content = {"v": VERSION, "devices": [to_json(count) for count in counts]}
        try:
            write_whole(self.path, json.dumps(content, sort_keys=True) + "\n")
        except OSError as error:
            message = f"{self.path}: {error.strerror or error}; write counts are not kept"
            raise StateUnusable(message) from error

    def _set_aside(self, why: str) -> None:
        aside = self.path.with_suffix(".broken")
        try:
            self.path.replace(aside)
        except OSError as error:
            why = f"{why}; it could not be set aside: {error}"
        structlog.get_logger().error("writes.unreadable", file=str(aside), reason=why)
