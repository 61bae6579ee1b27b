"""The desk: requests of outside parties, each answered once its outcome is durable."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.model.errors import JournalFailed
from gateway.model.event import ResponseCode
from gateway.model.negotiation import AcceptQuote, CreateQuote, CreateRfq
from gateway.model.request import AskPosition, Reply, Request, SubmitStream, SubmitTenders
from gateway.model.time import HOUR, Duration, Instant
from gateway.ports.clock import Clock
from gateway.ports.journal import Journal
from gateway.runtime.budget import Budget
from gateway.runtime.counters.counter import Counter, Decision, refused, replied
from gateway.runtime.recorder import Recorder
from gateway.runtime.register import Register

_REMEMBER = Duration(24 * HOUR)
# Older answers of a party go first; what it repeats then is judged anew, by ids and gates.
_MOST_REMEMBERED = 20_000
# What only a party that is enrolled in the product may ask.
_TRADING: Final[tuple[type[Any], ...]] = (
    SubmitTenders,
    SubmitStream,
    CreateQuote,
    CreateRfq,
    AcceptQuote,
)


class Desk:
    """Takes requests one at a time and sends each to its counter.

    Args:
        counters: by the type of request.
        remembered: answers of before this start, by (party, request id).
    """

    def __init__(
        self,
        *,
        counters: Mapping[type[Any], Counter],
        register: Register,
        journal: Journal,
        recorder: Recorder,
        clock: Clock,
        remembered: Mapping[tuple[str, str], Reply],
    ) -> None:
        self._counters = counters
        self._register = register
        self._journal = journal
        self._recorder = recorder
        self._clock = clock
        self._budget = Budget()
        self._answers = {key: Decision(reply) for key, reply in remembered.items()}

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
            refusal = refused(request, now, ResponseCode.FORCE_MAJEURE, str(fault))
            if self._answers.get(key) is answer:
                del self._answers[key]
                self._take_back(request, answer, refusal)
            return refusal
        return answer.reply

    def withdraw(self, party: str) -> None:
        """Cancel all that a silent party tenders, SUPERVISORY."""
        for counter in dict.fromkeys(self._counters.values()):
            counter.withdraw(party)

    def charge(self, request: Request) -> Reply | None:
        """Count a request that is decided elsewhere, or the refusal of it."""
        return self._charge(request, self._clock.now())

    def _take_back(self, request: Request, answer: Decision, refusal: Reply) -> None:
        """Undo what never became durable, and record that the party was refused."""
        if answer.took:
            self._counters[type(request)].take_back(request)
        self._recorder.reply(self._clock.now(), refusal)

    def _decide(self, request: Request, now: Instant) -> Decision:
        refusal = self._refused_at_once(request, now)
        if refusal is not None:
            return Decision(refusal)
        return self._counters[type(request)].decide(request, now)

    def _refused_at_once(self, request: Request, now: Instant) -> Reply | None:
        """Refusals that no market is asked for; they leave no row."""
        refusal = self._charge(request, now)
        if refusal is not None:
            return refusal
        restricted = self._register.restriction(request.party, request.product)
        if restricted is not None and isinstance(request, _TRADING):
            return replied(request, now, (restricted,))
        if self._journal.failed is not None and not isinstance(request, AskPosition):
            why = f"the journal failed: {self._journal.failed}"
            return refused(request, now, ResponseCode.FORCE_MAJEURE, why)
        closed = self._counters[type(request)].closed(request, now)
        return refused(request, now, ResponseCode.TRADING_CLOSED, closed) if closed else None

    def _charge(self, request: Request, now: Instant) -> Reply | None:
        """The refusal of a stranger, and of a party that asks too much."""
        party = self._register.party(request.party)
        if party is None:
            why = f"{request.party} is no party of this market"
            return refused(request, now, ResponseCode.NOT_AUTHORIZED, why)
        allowed = self._register.allowance(party.id).messages_per_minute
        if not self._budget.spend(party, request, now, allowed):
            limit = self._budget.per_minute(party, allowed)
            why = f"{party.id} may send {limit} tenders and other requests a minute"
            return refused(request, now, ResponseCode.RULES_VIOLATION, why, term="budget")
        return None

    def _forget_old(self, now: Instant) -> None:
        """Drop answers older than 24 h, or beyond what is kept; the dict is in their order."""
        while self._answers:
            key, answer = next(iter(self._answers.items()))
            if now - answer.reply.at <= _REMEMBER and len(self._answers) <= _MOST_REMEMBERED:
                return
            del self._answers[key]
