"""The tables of the journal's file, and the numbered steps that brought them forward."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from gateway.adapters.chain import Head, verify
from gateway.adapters.journal_blocks import Block, checkpoints, pack
from gateway.model.chain import GENESIS
from gateway.model.time import Instant
from gateway.ports.journal import Row

APPLICATION_ID: Final = 1196706353  # "GTJ1", in the file's header
PAGE: Final = 1024  # what two gates take: a sync writes no more than it must
_CHUNK: Final = 1000

Step = Callable[[sqlite3.Connection], None]

_ROWS: Final = """
    PRAGMA application_id = 1196706353;
    CREATE TABLE row (
        seq INTEGER PRIMARY KEY, now INTEGER NOT NULL, kind TEXT NOT NULL,
        body TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE head (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch INTEGER NOT NULL DEFAULT 0,
        syncs INTEGER NOT NULL DEFAULT 0,
        pruned_seq INTEGER NOT NULL DEFAULT 0,
        pruned_hash TEXT
    ) STRICT;
    INSERT INTO head (id) VALUES (1)
"""
# ``version`` stands twice in the file, so that a flipped bit is not taken for a newer program.
_BLOCKS: Final = """
    CREATE TABLE block (
        seq INTEGER PRIMARY KEY, first INTEGER NOT NULL, now INTEGER NOT NULL,
        replies INTEGER NOT NULL, data BLOB NOT NULL, hash BLOB NOT NULL
    ) STRICT;
    CREATE TABLE checkpoint (
        seq INTEGER PRIMARY KEY, product TEXT NOT NULL, now INTEGER NOT NULL
    ) STRICT;
    ALTER TABLE head ADD COLUMN version INTEGER NOT NULL DEFAULT 2
"""


def statements(script: str) -> Step:
    """A step of plain SQL."""

    def step(db: sqlite3.Connection) -> None:
        for statement in script.split(";"):
            db.execute(statement)

    return step


def _pack_rows(db: sqlite3.Connection) -> None:
    """From a table of rows to a table of blocks, its chain checked on the way."""
    statements(_BLOCKS)(db)
    seq, hashed = db.execute("SELECT pruned_seq, pruned_hash FROM head").fetchone()
    head = Head(seq=seq, hash=hashed or GENESIS)
    found = db.execute("SELECT seq, now, kind, body, hash FROM row ORDER BY seq")
    rows = verify(
        (Row(seq=s, now=Instant(n), kind=k, body=b, hash=h) for s, n, k, b, h in found), head
    )
    while chunk := tuple(islice(rows, _CHUNK)):
        insert(db, chunk)
    db.execute("DROP TABLE row")


MIGRATIONS: Final[tuple[Step, ...]] = (statements(_ROWS), _pack_rows)


def insert(db: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Rows that follow the newest one, packed."""
    rows = tuple(rows)
    insert_blocks(db, pack(rows))
    insert_checkpoints(db, checkpoints(rows))


def insert_blocks(db: sqlite3.Connection, blocks: Iterable[Block]) -> None:
    """Blocks as they are; their checkpoints come by ``insert_checkpoints``."""
    db.executemany(
        "INSERT INTO block (seq, first, now, replies, data, hash) VALUES (?, ?, ?, ?, ?, ?)",
        ((b.seq, b.first, b.now, b.replies, b.data, b.hash) for b in blocks),
    )


def insert_checkpoints(db: sqlite3.Connection, found: Iterable[tuple[int, str, int]]) -> None:
    """(seq, product, now) of checkpoint rows."""
    db.executemany("INSERT INTO checkpoint (seq, product, now) VALUES (?, ?, ?)", found)


def select(db: sqlite3.Connection, where: str, values: tuple[object, ...] = ()) -> Iterator[Block]:
    """The blocks ``where``."""
    query = f"SELECT seq, first, now, replies, data, hash FROM block WHERE {where}"  # noqa: S608  own text
    for seq, first, now, replies, data, hashed in db.execute(query, values):
        yield Block(seq=seq, first=first, now=now, replies=replies, data=data, hash=blob(hashed))


def blob(value: object) -> bytes:
    """A value of a column of bytes; a damaged file may hold anything there.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, bytes):
        message = f"found {type(value).__name__} where bytes stand"
        raise TypeError(message)
    return value


def head_of(db: sqlite3.Connection) -> Head:
    """Where the chain in the file begins."""
    epoch, seq, hashed = db.execute("SELECT epoch, pruned_seq, pruned_hash FROM head").fetchone()
    return Head(epoch=epoch, seq=seq, hash=hashed or GENESIS)


def set_version(db: sqlite3.Connection, number: int) -> None:
    """How many of the migrations the file has seen, in both places (from the second on)."""
    db.execute(f"PRAGMA user_version = {number}")
    if number > 1:
        db.execute("UPDATE head SET version = ?", (number,))


def set_head(db: sqlite3.Connection, head: Head) -> None:
    """The same, written."""
    db.execute(
        "UPDATE head SET epoch = ?, pruned_seq = ?, pruned_hash = ?",
        (head.epoch, head.seq, head.hash),
    )


def hash_before(db: sqlite3.Connection, seq: int) -> str:
    """Of the newest row before ``seq``."""
    query = "SELECT hash FROM block WHERE seq < ? ORDER BY seq DESC LIMIT 1"
    found = db.execute(query, (seq,)).fetchone()
    return blob(found[0]).hex() if found else head_of(db).hash


def oldest_needed(
    db: sqlite3.Connection, products: Iterable[str], before: Instant | None = None
) -> int | None:
    """The oldest seq among the newest checkpoints of the products; None without any."""
    query = "SELECT max(seq) FROM checkpoint WHERE product = ? AND now < ?"
    limit = before if before is not None else 2**63 - 1
    found = (db.execute(query, (product, limit)).fetchone()[0] for product in sorted(products))
    return min((seq for seq in found if seq is not None), default=None)
