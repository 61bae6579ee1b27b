"""Pushes to parties outside: told again, ever more seldom, until the party acknowledges.

What is unread survives a restart: the journal has every match, every acknowledgement, and at
each checkpoint what was unread then.  Acknowledgements are not synced; one that a crash of the
machine loses costs one more repetition.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeGuard

import structlog

from gateway.model.event import Cancelled, CancelReason, Fact, MarketEvent, Push
from gateway.model.time import HOUR, MINUTE, SECOND, Duration, Instant
from gateway.model.transaction import Transaction
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.recorder import Recorder

KEPT: Final = Duration(24 * HOUR)
_FIRST_PAUSE: Final = Duration(5 * SECOND)
_LONGEST_PAUSE: Final = Duration(10 * MINUTE)
_MOST_UNREAD: Final = 500


@dataclass(slots=True)
class _Unread:
    """A push without its acknowledgement; ``due`` on the monotonic clock, None before it left.

    ``durable``: it is of a run before, so its row is on the disk.
    """

    push: Push
    durable: bool = False
    pause: Duration = _FIRST_PAUSE
    due: Duration | None = None


class Pushes:
    """What each party outside does not know yet.

    Args:
        own: parties of the gateway itself; they are told nothing here.
        recorder: where acknowledgements stand; it is told here what it must keep.
        epoch: of this run.
        unread: of the runs before.

    Attributes:
        reached: whether the broker hears us; while it does not, nothing is repeated.
    """

    def __init__(
        self,
        *,
        own: Collection[str],
        recorder: Recorder,
        epoch: int,
        bus: Bus,
        clock: Clock,
        unread: Iterable[Push] = (),
    ) -> None:
        self._own = frozenset(own)
        self._recorder = recorder
        self._epoch = epoch
        self._bus = bus
        self._clock = clock
        self._unread: dict[str, dict[str, _Unread]] = {}
        self._numbers: dict[str, int] = {}
        self.reached: Callable[[], bool] = lambda: True
        self._news = asyncio.Event()
        self._log = structlog.get_logger()
        for push in unread:
            self._keep(push, durable=True)
        recorder.unread = self

    @property
    def unread(self) -> tuple[Push, ...]:
        """Every push without its acknowledgement, for the journal."""
        return tuple(one.push for party in self._unread.values() for one in party.values())

    def note(self, at: Instant, events: Sequence[MarketEvent]) -> None:
        """The journal takes these: whom they bind must learn of it."""
        for event in events:
            if binds(event) and event.party not in self._own:
                self._keep(Push(fact=event, at=at))

    def listen(self, fact: Fact) -> None:
        """The bus listener: the row of the fact is on disk, so its push may leave."""
        if not isinstance(fact, Transaction | Cancelled):
            return
        found = self._unread.get(fact.party, {}).get(Push(fact=fact, at=Instant(0)).id)
        if found is not None and found.due is None:
            self._send(found)

    def acknowledge(self, party: str, push: str) -> bool:
        """The party knows; False where nothing of that id was unread."""
        waiting = self._unread.get(party, {})
        if waiting.pop(push, None) is None:
            return False
        if not waiting:
            del self._unread[party]
        self._recorder.acknowledged(self._clock.now(), party, push)
        return True

    def again(self, party: str) -> None:
        """The party is back: what it has not acknowledged it is told now."""
        for one in tuple(self._unread.get(party, {}).values()):
            if one.due is not None:
                one.pause = _FIRST_PAUSE
                self._send(one)

    async def run(self) -> None:
        """Tell again what is due, until cancelled; asleep while all is acknowledged."""
        for one in self._all():
            if one.durable and one.due is None:
                self._send(one)
        while True:
            await self._news.wait()
            await self._clock.sleep(SECOND)
            if self.reached():
                self._repeat()
            if not self._unread:
                self._news.clear()

    def _repeat(self) -> None:
        monotonic, now = self._clock.monotonic(), self._clock.now()
        for one in self._all():
            if now - one.push.at > KEPT:
                self._give_up(one.push, "not acknowledged within a day")
            elif one.due is not None and one.due <= monotonic:
                one.pause = Duration(min(2 * one.pause, _LONGEST_PAUSE))
                self._send(one)

    def _all(self) -> list[_Unread]:
        return [one for party in self._unread.values() for one in party.values()]

    def _send(self, one: _Unread) -> None:
        if not one.push.seq:
            number = self._numbers.get(one.push.party, 0) + 1
            self._numbers[one.push.party] = number
            one.push = replace(one.push, epoch=self._epoch, seq=number)
        one.due = Duration(self._clock.monotonic() + one.pause)
        self._bus.publish(one.push)

    def _keep(self, push: Push, *, durable: bool = False) -> None:
        waiting = self._unread.setdefault(push.party, {})
        waiting[push.id] = _Unread(replace(push, epoch=0, seq=0), durable=durable)
        self._news.set()
        if len(waiting) > _MOST_UNREAD:
            oldest = next(iter(waiting.values()))
            self._give_up(oldest.push, f"{_MOST_UNREAD} newer ones are unread")

    def _give_up(self, push: Push, why: str) -> None:
        """It stays in the ledger, and in the position."""
        waiting = self._unread[push.party]
        del waiting[push.id]
        if not waiting:
            del self._unread[push.party]
        self._log.warning("push.given_up", party=push.party, id=push.id, reason=why)


def binds(event: MarketEvent) -> TypeGuard[Transaction | Cancelled]:
    """Whether the party must learn of it: a match, or a withdrawal that it did not ask for."""
    match event:
        case Transaction():
            return True
        case Cancelled(reason=reason):
            return reason is CancelReason.SUPERVISORY
        case _:
            return False
