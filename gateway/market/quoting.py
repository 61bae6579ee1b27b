"""The part of a market where quotes are made, asked for, accepted and rejected."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from gateway.market.bilateral import Match, Trade
from gateway.market.negotiation import Negotiation
from gateway.market.quotes import QuoteBoard
from gateway.market.rules import Rules
from gateway.model.canonical import Json
from gateway.model.event import Detail, MarketEvent, Refused, ResponseCode
from gateway.model.negotiation import (
    AcceptQuote,
    CancelQuotes,
    CreateQuote,
    CreateRfq,
    EndQuotes,
    LeaveQuotes,
    QuoteRequest,
    RejectQuote,
    UndoAccept,
)
from gateway.model.negotiation import (
    Negotiation as Asked,
)
from gateway.model.product import Product
from gateway.model.quote import Ending
from gateway.model.tender import Party, TenderSet
from gateway.model.time import Instant

Events = tuple[MarketEvent, ...]


class Quoting:
    """The quote board of a product behind its rules.

    Args:
        trade: makes an accepted quote binding.
        open_tenders: how many tenders a party has, beside its quotes.
        name: the id of a kind and number.
    """

    def __init__(
        self,
        product: Product,
        rules: Rules,
        parties: Mapping[str, Party],
        trade: Trade,
        open_tenders: Callable[[str], int],
        *,
        name: Callable[[str, int], str],
    ) -> None:
        self.board = QuoteBoard(product, name)
        self._rules = rules
        self._parties = parties
        self._trade = trade
        self._negotiation = Negotiation(product, rules, self.board, parties, open_tenders)

    def negotiate(self, asked: Asked, now: Instant) -> Events:
        """What came of it: what ended meanwhile, then the answer to a request, then the rest."""
        due: Events = self.board.tell(now)
        match asked:
            case EndQuotes():
                return due
            case LeaveQuotes(party=party):
                left = self.board.open_of(party)
                return (*due, *(self.board.end(one, Ending.SUPERVISORY) for one in left))
            case UndoAccept():
                return (*due, *self._undo(asked, now))
            case _:
                return (*due, *self._answer(asked, now))

    def open_of(self, party: str) -> int:
        """How many quotes and requests of the party stand."""
        return len(self.board.open_of(party))

    def sets_of(self, party: str) -> tuple[TenderSet, ...]:
        """What is left of the party's tradeable quotes, as tenders."""
        return tuple(
            TenderSet(
                party=party,
                product=one.product,
                interval=one.quote.interval,
                tenders=(replace(one.quote.tender, quantity=one.remaining),),
            )
            for one in self.board.quotes_of(party)
            if one.quote.tradeable
        )

    def dump(self) -> Json:
        """Everything, for ``load``; None where nobody ever quoted."""
        return self.board.dump() if self.board else None

    def load(self, dump: Json, parties: Iterable[str], *, same_terms: bool) -> None:
        """Go on from a dump, at the start."""
        if dump is not None:
            self.board.load(dump, parties, same_terms=same_terms)

    def _answer(self, asked: QuoteRequest, now: Instant) -> Events:
        party = self._parties.get(asked.party)
        if party is None:
            code, detail = ResponseCode.NOT_AUTHORIZED, Detail.NOT_AUTHORIZED
            text = f"{asked.party} is no party of this market"
            return (self._rules.refuse(asked.party, code, detail, text),)
        match asked:
            case CreateQuote():
                return (self._negotiation.quote(party, asked, now),)
            case CreateRfq():
                return (self._negotiation.rfq(party, asked, now),)
            case CancelQuotes():
                return _several(self._negotiation.cancel(party.id, asked))
            case RejectQuote():
                return _several(self._negotiation.reject(party.id, asked))
            case AcceptQuote():
                return self._accept(party, asked, now)
            case _:
                assert_never(asked)

    def _accept(self, party: Party, asked: AcceptQuote, now: Instant) -> Events:
        found = self._negotiation.accept(party, asked, now)
        if isinstance(found, Refused):
            return (found,)
        quantity = min(asked.tender.quantity, found.remaining)
        match = Match(quoted=found, party=party.id, tender=asked.tender, quantity=quantity)
        return (*self._trade(match, now), self.board.take(found, quantity))

    def _undo(self, undo: UndoAccept, now: Instant) -> Events:
        asked = undo.accepted
        found = self.board.quote(asked.quote)
        if found is None:
            return ()
        match = Match(
            quoted=found,
            party=asked.party,
            tender=asked.tender,
            quantity=undo.quantity,
            undone=True,
        )
        traded = self._trade(match, now)
        if found.ending not in {None, Ending.FILLED}:
            return traded
        return (*traded, self.board.take(found, -undo.quantity))


def _several(answer: Events | Refused) -> Events:
    return (answer,) if isinstance(answer, Refused) else answer
