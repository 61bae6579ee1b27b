"""The journal port: what was asked of the market and what came of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.model.time import Instant

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
Body = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One journal row.  ``body`` is canonical JSON: sorted keys, integers only, no floats.

    Attributes:
        kind: ``start | checkpoint | submit | cancel | advance | negotiate | snapshot`` (inputs) and
            ``event | reply`` (outputs); leases are in the arming records.  ``delivery | seal``
            stand beside: replay and recovery pass them over.
        hash: SHA-256 over the previous row's hash and this row's canonical text.
    """

    seq: int
    now: Instant
    kind: str
    body: str
    hash: str


class Journal(Protocol):
    """One writer; rows are durable in order.

    Attributes:
        epoch: grows by one at every start, synced before it is used.
        failed: None, or why the disk does not take rows.
    """

    @property
    def epoch(self) -> int:
        """This start's number."""
        ...

    @property
    def failed(self) -> str | None:
        """None, or what the disk said."""
        ...

    def append(self, now: Instant, kind: str, body: Body) -> int:
        """Queue a row; returns its seq.  Never waits for the disk."""
        ...

    async def durable(self, seq: int) -> None:
        """Return when every row up to ``seq`` has reached the disk (synced).

        Raises:
            JournalFailed: the disk did not take it.
        """
        ...

    def rows(self, since: int = 0) -> Iterator[Row]:
        """Rows on disk with seq > since, in order."""
        ...
