"""The journal as a ledger: read in one state, whoever writes meanwhile, in bounded memory."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from gateway.adapters.chain import Head, verify
from gateway.adapters.journal_file import (
    NotAJournal,
    check_readable,
    connect_read_only,
    explained,
    rows_of,
)
from gateway.adapters.journal_schema import head_of
from gateway.ports.journal import Row


@contextlib.contextmanager
def open_rows(path: Path) -> Iterator[tuple[Head, Iterator[Row]]]:
    """Where the chain begins, and its rows while they fit; a running gateway may go on writing.

    Raises:
        NotAJournal: it is none, or one of another version.
        Damaged: reading comes to a row that was changed, or follows one that is missing.
        JournalFailed: the disk does not let us.
    """
    if not path.is_file():
        message = f"{path}: the journal cannot be read: no such file; see state_dir"
        raise NotAJournal(message)
    with contextlib.ExitStack() as stack:
        with explained(path):
            db = stack.enter_context(contextlib.closing(connect_read_only(path)))
            check_readable(path, db)
            db.execute("BEGIN")
            head = head_of(db)
        yield head, _explained(path, verify(rows_of(db, since=head.seq), head))


def _explained(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    """What cannot be unpacked is damage, said where it is read."""
    while True:
        with explained(path):
            row = next(rows, None)
        if row is None:
            return
        yield row


def newest_checkpoints(path: Path) -> list[Row]:
    """The newest checkpoint row of each product: it tells the product's terms."""
    query = "SELECT max(seq) FROM checkpoint GROUP BY product ORDER BY product"
    with explained(path), contextlib.closing(connect_read_only(path)) as db:
        check_readable(path, db)
        found: list[Row] = []
        for (seq,) in db.execute(query).fetchall():
            block = db.execute("SELECT min(seq) FROM block WHERE seq >= ?", (seq,)).fetchone()
            found += [row for row in rows_of(db, "seq = ?", block) if row.seq == seq]
        return found
