"""Statements in the state folder: the open days in one small file, closed ones by month.

A month's file has a line per party and day; of two about the same the later one counts.
"""

import asyncio
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.adapters.files import hand_over, sync_directory, write_whole
from gateway.adapters.state import StateUnusable
from gateway.model.canonical import from_json, text
from gateway.model.statement import OpenDays, Statement

_MONTHS: Final = 36


class StatementFiles:
    """``statements.json`` and ``statements-YYYYMM.jsonl`` in ``directory``."""

    def __init__(self, directory: Path, *, threaded: bool = True) -> None:
        self._directory = directory
        self._open = directory / "statements.json"
        self._threaded = threaded

    def load(self) -> OpenDays | None:
        """The open days, None before the first.

        Raises:
            StateUnusable: the file is broken; it is left as it is.
        """
        try:
            return from_json(OpenDays, json.loads(self._open.read_text("ascii")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            message = f"{self._open}: {error}; remove the file to begin the day's statements anew"
            raise StateUnusable(message) from error

    async def store(self, days: OpenDays) -> None:
        """Keep the open days.

        Raises:
            StateUnusable: they are not on the disk.
        """
        if self._threaded:
            await asyncio.to_thread(self._store, days)
        else:
            self._store(days)

    async def close(self, statements: Sequence[Statement]) -> None:
        """Add closed days to their months, and forget months of three years ago.

        Raises:
            StateUnusable: they are not on the disk.
        """
        if self._threaded:
            await asyncio.to_thread(self._close, statements)
        else:
            self._close(statements)

    def closed(self, days: Iterable[str]) -> list[Statement]:
        """The closed statements of these days, by day and party."""
        wanted = set(days)
        months = sorted({day[:6] for day in wanted})
        found = (one for month in months for one in self._month(month) if one.day in wanted)
        newest = {(one.day, one.party): one for one in found}
        return [newest[key] for key in sorted(newest)]

    def days(self) -> list[str]:
        """Every closed day that is kept, oldest first."""
        return sorted({one.day for path in self._months() for one in self._month(path.stem[-6:])})

    def _store(self, days: OpenDays) -> None:
        try:
            write_whole(self._open, text(days) + "\n")
        except OSError as error:
            raise self._unusable(self._open, error) from error

    def _close(self, statements: Sequence[Statement]) -> None:
        for month in sorted({one.day[:6] for one in statements}):
            lines = [text(one) + "\n" for one in statements if one.day.startswith(month)]
            path = self._path(month)
            try:
                self._append(path, lines)
            except OSError as error:
                raise self._unusable(path, error) from error
        for old in self._months()[:-_MONTHS]:
            old.unlink(missing_ok=True)

    def _append(self, path: Path, lines: Iterable[str]) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "a", encoding="ascii") as file:
            hand_over(file.fileno(), self._directory)
            # After a power cut in the middle of a line the next one begins anew.
            file.write("\n" if path.stat().st_size and not _ends_a_line(path) else "")
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        sync_directory(self._directory)

    def _month(self, month: str) -> Iterator[Statement]:
        """Its lines; one that a power cut cut off is not there."""
        try:
            written = self._path(month).read_text("ascii").splitlines()
        except (OSError, ValueError):
            return
        for line in written:
            try:
                yield from_json(Statement, json.loads(line))
            except ValueError:
                continue

    def _months(self) -> list[Path]:
        return sorted(self._directory.glob("statements-[0-9]*.jsonl"))

    def _path(self, month: str) -> Path:
        return self._directory / f"statements-{month}.jsonl"

    @staticmethod
    def _unusable(path: Path, error: OSError) -> StateUnusable:
        return StateUnusable(f"{path}: {error.strerror or error}; statements are not kept")


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
