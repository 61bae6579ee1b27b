"""``history.sqlite``: quarters of an hour of the past.  Implements ports.history.

Open only while a batch is written or read, so that it costs no memory in between.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.adapters.state import StateUnusable
from gateway.model.time import HOUR, SECOND, Duration, Instant
from gateway.ports.history import Entry

KEEP: Final = Duration(400 * 24 * HOUR)
"""A whole year can be compared with the one before its last month."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS entry (at INTEGER, series INTEGER, value REAL NOT NULL,
    PRIMARY KEY (at, series)) WITHOUT ROWID;
"""
_A_DAY_S: Final = 24 * HOUR // SECOND
# What says something about the content, not about the disk or its rights.
_BROKEN: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class HistoryFile:
    """The file in the state folder; made with the first batch.

    Args:
        read_only: it is another's: nothing of it is changed, also not where it is broken.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._path = folder / "history.sqlite"
        self._read_only = read_only

    def past(self, series: Sequence[str], since: Instant) -> Sequence[Entry]:
        """Entries of these series from ``since``, the oldest first.

        Raises:
            StateUnusable: it cannot be read; a broken file was set aside.
        """
        if not self._path.exists():
            return ()
        query = (
            "SELECT name, at, value FROM entry JOIN series ON series.id = entry.series "
            "WHERE at >= ? AND name IN (SELECT value FROM json_each(?)) ORDER BY at"
        )
        with self._opened() as file:
            rows = file.execute(query, (since // SECOND, json.dumps(tuple(series)))).fetchall()
        return tuple(
            Entry(series=name, at=Instant(at * SECOND), value=value) for name, at, value in rows
        )

    def add(self, entries: Sequence[Entry]) -> None:
        """Store them in one transaction; what is older than KEEP goes, at most a day of it.

        One batch by a clock that is years ahead must not cost the years before.

        Raises:
            StateUnusable: they are not on the disk.
        """
        if not entries:
            return
        newest = max(one.at for one in entries)
        with self._opened() as file, file:
            names = {(one.series,) for one in entries}
            file.executemany("INSERT OR IGNORE INTO series (name) VALUES (?)", sorted(names))
            file.executemany(
                "INSERT OR REPLACE INTO entry SELECT ?, id, ? FROM series WHERE name = ?",
                [(one.at // SECOND, one.value, one.series) for one in entries],
            )
            file.execute(
                "DELETE FROM entry WHERE at < ? AND at < (SELECT min(at) FROM entry) + ?",
                ((newest - KEEP) // SECOND, _A_DAY_S),
            )

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(self._connected()) as file:
                yield file
        except sqlite3.Error as error:
            message = f"{self._path}: {error}; check free space, permissions and the disk"
            broken = getattr(error, "sqlite_errorcode", None) in _BROKEN
            if broken and not self._read_only:
                aside = self._path.with_name(f"{self._path.name}.broken")
                with contextlib.suppress(OSError):
                    self._path.replace(aside)
                message = f"{self._path}: {error}; it is now {aside.name}, and history begins anew"
            raise StateUnusable(message) from error

    def _connected(self) -> sqlite3.Connection:
        if self._read_only:
            return sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
        file = sqlite3.connect(self._path)
        try:
            os.chmod(self._path, 0o600)  # noqa: PTH101 - like the journal
            file.executescript(_SCHEMA)
        except BaseException:
            file.close()
            raise
        return file
