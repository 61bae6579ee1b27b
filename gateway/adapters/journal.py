"""The journal: rows in a hash chain, durable in order, in one SQLite file.

Rows nobody waits for are written without a sync and reach the disk with the next sync at the
latest; ``durable`` syncs (group commit).  The file also keeps where the chain begins once old
rows were forgotten.  The epoch stands in the file and beside it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Final, Self

from gateway.adapters.chain import Damaged, verify
from gateway.adapters.files import write_whole
from gateway.adapters.group_commit import GroupCommit, InlineCommit
from gateway.adapters.journal_copy import copy_journal, copy_of, head_in, newest_in
from gateway.adapters.journal_file import (
    JournalFile,
    NewerJournal,
    NotAJournal,
    check,
    check_readable,
    connect_read_only,
    explained,
    is_old,
    reply_blocks,
    rows_of,
    suspect,
)
from gateway.adapters.journal_mend import finish, lost_in_log, mend
from gateway.adapters.journal_schema import head_of, oldest_needed
from gateway.model.canonical import encoded
from gateway.model.chain import GENESIS, digest
from gateway.model.errors import JournalFailed
from gateway.model.site import JournalSettings
from gateway.model.time import HOUR, MINUTE, Duration, Instant, in_seconds
from gateway.ports.clock import Clock
from gateway.ports.journal import Body, Row

__all__ = ["NotAJournal", "SqliteJournal", "copy_journal", "open_journal", "read_journal"]

OnWrite = Callable[[int, int, float, bool], None]

_DAY: Final = Duration(24 * HOUR)
_MOST_STARTS: Final = 2**40  # a greater number is damage


def open_journal(
    path: Path,
    *,
    clock: Clock,
    settings: JournalSettings,
    products: Collection[str] = (),
    threaded: bool = True,
) -> "SqliteJournal":
    """The journal at ``path``, created if missing, with a new epoch that is on the disk.

    One that is damaged where a restart of ``products`` reads it is set aside, and what its
    chain and the last good copy prove goes on in its place; ``damage`` then tells.

    The clock tells the age of rows.  ``threaded`` False writes in the caller's thread, for
    virtual time.

    Raises:
        NotAJournal: it was written by a newer version.
        JournalFailed: the disk does not let us.
    """
    now, damage = clock.now(), None
    finish(path, now)
    known = _known_epoch(path, now)
    if not known:  # so that a first start that is killed is none whose count was lost
        _tell_epoch(path, 0)
    try:
        _check(path, products, Instant(now - _DAY), known)
        file = JournalFile(path, epoch=known)
    except NewerJournal:
        raise
    except (Damaged, NotAJournal) as fault:
        damage = mend(path, str(fault), now, products)
        file = JournalFile(path, epoch=known)
    try:
        _tell_epoch(path, file.head.epoch)
    except BaseException:
        file.close()
        raise
    return SqliteJournal(
        file, clock=clock, settings=settings, products=products, damage=damage, threaded=threaded
    )


def _check(path: Path, products: Collection[str], since: Instant, epoch: int) -> None:
    """Raises NotAJournal or Damaged where the file does not say all that was written to it."""
    if suspect(path).exists():
        message = f"{path}: the journal is damaged: the last run could not write to it"
        raise Damaged(message)
    if is_old(path):
        return
    newest = check(path, products, since)
    if newest is None and (epoch or copy_of(path).exists()):
        message = f"{path}: the journal is gone or empty, and start {epoch} was not the first"
        raise Damaged(message)
    copied = newest_in(copy_of(path))
    if copied is not None and newest is not None and copied[0] > newest[0]:
        message = f"{path}: the journal is damaged: its copy has rows after its newest, {newest[0]}"
        raise Damaged(message)
    if lost_in_log(path, *(newest or (0, GENESIS))):
        message = f"{path}: the journal is damaged: its write-ahead log breaks off in the middle"
        raise Damaged(message)


def _epoch_file(path: Path) -> Path:
    return Path(f"{path}.epoch")


def _tell_epoch(path: Path, epoch: int) -> None:
    with explained(_epoch_file(path), "cannot be written"):
        write_whole(_epoch_file(path), f"{epoch}\n")


def _told_epoch(path: Path) -> int | None:
    try:
        written = _epoch_file(path).read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return int(written) if written.isdecimal() and int(written) < _MOST_STARTS else None


def _known_epoch(path: Path, now: Instant) -> int:
    """The greatest that any start may have had.

    Where the file that counts is gone, the minutes since 1970: starts last longer on average.
    """
    told = _told_epoch(path)
    heads = (head_in(one) for one in (path, copy_of(path)))
    epochs = [head.epoch for head in heads if head and 0 <= head.epoch < _MOST_STARTS]
    known = max([told or 0, *epochs])
    lost = told is None and (known > 0 or _epoch_file(path).exists() or copy_of(path).exists())
    return max(known, now // MINUTE) if lost else known


def read_journal(path: Path) -> Iterator[Row]:
    """Every row of a journal file in order, its chain checked on the way; writes nothing.

    Raises:
        NotAJournal: it is none, or one of another version.
        JournalFailed: it cannot be read, or a row does not fit the chain.
    """
    if not path.is_file():
        message = f"{path}: the journal cannot be read: no such file; see state_dir"
        raise NotAJournal(message)
    with explained(path), contextlib.closing(connect_read_only(path)) as db:
        check_readable(path, db)
        head = head_of(db)
    yield from verify(_rows(path, since=head.seq), head)


def _rows(path: Path, *, since: int) -> Iterator[Row]:
    with explained(path), contextlib.closing(connect_read_only(path)) as db:
        yield from rows_of(db, since=since)


class SqliteJournal:
    """Implements the journal port.  Entered and left with ``async with``, or closed.

    Attributes:
        damage: None, or what was wrong with the file at this start and what was done.
        on_write: told of each write: rows, characters, real seconds, whether it was synced.
    """

    def __init__(
        self,
        file: JournalFile,
        *,
        clock: Clock,
        settings: JournalSettings,
        products: Collection[str],
        damage: str | None,
        threaded: bool,
    ) -> None:
        self._file = file
        self._clock = clock
        self._keep = settings.keep
        self._products = products
        self._threaded = threaded
        copied = newest_in(copy_of(file.path))
        self._copied = None if copied is None else copied[1]
        self.damage = damage
        self.on_write: OnWrite | None = None
        self.epoch = file.head.epoch
        self.sync_window_in_force = settings.window_in_force
        self._seq, self._hash = file.last
        self._commit: GroupCommit | InlineCommit = (
            GroupCommit(
                self._write,
                last=self._seq,
                window_s=in_seconds(settings.sync_window),
                spacing_s=in_seconds(settings.sync_spacing),
            )
            if threaded
            else InlineCommit(self._write, last=self._seq)
        )

    def _write(self, rows: Sequence[Row], *, sync: bool) -> None:
        """In the writer's thread, where there is one."""
        began = perf_counter()
        self._file.write(rows, sync=sync)
        if self.on_write is not None:
            size = sum(len(row.body) for row in rows)
            self.on_write(len(rows), size, perf_counter() - began, sync)

    @property
    def failed(self) -> str | None:
        """None, or what the disk said."""
        return self._commit.failed

    @property
    def seq(self) -> int:
        """Of the newest row appended."""
        return self._seq

    @property
    def head(self) -> tuple[int, str]:
        """Seq and hash of the newest row appended."""
        return self._seq, self._hash

    def append(self, now: Instant, kind: str, body: Body) -> int:
        """Queue a row; returns its seq.  Never waits for the disk.

        While the disk fails, rows wait in memory (64 MiB of bodies).  Beyond that they are
        not journalled any more, and ``failed`` stays set until a restart.
        """
        seq, written = self._seq + 1, encoded(dict(body))
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

    def rows_for_recovery(self, products: Collection[str], since: Instant) -> Iterator[Row]:
        """What a restart needs: all rows from the oldest of the products' newest checkpoints.

        Before them, replies not older than ``since``.
        """
        self._flush()
        path = self._file.path
        with explained(path), contextlib.closing(connect_read_only(path)) as db:
            boundary = oldest_needed(db, products) or 1
            for seq in reply_blocks(db, since):
                rows = rows_of(db, "seq = ?", (seq,))
                yield from (
                    row
                    for row in rows
                    if row.kind == "reply" and row.now >= since and row.seq < boundary
                )
            yield from rows_of(db, since=boundary - 1)

    async def keep_copy(self) -> bool:
        """Once a day of rows: a checked copy of what a restart needs; whether one was made.

        Raises:
            JournalFailed: the disk does not let us, or the journal is not whole any more.  In
                the second case the next start sets it aside.
        """
        now = self._clock.now()
        if self._copied is not None and abs(now - self._copied) < _DAY:
            return False
        await self._copy()
        return True

    async def _copy(self) -> None:
        now = self._clock.now()
        if self._threaded:
            await asyncio.to_thread(self._copy_since, Instant(now - _DAY))
        else:
            self._copy_since(Instant(now - _DAY))
        self._copied = now

    def _copy_since(self, since: Instant) -> None:
        path = self._file.path
        try:
            copy_journal(path, copy_of(path), products=self._products, since=since)
        except (Damaged, NotAJournal):
            with explained(path, "cannot be written"):
                suspect(path).touch(mode=0o600)
            raise

    @property
    def begins(self) -> int:
        """Seq of the row after which this start found the file to begin; 0: at the first."""
        return self._file.head.seq

    def prunable(self, products: Collection[str], keep: Duration | None = None) -> int:
        """Rows with a lower seq are what ``prune`` would forget; 0 where there are none."""
        cutoff = Instant(self._clock.now() - max(_DAY, self._keep if keep is None else keep))
        path = self._file.path
        with explained(path), contextlib.closing(connect_read_only(path)) as db:
            return oldest_needed(db, products, before=cutoff) or 0

    async def prune(self, products: Collection[str], keep: Duration | None = None) -> int:
        """Forget old rows that no replay of the rest needs; returns how many.

        For each product everything from its newest checkpoint older than ``keep`` (None: as
        configured; never less than the day for which requests are answered the same) stays.

        Raises:
            JournalFailed: the disk did not take it.
        """
        boundary, count = self.prunable(products, keep), 0
        while boundary and (more := await self._commit.call(lambda: self._file.prune(boundary))):
            count += more
        return count

    async def close(self) -> None:
        """Write and sync what is queued, keep a copy, and let go of the file."""
        await self._commit.close()
        with contextlib.suppress(JournalFailed):
            await self._copy()
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
