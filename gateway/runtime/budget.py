"""How fast outside parties may ask: a bucket of requests that fills again with time."""

from dataclasses import dataclass
from typing import Final

from gateway.model.request import Request, SubmitTenders
from gateway.model.standing import SetAvailability
from gateway.model.tender import Party
from gateway.model.time import MINUTE, Instant

LEAST_PER_MINUTE: Final = 120
_CALENDAR: Final = 1024  # characters that cost as much as a tender


def cost(request: Request) -> int:
    """A tender costs one, and so does every other request; a calendar more, by its length."""
    if isinstance(request, SetAvailability):
        return 1 + len(request.calendar) // _CALENDAR
    if not isinstance(request, SubmitTenders):
        return 1
    return max(1, sum(len(one.tenders) for one in request.sets))


@dataclass(slots=True)
class _Bucket:
    """``left`` in nanosecond shares of the minute's budget, as of ``at``."""

    left: int
    at: Instant


class Budget:
    """A party may send as many tenders in a minute as it may have open, at least 120.

    What the journal takes of a flooding party, and what is remembered of it, is bounded so.
    The owner may allow it less or more.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def per_minute(self, party: Party, allowed: int | None = None) -> int:
        """What the party may send in a minute; ``allowed`` where the owner said so."""
        return max(LEAST_PER_MINUTE, party.max_open_tenders) if allowed is None else allowed

    def spend(
        self, party: Party, request: Request, now: Instant, allowed: int | None = None
    ) -> bool:
        """Whether the party may still ask this; if so, it is counted."""
        limit = self.per_minute(party, allowed)
        full = limit * MINUTE
        bucket = self._buckets.setdefault(party.id, _Bucket(full, now))
        gained = max(0, now - bucket.at) * limit
        bucket.left, bucket.at = min(full, bucket.left + gained), now
        asked = cost(request) * MINUTE
        if asked > bucket.left:
            return False
        bucket.left -= asked
        return True
