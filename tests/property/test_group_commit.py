"""Whatever the disk refuses and when: rows reach the file in order, once, and none is lost."""

import asyncio
import contextlib

from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.group_commit import MANY_ROWS, GroupCommit, InlineCommit
from gateway.model.errors import JournalFailed
from gateway.model.time import Instant
from gateway.ports.journal import Row


class _Disk:
    """Refuses the calls it is told to refuse; remembers what is written and what is synced."""

    def __init__(self, refusals):
        self._refusals = list(refusals)
        self.rows = []
        self.synced = 0

    def write(self, rows, *, sync):
        if self._refusals and self._refusals.pop(0):
            message = "the disk said no"
            raise JournalFailed(message)
        self.rows += [row.seq for row in rows]
        if sync:
            self.synced = len(self.rows)


def _row(seq):
    return Row(seq=seq, now=Instant(0), kind="submit", body="{}", hash="")


async def _drive(commit, disk, waits):
    """Append one row per step and wait for it where told; what durable said must be true."""
    for seq, wait in enumerate(waits, 1):
        assert commit.put(_row(seq))
        if wait:
            with contextlib.suppress(JournalFailed):
                await commit.durable(seq)
                assert disk.synced >= seq
                assert commit.failed is None


@given(st.lists(st.booleans(), max_size=30), st.lists(st.booleans(), max_size=40))
def test_inline_rows_are_in_order_once_and_none_is_lost(refusals, waits):
    disk = _Disk(refusals)
    commit = InlineCommit(disk.write, last=0)

    async def main():
        await _drive(commit, disk, waits)
        while refusals and disk._refusals:
            await commit.close()
        await commit.close()

    asyncio.run(main())
    assert disk.rows == list(range(1, len(waits) + 1))


@given(st.lists(st.booleans(), max_size=3), st.lists(st.booleans(), max_size=40))
def test_threaded_rows_are_in_order_once_and_none_is_lost(refusals, waits):
    disk = _Disk(refusals)

    async def main():
        commit = GroupCommit(disk.write, last=0, window_s=0.0, retry_s=0.001)
        await _drive(commit, disk, waits)
        async with asyncio.timeout(10):
            while disk.rows != list(range(1, len(waits) + 1)):
                with contextlib.suppress(JournalFailed):
                    await commit.durable(len(waits))
                await asyncio.sleep(0.001)
        await commit.close()

    asyncio.run(main())


async def test_rows_that_were_written_and_not_synced_are_durable_only_after_a_sync():
    disk = _Disk([])
    commit = GroupCommit(disk.write, last=0, window_s=0.0)
    for seq in range(1, MANY_ROWS + 1):
        commit.put(_row(seq))
    async with asyncio.timeout(10):
        while len(disk.rows) < MANY_ROWS:  # noqa: ASYNC110  the disk tells nobody
            await asyncio.sleep(0.001)
    assert disk.synced == 0
    await commit.durable(MANY_ROWS)
    assert disk.synced == MANY_ROWS
    await commit.close()
