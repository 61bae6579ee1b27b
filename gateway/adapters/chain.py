"""Whether journal rows are the ones that were written: their hash chain."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.model.chain import GENESIS, digest
from gateway.model.errors import JournalFailed
from gateway.ports.journal import Row


class Damaged(JournalFailed):
    """What is in the journal is not what was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a chain begins: after row ``seq`` with ``hash``; and the epoch of its file."""

    epoch: int = 0
    seq: int = 0
    hash: str = GENESIS


_WHOLE: Final = Head()


def verify(rows: Iterable[Row], head: Head = _WHOLE) -> Iterator[Row]:
    """Pass the rows on while the chain holds.

    Raises:
        Damaged: naming the first row that was changed, is missing or is out of order.
    """
    seq, previous = head.seq, head.hash
    for row in rows:
        seq += 1
        expected = digest(previous, seq=seq, now=row.now, kind=row.kind, body=row.body)
        if (row.seq, row.hash) != (seq, expected):
            message = (
                f"journal row {row.seq} does not follow row {seq - 1}: rows were changed or lost"
            )
            raise Damaged(message)
        previous = row.hash
        yield row
