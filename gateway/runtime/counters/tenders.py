"""Where tenders are submitted and cancelled."""

from collections.abc import Callable, Collection, Mapping, Sequence

from gateway.market import Market
from gateway.model.clearing import Clearing
from gateway.model.event import Accepted, Cancelled, CancelReason, Fact, MarketEvent, Refused
from gateway.model.request import CancelTenders, SubmitTenders
from gateway.model.time import Instant, Interval
from gateway.model.transaction import Transaction
from gateway.ports.clock import Clock
from gateway.runtime.counters.counter import Decision, is_ahead, replied
from gateway.runtime.counters.price_bases import PriceBases
from gateway.runtime.covers import Covers
from gateway.runtime.outlet import Outlet
from gateway.runtime.recorder import Recorder
from gateway.runtime.spending import Spending
from gateway.runtime.standby import Standbys
from gateway.runtime.views import Views


class TenderCounter:
    """Takes SubmitTenders, SubmitStream and CancelTenders."""

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
        on_clearing: Callable[[Market, Clearing], None] = lambda _market, _clearing: None,
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
        self._on_clearing = on_clearing
        self._prices = PriceBases(markets)

    def closed(self, request: SubmitTenders | CancelTenders, now: Instant) -> str:
        """Why nothing is traded now, or not so far ahead."""
        if isinstance(request, CancelTenders):
            return ""
        if not self._trading():
            return "the owner has not said act: this area does not trade with outside parties"
        product = self._markets[request.product].product
        last = request.sets[-1].interval
        if not self._clock.synchronised and is_ahead(product, last, now):
            return "this gateway's clock is not synchronised yet: only the next interval is traded"
        return ""

    def decide(self, request: SubmitTenders | CancelTenders, now: Instant) -> Decision:
        """Give it to the market of its product."""
        market = self._markets[request.product]
        before = market.revision
        if isinstance(request, SubmitTenders):
            priced = self._prices.of(request)
            if isinstance(priced, Refused):
                return Decision(replied(request, now, (priced,)))
            beyond = (
                self._spending.refusal(priced)
                or self._covers.refusal(priced)
                or self._standbys.refusal(priced, now)
            )
            if beyond is not None:
                return Decision(replied(request, now, (beyond,)))
            events = self._submit(market, priced, now)
        elif (bound := self._standbys.refusal(request, now)) is not None:
            return Decision(replied(request, now, (bound,)))
        else:
            events = self._cancel(
                market, request.party, request.tenders, CancelReason.REQUESTED, request.request_id
            )
        # A submission is answered by what was taken, and tells what that replaced; a cancellation
        # is answered by what was cancelled.
        told = Accepted if isinstance(request, SubmitTenders) else Cancelled
        answers = [event for event in events if isinstance(event, told | Refused)]
        reply = replied(request, now, tuple(answers))
        seq = self._recorder.reply(now, reply)
        self._show(market, request.party, seq, [e for e in events if e not in answers])
        return Decision(reply, seq, took=market.revision != before)

    def take_back(self, request: SubmitTenders | CancelTenders) -> None:
        """Withdraw what a submission put into the book; what was cancelled is gone."""
        if isinstance(request, SubmitTenders):
            market = self._markets[request.product]
            stated = {tender.id for one in request.sets for tender in one.tenders}
            live = (t.id for one in market.live_sets(request.party) for t in one.tenders)
            ids = tuple(id_ for id_ in live if id_ in stated)  # what it traded stays traded
            if ids:
                self._withdraw(request.party, market, ids)

    def withdraw(self, party: str) -> None:
        """Cancel all that a silent party tenders but what it was paid to keep, SUPERVISORY."""
        for product, market in self._markets.items():
            live = [t.id for one in market.live_sets(party) for t in one.tenders]
            bound = self._standbys.bound(party, product) if live else frozenset()
            if left := tuple(id_ for id_ in live if id_ not in bound):
                self._withdraw(party, market, left if bound else None)

    def withdraw_from(self, product: str, party: str) -> None:
        """Cancel all that the party tenders of one product, SUPERVISORY."""
        market = self._markets[product]
        if market.live_sets(party):
            self._withdraw(party, market, None)

    def withdraw_for(
        self, product: str, party: str, intervals: Collection[Interval], why: str, *, own: bool
    ) -> None:
        """Cancel what the party tenders for these intervals, SUPERVISORY.

        By its ``own`` word not what it was paid to keep.
        """
        market = self._markets[product]
        sets = (one for one in market.live_sets(party) if one.interval in intervals)
        live = [tender.id for one in sets for tender in one.tenders]
        bound = self._standbys.bound(party, product) if live and own else frozenset[str]()
        if ids := tuple(id_ for id_ in live if id_ not in bound):
            self._withdraw(party, market, ids, why)

    def _submit(
        self, market: Market, request: SubmitTenders, now: Instant
    ) -> Sequence[MarketEvent]:
        self._recorder.submit(now, request.tenders, request.request_id, request.more)
        events = market.submit(request.tenders, now, *request.more)
        self._recorder.events(now, market.product.id, events)
        return events

    def _withdraw(
        self, party: str, market: Market, ids: tuple[str, ...] | None, why: str = ""
    ) -> None:
        events = self._cancel(market, party, ids, CancelReason.SUPERVISORY, None, why)
        self._show(market, party, self._recorder.newest, events)

    def _cancel(  # noqa: PLR0917  as the market is told
        self,
        market: Market,
        party: str,
        ids: tuple[str, ...] | None,
        reason: CancelReason,
        request_id: str | None,
        why: str = "",
    ) -> Sequence[MarketEvent]:
        now, product = self._clock.now(), market.product.id
        self._recorder.cancel(now, product, party, ids, reason, request_id, why)
        events = market.cancel(party, ids, now, reason, why)
        self._recorder.events(now, product, events)
        return events

    def _show(self, market: Market, party: str, seq: int, events: Sequence[Fact]) -> None:
        """Let the facts out, with the books and positions that they changed."""
        views, facts = self._views[market.product.id], list(events)
        parties = {party, *(e.party for e in events if isinstance(e, Transaction | Cancelled))}
        for clearing in (event for event in events if isinstance(event, Clearing)):
            self._on_clearing(market, clearing)
        traded = {event.party for event in events if isinstance(event, Transaction)}
        facts += views.positions(traded, self._clock.now())
        self._outlet.put(seq, [*facts, *views.books(parties)])
