"""Where quotes are made, asked for, accepted and rejected."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from gateway.market import Market
from gateway.model.event import MarketEvent, Refused
from gateway.model.negotiation import (
    AcceptQuote,
    CancelQuotes,
    CreateQuote,
    CreateRfq,
    EndQuotes,
    LeaveQuotes,
    Negotiation,
    QuoteRequest,
    RejectQuote,
    UndoAccept,
)
from gateway.model.request import SubmitTenders
from gateway.model.tender import TenderSet
from gateway.model.time import SECOND, Instant, Interval
from gateway.model.transaction import Transaction
from gateway.ports.clock import Clock
from gateway.runtime.answers import told
from gateway.runtime.counters.counter import Decision, is_ahead, replied
from gateway.runtime.covers import Covers
from gateway.runtime.outlet import Outlet
from gateway.runtime.recorder import Recorder
from gateway.runtime.rows import Negotiated
from gateway.runtime.spending import Spending
from gateway.runtime.standby import Standbys
from gateway.runtime.views import Views

# Acceptances that may still have to be undone: those that wait for the disk.
_NEWEST: Final = 1000


class QuoteCounter:
    """Takes CreateQuote, CreateRfq, CancelQuotes, AcceptQuote and RejectQuote."""

    def __init__(
        self,
        *,
        markets: Mapping[str, Market],
        views: Mapping[str, Views],
        recorder: Recorder,
        outlet: Outlet,
        clock: Clock,
        trading: Callable[[], bool],
        spending: Spending,
        covers: Covers,
        standbys: Standbys,
    ) -> None:
        self._markets = markets
        self._views = views
        self._recorder = recorder
        self._outlet = outlet
        self._clock = clock
        self._trading = trading
        self._spending = spending
        self._covers = covers
        self._standbys = standbys
        self._quoted = asyncio.Event()
        self._traded: dict[tuple[str, str], int] = {}  # what the newest acceptances came to

    def closed(self, request: QuoteRequest, now: Instant) -> str:
        """Why nothing is quoted or accepted now; what stands may always be cancelled."""
        if isinstance(request, CancelQuotes | RejectQuote):
            return ""
        if not self._trading():
            return "the owner has not said act: this area does not trade with outside parties"
        market = self._markets[request.product]
        interval = _interval(market, request)
        if self._clock.synchronised or interval is None:
            return ""
        if is_ahead(market.product, interval, now):
            return "this gateway's clock is not synchronised yet: only the next interval is traded"
        return ""

    def decide(self, request: QuoteRequest, now: Instant) -> Decision:
        """Give it to the market of its product; what ended meanwhile is told beside."""
        market = self._markets[request.product]
        beyond = self._beyond(request, now)
        if beyond is not None:
            return beyond
        known = _is_known(market, request)
        events = self._tell(market, request, now)
        asked = told(Negotiated(product=request.product, asked=request), events)
        reply = replied(request, now, asked)
        seq = self._recorder.reply(now, reply)
        self._show(market, seq, events, now)
        for event in asked:
            if isinstance(event, Transaction):
                self._remember(request, event.quantity)
        took = not known and not any(isinstance(event, Refused) for event in asked)
        return Decision(reply, seq, took=took)

    def take_back(self, request: QuoteRequest) -> None:
        """Undo what was put on the board, or traded; what was cancelled or rejected is gone."""
        market, now = self._markets[request.product], self._clock.now()
        match request:
            case CreateQuote(quote=quote):
                self._cancel(market, request.party, request.request_id, quote.tender.id, now)
            case CreateRfq(rfq=rfq):
                self._cancel(market, request.party, request.request_id, rfq.id, now)
            case AcceptQuote():
                self._undo(market, request, now)
            case _:
                pass

    def withdraw(self, party: str) -> None:
        """End all that a silent party quotes and asks for, SUPERVISORY."""
        for product in self._markets:
            self.withdraw_from(product, party)

    def withdraw_from(self, product: str, party: str) -> None:
        """End all that the party quotes and asks for of one product, SUPERVISORY."""
        market, now = self._markets[product], self._clock.now()
        if market.quotes.board.open_of(party):
            events = self._tell(market, LeaveQuotes(party=party), now)
            self._show(market, self._recorder.newest, events, now)

    def withdraw_for(self, product: str, party: str, intervals: Collection[Interval]) -> None:
        """Cancel what the party quotes for these intervals."""
        market, now = self._markets[product], self._clock.now()
        for one in market.quotes.board.quotes_of(party):
            if one.quote.interval in intervals:
                self._cancel(market, party, one.id, one.id, now)

    def show(self) -> None:
        """Show every quote and request that stands, at the start."""
        now = self._clock.now()
        for market in self._markets.values():
            if market.quotes.board:
                told = self._tell(market, EndQuotes(), now)
                facts = (*told, *market.quotes.board.standing)
                self._outlet.put(self._recorder.newest, facts)

    def again(self, party: str) -> None:
        """The party is back: what stands for it alone it is told once more."""
        for market in self._markets.values():
            if standing := market.quotes.board.for_(party):
                self._outlet.put(self._recorder.newest, standing)

    async def run(self) -> None:
        """End quotes when their time is over, until cancelled; asleep while nobody quotes."""
        while True:
            await self._quoted.wait()
            now = self._clock.now()
            for market in self._markets.values():
                due = market.quotes.board.next
                if due is not None and due <= now:
                    events = self._tell(market, EndQuotes(), now)
                    self._show(market, self._recorder.newest, events, now)
            if all(market.quotes.board.next is None for market in self._markets.values()):
                self._quoted.clear()
            else:
                await self._clock.sleep(SECOND)

    def _beyond(self, request: QuoteRequest, now: Instant) -> Decision | None:
        """The refusal of a quote or an acceptance that could break the day's budget or a cover."""
        if not isinstance(request, CreateQuote | AcceptQuote):
            return None
        found = self._markets[request.product].quotes.board
        if isinstance(request, CreateQuote):
            quote, tender = request.quote, request.quote.tender
        elif (standing := found.quote(request.quote)) is not None:
            quote, tender = standing.quote, request.tender
        else:
            return None
        tenders = TenderSet(
            party=request.party, product=quote.product, interval=quote.interval, tenders=(tender,)
        )
        asked = SubmitTenders(party=request.party, request_id=request.request_id, tenders=tenders)
        refusal = (
            self._spending.refusal(asked)
            or self._covers.refusal(asked)
            or self._standbys.refusal(asked, now)
        )
        return None if refusal is None else Decision(replied(request, now, (refusal,)))

    def _tell(self, market: Market, asked: Negotiation, now: Instant) -> Sequence[MarketEvent]:
        product = market.product.id
        self._quoted.set()
        self._recorder.negotiate(now, product, asked)
        events = market.negotiate(asked, now)
        self._recorder.events(now, product, events)
        return events

    def _cancel(self, market: Market, party: str, request: str, id_: str, now: Instant) -> None:
        product = market.product.id
        asked = CancelQuotes(party=party, request_id=request, product=product, ids=(id_,))
        self._show(market, self._recorder.newest, self._tell(market, asked, now), now)

    def _undo(self, market: Market, accepted: AcceptQuote, now: Instant) -> None:
        quantity = self._traded.pop((accepted.party, accepted.request_id), 0)
        if quantity:
            undo = UndoAccept(accepted=accepted, quantity=quantity)
            self._show(market, self._recorder.newest, self._tell(market, undo, now), now)

    def _remember(self, request: QuoteRequest, quantity: int) -> None:
        self._traded[request.party, request.request_id] = quantity
        if len(self._traded) > _NEWEST:
            del self._traded[next(iter(self._traded))]

    def _show(self, market: Market, seq: int, events: Sequence[MarketEvent], now: Instant) -> None:
        facts = [event for event in events if not isinstance(event, Refused)]
        traded = {event.party for event in events if isinstance(event, Transaction)}
        positions = self._views[market.product.id].positions(traded, now)
        self._outlet.put(seq, [*facts, *positions])


def _interval(market: Market, request: QuoteRequest) -> Interval | None:
    """What would be traded, where that can be told; to ask for quotes binds nobody."""
    match request:
        case CreateQuote(quote=quote):
            return quote.interval
        case AcceptQuote(quote=name) if (found := market.quotes.board.quote(name)) is not None:
            return found.quote.interval
        case _:
            return None


def _is_known(market: Market, request: QuoteRequest) -> bool:
    """Whether the same was taken before, by another request."""
    match request:
        case CreateQuote(quote=quote):
            return market.quotes.board.given(request.party, quote.tender.id) is not None
        case CreateRfq(rfq=rfq):
            return market.quotes.board.given(request.party, rfq.id) is not None
        case _:
            return False
