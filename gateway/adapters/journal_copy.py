"""Copies of a journal: whole, checked row by row, and on the disk before they get their name."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final, TypeVar

from gateway.adapters.chain import Head, verify
from gateway.adapters.files import sync_directory
from gateway.adapters.journal_blocks import Block, checkpoints, unpack
from gateway.adapters.journal_file import (
    check_readable,
    connect_read_only,
    exhaust,
    explained,
    is_database,
    link,
    recent_blocks,
    rows_of,
    transaction,
)
from gateway.adapters.journal_schema import (
    MIGRATIONS,
    PAGE,
    head_of,
    insert_blocks,
    insert_checkpoints,
    oldest_needed,
    select,
    set_head,
    set_version,
)
from gateway.model.time import Instant

T = TypeVar("T")

_SCAN: Final = "SELECT seq, now FROM block ORDER BY seq DESC"


def copy_of(path: Path) -> Path:
    """Where the last good copy of a journal lies."""
    return Path(f"{path}.copy")


def copy_journal(
    path: Path, target: Path, *, products: Collection[str] = (), since: Instant | None = None
) -> int:
    """Copy a journal, also one that is being written, to ``target``; seq of its newest row.

    With ``since`` only what a restart needs: the rows from the products' newest checkpoints and
    from ``since`` on.  An older ``target`` stays whole until the new one is on the disk.

    Raises:
        NotAJournal, Damaged: the journal, or what was written of it, is not whole.
        JournalFailed: the disk does not let us.
    """
    partial = Path(f"{target}.partial")
    try:
        _copy_rows(path, partial, products, since)
        newest = check_whole(partial)
        with explained(target, "cannot be copied"):
            partial.replace(target)
            sync_directory(target.parent)
    except BaseException:  # a full disk gets its space back
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    return newest


def _copy_rows(path: Path, partial: Path, products: Collection[str], since: Instant | None) -> None:
    with explained(path, "cannot be copied"), contextlib.closing(connect_read_only(path)) as db:
        check_readable(path, db)
        db.execute("BEGIN")  # one state of the file, whoever writes meanwhile
        head = head_of(db) if since is None else _recent(db, products, since)
        write_new(partial, head, select(db, "seq > ? ORDER BY seq", (head.seq,)))


def check_whole(path: Path) -> int:
    """Read every row of a journal; seq of the newest.

    Raises:
        NotAJournal, Damaged, JournalFailed: it cannot be read, or its chain does not hold.
    """
    with explained(path), contextlib.closing(connect_read_only(path)) as db:
        check_readable(path, db)
        head = head_of(db)
        newest = exhaust(verify(rows_of(db, since=head.seq), head))
    return head.seq if newest is None else newest[0]


def write_new(target: Path, head: Head, blocks: Iterable[Block]) -> None:
    """A new journal at ``target`` with these blocks after ``head``, on the disk."""
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    _write(target, head, blocks)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    sync_directory(target.parent)


def _write(target: Path, head: Head, blocks: Iterable[Block]) -> None:
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.execute(f"PRAGMA page_size = {PAGE}")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = MEMORY")
        db.execute("PRAGMA synchronous = OFF")  # synced as a whole by the caller
        with transaction(db):
            for step in MIGRATIONS:
                step(db)
            set_version(db, len(MIGRATIONS))
            set_head(db, head)
            _fill(db, head, blocks)


def _fill(db: sqlite3.Connection, head: Head, blocks: Iterable[Block]) -> None:
    before = head.hash
    for block in blocks:
        insert_blocks(db, [block])
        insert_checkpoints(db, checkpoints(unpack(block, before)))
        before = block.hash.hex()


def _recent(db: sqlite3.Connection, products: Collection[str], since: Instant) -> Head:
    """Where a restart would begin to read."""
    oldest = min((seq for seq, _ in recent_blocks(db, since)), default=None)
    needed = oldest_needed(db, products)
    starts = [seq for seq in (oldest, needed) if seq is not None]
    return link(db, min(starts)) if starts else head_of(db)


def newest_in(path: Path) -> tuple[int, Instant] | None:
    """Seq and time of a journal's newest row; None where there is none or it is broken."""
    return _peek(path, _newest)


def head_in(path: Path) -> Head | None:
    """Where the chain of a journal begins, as far as that can be read."""
    return _peek(path, head_of)


def _newest(db: sqlite3.Connection) -> tuple[int, Instant]:
    seq, now = db.execute(f"{_SCAN} LIMIT 1").fetchone()
    return int(seq), Instant(int(now))


def _peek(path: Path, look: Callable[[sqlite3.Connection], T]) -> T | None:
    """What is found in a file that may be broken anywhere; None where it is, or is not there."""
    if not is_database(path):
        return None
    try:
        with contextlib.closing(connect_read_only(path)) as db:
            return look(db)
    except (sqlite3.Error, TypeError, ValueError):
        return None
