"""A damaged journal is set aside, nothing of it deleted; what can be proven goes on."""

import contextlib
import random
import shutil
import sqlite3

import pytest

from gateway.adapters.clock import WallClock
from gateway.adapters.journal import copy_journal, open_journal, read_journal
from gateway.adapters.journal_carve import carve
from gateway.adapters.journal_copy import copy_of
from gateway.adapters.journal_schema import PAGE, blob
from gateway.model.errors import JournalFailed
from gateway.model.site import JournalSettings
from gateway.model.time import HOUR, MINUTE, Duration, Instant, parse_rfc3339

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
POWER = ("power",)


class _At:
    synchronised = True

    def __init__(self, now):
        self._now = Instant(now)

    def now(self):
        return self._now


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


def opened(path, now=NOON):
    return open_journal(
        path, clock=_At(now), settings=JournalSettings(), products=POWER, threaded=False
    )


async def lived(path, gates=200, *, stopped=True):
    """A journal of so many gates, each durable; how many rows.  Not stopped: the WAL is left."""
    journal = opened(path)
    for gate in range(gates):
        now = Instant(NOON + gate)
        if gate % 50 == 0:
            journal.append(now, "checkpoint", {"product": "power", "dump": gate})
        journal.append(now, "reply", {"n": random.Random(gate).randbytes(60).hex()})
        await journal.durable(journal.append(now, "advance", {"gate": gate}))
    count = journal._seq
    if stopped:
        await journal.close()
    else:
        keep = path.parent / "kept"
        keep.mkdir()
        for file in path.parent.glob("journal.sqlite*"):
            shutil.copy2(file, keep / file.name)
        await journal.close()
        for file in path.parent.glob("journal.sqlite*"):
            file.unlink()
        for file in keep.iterdir():
            shutil.move(file, path.parent / file.name)
    return count


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


def aside(path):
    return [
        f
        for f in path.parent.glob("journal.sqlite.corrupt-*")
        if f.name[-4:] not in {"-wal", "-shm"}
    ]


@pytest.mark.parametrize("what", ["zeroed", "garbage", "cut", "empty", "gone", "foreign"])
async def test_journal_that_is_lost_altogether_goes_on_from_the_last_good_copy(path, what):
    rows = await lived(path)
    if what == "zeroed":
        path.write_bytes(bytes(path.stat().st_size))
    elif what == "garbage":
        path.write_bytes(random.Random(1).randbytes(path.stat().st_size))
    elif what == "cut":
        path.write_bytes(path.read_bytes()[:PAGE])
    elif what == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    if what == "foreign":
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE notes (text)")
    left = path.read_bytes() if path.exists() else None
    async with opened(path) as journal:
        assert "goes on with rows 1 to" in journal.damage
        assert journal.epoch == 2
        assert len([*journal.rows_for_recovery(POWER, NOON)]) > 0
    assert [row.seq for row in read_journal(path)] == [*range(1, rows + 1)]
    assert [file.read_bytes() for file in aside(path)] == ([] if left is None else [left])


async def test_nothing_readable_and_no_copy_begins_anew_and_says_so(path):
    await lived(path)
    copy_of(path).unlink()
    path.write_bytes(bytes(100_000))
    async with opened(path) as journal:
        assert "begins anew" in journal.damage
        assert journal.epoch == 2
        assert [*journal.rows()] == []
    (kept,) = aside(path)
    assert kept.read_bytes() == bytes(100_000)


async def test_epoch_never_repeats_where_every_count_was_lost(path):
    await lived(path)
    for name in ("", ".copy", ".epoch"):
        path.with_name(f"journal.sqlite{name}").write_bytes(b"\xff" * 10_000)
    async with opened(path) as journal:
        assert journal.epoch == NOON // MINUTE + 1
        first = journal.epoch
    async with opened(path) as journal:
        assert (journal.epoch, journal.damage) == (first + 1, None)


async def test_rows_after_the_copy_are_found_in_the_damaged_file(path):
    await lived(path)
    async with opened(path, NOON + HOUR) as journal:
        for gate in range(30):
            await journal.durable(journal.append(Instant(NOON + HOUR + gate), "advance", {}))
        newest = journal._seq
        aged = path.with_name("older")
        shutil.copy2(copy_of(path), aged)
    shutil.copy2(aged, copy_of(path))
    flip(path, 0)
    async with opened(path, NOON + HOUR) as journal:
        assert f"to {newest}" in journal.damage
    assert [row.seq for row in read_journal(path)] == [*range(1, newest + 1)]


async def test_flipped_byte_in_rows_that_a_restart_reads_keeps_all_others(path):
    rows = await lived(path)
    before = {block.first for block in carve(path)}
    flip(path, path.read_bytes().rindex(b"\x78\xf9") + 30)
    assert len({block.first for block in carve(path)}) == len(before)
    async with opened(path) as journal:
        assert "set aside" in journal.damage
    assert [row.seq for row in read_journal(path)] == [*range(1, rows + 1)]


async def test_log_broken_in_the_middle_is_noticed_and_its_later_rows_are_found(path):
    """SQLite by itself ends the log there and shows an older journal without a word."""
    rows = await lived(path, stopped=False)
    wal = path.with_name("journal.sqlite-wal")
    size = 24 + PAGE
    flip(wal, 32 + (wal.stat().st_size // size // 2) * size + 24 + PAGE - 3)
    path.with_name("journal.sqlite-shm").unlink(missing_ok=True)
    async with opened(path) as journal:
        assert "write-ahead log" in journal.damage
    found = [row.seq for row in read_journal(path)]
    assert found == [*range(1, rows + 1)]


async def test_torn_last_frame_of_the_log_is_no_damage(path):
    rows = await lived(path, stopped=False)
    wal = path.with_name("journal.sqlite-wal")
    wal.write_bytes(wal.read_bytes()[:-PAGE])
    path.with_name("journal.sqlite-shm").unlink(missing_ok=True)
    async with opened(path) as journal:
        assert journal.damage is None
        assert journal._seq in range(rows - 3, rows)


async def test_transaction_cut_off_before_its_last_frame_is_no_damage(path):
    """Its first frames hold whole rows, but nobody was told of them."""
    rows = await lived(path, stopped=False)
    wal = path.with_name("journal.sqlite-wal")
    log = bytearray(wal.read_bytes())
    size = 24 + PAGE
    last = 32 + ((len(log) - 32) // size - 1) * size
    log[last + 4 : last + 8] = bytes(4)  # no end of a transaction
    wal.write_bytes(log)
    path.with_name("journal.sqlite-shm").unlink(missing_ok=True)
    async with opened(path) as journal:
        assert journal.damage is None
        assert journal._seq in range(rows - 3, rows)


async def test_transaction_whose_last_frame_was_half_written_is_no_damage(path):
    """The frame says that it ends the transaction, and is not whole."""
    rows = await lived(path, stopped=False)
    wal = path.with_name("journal.sqlite-wal")
    log = wal.read_bytes()
    wal.write_bytes(log[: -PAGE // 2] + bytes(PAGE // 2))
    path.with_name("journal.sqlite-shm").unlink(missing_ok=True)
    async with opened(path) as journal:
        assert journal.damage is None
        assert journal._seq in range(rows - 3, rows + 1)


async def test_large_rows_are_found_beside_what_an_earlier_round_of_the_log_left(path):
    """Blocks of several pages, in a log that was written from its beginning again."""
    async with opened(path) as journal:
        for number in range(120):
            noise = random.Random(number).randbytes(2000).hex()
            await journal.durable(journal.append(NOON, "advance", {"noise": noise}))
            if number in {60, 110}:
                journal._file._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        found = {block.first for block in carve(path)}
    assert found >= {*range(1, 121)}


async def test_damage_found_by_the_days_copy_is_mended_at_the_next_start(path):
    await lived(path)
    flip(path, path.read_bytes().rindex(b"\x78\xf9") + 30)
    file = opened(path)
    await file.close()  # mended once; now damage what is read only by the copy
    copy_of(path).unlink()
    async with opened(path) as journal:
        flip(path, path.read_bytes().rindex(b"\x78\xf9") + 30)
        with pytest.raises(JournalFailed, match=r"damaged|does not follow"):
            await journal.keep_copy()
    async with opened(path) as journal:
        assert "could not write" in journal.damage or "damaged" in journal.damage


@pytest.mark.parametrize("left", ["mended alone", "mended and log"])
async def test_setting_aside_that_was_killed_half_way_is_finished(path, left):
    rows = await lived(path, stopped=left != "mended alone")
    shutil.copy2(path, path.with_name("other"))
    copy_journal(path, path.with_name("journal.sqlite.mended"))
    path.rename(path.with_name("journal.sqlite.corrupt-20260621T120000Z"))
    async with opened(path) as journal:
        assert journal.damage is None
    assert [row.seq for row in read_journal(path)] == [*range(1, rows + 1)]


async def test_mended_file_of_a_killed_mending_is_not_trusted_while_the_journal_stands(path):
    rows = await lived(path)
    path.with_name("journal.sqlite.mended").write_bytes(b"half")
    async with opened(path) as journal:
        assert journal.damage is None
    assert len([*read_journal(path)]) == rows


@pytest.mark.parametrize("log", [b"", b"the log of nothing"])
async def test_mending_of_a_journal_that_is_gone_killed_at_any_moment_is_finished(path, log):
    """No file was set aside, and the log that is left is not that of an earlier damage."""
    rows = await lived(path)
    earlier = path.with_name("journal.sqlite.corrupt-20260101T000000Z")
    for ending in ("", "-wal") if log else ():
        earlier.with_name(earlier.name + ending).write_bytes(b"earlier" + ending.encode())
    shutil.copy2(path, path.with_name("journal.sqlite.mended"))
    path.unlink()
    if log:
        path.with_name("journal.sqlite-wal").write_bytes(log)
    async with opened(path) as journal:
        assert journal.damage is None
    assert [row.seq for row in read_journal(path)] == [*range(1, rows + 1)]
    if log:
        assert earlier.with_name(earlier.name + "-wal").read_bytes() == b"earlier-wal"


async def test_a_mended_file_that_is_not_whole_never_becomes_the_journal(path):
    rows = await lived(path)
    path.with_name("journal.sqlite.mended.partial").write_bytes(path.read_bytes()[:PAGE])
    path.unlink()
    async with opened(path) as journal:
        assert "goes on with rows 1 to" in journal.damage
    assert [row.seq for row in read_journal(path)] == [*range(1, rows + 1)]
    assert not path.with_name("journal.sqlite.mended.partial").exists()


async def test_copy_damaged_together_with_the_journal_is_set_aside_once(path):
    """Its last rows cannot be proven: they must not make each further start a damaged one."""
    await lived(path)
    for file in (path, copy_of(path)):
        blocks = sorted(carve(file), key=lambda block: block.seq)
        flip(file, file.read_bytes().index(blocks[-1].data) + 20)
    for start in range(3):
        journal = opened(path)
        assert (journal.damage is not None) is (start == 0)
        await journal.durable(journal.append(NOON, "advance", {"start": start}))
        journal._file.close()  # killed: no copy is kept
    assert len(aside(path)) == 1
    assert len([*path.parent.glob("journal.sqlite.copy.corrupt-*")]) == 1


async def test_copy_that_failed_is_tried_again_before_a_day_is_over(path):
    in_the_way = copy_of(path)
    async with opened(path) as journal:
        await journal.durable(journal.append(NOON, "advance", {}))
        in_the_way.mkdir()
        (in_the_way / "something").write_text("")
        with pytest.raises(JournalFailed):
            await journal.keep_copy()
        shutil.rmtree(in_the_way)
        assert await journal.keep_copy()
        assert not await journal.keep_copy()


async def test_copy_holds_what_a_restart_needs_and_is_made_once_a_day_of_rows(path):
    await lived(path, gates=120)
    later = Instant(NOON + 30 * HOUR)
    async with opened(path, later) as journal:
        await journal.durable(journal.append(later, "advance", {}))
        assert await journal.keep_copy()
        assert not await journal.keep_copy()
        needed = [*journal.rows_for_recovery(POWER, Instant(later - 24 * HOUR))]
    copied = [*read_journal(copy_of(path))]
    assert copied[-1] == needed[-1]
    assert {row.seq for row in needed} <= {row.seq for row in copied}
    assert len(copied) < 60


async def test_replies_from_before_a_boot_without_a_clock_are_still_known(path):
    async with opened(path) as journal:
        for now in (NOON, Instant(HOUR), Instant(HOUR + 1), Instant(NOON + HOUR)):
            await journal.durable(journal.append(now, "reply", {}))
        journal.append(Instant(NOON + HOUR), "checkpoint", {"product": "power"})
    async with opened(path, NOON + 2 * HOUR) as journal:
        rows = [*journal.rows_for_recovery(POWER, NOON)]
    assert [row.seq for row in rows] == [1, 4, 5]


async def test_copy_of_a_running_journal_is_whole(path, tmp_path):
    async with open_journal(
        path, clock=WallClock(), settings=JournalSettings(), products=POWER
    ) as journal:
        for number in range(300):
            seq = journal.append(Instant(number), "advance", {})
        await journal.durable(seq)
        assert copy_journal(path, tmp_path / "backup") == 300
        journal.append(Instant(1), "advance", {})
    assert len([*read_journal(tmp_path / "backup")]) == 300


async def test_copy_of_a_damaged_journal_is_refused_and_the_old_one_kept(path, tmp_path):
    await lived(path)
    good = copy_of(path).read_bytes()
    flip(path, path.read_bytes().index(b"\x78\xf9") + 30)
    with pytest.raises(JournalFailed):
        copy_journal(path, copy_of(path))
    assert copy_of(path).read_bytes() == good


async def test_copy_that_finds_no_room_leaves_nothing_of_itself(path, tmp_path):
    """As a folder in its place shows: the rename is what fails."""
    await lived(path, gates=50)
    target = tmp_path / "backup"
    target.mkdir()
    (target / "something").write_text("")
    with pytest.raises(JournalFailed, match="cannot be copied"):
        copy_journal(path, target)
    assert not path.with_name("backup.partial").exists()


async def test_pruned_space_is_written_again_and_the_file_stays_bounded(path):
    """Thirty days of rows with three kept: after six days the file grows no more."""
    day = Duration(24 * HOUR)
    sizes = []
    for number in range(30):
        now = Instant(NOON + number * day)
        async with opened(path, now) as journal:
            journal.append(now, "checkpoint", {"product": "power"})
            for gate in range(100):
                noise = random.Random(gate).randbytes(120).hex()
                await journal.durable(journal.append(now, "advance", {"noise": noise}))
            await journal.prune(POWER, Duration(3 * day))
        sizes.append(path.stat().st_size)
    assert max(sizes[10:]) == sizes[9], sizes
    assert not path.with_name("journal.sqlite-wal").exists()
    async with opened(path, Instant(NOON + 60 * day)) as journal:
        await journal.durable(
            journal.append(Instant(NOON + 50 * day), "checkpoint", {"product": "power"})
        )
        for _hour in range(3):
            await journal.prune(POWER, Duration(3 * day))
    assert path.stat().st_size < sizes[6] / 3


def test_a_hash_that_is_no_bytes_is_damage_and_neither_a_crash_nor_room_for_a_number():
    for nonsense in (None, 7, 10**15, "text"):
        with pytest.raises(TypeError, match="where bytes stand"):
            blob(nonsense)
