"""What the journal says that parties outside have not acknowledged yet."""

from collections.abc import Collection
from typing import Final

from gateway.model.event import Push
from gateway.model.time import Instant
from gateway.ports.journal import Row
from gateway.runtime.pushes import KEPT, binds
from gateway.runtime.rows import Acknowledged, Happened, StillUnread, read_body

# Words without which no event of a row binds anybody; most rows have neither.
_SIGNS: Final = ('"counter_party"', '"SUPERVISORY"')


class UnreadRows:
    """Follows the rows of a journal, oldest first.

    Args:
        own: parties of the gateway itself.
        now: what is older than a day is not told any more.
    """

    def __init__(self, own: Collection[str], now: Instant) -> None:
        self._own = frozenset(own)
        self._now = now
        self._pushes: dict[tuple[str, str], Push] = {}

    @property
    def pushes(self) -> tuple[Push, ...]:
        """Unread after the rows so far, oldest first."""
        return tuple(one for one in self._pushes.values() if self._now - one.at <= KEPT)

    def take(self, row: Row) -> None:
        """The next row.

        Raises:
            JournalFailed: it cannot be understood.
        """
        match row.kind:
            case "unread":
                for push in read_body(StillUnread, row).pushes:
                    self._pushes.setdefault((push.party, push.id), push)
            case "ack":
                known = read_body(Acknowledged, row)
                self._pushes.pop((known.party, known.push), None)
            case "event" if any(sign in row.body for sign in _SIGNS):
                self._happened(row)

    def _happened(self, row: Row) -> None:
        for event in read_body(Happened, row).events:
            if binds(event) and event.party not in self._own:
                push = Push(fact=event, at=row.now)
                self._pushes[push.party, push.id] = push
