"""The desk: requests of outside parties, each answered once its outcome is durable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.market import Market
from gateway.model.errors import JournalFailed
from gateway.model.event import (
    Accepted,
    Cancelled,
    CancelReason,
    Detail,
    Fact,
    MarketEvent,
    Refused,
    ResponseCode,
)
from gateway.model.product import Product
from gateway.model.request import AskPosition, CancelTenders, Reply, Request, SubmitTenders
from gateway.model.tender import Party
from gateway.model.time import HOUR, Duration, Instant, Interval
from gateway.ports.clock import Clock
from gateway.ports.journal import Journal
from gateway.runtime.budget import Budget
from gateway.runtime.outlet import Outlet
from gateway.runtime.recorder import Recorder
from gateway.runtime.views import Views

_REMEMBER = Duration(24 * HOUR)
# Older answers of a party go first; what it repeats then is judged anew, by ids and gates.
_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class _Answer:
    """A decision.

    Attributes:
        seq: of the row that must be durable before it leaves; 0: nothing was recorded.
        took: whether it put new tenders into a book.
    """

    reply: Reply
    seq: int = 0
    took: bool = False


class Desk:
    """Takes requests one at a time; between asking a market and recording it nothing happens."""

    def __init__(
        self,
        *,
        markets: Mapping[str, Market],
        parties: Sequence[Party],
        views: Mapping[str, Views],
        journal: Journal,
        recorder: Recorder,
        outlet: Outlet,
        clock: Clock,
        trading: Callable[[], bool],
        remembered: Mapping[tuple[str, str], Reply],
    ) -> None:
        self._markets = markets
        self._parties = {party.id: party for party in parties}
        self._views = views
        self._journal = journal
        self._recorder = recorder
        self._outlet = outlet
        self._clock = clock
        self._trading = trading
        self._budget = Budget()
        self._answers = {key: _Answer(reply) for key, reply in remembered.items()}

    async def handle(self, request: Request) -> Reply:
        """The answer, when it is durable; the same to the same request for 24 h."""
        key, now = (request.party, request.request_id), self._clock.now()
        answer = self._answers.get(key)
        if answer is None:
            answer = self._decide(request, now)
            if answer.seq:
                self._answers[key] = answer
                self._forget_old(now)
        try:
            await self._journal.durable(answer.seq)
        except JournalFailed as fault:
            refusal = _refusal(request, now, ResponseCode.FORCE_MAJEURE, str(fault))
            if self._answers.get(key) is answer:
                del self._answers[key]
                self._take_back(request, answer, refusal)
            return refusal
        return answer.reply

    def withdraw(self, party: str) -> None:
        """Cancel all that a silent party tenders, SUPERVISORY."""
        for market in self._markets.values():
            if market.live_sets(party):
                self._withdraw(party, market, None)

    def _take_back(self, request: Request, answer: _Answer, refusal: Reply) -> None:
        """Undo what never became durable, and record that the party was refused."""
        if answer.took and isinstance(request, SubmitTenders):
            ids = tuple(tender.id for tender in request.tenders.tenders)
            self._withdraw(request.party, self._markets[request.tenders.product], ids)
        self._recorder.reply(self._clock.now(), refusal)

    def _decide(self, request: Request, now: Instant) -> _Answer:
        refusal = self._refused_at_once(request, now)
        if refusal is not None:
            return _Answer(refusal)
        market = self._markets[_product_of(request)]
        match request:
            case SubmitTenders():
                return self._submit(market, request, now)
            case CancelTenders():
                return self._cancel(market, request, now)
            case AskPosition(interval=interval):
                position = market.positions.steps(request.party, interval)
                return _Answer(_reply(request, now, (position,)))

    def _refused_at_once(self, request: Request, now: Instant) -> Reply | None:
        """Refusals that no market is asked for; they leave no row."""
        party = self._parties.get(request.party)
        if party is None:
            why = f"{request.party} is no party of this market"
            return _refusal(request, now, ResponseCode.NOT_AUTHORIZED, why)
        if not self._budget.spend(party, request, now):
            limit = self._budget.per_minute(party)
            why = f"{party.id} may send {limit} tenders and other requests a minute"
            return _refusal(request, now, ResponseCode.RULES_VIOLATION, why, term="budget")
        if self._journal.failed is not None and not isinstance(request, AskPosition):
            why = f"the journal failed: {self._journal.failed}"
            return _refusal(request, now, ResponseCode.FORCE_MAJEURE, why)
        closed = self._closed(request, now) if isinstance(request, SubmitTenders) else ""
        return _refusal(request, now, ResponseCode.TRADING_CLOSED, closed) if closed else None

    def _closed(self, request: SubmitTenders, now: Instant) -> str:
        """Why nothing is traded now, or not so far ahead."""
        if not self._trading():
            return "the owner has not said act: this area does not trade with outside parties"
        product = self._markets[request.tenders.product].product
        if not self._clock.synchronised and _is_ahead(product, request.tenders.interval, now):
            return "this gateway's clock is not synchronised yet: only the next interval is traded"
        return ""

    def _submit(self, market: Market, request: SubmitTenders, now: Instant) -> _Answer:
        before = market.revision
        self._recorder.submit(now, request.tenders, request.request_id)
        events = market.submit(request.tenders, now)
        self._recorder.events(now, market.product.id, events)
        answers = tuple(e for e in events if isinstance(e, Accepted | Refused))
        return self._conclude(market, request, events, answers, now, before)

    def _cancel(self, market: Market, request: CancelTenders, now: Instant) -> _Answer:
        before, reason = market.revision, CancelReason.REQUESTED
        product, party, ids = market.product.id, request.party, request.tenders
        self._recorder.cancel(now, product, party, ids, reason, request.request_id)
        events = market.cancel(party, ids, now, reason)
        self._recorder.events(now, product, events)
        answers = tuple(e for e in events if isinstance(e, Cancelled | Refused))
        return self._conclude(market, request, events, answers, now, before)

    def _conclude(  # noqa: PLR0917  what was asked, what came of it
        self,
        market: Market,
        request: Request,
        events: Sequence[MarketEvent],
        answers: tuple[Accepted | Refused | Cancelled, ...],
        now: Instant,
        before: int,
    ) -> _Answer:
        reply = _reply(request, now, answers)
        seq = self._recorder.reply(now, reply)
        self._show(market, request.party, seq, [e for e in events if e not in answers])
        return _Answer(reply, seq, took=market.revision != before)

    def _withdraw(self, party: str, market: Market, ids: tuple[str, ...] | None) -> None:
        now, reason, product = self._clock.now(), CancelReason.SUPERVISORY, market.product.id
        self._recorder.cancel(now, product, party, ids, reason)
        events = market.cancel(party, ids, now, reason)
        seq = self._recorder.events(now, product, events)
        self._show(market, party, seq, events)

    def _show(self, market: Market, party: str, seq: int, events: Sequence[Fact]) -> None:
        self._outlet.put(seq, [*events, *self._views[market.product.id].books((party,))])

    def _forget_old(self, now: Instant) -> None:
        """Drop answers older than 24 h, or beyond what is kept; the dict is in their order."""
        while self._answers:
            key, answer = next(iter(self._answers.items()))
            if now - answer.reply.at <= _REMEMBER and len(self._answers) <= _MOST_REMEMBERED:
                return
            del self._answers[key]


def _product_of(request: Request) -> str:
    return request.tenders.product if isinstance(request, SubmitTenders) else request.product


def _is_ahead(product: Product, interval: Interval, now: Instant) -> bool:
    """Whether the interval is beyond the one whose gate comes next."""
    return interval.start > product.next_interval(Instant(now + product.gate_lead)).start


def _reply(request: Request, now: Instant, outcomes: tuple[object, ...]) -> Reply:
    return Reply(
        party=request.party,
        request_id=request.request_id,
        at=now,
        outcomes=outcomes,  # type: ignore[arg-type]
    )


def _refusal(request: Request, now: Instant, code: ResponseCode, why: str, term: str = "") -> Reply:
    refused = Refused(
        party=request.party,
        product=_product_of(request),
        code=code,
        detail=Detail[code.name],
        description=why,
        term=term,
    )
    return _reply(request, now, (refused,))
