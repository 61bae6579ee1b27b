"""Mending: a damaged journal is set aside and one of what can still be proven takes its place.

Nothing is deleted.  The rows come from the damaged file itself and from the last good copy; the
hash chain says which of them belong together.
"""

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.adapters.chain import Head, verify
from gateway.adapters.files import sync_directory
from gateway.adapters.journal_blocks import Block, checkpoints, reply_count, unpack
from gateway.adapters.journal_carve import carve, carve_log
from gateway.adapters.journal_copy import copy_of, head_in, newest_in, write_new
from gateway.adapters.journal_file import explained, suspect
from gateway.model.errors import JournalFailed
from gateway.model.time import Instant, rfc3339
from gateway.ports.journal import Row

_BESIDE: Final = ("", "-wal", "-shm")
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Blocks that follow one another without a gap, after ``head``.

    Attributes:
        products: that have a checkpoint in it.
    """

    head: Head
    blocks: tuple[Block, ...]
    products: frozenset[str]

    @property
    def end(self) -> int:
        """Seq of its newest row."""
        return self.blocks[-1].seq if self.blocks else self.head.seq


def mend(path: Path, why: str, now: Instant, products: Collection[str]) -> str:
    """Set the damaged journal aside and put in its place what can be proven; a sentence.

    Killed at any moment, ``finish`` at the next start or this once more completes it.

    Raises:
        JournalFailed: the disk does not let us.
    """
    with explained(path, "cannot be set aside"):
        heads = (head_in(one) for one in (path, copy_of(path)))
        found = runs([*carve(path), *carve(copy_of(path))], [one for one in heads if one])
        run = best(found, frozenset(products))
        _write_whole(path, run)
        aside = _free_name(path, now)
        _swap(path, aside)
        _distrust_copy(path, run, now)
    what = (
        f"the journal goes on with rows {run.head.seq + 1} to {run.end}"
        if run.blocks
        else "nothing in it or in its copy could be read: the journal begins anew"
    )
    return f"{why}; the file was set aside as {aside.name}, nothing was deleted; {what}"


def finish(path: Path, now: Instant) -> None:
    """What a mending left half done when it was killed."""
    new = _new(path)
    with explained(path, "cannot be set aside"):
        if not new.exists():
            return
        if path.exists():
            new.unlink()
            return
        _swap(path, _half_aside(path) or _free_name(path, now))


def lost_in_log(path: Path, newest: int, hashed: str) -> bool:
    """Whether the write-ahead log holds rows after the newest one that SQLite shows.

    SQLite ends the log at the first frame that is not whole and says nothing of those behind.  A
    transaction that a kill cut off is no loss.
    """
    with explained(path):
        found = carve_log(path, committed=True)
        follow = (block for block in found if block.first == newest + 1)
        return any(_proven(block, hashed) is not None for block in follow)


def runs(blocks: Iterable[Block], heads: Iterable[Head] = ()) -> Iterator[Run]:
    """Every longest sequence of blocks that the chain proves.

    The first block of a sequence that begins at none of the heads stands for its head only.
    """
    by_first: dict[int, list[Block]] = {}
    for block in blocks:
        same = by_first.setdefault(block.first, [])
        if block not in same:
            same.append(block)
    reached: set[tuple[int, bytes]] = set()
    for head in (Head(), *heads):
        yield _run(head, by_first, reached)
    for first in sorted(by_first):
        for block in by_first[first]:
            if (block.seq, block.hash) not in reached and len(block.hash) == _HASH_BYTES:
                yield _run(Head(seq=block.seq, hash=block.hash.hex()), by_first, reached)


def _run(head: Head, by_first: dict[int, list[Block]], reached: set[tuple[int, bytes]]) -> Run:
    found: list[Block] = []
    products: set[str] = set()
    seq, hashed = head.seq, head.hash
    while True:
        nexts = (_proven(block, hashed) for block in by_first.get(seq + 1, ()))
        good = next((proven for proven in nexts if proven is not None), None)
        if good is None:
            return Run(head=head, blocks=tuple(found), products=frozenset(products))
        block, rows = good
        found.append(block)
        products.update(product for _, product, _ in checkpoints(rows))
        reached.add((block.seq, block.hash))
        seq, hashed = block.seq, block.hash.hex()


def best(found: Iterable[Run], products: frozenset[str]) -> Run:
    """The one to go on with.

    A market is known from its beginning or from a checkpoint; among the sequences that know
    all of ``products`` that any of them does, the one that goes furthest, then the longest.
    """
    every = [*found]
    known = products & {product for run in every for product in run.products}
    whole = [run for run in every if run.products >= known or not run.head.seq]
    return max(whole, key=lambda run: (run.end, len(run.blocks)))


def _proven(block: Block, before: str) -> tuple[Block, list[Row]] | None:
    """The block and its rows, if they are what its hash says."""
    try:
        rows = [*verify(unpack(block, before), Head(seq=block.first - 1, hash=before))]
    except (ValueError, JournalFailed):
        return None
    # What the hash does not cover follows from the rows.
    return replace(block, now=rows[-1].now, replies=reply_count(rows)), rows


def _write_whole(path: Path, run: Run) -> None:
    """Under its name it is whole: the journal itself may be gone already."""
    partial = Path(f"{_new(path)}.partial")
    try:
        write_new(partial, run.head, run.blocks)
        partial.replace(_new(path))
    except BaseException:  # a full disk gets its space back
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def _distrust_copy(path: Path, run: Run, now: Instant) -> None:
    """A copy whose rows go further, and prove nothing, would make every start a damaged one."""
    copy = copy_of(path)
    copied = newest_in(copy)
    if copied is not None and copied[0] > run.end:
        copy.replace(_free_name(copy, now))
        sync_directory(path.parent)


def _swap(path: Path, aside: Path) -> None:
    for end in _BESIDE:
        old = Path(f"{path}{end}")
        if old.exists():
            old.replace(f"{aside}{end}")
    sync_directory(path.parent)
    _new(path).replace(path)
    sync_directory(path.parent)
    suspect(path).unlink(missing_ok=True)


def _new(path: Path) -> Path:
    return Path(f"{path}.mended")


def _free_name(path: Path, now: Instant) -> Path:
    stamp = rfc3339(now)[:19].replace("-", "").replace(":", "") + "Z"
    names = (f"{path}.corrupt-{stamp}{more}" for more in ("", *(f"-{n}" for n in range(2, 999))))
    return next(name for name in map(Path, names) if not name.exists())


def _half_aside(path: Path) -> Path | None:
    """The file that was set aside before its log could follow, or None."""
    found = path.parent.glob(f"{path.name}.corrupt-*")
    main = [one for one in found if not one.name.endswith(_BESIDE[1:])]
    newest = max(main, key=lambda one: one.stat().st_ctime_ns, default=None)
    left = [end for end in _BESIDE[1:] if Path(f"{path}{end}").exists()]
    taken = any(Path(f"{newest}{end}").exists() for end in left)
    return None if taken else newest
