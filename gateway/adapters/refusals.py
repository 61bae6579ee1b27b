"""Writes that devices refused, in one small file of the state folder, for the doctor."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.adapters.files import write_whole
from gateway.adapters.state import StateUnusable
from gateway.model.canonical import from_json, to_json
from gateway.model.refusal import Refusal

VERSION: Final = 1


class RefusalFile:
    """The file ``refusals.json`` in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "refusals.json"

    def load(self) -> dict[str, Refusal]:
        """By device; nothing where there is no usable file, since it only helps a person."""
        try:
            content = json.loads(self._path.read_text("ascii"))
            if not isinstance(content, dict) or content.get("v") != VERSION:
                return {}
            kept = [from_json(Refusal, one) for one in content.get("refusals", ())]
        except (OSError, ValueError, TypeError):
            return {}
        return {one.device: one for one in kept}

    def store(self, refusals: Mapping[str, Refusal]) -> None:
        """Replace the file.

        Raises:
            StateUnusable: it is not on the disk.
        """
        content = {"v": VERSION, "refusals": [to_json(one) for one in refusals.values()]}
        try:
            write_whole(self._path, json.dumps(content, sort_keys=True) + "\n")
        except OSError as error:
            message = f"{self._path}: {error.strerror or error}; refused writes are not kept"
            raise StateUnusable(message) from error
