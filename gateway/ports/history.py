"""The history port: statistics that outlive a restart, and whose loss costs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.model.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A value of a series, e.g. ``load``: the mean of the quarter of an hour from ``at``."""

    series: str
    at: Instant
    value: float


class History(Protocol):
    """Entries by series and time."""

    def past(self, series: Sequence[str], since: Instant) -> Sequence[Entry]:
        """Entries of these series from ``since``, the oldest first.

        Raises:
            StateUnusable: it cannot be read; a broken file was set aside.
        """
        ...

    def add(self, entries: Sequence[Entry]) -> None:
        """Store them in one batch; one of the same series and time is replaced.

        Raises:
            StateUnusable: they are not on the disk.
        """
        ...
