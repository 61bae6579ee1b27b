"""The marketplace: gates and unscheduled auctions around the pure markets.

There is no ``await`` between reading a market's state and changing it.  What the market says
goes to the dispatcher at once; it leaves the house only when every earlier journal row is on
disk.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import structlog

from gateway.market import Market
from gateway.model.clearing import Clearing
from gateway.model.delivered import AskDelivery
from gateway.model.demand import Demand
from gateway.model.event import (
    Fact,
    MarketEvent,
    ProductsChanged,
    Refused,
    ResponseCode,
    SessionChanged,
    SessionStatus,
)
from gateway.model.negotiation import QuoteRequest
from gateway.model.outlook import Outlook
from gateway.model.product import Product
from gateway.model.request import (
    AskPosition,
    CancelTenders,
    Reply,
    Request,
    SubmitStream,
    SubmitTenders,
)
from gateway.model.standing import StandingRequest
from gateway.model.subscription import Follow
from gateway.model.tender import Party
from gateway.model.time import HOUR, SECOND, Duration, Instant, Interval
from gateway.ports.agent import Agent
from gateway.ports.bus import Bus
from gateway.ports.calendar import Availability
from gateway.ports.clock import Clock
from gateway.ports.connection import Connection
from gateway.ports.journal import Journal
from gateway.ports.mechanism import Matching
from gateway.runtime.ahead import TradingAhead
from gateway.runtime.bidders import Bidders
from gateway.runtime.counters.counter import refused
from gateway.runtime.counters.deliveries import DeliveryCounter
from gateway.runtime.counters.positions import PositionCounter
from gateway.runtime.counters.quotes import QuoteCounter
from gateway.runtime.counters.standings import Restricted, StandingCounter
from gateway.runtime.counters.tenders import TenderCounter
from gateway.runtime.covers import Covers
from gateway.runtime.delivery_book import DeliveryBook
from gateway.runtime.desk import Desk
from gateway.runtime.outlet import Outlet
from gateway.runtime.recorder import Recorder
from gateway.runtime.register import Register
from gateway.runtime.rows import Start
from gateway.runtime.site import Site
from gateway.runtime.spending import DayOf, Spending, utc_day
from gateway.runtime.standby import Standbys
from gateway.runtime.standings import Standings, unread
from gateway.runtime.views import Views

_CHECKPOINT_EVERY = Duration(HOUR)
_REPLIES_TO_CHECKPOINT = 250  # each request that leaves rows costs a restart 0.08 ms


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
        outlook: what the agents are told of the time to come, as it reads back from the journal.
        trading: whether outside parties may trade (the owner said act).
        register: the parties from outside; None = those of ``outside``, with no other limits.
        spending: their budgets of a day, as ``day_of`` the area counts them.
    """

    def __init__(
        self,
        *,
        markets: Mapping[str, Market],
        agents: Sequence[Agent],
        outside: Sequence[Party],
        site: Site,
        journal: Journal,
        recorder: Recorder,
        bus: Bus,
        clock: Clock,
        trading: Callable[[], bool],
        remembered: Mapping[tuple[str, str], Reply],
        owed: Sequence[MarketEvent] = (),
        deliveries: DeliveryBook | None = None,
        standings: Standings | None = None,
        register: Register | None = None,
        day_of: DayOf = utc_day,
    ) -> None:
        self._markets = dict(markets)
        auctions = [m for m in self._markets.values() if m.matching is Matching.GATE]
        first = {m.product.resource: m.product.id for m in reversed(auctions)}
        self._outside = frozenset(party.id for party in outside)
        self._bidders = Bidders(
            agents,
            tendered_for=frozenset(first.values()),
            outside=lambda: self._outside,
            outlook=lambda: self.outlook(),  # noqa: PLW0108  it is set after the start
            site=site,
            recorder=recorder,
        )
        self._journal = journal
        self._recorder = recorder
        self._bus = bus
        self._clock = clock
        self._checkpoint_due = Duration(clock.monotonic() + _CHECKPOINT_EVERY)
        self._owed = owed
        self._outlet = Outlet(journal, bus, clock)
        self._tasks: asyncio.TaskGroup | None = None
        self._views = {id_: Views(market) for id_, market in self._markets.items()}
        register = Register(outside) if register is None else register
        self.spending = Spending(self._markets, register, day_of)
        covers = Covers(self._markets, register)
        standbys = Standbys(self._markets, register)
        recorder.on_events = self.spending.count
        self._tenders = tenders = TenderCounter(
            markets=self._markets,
            views=self._views,
            recorder=recorder,
            outlet=self._outlet,
            clock=clock,
            trading=trading,
            spending=self.spending,
            covers=covers,
            standbys=standbys,
            on_clearing=self._on_clearing,
        )
        self._quotes = QuoteCounter(
            markets=self._markets,
            views=self._views,
            recorder=recorder,
            outlet=self._outlet,
            clock=clock,
            trading=trading,
            spending=self.spending,
            covers=covers,
            standbys=standbys,
        )
        self._standings = standings = standings or Standings(None, unread)
        held = Restricted(tenders, standings, self._markets)
        quoting = Restricted(self._quotes, standings, self._markets)
        self._standing = standing = StandingCounter(standings, self._markets, tenders, self._quotes)
        self._deliveries = DeliveryCounter(deliveries or DeliveryBook({}), clock)
        self._desk = Desk(
            counters={
                **dict.fromkeys(get_args(QuoteRequest), quoting),
                **dict.fromkeys((SubmitTenders, SubmitStream, CancelTenders), held),
                **dict.fromkeys(get_args(StandingRequest), standing),
                AskPosition: PositionCounter(self._markets),
                AskDelivery: self._deliveries,
            },
            register=register,
            journal=journal,
            recorder=recorder,
            clock=clock,
            remembered=remembered,
        )
        self.on_traded: Callable[[Traded], None] = lambda _traded: None
        self.outlook: Callable[[], Outlook | None] = lambda: None
        self._log = structlog.get_logger()

    def connect(self, connections: Mapping[str, Connection]) -> None:
        """Let these trade for the wires to markets above, by product."""
        self._bidders.connect(connections)

    def demand(self, product: str, interval: Interval, without: str) -> Demand:
        """What everybody but one party would draw in an interval, as of now."""
        market, now = self._markets[product], self._clock.now()
        return market.demand(interval, self._bidders.as_of_now(market, interval, now), without)

    def tender_by(self, agents: Sequence[Agent]) -> None:
        """Take other agents of the same parties; they tender from the next gate on."""
        self._bidders.take(agents)

    @property
    def products(self) -> tuple[Product, ...]:
        """In configuration order."""
        return tuple(market.product for market in self._markets.values())

    def market(self, product: str) -> Market:
        """The market of a product id; for reading."""
        return self._markets[product]

    async def run(self) -> None:
        """Hold every gate and let facts out in order, until cancelled."""
        self._show_all()
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for market in self._markets.values():
                self._watch_gates(market)
            tasks.create_task(self._outlet.run(), name="outlet")
            tasks.create_task(self._quotes.run(), name="quotes")

    def _show_all(self) -> None:
        """What happened just before this start, and the books and positions that stand."""
        now, seq = self._clock.now(), self._recorder.newest
        owed, self._owed = self._owed, ()
        self._outlet.put(seq, owed)
        for views in self._views.values():
            self._outlet.put(seq, [*views.all_positions(now), *views.all_books(now)])
        self._quotes.show()

    @property
    def start(self) -> Start:
        """Under what the markets stand, as the journal says."""
        return self._recorder.started

    def withdraw_all(self, product: str) -> None:
        """Cancel all that anybody tenders or quotes of the product, SUPERVISORY."""
        market = self._markets[product]
        for party in sorted({*market.parties_with_tenders, *market.quotes.board.parties}):
            self.withdraw_from(product, party)

    def trade(self, markets: Mapping[str, Market], start: Start) -> None:
        """Trade in these markets from now on, as ``start`` says; others close.

        What was tendered in those that close, or are replaced, is withdrawn before.
        """
        now, before = self._clock.now(), dict(self._markets)
        opened = [m for id_, m in markets.items() if before.get(id_) is not m]
        gone = tuple(id_ for id_ in before if id_ not in markets)
        ended = [fact for id_ in gone for fact in self._views.pop(id_).closed()]
        self._markets.clear()
        self._markets.update(markets)
        self._views |= {market.product.id: Views(market) for market in opened}
        seq = self._recorder.start(now, start, {id_: m.dump() for id_, m in markets.items()})
        self._outlet.put(seq, ended)
        self._bus.publish(ProductsChanged(products=self.products, gone=gone, at=now))
        for market in opened:
            self._watch_gates(market)

    def _watch_gates(self, market: Market) -> None:
        """Hold the market's gates; before ``run`` that is for it to begin."""
        if self._tasks is not None:
            name = f"gates[{market.product.id}]"
            self._tasks.create_task(self._hold_gates(market), name=name)
            self._trade_ahead(market, self._tasks)

    def _trade_ahead(self, market: Market, tasks: asyncio.TaskGroup) -> None:
        """Clear its horizon again and again, where it has one."""
        product = market.product
        if product.ahead is None:
            return
        trading = TradingAhead(
            market=market,
            ahead=product.ahead,
            views=self._views[product.id],
            outside=lambda party: party in self._outside,
            state=lambda *told: self._bidders.ahead(market, *told),
            seen=self._bidders.seen,
            let_out=self._outlet.put,
            outlook=lambda: self.outlook(),  # noqa: PLW0108  it is set after the start
            recorder=self._recorder,
            clock=self._clock,
        )
        run = trading.run(lambda: self._markets.get(product.id) is market)
        tasks.create_task(run, name=f"ahead[{product.id}]")

    async def _hold_gates(self, market: Market) -> None:
        product = market.product
        announced: tuple[Interval, SessionStatus] | None = None
        while self._markets.get(product.id) is market:
            now = self._clock.now()
            interval = product.next_interval(Instant(now + product.gate_lead))
            session = interval, self._status()
            if session != announced:
                self._announce(product, *session, now)
                announced = session
            closes = await self._gate_closes(product, interval)
            if self._markets.get(product.id) is not market:
                return
            if closes and not market.is_held(interval, self._clock.now()):
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
            self._log.warning("gate.held_late", product=product.id, late_s=round(late_s, 3))
        if now < interval.end:
            self._clear(market, interval, now, unscheduled=False)

    def auction(self, product: str, why: str) -> bool:
        """Clear the running instrument now, for what is left of it; False if nothing is left."""
        market, now = self._markets[product], self._clock.now()
        running = market.product.interval_at(now)
        if now >= running.end - max(SECOND, market.product.gate_lead):
            return False
        self._log.info("auction.called", product=product, reason=why)
        return self._clear(market, running, now, unscheduled=True)

    def _clear(
        self, market: Market, interval: Interval, now: Instant, *, unscheduled: bool
    ) -> bool:
        product = market.product
        self._checkpoint(now)
        events: list[MarketEvent] = []
        for tenders in self._bidders.at_gate(market, interval, now):
            self._recorder.submit(now, tenders)
            outcome = market.submit(tenders, now)
            self._recorder.events(now, product.id, outcome)
            for event in outcome:
                if isinstance(event, Refused):
                    self._log.error("tender.refused", party=event.party, reason=event.description)
        self._recorder.advance(now, product.id, unscheduled=unscheduled)
        events += market.advance(now, unscheduled=unscheduled)
        seq = self._recorder.events(now, product.id, events)
        events = [self._as_published(event, market) for event in events]
        cleared = next((e for e in reversed(events) if isinstance(e, Clearing)), None)
        if cleared is not None:
            self.on_traded(Traded(product=product, instrument=interval, clearing=cleared))
        views = self._views[product.id]
        self._outlet.put(seq, [*events, *views.all_positions(now), *views.all_books(now)])
        return cleared is not None

    def _as_published(self, event: MarketEvent, market: Market) -> MarketEvent:
        """A clearing with what the wire knows of it; the journal keeps it as the market made it."""
        connection = self._bidders.connection(market.product.id)
        if connection is None or not isinstance(event, Clearing):
            return event
        position = market.positions.at(connection.party.id, event.interval.start)
        return connection.cleared(event, position)

    def tell(self, seq: int, facts: Sequence[Fact]) -> None:
        """Let facts out once the row is durable."""
        self._outlet.put(seq, facts)

    def _on_clearing(self, market: Market, clearing: Clearing) -> None:
        """A tender traded as it arrived."""
        self.on_traded(
            Traded(product=market.product, instrument=clearing.instrument, clearing=clearing)
        )

    async def handle(self, request: Request) -> Reply:
        """A request of an outside party; the answer leaves when it is durable."""
        if isinstance(request, Follow):  # nothing is kept of it: it says where to listen
            now = self._clock.now()
            told = Reply(party=request.party, request_id=request.request_id, at=now, outcomes=())
            return self.charge(request) or told
        if not isinstance(request, StandingRequest) and request.product not in self._markets:
            # It closed while the request waited.
            why = f"{request.product} is no product here any more"
            now = self._clock.now()
            return refused(request, now, ResponseCode.NOT_FOUND, why)
        if isinstance(request, AskDelivery):
            await self._deliveries.ready(request, self._markets[request.product].product)
        reply = await self._desk.handle(request)
        if isinstance(request, StandingRequest):
            await self._standings.kept()
        return reply

    def withdraw(self, party: str) -> None:
        """Cancel all that a silent party tenders, SUPERVISORY."""
        self._desk.withdraw(party)

    def back(self, party: str) -> None:
        """The party is there again: quotes and requests for it alone are told once more."""
        self._quotes.again(party)

    def withdraw_from(self, product: str, party: str) -> None:
        """Cancel all that the party tenders and quotes of one product, SUPERVISORY."""
        self._tenders.withdraw_from(product, party)
        self._quotes.withdraw_from(product, party)

    def bind(self, party: str, calendar: Availability) -> None:
        """Bound a party, or a device, by the owner's calendar; what stands outside is withdrawn."""
        self._standings.bind(party, calendar)
        self._standing.hold(party, self._clock.now(), own=False)

    def charge(self, request: Request) -> Reply | None:
        """Count a request that is decided elsewhere, or the refusal of it."""
        return self._desk.charge(request)

    def admit(self, parties: Sequence[Party]) -> None:
        """Let these parties trade from now on, or under other terms."""
        if not parties:
            return
        for market in self._markets.values():
            for party in parties:
                market.add_party(party)
        self._outside |= {party.id for party in parties}
        dumps = {id_: market.dump() for id_, market in self._markets.items()}
        self._recorder.admit(self._clock.now(), parties, dumps)

    def open_tenders(self, party: str) -> int:
        """How many tenders the party has open, of all products."""
        sets = (one for market in self._markets.values() for one in market.live_sets(party))
        return sum(len(one.tenders) for one in sets)

    def _status(self) -> SessionStatus:
        return SessionStatus.HALTED if self._journal.failed else SessionStatus.OPEN

    def _announce(
        self, product: Product, interval: Interval, status: SessionStatus, now: Instant
    ) -> None:
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
        busy = self._recorder.replies >= _REPLIES_TO_CHECKPOINT
        if self._clock.monotonic() < self._checkpoint_due and not busy:
            return
        self._recorder.replies = 0
        self._checkpoint_due = Duration(self._clock.monotonic() + _CHECKPOINT_EVERY)
        for market in self._markets.values():
            self._recorder.checkpoint(now, market.product.id, market.dump())
