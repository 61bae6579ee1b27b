"""Whatever bytes of a journal are broken: a start succeeds, and what still verifies is kept."""

import asyncio
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.armory import FileArmory
from gateway.adapters.journal import open_journal, read_journal
from gateway.adapters.journal_carve import carve
from gateway.adapters.journal_schema import PAGE
from gateway.adapters.state import StateDir, StateUnusable
from gateway.model.errors import JournalFailed
from gateway.model.setpoint import Arming, RegisterWrite
from gateway.model.site import ControlMode, JournalSettings, OwnerControl
from gateway.model.time import SECOND, Duration, Instant, parse_rfc3339

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
NAMES = ("", "-wal", ".copy", ".epoch")
FRAME = 24 + PAGE
# Thousands of syncs: in memory where there is such a folder.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


class _Noon:
    synchronised = True

    def now(self):
        return NOON


def opened(path):
    return open_journal(
        path, clock=_Noon(), settings=JournalSettings(), products=("power",), threaded=False
    )


async def _live(path, first, gates):
    """So many gates; before a clean stop, the files as a kill would leave them."""
    async with opened(path) as journal:
        for gate in range(first, first + gates):
            now = Instant(NOON - (1000 - gate) * SECOND)
            if gate % 40 == 0:
                journal.append(now, "checkpoint", {"product": "power", "dump": gate})
            journal.append(now, "reply" if gate % 3 else "submit", {"n": f"{gate**19}"})
            await journal.durable(journal.append(now, "advance", {"gate": gate}))
        killed = path.with_name("killed")
        killed.mkdir(exist_ok=True)
        for file in path.parent.glob("journal.sqlite*"):
            shutil.copy2(file, killed / file.name)


@cache
def _template(killed):
    """A folder's files by ending: two lives, the second stopped or killed; and its rows."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.sqlite"
        asyncio.run(_live(path, 0, 90))
        asyncio.run(_live(path, 90, 70))
        if killed:
            path = path.with_name("killed") / "journal.sqlite"
        files = {end: Path(f"{path}{end}") for end in NAMES}
        data = {end: file.read_bytes() for end, file in files.items() if file.exists()}
        return data, tuple(read_journal(path))


def _pages(end, data):
    """(place, bytes) of what is read by itself: the pages of a database, the frames of a log."""
    start, size = (32, FRAME) if end == "-wal" else (0, PAGE)
    return {at: data[at : at + size] for at in range(start, len(data) - size + 1, size)}


def _committed(pairs):
    """Frames up to the last end of a transaction that can be proven.

    What a broken end has left behind looks like what a kill has cut off.
    """
    kept = [old == new for old, new in pairs]
    ends = [
        at for at in range(1, len(pairs)) if kept[at - 1] and kept[at] and any(pairs[at][0][4:8])
    ]
    return pairs[: max(ends, default=-1) + 1]


def _kept_for_sure(before, after, rows):
    """Seq up to which every row lies on a page that was not touched."""
    whole = set()
    for end in ("", "-wal", ".copy"):
        if end not in before:
            continue
        now = _pages(end, after.get(end, b""))
        pairs = [(page, now.get(at)) for at, page in _pages(end, before[end]).items()]
        pairs = _committed(pairs) if end == "-wal" else pairs
        same = [page for page, left in pairs if left == page]
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "journal.sqlite"
            pages = [page[24:] if end == "-wal" else page for page in same]
            path.write_bytes(b"".join(pages))
            whole |= {(block.first, block.seq) for block in carve(path)}
    firsts = dict(whole)
    end = 0
    while end + 1 in firsts:
        end = firsts[end + 1]
    return min(end, len(rows))


def _start(files):
    """Rows and epoch of a start on these files, and what its journal says of them."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        path = Path(name) / "journal.sqlite"
        for end, data in files.items():
            Path(f"{path}{end}").write_bytes(data)

        async def main():
            async with opened(path) as journal:
                needed = [*journal.rows_for_recovery(("power",), NOON)]
                seq = journal.append(NOON, "start", {"epoch": journal.epoch})
                await journal.durable(seq)
                try:
                    rows = [*read_journal(path)]
                except JournalFailed:  # older than what a start reads: it stays as it is
                    assert journal.damage is None
                    rows = [row for row in needed if row.kind != "reply" or row.seq > needed[0].seq]
                return rows, journal.epoch, journal.damage

        rows, epoch, damage = asyncio.run(main())
        # A copy that proves nothing is set aside too, under its own name.
        every = Path(name).glob("journal.sqlite.corrupt-*")
        aside = [file for file in every if not file.name.endswith(("-wal", "-shm"))]
        assert len(aside) == (damage is not None and "" in files)
        if aside:
            # A log that is whole may have moved into the file before; else nothing changed.
            assert aside[0].read_bytes() == files[""]
        return rows, epoch, damage


DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["flip", "zero", "noise", "cut"]),
        st.sampled_from(["", "", "-wal", "-wal", ".copy"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 255),
        st.integers(1, 3000),
    ),
    min_size=1,
    max_size=4,
)


def _damaged(files, damage):
    files = {end: bytearray(data) for end, data in files.items()}
    for what, end, where, value, length in damage:
        data = files.get(end)
        if not data:
            continue
        at = int(where * len(data))
        upto = min(len(data), at + length)
        match what:
            case "flip":
                data[at] ^= value
            case "zero":
                data[at:upto] = bytes(upto - at)
            case "noise":
                data[at:upto] = bytes((value * n * n + n) % 256 for n in range(upto - at))
            case "cut":
                del data[at:]
    return {end: bytes(data) for end, data in files.items()}


@pytest.mark.slow
@pytest.mark.patient
@pytest.mark.parametrize("killed", [True, False], ids=["killed", "stopped"])
@given(damage=DAMAGE, epoch_lost=st.booleans())
def test_start_on_damaged_files_succeeds_and_keeps_what_verifies(killed, damage, epoch_lost):
    before, written = _template(killed)
    after = _damaged(before, damage)
    if epoch_lost:
        after[".epoch"] = b"\xff"
    rows, epoch, said = _start(after)
    mine = [row for row in rows if row.kind != "start"]
    assert mine == [*written[rows[0].seq - 1 : mine[-1].seq if mine else 0]]
    newest = mine[-1].seq if mine else 0
    assert newest >= _kept_for_sure(before, after, written)
    assert epoch > 2
    if newest < len(written) and not killed:
        assert said is not None


@given(data=st.binary(max_size=200), extra=st.booleans())
def test_arming_record_of_any_bytes_is_used_whole_or_reported_and_kept(data, extra):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "arming"
        asyncio.run(FileArmory(folder, threaded=False).store(ROOF))
        good = (folder / "roof.json").read_bytes()
        half = len(data) % len(good)
        (folder / "roof.json").write_bytes(good[:half] + data if extra else data)
        left = (folder / "roof.json").read_bytes()
        armory = FileArmory(folder, threaded=False)
        if armory.broken:
            assert armory.get("roof") is None
            with pytest.raises(JournalFailed, match="in the way"):
                asyncio.run(armory.store(ROOF))
            assert (folder / "roof.json").read_bytes() == left
        else:
            assert armory.get("roof").device == "roof"


@given(data=st.binary(max_size=200))
def test_owners_word_of_any_bytes_is_read_or_refused_and_kept(data):
    with tempfile.TemporaryDirectory() as name:
        state = StateDir(Path(name))
        state.store_control(OwnerControl(mode=ControlMode.HANDS_OFF))
        (state.path / "owner.json").write_bytes(data)
        with pytest.raises(StateUnusable, match=r"owner\.json"):
            state.load_control()
        assert (state.path / "owner.json").read_bytes() == data


@given(data=st.binary(max_size=60))
def test_lock_file_of_any_bytes_is_taken(data):
    with tempfile.TemporaryDirectory() as name:
        state = StateDir(Path(name))
        (state.path / "lock").write_bytes(data)
        with state.lock():
            assert state.is_held()


ROOF = Arming(
    device="roof",
    connection="tcp://127.0.0.1:502",
    unit=1,
    at=Instant(5),
    identity=(RegisterWrite(address=40002, words=(1, 66)),),
    found=(RegisterWrite(address=40100, words=(10000, 0)),),
    level=(),
    timeout=Duration(SECOND),
    promise="falls back by itself",
)
