"""The SQLite journal: order, durability, chain, epoch, migrations and failure."""

import asyncio
import contextlib
import random
import sqlite3
import stat
import threading
from dataclasses import replace

import pytest

from gateway.adapters.chain import verify
from gateway.adapters.clock import WallClock
from gateway.adapters.journal import NotAJournal, open_journal, read_journal
from gateway.adapters.journal_blocks import pack
from gateway.adapters.journal_file import JournalFile
from gateway.adapters.journal_schema import MIGRATIONS, set_version, statements
from gateway.model.chain import GENESIS, digest
from gateway.model.errors import JournalFailed
from gateway.model.site import JournalSettings
from gateway.model.time import MILLISECOND, SECOND, Duration, Instant
from gateway.ports.journal import Journal

DAY = 86_400 * SECOND


class _At:
    """A clock that stands where it is told."""

    synchronised = True

    def __init__(self, now):
        self._now = Instant(now)

    def now(self):
        return self._now


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
def threaded(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


def _open(path, *, threaded, clock=None, **settings):
    return open_journal(
        path,
        clock=clock or WallClock(),
        settings=JournalSettings(**settings),
        threaded=threaded,
    )


async def _until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  the disk tells nobody
            await asyncio.sleep(0.005)


async def _filled(path, count, *, threaded=False):
    async with _open(path, threaded=threaded) as journal:
        for number in range(count):
            journal.append(Instant(number), "submit", {"number": number})


async def test_durable_row_is_in_the_file_with_canonical_body(path, threaded):
    async with _open(path, threaded=threaded) as journal:
        port: Journal = journal
        assert port.append(Instant(5), "submit", {"b": 1, "a": None}) == 1
        await port.durable(1)
        (row,) = port.rows()
        assert (row.seq, row.now, row.kind, row.body) == (1, 5, "submit", '{"a":null,"b":1}')


async def test_rows_nobody_waits_for_are_in_the_file_after_close(path, threaded):
    await _filled(path, 1200, threaded=threaded)
    assert [row.seq for row in read_journal(path)] == list(range(1, 1201))


async def test_row_nobody_waits_for_reaches_the_file_by_itself(path):
    async with _open(path, threaded=True) as journal:
        journal.append(Instant(1), "reply", {})
        await _until(lambda: [*journal.rows()] != [])
        await journal.durable(1)


async def test_rows_appended_after_a_reopening_continue_seq_and_chain(path, threaded):
    await _filled(path, 150, threaded=threaded)
    await _filled(path, 3, threaded=threaded)
    assert len(list(read_journal(path))) == 153


async def test_epoch_grows_by_one_at_every_open(path, threaded):
    epochs = []
    for _ in range(3):
        async with _open(path, threaded=threaded) as journal:
            epochs.append(journal.epoch)
    assert epochs == [1, 2, 3]


async def test_many_waiters_share_few_syncs(path):
    async with _open(path, threaded=True, sync_window=Duration(20 * MILLISECOND)) as journal:
        async with asyncio.TaskGroup() as group:
            for number in range(200):
                seq = journal.append(Instant(number), "reply", {})
                group.create_task(journal.durable(seq))
        with contextlib.closing(sqlite3.connect(path)) as db:
            (transactions,) = db.execute("SELECT count(*) FROM block").fetchone()
    assert transactions <= 5


async def test_budget_of_syncs_widens_the_window_and_is_kept(path):
    async with _open(path, threaded=True, syncs_per_minute=300) as journal:
        assert journal.sync_window_in_force == Duration(200 * MILLISECOND)
        loop = asyncio.get_running_loop()
        await journal.durable(journal.append(Instant(0), "reply", {}))
        before = loop.time()
        await journal.durable(journal.append(Instant(1), "reply", {}))
        assert loop.time() - before > 0.15


async def test_waiting_for_a_row_never_appended_is_refused(path, threaded):
    async with _open(path, threaded=threaded) as journal:
        with pytest.raises(ValueError, match="row 1 was never appended"):
            await journal.durable(1)


async def test_changed_row_is_found_when_reading(path):
    await _filled(path, 10)
    rows = list(read_journal(path))
    changed = [replace(row, body="{}") if row.seq == 4 else row for row in rows]
    (block,) = pack(changed)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE block SET data = ?", (block.data,))
        db.commit()
    with pytest.raises(JournalFailed, match="row 10 does not follow row 9"):
        list(read_journal(path))


async def test_missing_row_is_found(path):
    await _filled(path, 5)
    rows = list(read_journal(path))
    with pytest.raises(JournalFailed, match="row 3 does not follow row 1"):
        list(verify(row for row in rows if row.seq != 2))


async def test_full_disk_refuses_durability_and_recovers_in_order(path, threaded):
    async with _open(path, threaded=threaded) as journal:
        await journal.durable(journal.append(Instant(0), "submit", {"n": 0}))
        database = journal._file._db
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        seq = journal.append(Instant(1), "submit", {"n": random.Random(1).randbytes(50_000).hex()})
        with pytest.raises(JournalFailed, match="database or disk is full; check free space"):
            await journal.durable(seq)
        assert "disk is full" in journal.failed
        later = journal.append(Instant(2), "submit", {"n": 2})
        if threaded:
            with pytest.raises(JournalFailed):
                await journal.durable(later)

        database.execute("PRAGMA max_page_count = 1000000")
        if threaded:
            await _until(lambda: journal.failed is None)
        await journal.durable(later)
        assert journal.failed is None
        assert [row.now for row in verify(journal.rows())] == [0, 1, 2]


async def test_full_queue_takes_no_more_rows_and_stays_failed(path, threaded):
    async with _open(path, threaded=threaded) as journal:
        journal._commit._queue._limit = 1000
        assert journal.append(Instant(0), "submit", {"n": "x" * 900}) == 1
        assert journal.append(Instant(1), "submit", {"n": "x" * 900}) == 2
        assert journal.append(Instant(2), "submit", {}) == 2
        assert "restart" in journal.failed
        with pytest.raises(JournalFailed, match="the queue is full"):
            await journal.durable(2)
    assert [row.now for row in read_journal(path)] == [0]


def test_missing_folder_is_refused_naming_the_file(tmp_path):
    with pytest.raises(JournalFailed, match=r"nowhere/journal\.sqlite.*cannot be written"):
        _open(tmp_path / "nowhere" / "journal.sqlite", threaded=False)
    with pytest.raises(JournalFailed, match="cannot be read"):
        list(read_journal(tmp_path / "none.sqlite"))


async def test_interrupted_creation_is_finished_at_the_next_open(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
    await _filled(path, 1)
    assert len(list(read_journal(path))) == 1


async def test_file_is_readable_by_its_owner_only(path):
    await _filled(path, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_newer_file_is_refused_and_left_alone(path):
    await _filled(path, 1)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE head SET version = 99")
        db.execute("PRAGMA user_version = 99")
        db.commit()
    before = path.read_bytes()
    with pytest.raises(NotAJournal, match=r"version 99 .* newer gridtender"):
        _open(path, threaded=False)
    assert path.read_bytes() == before


async def test_migration_keeps_rows_and_a_copy_of_the_old_file(path):
    await _filled(path, 3)
    later = (*MIGRATIONS, statements("ALTER TABLE head ADD COLUMN note TEXT"))
    file = JournalFile(path, migrations=later)
    assert file._db.execute("PRAGMA user_version").fetchone() == (3,)
    assert file._db.execute("SELECT note FROM head").fetchone() == (None,)
    file.close()
    copy = path.with_name("journal.sqlite.v2")
    assert [row.now for row in read_journal(copy)] == [0, 1, 2]
    with pytest.raises(NotAJournal, match="newer gridtender"):
        list(read_journal(path))


async def test_version_of_a_later_program_stands_the_same_in_both_places(path):
    await _filled(path, 1)
    with contextlib.closing(sqlite3.connect(path)) as db:
        set_version(db, 7)
        assert db.execute("PRAGMA user_version").fetchone() == (7,)
        assert db.execute("SELECT version FROM head").fetchone() == (7,)


def _first_version(path, count):
    """A journal as the first version wrote it: a table of rows."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        MIGRATIONS[0](db)
        hashed = GENESIS
        for seq in range(1, count + 1):
            body = '{"product":"power"}'
            hashed = digest(hashed, seq=seq, now=Instant(seq), kind="checkpoint", body=body)
            values = (seq, seq, "checkpoint", body, hashed)
            db.execute("INSERT INTO row VALUES (?, ?, ?, ?, ?)", values)
        db.execute("UPDATE head SET epoch = 6")
        db.execute("PRAGMA user_version = 1")
        db.commit()


async def test_rows_of_the_first_version_are_packed_and_go_on(path):
    _first_version(path, 2500)
    async with _open(path, threaded=False, clock=_At(2500)) as journal:
        assert (journal.epoch, journal.damage) == (7, None)
        assert [row.now for row in journal.rows_for_recovery(("power",), Instant(0))] == [2500]
        await journal.durable(journal.append(Instant(2501), "advance", {}))
    assert [row.seq for row in read_journal(path)] == [*range(1, 2502)]
    assert path.with_name("journal.sqlite.v1").is_file()


async def test_failed_migration_leaves_the_old_version(path):
    await _filled(path, 3)
    broken = statements("ALTER TABLE head ADD COLUMN note TEXT; NONSENSE")
    with pytest.raises(JournalFailed, match="near"):
        JournalFile(path, migrations=(*MIGRATIONS, broken))
    await _filled(path, 1)
    assert len(list(read_journal(path))) == 4


async def test_pruning_keeps_the_checkpoint_before_the_cutoff_and_the_chain(path, threaded):
    clock = _At(10 * DAY)
    async with _open(path, threaded=threaded, clock=clock) as journal:
        for day in range(10):
            for product in ("heat", "power"):
                journal.append(Instant(day * DAY), "checkpoint", {"product": product})
            for _ in range(600):
                seq = journal.append(Instant(day * DAY + 1), "advance", {})
            await journal.durable(seq)
        forgotten = await journal.prune(("power", "heat"), Duration(3 * DAY))
        assert forgotten == 6 * 602
        assert await journal.prune(("power", "heat"), Duration(3 * DAY)) == 0
        first = next(journal.rows())
        assert (first.kind, first.now) == ("checkpoint", 6 * DAY)
    assert len(list(read_journal(path))) == 4 * 602
    await _filled(path, 5)
    assert len(list(read_journal(path))) == 4 * 602 + 5


async def test_pruning_without_an_old_checkpoint_forgets_nothing(path, threaded):
    async with _open(path, threaded=threaded, clock=_At(10 * DAY)) as journal:
        await journal.durable(journal.append(Instant(0), "advance", {}))
        assert await journal.prune(("power",), Duration(DAY)) == 0


async def test_recovery_reads_from_the_oldest_needed_checkpoint_and_recent_replies(path, threaded):
    async with _open(path, threaded=threaded) as journal:
        for now, kind, product in (
            (1, "reply", None),
            (5, "reply", None),
            (6, "checkpoint", "power"),
            (7, "checkpoint", "gone"),
            (8, "advance", "power"),
            (9, "checkpoint", "heat"),
            (10, "reply", None),
            (11, "checkpoint", "power"),
            (12, "advance", "heat"),
        ):
            seq = journal.append(Instant(now), kind, {"product": product})
        await journal.durable(seq)
        rows = journal.rows_for_recovery(("heat", "power", "new"), Instant(4))
        assert [row.now for row in rows] == [5, 9, 10, 11, 12]
        assert [row.now for row in journal.rows_for_recovery((), Instant(0))] == [1, *range(5, 13)]


async def test_journal_can_be_read_while_it_is_written(path):
    async with _open(path, threaded=True) as journal:
        await journal.durable(journal.append(Instant(1), "submit", {}))
        reading = read_journal(path)
        assert next(reading).seq == 1
        await journal.durable(journal.append(Instant(2), "submit", {}))
        reading.close()


def test_inline_journal_works_on_virtual_time(virtual, clock, path):
    async def main():
        async with open_journal(
            path, clock=clock, settings=JournalSettings(), threaded=False
        ) as journal:
            await clock.sleep(Duration(DAY))
            await journal.durable(journal.append(clock.now(), "submit", {}))

    virtual(main())
    assert len(list(read_journal(path))) == 1


async def test_closed_journal_refuses_to_wait(path):
    journal = _open(path, threaded=True)
    await journal.close()
    seq = journal.append(Instant(1), "submit", {})
    with pytest.raises(JournalFailed, match="closed"):
        await journal.durable(seq)


async def test_disk_that_does_not_answer_is_told_in_time_and_forgiven_when_it_does(path):
    """Whoever waits for the disk is refused, rows go on being queued, and nothing is lost."""
    answers = threading.Event()
    journal = _open(path, threaded=True)
    write = journal._commit._write

    def stuck(rows, *, sync):
        answers.wait(10)
        write(rows, sync=sync)

    journal._commit._write, journal._commit._patience_s = stuck, 0.2
    with pytest.raises(JournalFailed, match="not answered for"):
        await journal.durable(journal.append(Instant(1), "submit", {}))
    assert "not answered" in journal.failed
    later = journal.append(Instant(2), "submit", {})
    answers.set()
    await _until(lambda: journal.failed is None)
    await journal.durable(later)
    await journal.close()
    assert [row.now for row in read_journal(path)] == [1, 2]
