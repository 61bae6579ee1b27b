"""The journal in one SQLite file: rows in a hash chain, durable in order.

The one module that speaks SQL.  WAL with one writer.  Rows nobody waits for are written without
a sync and reach the disk with the next sync at the latest; ``durable`` syncs (group commit).
The file also keeps the epoch, and where the chain begins once old rows were forgotten.
"""

import contextlib
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from gateway.adapters.chain import Head, verify
from gateway.adapters.files import sync_directory
from gateway.adapters.group_commit import GroupCommit, InlineCommit
from gateway.model.canonical import text
from gateway.model.chain import GENESIS, digest
from gateway.model.errors import JournalFailed, WrongInput
from gateway.model.site import JournalSettings
from gateway.model.time import Duration, Instant, in_seconds
from gateway.ports.clock import Clock
from gateway.ports.journal import Body, Row

APPLICATION_ID: Final = 1196706353  # "GTJ1", in the file's header
MIGRATIONS: Final = (
    """
    PRAGMA application_id = 1196706353;
    CREATE TABLE row (
        seq INTEGER PRIMARY KEY, now INTEGER NOT NULL, kind TEXT NOT NULL,
        body TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX row_kind ON row (kind, seq) WHERE kind IN ('start', 'reply');
    CREATE INDEX row_checkpoint ON row (json_extract(body, '$.product'), seq)
        WHERE kind = 'checkpoint';
    CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch INTEGER NOT NULL DEFAULT 0,
        syncs INTEGER NOT NULL DEFAULT 0,
        pruned_seq INTEGER NOT NULL DEFAULT 0,
        pruned_hash TEXT
    ) STRICT;
    INSERT INTO head (id) VALUES (1);
    """,
)
_CHUNK: Final = 500
_TAIL: Final = 100


class NotAJournal(JournalFailed, WrongInput):
    """The file is no journal, or one that only a newer gridtender understands."""


def open_journal(
    path: Path, *, clock: Clock, settings: JournalSettings, threaded: bool = True
) -> "SqliteJournal":
    """The journal at ``path``, created if missing, with a new epoch that is on the disk.

    The clock tells the age of rows when old ones are forgotten.  ``threaded`` False writes in
    the caller's thread, for virtual time.

    Raises:
        JournalFailed: it cannot be opened, is damaged, or was written by a newer version.
    """
    return SqliteJournal(_File(path), clock=clock, settings=settings, threaded=threaded)


def read_journal(path: Path) -> Iterator[Row]:
    """Every row of a journal file in order, its chain checked on the way; writes nothing.

    Raises:
        NotAJournal: it is none, or one of a newer version.
        JournalFailed: it cannot be read, or a row does not fit the chain.
    """
    if not path.is_file():
        message = f"{path}: the journal cannot be read: no such file; see state_dir"
        raise NotAJournal(message)
    with _explained(path), contextlib.closing(_connect_read_only(path)) as db:
        _check_kind(path, db)
        _check_version(path, db, len(MIGRATIONS))
        head = _head(db)
    yield from verify(_rows(path, since=head.seq), head)


class SqliteJournal:
    """Implements the journal port.  Entered and left with ``async with``, or closed."""

    def __init__(
        self, file: "_File", *, clock: Clock, settings: JournalSettings, threaded: bool
    ) -> None:
        self._file = file
        self._clock = clock
        self._keep = settings.keep
        self.epoch = file.head.epoch
        self.sync_window_in_force = settings.window_in_force
        self._seq, self._hash = file.last
        self._commit: GroupCommit | InlineCommit = (
            GroupCommit(
                file.write,
                last=self._seq,
                window_s=in_seconds(settings.sync_window),
                spacing_s=in_seconds(settings.sync_spacing),
            )
            if threaded
            else InlineCommit(file.write, last=self._seq)
        )

    @property
    def failed(self) -> str | None:
        """None, or what the disk said."""
        return self._commit.failed

    @property
    def seq(self) -> int:
        """Of the newest row appended."""
        return self._seq

    def append(self, now: Instant, kind: str, body: Body) -> int:
        """Queue a row; returns its seq.  Never waits for the disk.

        While the disk fails, rows wait in memory (64 MiB of bodies).  Beyond that they are
        not journalled any more, and ``failed`` stays set until a restart.
        """
        seq, written = self._seq + 1, text(body)
        hashed = digest(self._hash, seq=seq, now=now, kind=kind, body=written)
        if self._commit.put(Row(seq=seq, now=now, kind=kind, body=written, hash=hashed)):
            self._seq, self._hash = seq, hashed
        return seq

    async def durable(self, seq: int) -> None:
        """Return when every row up to ``seq`` has reached the disk.

        Raises:
            JournalFailed: the disk did not take it.  The row stays queued and may reach the
                disk later: what it asked for is undone by a further row, not by forgetting it.
        """
        await self._commit.durable(seq)

    def rows(self, since: int = 0) -> Iterator[Row]:
        """Rows in the file with seq > since, in order."""
        self._flush()
        return _rows(self._file.path, since=since)

    def last(self, kind: str) -> Row | None:
        """The newest row of a kind in the file, or None."""
        self._flush()
        with _explained(self._file.path), contextlib.closing(self._file.reader()) as db:
            return _one(db, "kind = ? ORDER BY seq DESC LIMIT 1", kind)

    def rows_for_recovery(self, products: Collection[str], since: Instant) -> Iterator[Row]:
        """What a restart needs: all rows from the oldest of the products' newest checkpoints.

        Before them, replies not older than ``since``.
        """
        self._flush()
        path = self._file.path
        with _explained(path), contextlib.closing(self._file.reader()) as db:
            boundary = _boundary(db, products) or 1
        where = "seq < ? AND now >= ? AND kind = 'reply'"
        yield from _rows(path, where=where, values=(boundary, since))
        yield from _rows(path, since=boundary - 1)

    async def prune(self, products: Collection[str], keep: Duration | None = None) -> int:
        """Forget old rows that no replay of the rest needs; returns how many.

        For each product everything from its newest checkpoint older than ``keep`` (None: as
        configured) stays.

        Raises:
            JournalFailed: the disk did not take it.
        """
        cutoff = Instant(self._clock.now() - (self._keep if keep is None else keep))
        with _explained(self._file.path), contextlib.closing(self._file.reader()) as db:
            boundary = _boundary(db, products, before=cutoff)
        count = 0
        while boundary and (more := await self._commit.call(lambda: self._file.prune(boundary))):
            count += more
        return count

    async def close(self) -> None:
        """Write and sync what is queued, and let go of the file."""
        await self._commit.close()
        self._file.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _flush(self) -> None:
        if isinstance(self._commit, InlineCommit):
            with contextlib.suppress(JournalFailed):
                self._commit.flush(sync=False)


class _File:
    """The SQLite file.  After construction only the committer calls ``write`` and ``prune``."""

    def __init__(self, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        self.path = path
        self._mend = False
        with _explained(path):
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._open(migrations)
            except BaseException:
                self._db.close()
                raise

    def _open(self, migrations: Sequence[str]) -> None:
        if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            _check_kind(self.path, self._db)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        _migrate(self.path, self._db, migrations)
        self._db.execute("UPDATE head SET epoch = epoch + 1")
        sync_directory(self.path.parent)
        self.head = _head(self._db)
        self.last = self._check_tail()

    def _check_tail(self) -> tuple[int, str]:
        """Seq and hash of the newest row, after checking the last links of the chain."""
        rows = [*_select(self._db, f"TRUE ORDER BY seq DESC LIMIT {_TAIL}", ())][::-1]
        start = self.head
        if len(rows) == _TAIL:  # older ones are not looked at here
            start = Head(seq=rows[0].seq, hash=rows.pop(0).hash)
        newest = (start.seq, start.hash)
        for row in verify(rows, start):
            newest = (row.seq, row.hash)
        return newest

    def reader(self) -> sqlite3.Connection:
        """A connection that only reads."""
        return _connect_read_only(self.path)

    def write(self, rows: Sequence[Row], *, sync: bool) -> None:
        """All rows or none, in one transaction."""
        with _explained(self.path, "cannot be written"):
            if self._mend:
                # After a failed sync the system may hold pages for clean that never reached
                # the disk: move every frame of the WAL into the database, synced anew.
                self._db.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
            self._mend = True
            self._db.execute(f"PRAGMA synchronous = {'FULL' if sync else 'NORMAL'}")
            with self._transaction():
                self._db.executemany(
                    "INSERT INTO row (seq, now, kind, body, hash) VALUES (?, ?, ?, ?, ?)",
                    ((row.seq, row.now, row.kind, row.body, row.hash) for row in rows),
                )
                if sync:  # a change, so that there is something to sync
                    self._db.execute("UPDATE head SET syncs = syncs + 1")
            self._mend = False

    def prune(self, boundary: int) -> int:
        """Forget at most a few thousand rows with seq < boundary; returns how many."""
        with _explained(self.path, "cannot be written"):
            first = _head(self._db).seq
            upto = min(boundary - 1, first + 10 * _CHUNK)
            if upto <= first:
                return 0
            self._db.execute("PRAGMA synchronous = FULL")
            with self._transaction():
                self._db.execute(
                    "UPDATE head SET pruned_seq = seq, pruned_hash = hash"
                    " FROM (SELECT seq, hash FROM row WHERE seq = ?)",
                    (upto,),
                )
                self._db.execute("DELETE FROM row WHERE seq <= ?", (upto,))
            return upto - first

    def close(self) -> None:
        """Let go of the file; the WAL is moved into it."""
        self._db.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def _explained(path: Path, what: str = "cannot be read") -> Iterator[None]:
    """Turns what SQLite or the system says into words for the operator."""
    try:
        yield
    except sqlite3.OperationalError as error:
        advice = "check free space, permissions and the disk of that folder"
        message = f"{path}: the journal {what}: {error}; {advice}"
        raise JournalFailed(message) from error
    except sqlite3.DatabaseError as error:
        advice = "move the file away (keep it for inspection) and restart with an empty journal"
        message = f"{path}: the journal is damaged or no journal: {error}; {advice}"
        foreign = error.sqlite_errorcode == sqlite3.SQLITE_NOTADB
        raise (NotAJournal if foreign else JournalFailed)(message) from error
    except OSError as error:
        message = f"{path}: the journal {what}: {error}"
        raise JournalFailed(message) from error


def _connect_read_only(path: Path) -> sqlite3.Connection:
    # Without a WAL nobody writes, and the folder need not be writable for us.
    alone = "" if Path(f"{path}-wal").exists() else "&immutable=1"
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro{alone}", uri=True)


def _check_kind(path: Path, db: sqlite3.Connection) -> None:
    (found,) = db.execute("PRAGMA application_id").fetchone()
    if found != APPLICATION_ID:
        message = f"{path}: this is a database but no gridtender journal; name another file"
        raise NotAJournal(message)


def _check_version(path: Path, db: sqlite3.Connection, newest: int) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > newest:
        message = (
            f"{path}: journal version {version} was written by a newer gridtender; "
            f"this one knows up to {newest}: upgrade it"
        )
        raise NotAJournal(message)
    return int(version)


def _migrate(path: Path, db: sqlite3.Connection, migrations: Sequence[str]) -> None:
    """Bring the schema forward one number at a time; a copy of the old file stays beside it."""
    version = _check_version(path, db, len(migrations))
    if 0 < version < len(migrations):
        _keep_copy(path, db, version)
    for number in range(version + 1, len(migrations) + 1):
        script = migrations[number - 1]
        db.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version = {number};COMMIT;")


def _keep_copy(path: Path, db: sqlite3.Connection, version: int) -> None:
    partial = Path(f"{path}.v{version}.partial")
    partial.unlink(missing_ok=True)
    db.execute("VACUUM INTO ?", (str(partial),))
    with partial.open("rb") as copy:
        os.fsync(copy.fileno())
    partial.replace(f"{path}.v{version}")
    sync_directory(path.parent)


def _head(db: sqlite3.Connection) -> Head:
    epoch, seq, hashed = db.execute("SELECT epoch, pruned_seq, pruned_hash FROM head").fetchone()
    return Head(epoch=epoch, seq=seq, hash=hashed or GENESIS)


def _boundary(
    db: sqlite3.Connection, products: Collection[str], before: Instant | None = None
) -> int | None:
    """The oldest seq among the newest checkpoints of the products; None without any."""
    where = "kind = 'checkpoint' AND json_extract(body, '$.product') = ?"
    limit = before if before is not None else 2**63 - 1
    found = (
        _one(db, f"{where} AND now < ? ORDER BY seq DESC LIMIT 1", product, limit)
        for product in sorted(products)
    )
    return min((row.seq for row in found if row is not None), default=None)


def _one(db: sqlite3.Connection, where: str, *values: object) -> Row | None:
    return next(_select(db, where, values), None)


def _rows(
    path: Path, *, since: int = 0, where: str = "TRUE", values: tuple[object, ...] = ()
) -> Iterator[Row]:
    """Rows in order, read in pieces so that no long reading keeps the WAL from shrinking."""
    with _explained(path), contextlib.closing(_connect_read_only(path)) as db:
        query = f"{where} AND seq > ? ORDER BY seq LIMIT {_CHUNK}"
        while piece := tuple(_select(db, query, (*values, since))):
            yield from piece
            since = piece[-1].seq


def _select(db: sqlite3.Connection, where: str, values: Sequence[object]) -> Iterator[Row]:
    query = f"SELECT seq, now, kind, body, hash FROM row WHERE {where}"  # noqa: S608  own text
    for seq, now, kind, body, hashed in db.execute(query, values):
        yield Row(seq=seq, now=now, kind=kind, body=body, hash=hashed)
