"""Sealing: the gateway signs the head of its journal's chain, so that nobody rewrites it later."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol, cast
from zoneinfo import ZoneInfo

from gateway.model.canonical import to_json
from gateway.model.event import Fact
from gateway.model.seal import SEAL, Seal, Sealed, sealed_text
from gateway.model.time import MINUTE, SECOND, Duration, Instant
from gateway.ports.clock import Clock
from gateway.ports.journal import Body, Journal

_LONGEST_SLEEP: Final = Duration(MINUTE)


class SealedJournal(Journal, Protocol):
    """A journal that tells where its chain ends."""

    @property
    def head(self) -> tuple[int, str]:
        """Seq and hash of the newest row appended."""
        ...


class Signs(Protocol):
    """Signs with the gateway's key."""

    public: str

    def sign(self, text: bytes) -> str:
        """The signature, base64."""
        ...


class Sealing:
    """Writes seals; each is told when it is durable.

    Args:
        every: the longest time between two; one more stands at the end of each local day.
        tell: lets a fact out once the row of that seq is durable.

    Attributes:
        newest: the newest seal of this run, None before the first.
    """

    def __init__(
        self,
        *,
        area: str,
        zone: str,
        every: Duration,
        journal: SealedJournal,
        signer: Signs,
        clock: Clock,
        tell: Callable[[int, Sequence[Fact]], None],
    ) -> None:
        self._area = area
        self._zone = ZoneInfo(zone)
        self._every = every
        self._journal = journal
        self._signer = signer
        self._clock = clock
        self._tell = tell
        self.newest: Sealed | None = None

    async def run(self) -> None:
        """Seal by the hour and by the day, until cancelled."""
        due, why = self._next()
        while True:
            left = Duration(due - self._clock.now())
            await self._clock.sleep(max(Duration(SECOND), min(left, _LONGEST_SLEEP)))
            now = self._clock.now()
            if now >= due:
                self.seal(why)
            if now >= due or due > now + self._every:  # the clock may have been set back
                due, why = self._next()

    def seal(self, why: str, forget: int = 0) -> int:
        """Sign for every row so far; seq of the seal's row.

        ``forget``: rows with a lower seq may be missing from now on.
        """
        now, (seq, hashed) = self._clock.now(), self._journal.head
        text = sealed_text(
            area=self._area,
            epoch=self._journal.epoch,
            at=now,
            seq=seq,
            hash_=hashed,
            why=why,
            forget=forget,
        )
        seal = Seal(
            area=self._area,
            epoch=self._journal.epoch,
            why=why,
            key=self._signer.public,
            signature=self._signer.sign(text),
            forget=forget,
        )
        row = self._journal.append(now, SEAL, cast("Body", to_json(seal)))
        self.newest = Sealed(at=now, seq=seq, hash=hashed, seal=seal)
        self._tell(row, (self.newest,))
        return row

    def _next(self) -> tuple[Instant, str]:
        """When the next one is due, on multiples of the time between, or at local midnight."""
        now = self._clock.now()
        slot, day = Instant(now - now % self._every + self._every), self._midnight(now)
        return (day, "day") if day <= slot else (slot, "hour")

    def _midnight(self, now: Instant) -> Instant:
        local = datetime.fromtimestamp(now // SECOND, self._zone)
        date = local.date() + timedelta(days=1)
        midnight = datetime(date.year, date.month, date.day, tzinfo=self._zone)
        return Instant(int(midnight.timestamp()) * SECOND)
