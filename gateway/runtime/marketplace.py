"""The marketplace: gates, requests and unscheduled auctions around the pure markets.

There is no ``await`` between reading a market's state and changing it.  What the market says
goes to the dispatcher at once; it leaves the house only when every earlier journal row is on
disk.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from gateway.market import Market
from gateway.model.canonical import quantise
from gateway.model.clearing import Clearing
from gateway.model.errors import JournalFailed
from gateway.model.event import (
    Accepted,
    BookView,
    Cancelled,
    CancelReason,
    Detail,
    Fact,
    FaultChanged,
    MarketEvent,
    Refused,
    ResponseCode,
    SessionChanged,
    SessionStatus,
)
from gateway.model.product import Product
from gateway.model.request import AskPosition, CancelTenders, Reply, Request, SubmitTenders
from gateway.model.snapshot import Snapshot
from gateway.model.tender import TenderSet
from gateway.model.time import HOUR, SECOND, Duration, Instant, Interval
from gateway.model.transaction import Transaction
from gateway.ports.agent import Agent, Gate
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.journal import Journal
from gateway.runtime.recorder import Recorder
from gateway.runtime.site import Site

_REMEMBER = Duration(24 * HOUR)
_CHECKPOINT_EVERY = Duration(HOUR)
# Facts that wait for the disk; beyond it the oldest price news is dropped, never transactions.
_MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """What a clearing means for the dispatcher."""

    product: Product
    instrument: Interval
    clearing: Clearing


class Marketplace:
    """One market per product; agents tender for the first product of each resource.

    Attributes:
        on_traded: called synchronously after each clearing.
        trading: whether outside parties may trade (the owner said act).
    """

    def __init__(
        self,
        *,
        markets: Mapping[str, Market],
        agents: Sequence[Agent],
        outside: frozenset[str],
        site: Site,
        journal: Journal,
        recorder: Recorder,
        bus: Bus,
        clock: Clock,
        trading: Callable[[], bool],
        remembered: Mapping[tuple[str, str], Reply],
    ) -> None:
        self._markets = dict(markets)
        self._agents = tuple(agents)
        self._outside = outside
        self._site = site
        self._journal = journal
        self._recorder = recorder
        self._bus = bus
        self._clock = clock
        self._trading = trading
        self._replies = dict(remembered)
        self._waiting: deque[tuple[int, Fact]] = deque()
        self._news = asyncio.Event()
        self._checkpoint_due = clock.now()
        self._failed = False
        self.on_traded: Callable[[Traded], None] = lambda _traded: None
        self._log = structlog.get_logger()

    @property
    def products(self) -> tuple[Product, ...]:
        """In configuration order."""
        return tuple(market.product for market in self._markets.values())

    def market(self, product: str) -> Market:
        """The market of a product id; for reading."""
        return self._markets[product]

    async def run(self) -> None:
        """Hold every gate and let facts out in order, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for market in self._markets.values():
                name = f"gates[{market.product.id}]"
                tasks.create_task(self._hold_gates(market), name=name)
            tasks.create_task(self._let_out(), name="publisher")

    async def _hold_gates(self, market: Market) -> None:
        product = market.product
        announced: Interval | None = None
        while True:
            now = self._clock.now()
            interval = product.next_interval(Instant(now + product.gate_lead))
            if interval != announced:
                self._announce(product, interval, now)
                announced = interval
            if await self._gate_closes(product, interval):
                self._hold_gate(market, interval)

    async def _gate_closes(self, product: Product, interval: Interval) -> bool:
        """Wait for the gate, at most a second at a time: the clock may be stepped meanwhile."""
        left = product.gate(interval) - self._clock.now()
        await self._clock.sleep(Duration(min(left, SECOND)))
        return self._clock.now() >= product.gate(interval)

    def _hold_gate(self, market: Market, interval: Interval) -> None:
        now, product = self._clock.now(), market.product
        if now >= interval.start:
            late_s = (now - interval.start) / SECOND
            self._log.warning("gate.late", product=product.id, late_s=round(late_s, 3))
        if now < interval.end:
            self._clear(market, interval, now, unscheduled=False)

    def auction(self, product: str, why: str) -> bool:
        """Clear the running instrument now, for what is left of it; False if nothing is left."""
        market, now = self._markets[product], self._clock.now()
        running = market.product.interval_at(now)
        if now >= running.end - max(SECOND, market.product.gate_lead):
            return False
        self._log.info("auction.called", product=product, why=why)
        return self._clear(market, running, now, unscheduled=True)

    def _clear(
        self, market: Market, interval: Interval, now: Instant, *, unscheduled: bool
    ) -> bool:
        product = market.product
        self._checkpoint(now)
        events: list[MarketEvent] = []
        for tenders in self._bids(market, interval, now):
            self._recorder.submit(now, tenders)
            outcome = market.submit(tenders, now)
            self._recorder.events(now, product.id, outcome)
            for event in outcome:
                if isinstance(event, Refused):
                    self._log.error("tender.refused", party=event.party, why=event.description)
        self._recorder.advance(now, product.id, unscheduled=unscheduled)
        events += market.advance(now, unscheduled=unscheduled)
        seq = self._recorder.events(now, product.id, events)
        cleared = next((e for e in reversed(events) if isinstance(e, Clearing)), None)
        if cleared is not None:
            self.on_traded(Traded(product=product, instrument=interval, clearing=cleared))
        self._hand_out(seq, self._facts(market, events, now))
        return cleared is not None

    def _bids(self, market: Market, interval: Interval, now: Instant) -> list[TenderSet]:
        """Every agent's whole requirement, made from one frozen snapshot."""
        product = market.product
        snapshot: Snapshot = quantise(self._site.snapshot(now))
        self._recorder.snapshot(now, product.id, snapshot)
        at = max(now, interval.start)
        positions = dict(sorted(market.positions.all_at(at).items()))
        gate = Gate(
            now=now,
            product=product,
            interval=interval,
            snapshot=snapshot,
            positions=positions,
            unmetered=sum(q for party, q in positions.items() if party in self._outside),
        )
        return [
            TenderSet(
                party=agent.party.id,
                product=product.id,
                interval=interval,
                tenders=agent.tenders(gate),
                netting=True,
                revision=now,
            )
            for agent in self._agents
        ]

    async def handle(self, request: Request) -> Reply:
        """A request of an outside party; the answer leaves when it is durable."""
        key = (request.party, request.request_id)
        known = self._replies.get(key)
        if known is not None:
            return known
        now = self._clock.now()
        reply, seq = self._decide(request, now)
        self._replies[key] = reply
        self._forget_old(now)
        try:
            await self._journal.durable(seq)
        except JournalFailed as fault:
            self._replies.pop(key, None)
            self._undo(request)
            return self._refusal(request, now, ResponseCode.FORCE_MAJEURE, str(fault))
        return reply

    def _undo(self, request: Request) -> None:
        """Take back a submission that never became durable: nobody was told of it."""
        if isinstance(request, SubmitTenders):
            ids = tuple(tender.id for tender in request.tenders.tenders)
            self._withdraw(request.party, self._markets[request.tenders.product], ids)

    def _decide(self, request: Request, now: Instant) -> tuple[Reply, int]:
        product = request.tenders.product if isinstance(request, SubmitTenders) else request.product
        market = self._markets[product]
        if self._journal.failed is not None and not isinstance(request, AskPosition):
            why = f"the journal failed: {self._journal.failed}"
            reply = self._refusal(request, now, ResponseCode.FORCE_MAJEURE, why)
            return reply, 0
        match request:
            case SubmitTenders(tenders=tenders):
                return self._submit(market, request, tenders, now)
            case CancelTenders(tenders=ids):
                return self._cancel(market, request, ids, now)
            case AskPosition(interval=interval):
                position = market.positions.steps(request.party, interval)
                return self._reply(request, now, (position,)), 0

    def _submit(
        self, market: Market, request: SubmitTenders, tenders: TenderSet, now: Instant
    ) -> tuple[Reply, int]:
        if not self._trading():
            why = "the owner has not said act: this area does not trade with outside parties"
            return self._refusal(request, now, ResponseCode.TRADING_CLOSED, why), 0
        if self._is_ahead(market.product, tenders.interval, now) and not self._clock.synchronised:
            why = "this gateway's clock is not synchronised yet: only the next interval is traded"
            return self._refusal(request, now, ResponseCode.TRADING_CLOSED, why), 0
        self._recorder.submit(now, tenders, request.request_id)
        events = market.submit(tenders, now)
        self._recorder.events(now, market.product.id, events)
        answers = tuple(e for e in events if isinstance(e, Accepted | Refused))
        return self._conclude(market, request, events, answers, now)

    @staticmethod
    def _is_ahead(product: Product, interval: Interval, now: Instant) -> bool:
        """Whether the interval is beyond the one whose gate comes next."""
        return interval.start > product.next_interval(Instant(now + product.gate_lead)).start

    def _cancel(
        self, market: Market, request: CancelTenders, ids: tuple[str, ...], now: Instant
    ) -> tuple[Reply, int]:
        reason = CancelReason.REQUESTED
        self._recorder.cancel(
            now, market.product.id, request.party, ids, reason, request.request_id
        )
        events = market.cancel(request.party, ids, now, reason)
        self._recorder.events(now, market.product.id, events)
        answers = tuple(e for e in events if isinstance(e, Cancelled | Refused))
        return self._conclude(market, request, events, answers, now)

    def _conclude(
        self,
        market: Market,
        request: Request,
        events: Sequence[MarketEvent],
        answers: tuple[Accepted | Refused | Cancelled, ...],
        now: Instant,
    ) -> tuple[Reply, int]:
        reply = self._reply(request, now, answers)
        seq = self._recorder.reply(now, reply)
        answered = [e for e in events if e not in answers]
        self._hand_out(seq, self._facts(market, answered, now, touched=(request.party,)))
        return reply, seq

    def withdraw(self, party: str) -> None:
        """Cancel all that a silent party tenders, SUPERVISORY."""
        for market in self._markets.values():
            self._withdraw(party, market, None)

    def _withdraw(self, party: str, market: Market, ids: tuple[str, ...] | None) -> None:
        now, reason, product = self._clock.now(), CancelReason.SUPERVISORY, market.product.id
        self._recorder.cancel(now, product, party, ids, reason)
        events = market.cancel(party, ids, now, reason)
        seq = self._recorder.events(now, product, events)
        self._hand_out(seq, self._facts(market, events, now, touched=(party,)))

    @staticmethod
    def _reply(request: Request, now: Instant, outcomes: tuple[object, ...]) -> Reply:
        return Reply(
            party=request.party,
            request_id=request.request_id,
            at=now,
            outcomes=outcomes,  # type: ignore[arg-type]
        )

    def _refusal(self, request: Request, now: Instant, code: ResponseCode, why: str) -> Reply:
        product = request.tenders.product if isinstance(request, SubmitTenders) else request.product
        refused = Refused(
            party=request.party,
            product=product,
            code=code,
            detail=Detail[code.name],
            description=why,
        )
        return self._reply(request, now, (refused,))

    def _forget_old(self, now: Instant) -> None:
        """Drop answers older than 24 h; the dict keeps insertion order."""
        for key, reply in list(self._replies.items()):
            if now - reply.at <= _REMEMBER:
                break
            del self._replies[key]

    def _facts(
        self,
        market: Market,
        events: Sequence[MarketEvent],
        now: Instant,
        touched: Sequence[str] = (),
    ) -> list[Fact]:
        """The events and the views of book and positions they changed."""
        facts: list[Fact] = list(events)
        traders = sorted({e.party for e in events if isinstance(e, Transaction)})
        horizon = self._horizon(market.product, now)
        facts += [market.positions.steps(party, horizon) for party in traders]
        books = {*touched, *traders, *(e.party for e in events if isinstance(e, Cancelled))}
        if any(isinstance(e, Clearing) for e in events):
            books |= {agent.party.id for agent in self._agents}
        product = market.product.id
        facts += [
            BookView(party=party, product=product, sets=market.live_sets(party))
            for party in sorted(books)
        ]
        return facts

    @staticmethod
    def _horizon(product: Product, now: Instant) -> Interval:
        """The running instrument and the next."""
        running = product.interval_at(now)
        return Interval(running.start, Instant(running.end + product.interval))

    def _announce(self, product: Product, interval: Interval, now: Instant) -> None:
        status = SessionStatus.HALTED if self._journal.failed else SessionStatus.OPEN
        self._bus.publish(
            SessionChanged(
                product=product.id,
                status=status,
                interval=interval,
                gate=product.gate(interval),
                at=now,
            )
        )

    def _checkpoint(self, now: Instant) -> None:
        if now < self._checkpoint_due:
            return
        self._checkpoint_due = Instant(now + _CHECKPOINT_EVERY)
        for market in self._markets.values():
            self._recorder.checkpoint(now, market.product.id, market.dump())

    def _hand_out(self, seq: int, facts: Sequence[Fact]) -> None:
        self._waiting.extend((seq, fact) for fact in facts)
        while len(self._waiting) > _MOST_WAITING:
            oldest = next((w for w in self._waiting if not isinstance(w[1], Transaction)), None)
            self._waiting.remove(oldest or self._waiting[0])
        self._news.set()

    async def _let_out(self) -> None:
        """Publish each fact when its row is on disk, in order."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                seq, fact = self._waiting[0]
                if not await self._is_durable(seq):
                    break
                self._waiting.popleft()
                self._bus.publish(fact)

    async def _is_durable(self, seq: int) -> bool:
        try:
            await self._journal.durable(seq)
        except JournalFailed as fault:
            self._note_failure(str(fault))
            await self._clock.sleep(SECOND)
            self._news.set()
            return False
        if self._failed:
            self._note_failure("")
        return True

    def _note_failure(self, why: str) -> None:
        if self._failed == bool(why):
            return
        self._failed = bool(why)
        fault = FaultChanged(
            device="gateway",
            code="JOURNAL_FAILED",
            active=self._failed,
            at=self._clock.now(),
            text=why,
        )
        self._bus.publish(fault)
