"""``yield.json``: what roofs gave on their best days, and how today stands."""

from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.state import StateUnusable, explained, load_document, store_document
from gateway.model.roof import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class _Yields:
    kept: Kept
    v: int = 1


class YieldFile:
    """The file in the state folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "yield.json"

    def load(self) -> Kept:
        """What was kept, nothing without a file.

        Raises:
            StateUnusable: the file is broken and set aside, or cannot be read.
        """
        try:
            found = load_document(self._path, _Yields)
        except ValueError as error:
            aside = self._path.with_name(f"{self._path.name}.broken")
            with explained(self._path):
                self._path.replace(aside)
            message = f"{self._path}: {error}; it is now {aside.name}, and learning begins anew"
            raise StateUnusable(message) from error
        return Kept() if found is None else found.kept

    def store(self, kept: Kept) -> None:
        """Replace it.

        Raises:
            StateUnusable: it is not on the disk.
        """
        store_document(self._path, _Yields(kept=kept))
