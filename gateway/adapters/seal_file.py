"""The newest seal, beside the journal: rows that vanish from its end are missed by it."""

import json
from pathlib import Path

from gateway.adapters.files import write_whole
from gateway.adapters.state import StateUnusable
from gateway.model.canonical import from_json, text
from gateway.model.seal import Sealed


class SealFile:
    """The file ``ledger.seal`` in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "ledger.seal"

    def load(self) -> Sealed | None:
        """None where there is none, or none that can be read."""
        try:
            return from_json(Sealed, json.loads(self._path.read_text("ascii")))
        except (OSError, ValueError):
            return None

    def store(self, sealed: Sealed) -> None:
        """Replace the file, once the seal's row is on the disk.

        Raises:
            StateUnusable: it is not on the disk.
        """
        try:
            write_whole(self._path, text(sealed) + "\n")
        except OSError as error:
            message = f"{self._path}: {error.strerror or error}; the newest seal is not kept"
            raise StateUnusable(message) from error
