"""The file in the state folder that keeps what parties said of themselves."""

from pathlib import Path
from typing import Final

from gateway.adapters.files import write_whole
from gateway.adapters.state import explained

NAME: Final = "standing.json"


class StandingFile:
    """Implements ports.calendar.StandingStore."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def load(self) -> str:
        """The text last stored; empty: none."""
        try:
            return self._path.read_text()
        except FileNotFoundError:
            return ""

    def store(self, text: str) -> None:
        """Replace it, whole and synced.

        Raises:
            StateUnusable: it is not on the disk.
        """
        with explained(self._path):
            write_whole(self._path, text)
