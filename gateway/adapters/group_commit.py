"""Group commit: rows wait in memory, one transaction and one sync serve many of them.

The disk works in real time whatever the domain clock says, so this module does too.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, cast

from gateway.model.errors import JournalFailed
from gateway.ports.journal import Row

T = TypeVar("T")

LAZY_S: Final = 1.0  # rows nobody waits for reach the file within this time
MANY_ROWS: Final = 1000  # ... or when so many wait
QUEUE_CHARS: Final = 64 * 2**20
PATIENCE_S: Final = 5.0  # who waits longer for the disk is told that it failed
_FIRST_RETRY_S: Final = 1.0
_LAST_RETRY_S: Final = 30.0
_FULL = (
    "the disk took no row for so long that the queue is full; newer rows are not journalled: "
    "repair the disk and restart"
)


class Write(Protocol):
    """Puts rows into the file in one transaction; with ``sync`` they are on the disk after."""

    def __call__(self, rows: Sequence[Row], *, sync: bool) -> None:
        """Raises JournalFailed; nothing of the rows is then in the file."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """A coroutine of some loop that waits for the writer thread."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[object]
    seq: int = 0
    job: Callable[[], object] | None = None

    def tell(self, outcome: object) -> None:
        """Wake it with a result, or with an exception; may be called from any thread."""
        with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._tell, outcome)

    def _tell(self, outcome: object) -> None:
        if self.future.done():
            return
        if isinstance(outcome, BaseException):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class _Queue:
    """Rows on their way to the file, in order, in bounded memory.

    When the bound is reached it takes no more for good: what is queued is still written, so the
    file stays a true beginning of the story, and the journal stays failed until a restart.
    """

    def __init__(self, limit_chars: int) -> None:
        self._rows: deque[Row] = deque()
        self._chars = 0
        self._limit = limit_chars
        self.full = False

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, row: Row) -> bool:
        """Whether the row was taken."""
        self.full = self.full or self._chars + len(row.body) > self._limit
        if not self.full:
            self._rows.append(row)
            self._chars += len(row.body)
        return not self.full

    def waiting(self) -> tuple[Row, ...]:
        """All that waits, oldest first; it stays until ``drop``."""
        return tuple(self._rows)

    def drop(self, count: int) -> None:
        """Forget the oldest ``count`` rows: they are in the file."""
        for _ in range(count):
            self._chars -= len(self._rows.popleft().body)


class GroupCommit:
    """One writer thread.  Only ``durable`` asks the disk to sync, at most once per window.

    Args:
        write: called in the writer thread only.
        last: seq of the newest row that is on the disk already.
        window_s: how long a wish for durability waits for others to join.
        spacing_s: shortest time between two syncs (the budget), 0 = no budget.
        limit_chars: what may wait in memory.
        retry_s: before the first new try after a failure; doubles up to 30 s.
        patience_s: how long anybody waits for one sync, beyond window and spacing.
    """

    def __init__(
        self,
        write: Write,
        *,
        last: int,
        window_s: float,
        spacing_s: float = 0.0,
        limit_chars: int = QUEUE_CHARS,
        retry_s: float = _FIRST_RETRY_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._write = write
        self._window_s = window_s
        self._spacing_s = spacing_s
        self._patience_s = window_s + spacing_s + patience_s
        self._queue = _Queue(limit_chars)
        self._synced = last
        self._newest = last
        self._failed: str | None = None
        self._first_retry_s = self._retry_s = retry_s
        self._next_try = 0.0
        self._next_sync = 0.0
        self._queued_at = 0.0
        self._asked_at = 0.0
        self._waiters: list[_Waiter] = []
        self._jobs: deque[_Waiter] = deque()
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> str | None:
        """None, or what the disk said last."""
        return self._failed

    def put(self, row: Row) -> bool:
        """Queue a row; False when the queue is full for good."""
        with self._changed:
            if not self._queue.put(row):
                self._failed = _FULL
                return False
            self._newest = row.seq
            if len(self._queue) == 1:
                self._queued_at = time.monotonic()
                self._changed.notify()
            elif len(self._queue) == MANY_ROWS:
                self._changed.notify()
            return True

    async def durable(self, seq: int) -> None:
        """Return when every row up to ``seq`` is synced; raises JournalFailed."""
        with self._changed:
            if seq <= self._synced:
                return
            if self._failed is not None:
                raise JournalFailed(self._failed)
            self._check_open()
            _check_appended(seq, self._newest)
            loop = asyncio.get_running_loop()
            waiter = _Waiter(loop=loop, future=loop.create_future(), seq=seq)
            if not self._waiters:
                self._asked_at = time.monotonic()
                self._changed.notify()
            self._waiters.append(waiter)
        try:
            async with asyncio.timeout(self._patience_s):
                await waiter.future
        except TimeoutError as error:
            raise JournalFailed(self._too_slow()) from error

    def _too_slow(self) -> str:
        """Refuse everybody until the disk has taken something again."""
        slow = f"the disk has not answered for {self._patience_s:.1f} s: is it failing, or full?"
        with self._changed:
            self._failed = self._failed or slow
            return self._failed

    async def call(self, job: Callable[[], T]) -> T:
        """Run ``job`` in the writer thread, between two transactions."""
        loop = asyncio.get_running_loop()
        waiter = _Waiter(loop=loop, future=loop.create_future(), job=job)
        with self._changed:
            self._check_open()
            self._jobs.append(waiter)
            self._changed.notify()
        return cast("T", await waiter.future)

    async def close(self) -> None:
        """Write and sync what is queued (one try), end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def _check_open(self) -> None:
        if self._closing:
            message = "the journal is closed"
            raise JournalFailed(message)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._wait_for_work()
                job = self._jobs.popleft() if self._jobs else None
                rows = self._queue.waiting()
                closing = self._closing
                sync = closing or bool(self._waiters) or self._failed is not None
            if job is not None:
                _do(job)
                continue
            self._commit(rows, sync=sync)
            if closing:
                return

    def _wait_for_work(self) -> None:
        while (due := self._due()) is None or due > time.monotonic():
            self._changed.wait(None if due is None else due - time.monotonic())

    def _due(self) -> float | None:
        """When the next transaction shall begin; None = when something changes."""
        if self._closing or self._jobs:
            return 0.0
        if self._failed is not None and not (self._queue.full and not self._queue):
            return self._next_try
        if not self._waiters and not self._queue:
            return None
        if self._waiters:
            return max(self._asked_at + self._window_s, self._next_sync)
        return 0.0 if len(self._queue) >= MANY_ROWS else self._queued_at + LAZY_S

    def _commit(self, rows: tuple[Row, ...], *, sync: bool) -> None:
        try:
            self._write(rows, sync=sync)
        except Exception as error:  # noqa: BLE001  a dead writer would leave everybody waiting
            self._refuse(error)
        else:
            self._accept(rows, sync=sync)

    def _refuse(self, error: Exception) -> None:
        with self._changed:
            if not self._queue.full:
                self._failed = str(error)
            self._next_try = time.monotonic() + self._retry_s
            self._retry_s = min(2 * self._retry_s, _LAST_RETRY_S)
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.tell(JournalFailed(str(error)))

    def _accept(self, rows: tuple[Row, ...], *, sync: bool) -> None:
        with self._changed:
            now = time.monotonic()
            self._queue.drop(len(rows))
            self._queued_at = now
            if not sync:
                return
            self._synced = self._newest - len(self._queue)
            self._next_sync = now + self._spacing_s
            self._retry_s = self._first_retry_s
            if not self._queue.full:
                self._failed = None
            served = [waiter for waiter in self._waiters if waiter.seq <= self._synced]
            self._waiters = [waiter for waiter in self._waiters if waiter.seq > self._synced]
            self._asked_at = now
        for waiter in served:
            waiter.tell(None)


class InlineCommit:
    """The same promises without a thread, for virtual time: ``durable`` writes at once."""

    def __init__(self, write: Write, *, last: int, limit_chars: int = QUEUE_CHARS) -> None:
        self._write = write
        self._queue = _Queue(limit_chars)
        self._synced = last
        self._newest = last
        self._failed: str | None = None

    @property
    def failed(self) -> str | None:
        """None, or what the disk said last."""
        return self._failed

    def put(self, row: Row) -> bool:
        """Queue a row; False when the queue is full for good."""
        if not self._queue.put(row):
            self._failed = _FULL
            return False
        self._newest = row.seq
        if len(self._queue) % MANY_ROWS == 0:
            with contextlib.suppress(JournalFailed):
                self.flush(sync=False)
        return True

    async def durable(self, seq: int) -> None:
        """Sync every row up to ``seq``; raises JournalFailed."""
        if seq <= self._synced:
            return
        if self._queue.full:
            raise JournalFailed(_FULL)
        _check_appended(seq, self._newest)
        self.flush(sync=True)

    def flush(self, *, sync: bool) -> None:
        """Write what is queued."""
        rows = self._queue.waiting()
        try:
            self._write(rows, sync=sync)
        except JournalFailed as error:
            self._failed = _FULL if self._queue.full else str(error)
            raise
        self._queue.drop(len(rows))
        if sync:
            self._synced = self._newest
            self._failed = _FULL if self._queue.full else None

    async def call(self, job: Callable[[], T]) -> T:
        """Run ``job`` now."""
        return job()

    async def close(self) -> None:
        """Write and sync what is queued (one try)."""
        with contextlib.suppress(JournalFailed):
            self.flush(sync=True)


def _check_appended(seq: int, newest: int) -> None:
    if seq > newest:
        message = f"row {seq} was never appended; the newest is {newest}"
        raise ValueError(message)


def _do(waiter: _Waiter) -> None:
    """Run a job and wake who asked for it, with what it returned or raised."""
    try:
        outcome = waiter.job() if waiter.job else None
    except Exception as error:  # noqa: BLE001  it belongs to the caller, in its own task
        waiter.tell(error)
    else:
        waiter.tell(outcome)
