"""The outlet: facts of the exchange leave for the bus in order, each when its row is on disk."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from gateway.model.errors import JournalFailed
from gateway.model.event import Cancelled, Fact, FaultChanged
from gateway.model.time import SECOND
from gateway.model.transaction import Transaction
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.journal import Journal

# Facts that wait for the disk; beyond it old news is dropped, what binds a party at the very last.
_MOST_WAITING: Final = 10_000
_BINDING: Final = (Transaction, Cancelled)


class Outlet:
    """Waits for the disk on behalf of the exchange, and tells when the disk fails."""

    def __init__(self, journal: Journal, bus: Bus, clock: Clock) -> None:
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._waiting: deque[tuple[int, Fact]] = deque()
        self._news = asyncio.Event()
        self._failed = False

    def put(self, seq: int, facts: Sequence[Fact]) -> None:
        """Let the facts out once every row up to ``seq`` is durable."""
        self._waiting.extend((seq, fact) for fact in facts)
        while len(self._waiting) > _MOST_WAITING:
            news = (entry for entry in self._waiting if not isinstance(entry[1], _BINDING))
            self._waiting.remove(next(news, self._waiting[0]))
        self._news.set()

    async def run(self) -> None:
        """Publish, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                seq, _ = self._waiting[0]
                if not await self._is_durable(seq):
                    break
                while self._waiting and self._waiting[0][0] <= seq:
                    self._bus.publish(self._waiting.popleft()[1])

    async def _is_durable(self, seq: int) -> bool:
        try:
            await self._journal.durable(seq)
        except JournalFailed as fault:
            self._tell(failed=True, why=str(fault))
            await self._clock.sleep(SECOND)
            self._news.set()
            return False
        self._tell(failed=False)
        return True

    def _tell(self, *, failed: bool, why: str = "") -> None:
        if failed is self._failed:
            return
        self._failed = failed
        self._bus.publish(
            FaultChanged(
                device="gateway",
                code="JOURNAL_FAILED",
                active=failed,
                at=self._clock.now(),
                text=why,
            )
        )
