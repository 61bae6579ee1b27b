"""Replay: the same inputs give the same rows, byte for byte.

The markets are run again from their checkpoints and from every submit, cancel and advance with
its own ``now``; what they answer is compared with what the journal says they answered.  Given
the agents of the house, what they tender on each journalled snapshot is compared as well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from gateway.market.positions import Positions
from gateway.model.canonical import encoded, text
from gateway.model.chain import GENESIS, digest
from gateway.model.errors import GridtenderError
from gateway.model.event import CancelReason, MarketEvent
from gateway.model.negotiation import Negotiation
from gateway.model.outlook import Outlook
from gateway.model.product import Product
from gateway.model.snapshot import Snapshot
from gateway.model.tender import TenderSet, TieClass
from gateway.model.time import Instant, Interval
from gateway.ports.agent import Agent
from gateway.ports.journal import Row
from gateway.runtime.bidding import gate_for, requirement
from gateway.runtime.expected import Expected
from gateway.runtime.rows import (
    Advanced,
    CancelAsked,
    Checkpoint,
    Happened,
    Input,
    Negotiated,
    Seen,
    Start,
    Submitted,
    read_body,
    worth_a_row,
    written,
)

INPUTS: Final[Mapping[str, type[Input]]] = {
    "submit": Submitted,
    "cancel": CancelAsked,
    "advance": Advanced,
    "negotiate": Negotiated,
}


Rules = Callable[[Product], str]
"""Mechanism and revision a product is cleared by here, ``uniform-price/1``."""


class RulesDiffer(GridtenderError):
    """The journal was written under other market rules than these."""


class ReplayedMarket(Protocol):
    """As much of a market as replay needs."""

    def submit(
        self, tenders: TenderSet, now: Instant, /, *more: TenderSet
    ) -> Sequence[MarketEvent]:
        """Give it a tender set, and more of the same call."""
        ...

    def cancel(
        self,
        party: str,
        tenders: Sequence[str] | None,
        now: Instant,
        reason: CancelReason,
        why: str,
        /,
    ) -> Sequence[MarketEvent]:
        """Cancel a party's tenders."""
        ...

    def advance(
        self, now: Instant, /, *, unscheduled: bool, ahead: Interval | None = None
    ) -> Sequence[MarketEvent]:
        """Tell it the time."""
        ...

    def negotiate(self, asked: Negotiation, now: Instant, /) -> Sequence[MarketEvent]:
        """Do what is asked about its quotes."""
        ...

    @property
    def positions(self) -> Positions:
        """Of every party."""
        ...

    def newest_revision(self, party: str, interval: Interval, /) -> int:
        """Of the party's requirements for the interval; 0 if it never had one."""
        ...

    def share(self, other: Any | None) -> None:  # noqa: ANN401 - a market of its own kind
        """Hold positions in common with the other products of the resource."""
        ...

    def dump(self) -> object:
        """Its whole state as JSON."""
        ...


class LoadMarket(Protocol):
    """Makes a market of a dump, under the given start."""

    def __call__(self, product: Product, start: Start, dump: object, /) -> ReplayedMarket:
        """The market in the state of ``dump``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first row whose body comes out differently.

    Attributes:
        journalled: body in the journal, empty where it has no such row.
        replayed: body by this replay, empty where nothing came of the input.
    """

    seq: int
    journalled: str
    replayed: str


class ReplayDiffers(GridtenderError):
    """A row came out otherwise than it was journalled.

    Attributes:
        difference: which, and how.
    """

    def __init__(self, difference: Difference) -> None:
        super().__init__(
            f"journal row {difference.seq} comes out differently:\n"
            f"  journalled: {difference.journalled or 'nothing'}\n"
            f"  replayed:   {difference.replayed or 'nothing'}"
        )
        self.difference = difference


def replay(rows: Iterable[Row], load: LoadMarket, rules: Rules | None = None) -> Iterator[Row]:
    """The rows, each one after it was found to come out the same.

    With ``rules`` a journal of other rules is refused.

    Raises:
        ReplayDiffers: at the first row that does not come out the same.
        RulesDiffer, JournalFailed: as ``Replay.run``.
    """
    run = Replay(load, rules)
    for row in run.run(rows):
        if run.difference is not None:
            raise ReplayDiffers(run.difference)
        yield row


class Replay:
    """One run over the rows of a journal.

    Attributes:
        difference: the first one, or None.
        owed: what the newest input was answered, until its row is met; a crash may cut it off.
        skipped: inputs of products that had no checkpoint yet (their beginning was forgotten).
        markets: as they are after the rows so far, of the products that had an input since
            their checkpoint; ``starts``: under what each one stands.
        outlook: what the agents know of the time to come.
    """

    def __init__(
        self,
        load: LoadMarket,
        rules: Rules | None = None,
        agents: Iterable[Agent] = (),
    ) -> None:
        self._load = load
        self._rules = rules
        self._agents = {agent.party.id: agent for agent in agents}
        self._seen: dict[str, Snapshot] = {}
        self.outlook: Outlook | None = None
        self.starts: dict[str, Start] = {}
        self.owed: Happened | None = None
        self.markets: dict[str, ReplayedMarket] = {}
        self._waiting: dict[str, Checkpoint] = {}
        self.difference: Difference | None = None
        self.skipped = 0
        self._met: set[str] = set()
        self._closed: set[str] = set()

    def run(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows with what the markets say now, in a new hash chain.

        Raises:
            RulesDiffer: a product's rules are not those this replay was given.
            JournalFailed: a row cannot be understood.
        """
        previous: str | None = None
        for row in rows:
            body = self.again(row)
            before = GENESIS if row.seq == 1 else previous
            if before is None:  # the rows begin in the middle of a chain
                previous = row.hash
            else:
                previous = digest(before, seq=row.seq, now=row.now, kind=row.kind, body=body)
            yield replace(row, body=body, hash=previous)

    def again(self, row: Row) -> str:
        """The next row's body as it comes out this time.

        Raises:
            RulesDiffer, JournalFailed: as ``run``.
        """
        if row.kind == "event":
            return self._compare_events(row)
        if self.owed is not None:
            self._miss(row)
        if row.kind == "start":
            self._begin(read_body(Start, row))
        if row.kind == "checkpoint":
            return self._compare_checkpoint(row)
        if row.kind == "outlook":
            self.outlook = read_body(Expected, row).outlook
        if row.kind == "snapshot" and self._agents:
            seen = read_body(Seen, row)
            self._seen[seen.product] = seen.snapshot
        return self._feed(row) if row.kind in INPUTS else row.body

    def _feed(self, row: Row) -> str:
        """Give an input to its market and keep the answer for the next row."""
        given = read_body(INPUTS[row.kind], row)
        body = self._tendered_again(row, given)
        market = self._opened(given.product)
        if market is None:
            self.skipped += 1
        elif worth_a_row(given, events := put(market, given, row.now)):
            self.owed = Happened(product=given.product, events=tuple(events))
        return body

    def _tendered_again(self, row: Row, given: Input) -> str:
        """The row as the agent of its party states it now, where that can be told."""
        if not isinstance(given, Submitted) or given.request is not None:
            return row.body
        if self._opened(given.product) is None or given.product not in self._seen:
            return row.body
        agent = self._agents.get(given.tenders.party)
        if agent is None and self._is_of_a_wire(given):
            return row.body
        if agent is None:
            self._note(row.seq, row.body, "")
            return row.body
        start, market = self.starts[given.product], self.markets[given.product]
        gate = gate_for(
            start.products[0],
            given.tenders.interval,
            row.now,
            self._seen[given.product],
            market.positions,
            {party.id for party in start.parties if party.outside},
            self.outlook,
        )
        newest = market.newest_revision(agent.party.id, given.tenders.interval)
        body = text(Submitted(tenders=requirement(agent, gate, newest)))
        self._note(row.seq, row.body, body)
        return body

    def _is_of_a_wire(self, given: Submitted) -> bool:
        """Whether it rests on what a market above said; no snapshot tells that."""
        parties = self.starts[given.product].parties
        wires = {p.id for p in parties if p.tie_class is TieClass.INTERTIE and not p.outside}
        return given.tenders.party in wires

    def _compare_events(self, row: Row) -> str:
        owed, self.owed = self.owed, None
        if owed is not None:
            answer = text(owed)
            self._note(row.seq, row.body, answer)
            return answer
        if read_body(Happened, row).product in self.starts:
            self._note(row.seq, row.body, "")
        return row.body

    def _miss(self, row: Row) -> None:
        """The journal has no row for an answer; that is right only where a crash cut it off."""
        owed, self.owed = self.owed, None
        if row.kind != "start":
            self._note(row.seq, "", text(owed))

    def _compare_checkpoint(self, row: Row) -> str:
        state = read_body(Checkpoint, row)
        (terms,) = state.start.products
        self._check_rules(row, state, terms)
        # One that was closed meanwhile comes with what the others traded since.
        reopened = state.product in self._closed
        self._closed.discard(state.product)
        market = None if reopened else self._opened(state.product)
        body = row.body
        if market is not None:
            if self.starts[state.product] != state.start:
                market = self._open(terms, state.start, market.dump())
            body = encoded(written(replace(state, dump=market.dump())))
            self._note(row.seq, row.body, body)
        self.starts[state.product] = state.start
        self._waiting.pop(state.product, None)
        if market is not None and body == row.body:
            self.markets[state.product] = market
        else:
            self.markets.pop(state.product, None)
            self._waiting[state.product] = state
        self._join(state.product, state.start)
        return body

    def _opened(self, product: str) -> ReplayedMarket | None:
        """The market of a product, made of its checkpoint when it is first needed."""
        state = self._waiting.pop(product, None)
        if state is not None:
            (terms,) = state.start.products
            self.markets[product] = self._open(terms, state.start, state.dump)
        return self.markets.get(product)

    @property
    def dumps(self) -> dict[str, object]:
        """The state of every market after the rows so far, by product id."""
        return {
            product: self._waiting[product].dump
            if product in self._waiting
            else self.markets[product].dump()
            for product in self.starts
        }

    def _open(self, terms: Product, start: Start, dump: object) -> ReplayedMarket:
        """The market of a start."""
        market = self._load(terms, start, dump)
        if start.together:
            market.share(None)
        return market

    def _begin(self, start: Start) -> None:
        """Products that it does not name are closed under it."""
        self._met.clear()
        self.outlook = None
        self._closed |= set(self.starts) - {product.id for product in start.products}

    def _join(self, product: str, start: Start) -> None:
        """Let it share positions with those that were met under the same start."""
        met = (id_ for id_ in start.together if id_ in self._met)
        if (other := next(met, None)) is not None:
            market, theirs = self._opened(product), self._opened(other)
            if market is not None:
                market.share(theirs)
        self._met.add(product)

    def _check_rules(self, row: Row, state: Checkpoint, terms: Product) -> None:
        if self._rules is None:
            return
        ours, theirs = self._rules(terms), state.start.rules.get(state.product)
        if ours != theirs:
            message = (
                f"journal row {row.seq}: product {state.product} was cleared by {theirs}, here "
                f"it would be by {ours}: replay it under other rules with --mechanism NAME"
            )
            raise RulesDiffer(message)

    def _note(self, seq: int, journalled: str, replayed: str) -> None:
        if journalled != replayed and self.difference is None:
            self.difference = Difference(seq=seq, journalled=journalled, replayed=replayed)


def put(market: ReplayedMarket, given: Input, now: Instant) -> Sequence[MarketEvent]:
    """Give an input row's body to its market."""
    match given:
        case Submitted():
            return market.submit(given.tenders, now, *given.more)
        case CancelAsked():
            return market.cancel(given.party, given.tenders, now, given.reason, given.why)
        case Advanced():
            if given.ahead is None:
                return market.advance(now, unscheduled=given.unscheduled)
            return market.advance(now, unscheduled=given.unscheduled, ahead=given.ahead)
        case Negotiated():
            return market.negotiate(given.asked, now)
