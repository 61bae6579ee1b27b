"""The journal's SQLite file: opened, brought forward, written in whole transactions, pruned.

WAL with one writer.  The hash chain is checked where rows are read.
"""

import contextlib
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.adapters.chain import Damaged, Head
from gateway.adapters.files import sync_directory
from gateway.adapters.journal_blocks import last_hash, unpack
from gateway.adapters.journal_schema import (
    APPLICATION_ID,
    MIGRATIONS,
    PAGE,
    Step,
    blob,
    hash_before,
    head_of,
    insert,
    oldest_needed,
    select,
    set_version,
)
from gateway.model.errors import JournalFailed, WrongInput
from gateway.model.time import Instant
from gateway.ports.journal import Row

_CHUNK: Final = 100
_PRUNED_AT_ONCE: Final = 5_000
_TAIL: Final = 100
_ALL: Final = 2**62
_MOST_OLDER: Final = 1000
_MAGIC: Final = b"SQLite format 3\x00"
_WAL_BYTES: Final = 4 * 2**20
# What says something about the disk or its rights, not about what is written in the file.
_DISK: Final = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_AUTH,
    }
)
_ADVICE: Final = "check free space, permissions and the disk of that folder"


class NotAJournal(JournalFailed, WrongInput):
    """The file is no journal, or one that only a newer gridtender understands."""


class NewerJournal(NotAJournal):
    """A newer gridtender wrote it: nothing is wrong with the file."""


class JournalFile:
    """The file, open for writing, with a new epoch that is on the disk.

    After construction only the committer calls ``write`` and ``prune``.

    Args:
        epoch: the newest that is known from elsewhere.

    Raises:
        NotAJournal, Damaged: it does not serve; nothing was changed.
        JournalFailed: the disk does not let us.
    """

    def __init__(
        self, path: Path, *, epoch: int = 0, migrations: Sequence[Step] = MIGRATIONS
    ) -> None:
        self.path = path
        self._mend = False
        with explained(path):
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._open(migrations, epoch)
            except BaseException:
                self._db.close()
                raise

    def _open(self, migrations: Sequence[Step], epoch: int) -> None:
        if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            check_kind(self.path, self._db)
        self._db.execute(f"PRAGMA page_size = {PAGE}")
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of a new file only
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        self._db.execute("PRAGMA synchronous = FULL")
        _migrate(self.path, self._db, migrations)
        self._db.execute("UPDATE head SET epoch = max(epoch, ?) + 1", (epoch,))
        sync_directory(self.path.parent)
        self.head = head_of(self._db)
        self.last = newest_of(self._db)

    def write(self, rows: Sequence[Row], *, sync: bool) -> None:
        """All rows or none, in one transaction."""
        with self._suspected(), explained(self.path, "cannot be written"):
            if self._mend:
                # After a failed sync the system may hold pages for clean that never reached
                # the disk: move every frame of the WAL into the database, synced anew.
                self._db.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
            self._mend = True
            self._db.execute(f"PRAGMA synchronous = {'FULL' if sync else 'NORMAL'}")
            with transaction(self._db):
                insert(self._db, rows)
                if sync and not rows:  # a change, so that there is something to sync
                    self._db.execute("UPDATE head SET syncs = syncs + 1")
            self._mend = False

    def prune(self, boundary: int) -> int:
        """Forget some of the rows with seq < boundary, whole blocks; returns how many.

        What they leave is written again, or returned where that is more than a quarter.
        """
        with explained(self.path, "cannot be written"):
            self._db.execute("PRAGMA synchronous = FULL")
            count = self._forget(boundary)
            free, pages = (
                self._db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("freelist_count", "page_count")
            )
            if not count and 4 * free > pages:
                # A script, for only that runs the pragma to its end.
                self._db.executescript(f"PRAGMA incremental_vacuum({free // 2})")
            return count

    @contextlib.contextmanager
    def _suspected(self) -> Iterator[None]:
        """What does not let itself be written to is looked through at the next start."""
        try:
            yield
        except Damaged:
            with contextlib.suppress(OSError):
                suspect(self.path).touch(mode=0o600)
            raise

    def _forget(self, boundary: int) -> int:
        first = head_of(self._db).seq
        query = "SELECT max(seq) FROM block WHERE seq < ?"
        (upto,) = self._db.execute(query, (min(boundary, first + _PRUNED_AT_ONCE),)).fetchone()
        if upto is None:
            return 0
        with transaction(self._db):
            self._db.execute(
                "UPDATE head SET pruned_seq = ?, pruned_hash = ?",
                (upto, hash_before(self._db, upto + 1)),
            )
            self._db.execute("DELETE FROM block WHERE seq <= ?", (upto,))
            self._db.execute("DELETE FROM checkpoint WHERE seq <= ?", (upto,))
        return int(upto) - first

    def close(self) -> None:
        """Let go of the file; the WAL is moved into it."""
        self._db.close()


def suspect(path: Path) -> Path:
    """Its presence says that the journal could not be written because it is damaged."""
    return Path(f"{path}.suspect")


def is_old(path: Path) -> bool:
    """Whether an earlier program wrote it: bringing it forward checks every row."""
    if not is_database(path):
        return False
    with explained(path), contextlib.closing(connect_read_only(path)) as db:
        check_kind(path, db)
        return 0 < _version(path, db, len(MIGRATIONS)) < len(MIGRATIONS)


def check(path: Path, products: Collection[str], since: Instant) -> tuple[int, str] | None:
    """What a restart will read: the rows from the products' checkpoints on, answers ``since``.

    Reads only.  Seq and hash of the newest row; None where nothing was ever written.

    Raises:
        NotAJournal, Damaged: it does not serve.
        JournalFailed: the disk does not let us.
    """
    with explained(path):
        if not path.is_file() or path.stat().st_size == 0:
            return None
        if not is_database(path):
            message = f"{path}: this is no journal: it does not begin like a database"
            raise NotAJournal(message)
    with explained(path), contextlib.closing(connect_read_only(path)) as db:
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            return None
        check_kind(path, db)
        _version(path, db, len(MIGRATIONS))
        for table in ("head", "checkpoint"):
            (found,) = db.execute(f"PRAGMA quick_check({table})").fetchone()
            if found != "ok":
                message = f"{path}: the journal is damaged: {found}"
                raise Damaged(message)
        head_of(db)  # where no row leads back to it, its damage shows before anything is written
        needed, (newest, hashed) = oldest_needed(db, products), newest_of(db)
        start = link(db, min(needed or newest, max(1, newest - _TAIL)))
        _prove(db, start)
        for seq in reply_blocks(db, since):
            _prove(db, link(db, seq), until=seq)
        return newest, hashed


def _prove(db: sqlite3.Connection, head: Head, until: int = _ALL) -> None:
    """Follow the chain block by block; cheaper than ``verify``, which needs the rows.

    Raises:
        Damaged: rows were changed, or are missing.
    """
    seq, before = head.seq, head.hash
    query = f"seq > ? AND seq <= ? ORDER BY seq LIMIT {_CHUNK}"
    while piece := tuple(select(db, query, (seq, until))):
        for block in piece:
            kept = block.hash.hex()
            if block.first != seq + 1 or last_hash(block, before) != kept:
                message = (
                    f"journal row {block.seq} does not follow row {seq}: rows were changed or lost"
                )
                raise Damaged(message)
            seq, before = block.seq, kept


def exhaust(rows: Iterable[Row]) -> tuple[int, str] | None:
    """Seq and hash of the last one, when every row was read."""
    newest = None
    for row in rows:
        newest = (row.seq, row.hash)
    return newest


def link(db: sqlite3.Connection, seq: int) -> Head:
    """Head of the chain that begins with the block of row ``seq``."""
    found = db.execute("SELECT max(seq) FROM block WHERE seq < ?", (seq,)).fetchone()[0]
    return head_of(db) if found is None else Head(seq=found, hash=hash_before(db, found + 1))


def reply_blocks(db: sqlite3.Connection, since: Instant) -> list[int]:
    """Seq of the blocks not older than ``since`` that hold replies, oldest first."""
    return [seq for seq, replies in recent_blocks(db, since) if replies][::-1]


def recent_blocks(db: sqlite3.Connection, since: Instant) -> Iterator[tuple[int, int]]:
    """Seq and number of replies of the blocks not older than ``since``, newest first.

    Between them may be older ones, of a boot before the clock was set.
    """
    older = 0
    for seq, now, replies in db.execute("SELECT seq, now, replies FROM block ORDER BY seq DESC"):
        if now >= since:
            older = 0
            yield seq, replies
        elif (older := older + 1) > _MOST_OLDER:
            return


def rows_of(
    db: sqlite3.Connection,
    where: str = "TRUE",
    values: tuple[object, ...] = (),
    *,
    since: int = 0,
) -> Iterator[Row]:
    """Rows of the blocks ``where`` with seq > since, in order."""
    query = f"{where} AND seq > ? ORDER BY seq LIMIT {_CHUNK}"
    while piece := tuple(select(db, query, (*values, since))):
        before, previous = hash_before(db, piece[0].first), piece[0].first - 1
        for block in piece:
            if block.first != previous + 1:
                before = hash_before(db, block.first)
            yield from (row for row in unpack(block, before) if row.seq > since)
            before, previous = block.hash.hex(), block.seq
        since = piece[-1].seq


def newest_of(db: sqlite3.Connection) -> tuple[int, str]:
    """Seq and hash of the newest row."""
    found = db.execute("SELECT seq, hash FROM block ORDER BY seq DESC LIMIT 1").fetchone()
    if found is not None:
        return found[0], blob(found[1]).hex()
    head = head_of(db)
    return head.seq, head.hash


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def explained(path: Path, what: str = "cannot be read") -> Iterator[None]:
    """Turns what SQLite, the system or a nonsense value says into words for the operator."""
    try:
        yield
    except sqlite3.Error as error:
        raise _in_words(path, what, error) from error
    except OSError as error:
        message = f"{path}: the journal {what}: {error}; {_ADVICE}"
        raise JournalFailed(message) from error
    except (ValueError, TypeError, OverflowError) as error:
        message = f"{path}: the journal is damaged: {error}"
        raise Damaged(message) from error


def _in_words(path: Path, what: str, error: sqlite3.Error) -> JournalFailed:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code == sqlite3.SQLITE_NOTADB:
        return NotAJournal(f"{path}: this is no journal: {error}")
    short = code == sqlite3.SQLITE_IOERR_SHORT_READ
    if code & 0xFF in _DISK and not short:
        return JournalFailed(f"{path}: the journal {what}: {error}; {_ADVICE}")
    return Damaged(f"{path}: the journal is damaged: {error}")


def is_database(path: Path) -> bool:
    """Whether SQLite may open it: of what is none it removes the log."""
    if not path.is_file() or path.stat().st_size < PAGE:
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing."""
    # Without a WAL nobody writes, and the folder need not be writable for us.
    alone = "" if Path(f"{path}-wal").exists() else "&immutable=1"
    uri = f"file:{quote(str(path))}?mode=ro{alone}"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def check_kind(path: Path, db: sqlite3.Connection) -> None:
    """Raises NotAJournal where the file is another program's."""
    (found,) = db.execute("PRAGMA application_id").fetchone()
    if found != APPLICATION_ID:
        message = f"{path}: this is a database but no gridtender journal; name another file"
        raise NotAJournal(message)


def check_readable(path: Path, db: sqlite3.Connection) -> None:
    """Raises NotAJournal or Damaged where its rows cannot be read as they are."""
    check_kind(path, db)
    version = _version(path, db, len(MIGRATIONS))
    if version < len(MIGRATIONS):
        message = f"{path}: journal version {version} is old: gridtender run brings it forward"
        raise NotAJournal(message)


def _version(path: Path, db: sqlite3.Connection, newest: int) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version <= 1:
        if db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'block'").fetchone() != (0,):
            message = f"the file says version {version} and holds what came later"
            raise ValueError(message)
        return int(version)
    (told,) = db.execute("SELECT version FROM head").fetchone()
    if told != version:
        message = f"the file says version {version} in one place and {told} in another"
        raise ValueError(message)
    if version > newest:
        message = (
            f"{path}: journal version {version} was written by a newer gridtender; "
            f"this one knows up to {newest}: upgrade it"
        )
        raise NewerJournal(message)
    return int(version)


def _migrate(path: Path, db: sqlite3.Connection, migrations: Sequence[Step]) -> None:
    """Bring the schema forward one number at a time; a copy of the old file stays beside it."""
    version = _version(path, db, len(migrations))
    if 0 < version < len(migrations):
        _keep_copy(path, db, version)
    for number in range(version + 1, len(migrations) + 1):
        with transaction(db):
            migrations[number - 1](db)
            set_version(db, number)
    if 0 < version < len(migrations):
        db.execute("VACUUM")
    if version < len(migrations):  # what says that it is a journal lies in the file itself
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _keep_copy(path: Path, db: sqlite3.Connection, version: int) -> None:
    partial = Path(f"{path}.v{version}.partial")
    partial.unlink(missing_ok=True)
    db.execute("VACUUM INTO ?", (str(partial),))
    with partial.open("rb") as copy:
        os.fsync(copy.fileno())
    partial.replace(f"{path}.v{version}")
    sync_directory(path.parent)
