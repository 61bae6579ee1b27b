"""Drills through the state folder: a command asks, the running gateway answers, results stay."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

from gateway.adapters.files import remove, write_whole
from gateway.adapters.state import StateUnusable
from gateway.model.canonical import from_json, to_json
from gateway.model.drill import DrillProgress, DrillRequest, DrillResult

VERSION: Final = 1
T = TypeVar("T")


class DrillFiles:
    """The folder ``drill`` of a state folder: request, progress, and a result per device."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "drill"
        self._request = self._folder / "request.json"
        self._progress = self._folder / "progress.json"
        self._results = self._folder / "results"

    def ask(self, request: DrillRequest) -> bool:
        """Leave a request for the running gateway; False while another one stands.

        Raises:
            StateUnusable: it cannot be written.
        """
        with _explained(self._folder):
            self._make(self._folder)
            if self._request.exists():
                return False
            _write(self._request, request)
        return True

    def request(self) -> DrillRequest | None:
        """The request that stands; None also where it cannot be read."""
        return _read(DrillRequest, self._request)

    def clear(self) -> None:
        """Take the request back, or note that it was answered."""
        with _explained(self._folder):
            if self._request.exists():
                remove(self._request)

    def tell(self, progress: DrillProgress) -> None:
        """Replace what is said of the newest drill."""
        with _explained(self._folder):
            self._make(self._folder)
            _write(self._progress, progress)

    def progress(self) -> DrillProgress | None:
        """What was said last."""
        return _read(DrillProgress, self._progress)

    def keep(self, result: DrillResult) -> None:
        """Remember what was measured, until the device's next drill."""
        with _explained(self._results):
            self._make(self._results)
            _write(self._results / f"{result.device}.json", result)

    def results(self) -> dict[str, DrillResult]:
        """The newest result of each device; one that cannot be read counts as none."""
        try:
            files = sorted(self._results.glob("*.json")) if self._results.is_dir() else []
        except OSError:  # a folder of another user
            files = []
        found = (_read(DrillResult, file) for file in files)
        return {result.device: result for result in found if result is not None}

    def _make(self, folder: Path) -> None:
        """What root makes in another user's folder belongs to that user."""
        for one in (self._folder, folder):
            if not one.is_dir():
                one.mkdir(mode=0o700)
                if os.geteuid() == 0:
                    owner = one.parent.stat()
                    os.chown(one, owner.st_uid, owner.st_gid)


def _write(path: Path, value: object) -> None:
    content = {"v": VERSION, "content": to_json(value)}
    write_whole(path, json.dumps(content, sort_keys=True) + "\n")


def _read(cls: type[T], path: Path) -> T | None:
    try:
        content = json.loads(path.read_text("ascii"))
        if not isinstance(content, dict) or content.get("v") != VERSION:
            return None
        return from_json(cls, content.get("content"))
    except (OSError, ValueError, TypeError):
        return None


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{path}: {error.strerror or error}; be the user the gateway runs as, or use sudo"
        raise StateUnusable(message) from error
