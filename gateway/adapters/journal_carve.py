"""Carving: the blocks in a damaged journal, found page by page without SQLite.

Whatever else of a file is broken, a leaf page of the block table is readable by itself.  What is
found proves itself by the hash chain; stale pages do no harm.  Layout: sqlite.org/fileformat2.html,
sections 1.6 (pages and cells), 2.1 (records) and 4.1 (the log).
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.adapters.journal_blocks import Block
from gateway.adapters.journal_schema import PAGE

_LEAF: Final = 0x0D  # first byte of a table's leaf page
_LOG_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_MOST_LOCAL: Final = PAGE - 35
_LEAST_LOCAL: Final = (PAGE - 12) * 32 // 255 - 23
_HASH: Final = 32
_COLUMNS: Final = 6
_MOST_BYTES: Final = 2**26
# Serial types: integers and their widths, the constant 1, the least type of a BLOB.
_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}
_ONE: Final = 9
_BLOB: Final = 12
_MORE: Final = 0x80


Lookup = Callable[[int], bytes]


def carve(path: Path) -> Iterator[Block]:
    """Every block in the file at ``path`` and in its write-ahead log, in no order."""
    data = _bytes(path)

    def lookup(number: int) -> bytes:
        return data[(number - 1) * PAGE : number * PAGE]

    for number in range(1, len(data) // PAGE + 1):
        yield from _cells(lookup(number), lookup)
    yield from carve_log(path, lookup)


def carve_log(
    path: Path, main: Lookup = lambda _: b"", *, committed: bool = False
) -> Iterator[Block]:
    """Every block in the write-ahead log of ``path``, of whichever round it is.

    With ``committed`` only those that a transaction wrote to its end.
    """
    frames = _frames(path)
    rounds = {(one.salt, one.page): one.content for one in frames}
    ended: dict[bytes, int] = {}
    for at in range(len(frames) - 1, 0, -1) if committed else ():
        if frames[at].salt not in ended and frames[at].ends and frames[at].follows(frames[at - 1]):
            ended[frames[at].salt] = at
    for at, frame in enumerate(frames):
        if committed and ended.get(frame.salt, -1) < at:
            continue

        def lookup(number: int, salt: bytes = frame.salt) -> bytes:
            return rounds.get((salt, number)) or main(number)

        yield from _cells(frame.content, lookup)
        yield from _cells(frame.content, main)


@dataclass(frozen=True, slots=True)
class _Frame:
    """A page in the log; ``ends``: with it a transaction is committed."""

    page: int
    ends: bool
    salt: bytes
    content: bytes
    header: bytes

    def follows(self, before: "_Frame") -> bool:
        """Whether it is whole, by its checksum, which goes on from the frame before."""
        one, two = struct.unpack(">II", before.header[16:24])
        words = struct.unpack(f"<{(8 + PAGE) // 4}I", self.header[:8] + self.content)
        for first, second in zip(words[::2], words[1::2], strict=True):
            one = (one + first + two) & 0xFFFFFFFF
            two = (two + second + one) & 0xFFFFFFFF
        return (one, two) == struct.unpack(">II", self.header[16:24])


def _frames(path: Path) -> list[_Frame]:
    log = _bytes(Path(f"{path}-wal"))
    return [
        _Frame(
            page=int.from_bytes(log[at : at + 4], "big"),
            ends=log[at + 4 : at + 8] != bytes(4),
            salt=log[at + 8 : at + 16],
            content=log[at + _FRAME_HEADER : at + _FRAME_HEADER + PAGE],
            header=log[at : at + _FRAME_HEADER],
        )
        for at in range(_LOG_HEADER, len(log) - PAGE - _FRAME_HEADER + 1, PAGE + _FRAME_HEADER)
    ]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _cells(page: bytes, lookup: Lookup) -> Iterator[Block]:
    if page[0] != _LEAF:
        return
    for index in range(min(int.from_bytes(page[3:5], "big"), PAGE // 2 - 4)):
        at = int.from_bytes(page[8 + 2 * index : 10 + 2 * index], "big")
        try:
            block = _block(page, at, lookup)
        except IndexError:  # it points out of the page or the file
            continue
        if block is not None:
            yield block


def _block(page: bytes, at: int, lookup: Lookup) -> Block | None:
    """The block in the cell at ``at``, None where there is something else."""
    size, at = _varint(page, at)
    seq, at = _varint(page, at)
    if not 0 < size < _MOST_BYTES:
        return None
    record = _payload(page, at, size, lookup)
    end, at = _varint(record, 0)
    kinds: list[int] = []
    while at < end and len(kinds) <= _COLUMNS:
        kind, at = _varint(record, at)
        kinds.append(kind)
    if len(kinds) != _COLUMNS or kinds[0] or kinds[-1] != _BLOB + 2 * _HASH:
        return None
    if not set(kinds[1:4]) <= _INTEGERS.keys() or kinds[4] < _BLOB or kinds[4] % 2:
        return None
    first, now, replies = _integers(record, at, kinds[1:4])
    at += sum(_INTEGERS[kind] for kind in kinds[1:4])
    length = (kinds[4] - _BLOB) // 2
    data, hashed = record[at : at + length], record[at + length : at + length + _HASH]
    return Block(seq=seq, first=first, now=now, replies=replies, data=data, hash=hashed)


def _integers(record: bytes, at: int, kinds: Iterable[int]) -> Iterator[int]:
    for kind in kinds:
        width = _INTEGERS[kind]
        yield int.from_bytes(record[at : at + width], "big") if width else int(kind == _ONE)
        at += width


def _payload(page: bytes, at: int, size: int, lookup: Lookup) -> bytes:
    """A cell's record, with what overflowed to other pages."""
    if size <= _MOST_LOCAL:
        return page[at : at + size]
    local = _LEAST_LOCAL + (size - _LEAST_LOCAL) % (PAGE - 4)
    local = local if local <= _MOST_LOCAL else _LEAST_LOCAL
    found, more = page[at : at + local], page[at + local : at + local + 4]
    while len(found) < size:
        overflow = lookup(int.from_bytes(more, "big"))
        if not overflow:
            return b""
        found, more = found + overflow[4:], overflow[:4]
    return found[:size]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Value, and where it ends."""
    value = 0
    for index in range(at, at + 8):
        value = value << 7 | data[index] & 0x7F
        if data[index] < _MORE:
            return value, index + 1
    return value << 8 | data[at + 8], at + 9
