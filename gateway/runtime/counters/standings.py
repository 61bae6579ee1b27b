"""Where parties opt out and in, say when they are available, and are held to it."""

from collections.abc import Mapping
from typing import Any

from gateway.market import Market
from gateway.model.errors import WrongInput
from gateway.model.event import ResponseCode
from gateway.model.negotiation import AcceptQuote, CreateQuote, CreateRfq
from gateway.model.request import Request, SubmitTenders
from gateway.model.standing import (
    CancelOpt,
    CreateOpt,
    SetAvailability,
    StandingRequest,
    StandingTold,
)
from gateway.model.time import Instant, Interval
from gateway.runtime.counters.counter import Counter, Decision, refused, replied
from gateway.runtime.counters.quotes import QuoteCounter
from gateway.runtime.counters.tenders import TenderCounter
from gateway.runtime.standings import Standings


class StandingCounter:
    """Takes CreateOpt, CancelOpt and SetAvailability; open at all times."""

    def __init__(
        self,
        standings: Standings,
        markets: Mapping[str, Market],
        tenders: TenderCounter,
        quotes: QuoteCounter,
    ) -> None:
        self._standings = standings
        self._markets = markets
        self._tenders = tenders
        self._quotes = quotes

    def closed(self, _request: StandingRequest, _now: Instant) -> str:
        """It is always open."""
        return ""

    def decide(self, request: StandingRequest, now: Instant) -> Decision:
        """Take the word of the party, and let go of what it does not cover any more."""
        match request:
            case CreateOpt(opt=None, party=party):
                self._standings.opt_in(party)
            case CreateOpt(opt=opt, party=party):
                if opt is not None and not self._standings.opt(party, opt, now):
                    why = "too many opt-outs"
                    return Decision(refused(request, now, ResponseCode.RULES_VIOLATION, why))
            case CancelOpt(party=party, opt=name):
                if not self._standings.opt_in(party, name):
                    why = f"{party} has no opt-out {name}"
                    return Decision(refused(request, now, ResponseCode.NOT_FOUND, why))
            case SetAvailability(party=party, calendar=calendar):
                try:
                    self._standings.set_calendar(party, calendar)
                except WrongInput as error:
                    why = str(error)
                    return Decision(refused(request, now, ResponseCode.INVALID_ARTIFACT, why))
        self.hold(request.party, now, own=True)
        return Decision(replied(request, now, (self._told(request, now),)))

    def take_back(self, request: StandingRequest) -> None:
        """Nothing of it waits for the journal."""

    def withdraw(self, party: str) -> None:
        """A silent party's word still holds."""

    def hold(self, party: str, now: Instant, *, own: bool) -> None:
        """Withdraw, SUPERVISORY, what stands and its party may not trade any more.

        By its ``own`` word or the owner's.
        """
        for product, market in self._markets.items():
            quoted = [one.quote.interval for one in market.quotes.board.quotes_of(party)]
            tendered = [one.interval for one in market.live_sets(party)]
            for one in dict.fromkeys((*tendered, *quoted)):
                why = self._standings.why_not(party, product, one, now)
                if why:
                    self._tenders.withdraw_for(product, party, (one,), why, own=own)
                    self._quotes.withdraw_for(product, party, (one,))

    def _told(self, request: StandingRequest, now: Instant) -> StandingTold:
        standing = self._standings.of(request.party)
        name = ""
        if isinstance(request, CreateOpt) and request.opt is not None:
            name = request.opt.id
        elif isinstance(request, CancelOpt):
            name = request.opt
        out = any(one.until is None or one.until > now for one in standing.opts)
        return StandingTold(
            party=request.party, opt=name, opted_out=out, available=bool(standing.availability)
        )


class Restricted:
    """Another counter, behind what a party said of itself."""

    def __init__(self, inner: Counter, standings: Standings, markets: Mapping[str, Market]) -> None:
        self._inner = inner
        self._standings = standings
        self._markets = markets

    def closed(self, request: Any, now: Instant) -> str:  # noqa: ANN401 - its own kind
        """As the counter behind."""
        return self._inner.closed(request, now)

    def decide(self, request: Any, now: Instant) -> Decision:  # noqa: ANN401
        """Refuse what the party excluded itself; the rest is for the counter behind."""
        wanted = self._intervals(request)
        if wanted is not None:
            party, product = request.party, request.product
            refusal = self._standings.refusal(party, product, wanted, now)
            if refusal is not None:
                return Decision(replied(request, now, (refusal,)))
        return self._inner.decide(request, now)

    def take_back(self, request: Any) -> None:  # noqa: ANN401
        """As the counter behind."""
        self._inner.take_back(request)

    def withdraw(self, party: str) -> None:
        """As the counter behind."""
        self._inner.withdraw(party)

    def _intervals(self, request: Request) -> tuple[Interval, ...] | None:
        """What the party would trade in; None where it only withdraws or asks."""
        match request:
            case SubmitTenders():
                return tuple(one.interval for one in request.sets)
            case CreateQuote(quote=quote):
                return (quote.interval,)
            case AcceptQuote(product=product, quote=quote):
                known = self._markets[product].quotes.board.quote(quote)
                return () if known is None else (known.quote.interval,)
            case CreateRfq():
                return ()
            case _:
                return None
