"""The recorder writes the journal's rows: each input of a market, and right after it its events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, cast

from gateway.model.canonical import to_json
from gateway.model.event import CancelReason, MarketEvent, Push
from gateway.model.negotiation import Negotiation
from gateway.model.outlook import Outlook
from gateway.model.request import Reply
from gateway.model.settlement import Delivery
from gateway.model.snapshot import Snapshot
from gateway.model.tender import Party, TenderSet
from gateway.model.time import Instant, Interval
from gateway.ports.journal import Body, Journal
from gateway.runtime.expected import Expected
from gateway.runtime.rows import (
    Acknowledged,
    Advanced,
    CancelAsked,
    Checkpoint,
    Happened,
    Input,
    Negotiated,
    Seen,
    Start,
    StillUnread,
    Submitted,
    worth_a_row,
    written,
)


class Unread(Protocol):
    """Who keeps what parties outside have not acknowledged."""

    @property
    def unread(self) -> tuple[Push, ...]:
        """All of it."""
        ...

    def note(self, at: Instant, events: Sequence[MarketEvent]) -> None:
        """These were just recorded."""
        ...


class Recorder:
    """Appends rows and returns their seq; never waits.

    Between an input row and the events of the same call nothing else may be recorded, so no
    ``await`` stands between them.  ``heard`` is told the events of every row, with its seq.
    ``replies`` counts the rows of answers.
    """

    def __init__(
        self, journal: Journal, heard: Callable[[int, Sequence[MarketEvent]], None] | None = None
    ) -> None:
        self._journal = journal
        self._heard = heard
        self._start: Start | None = None
        self._given: Input | None = None
        self._newest = 0
        self._outlook: Outlook | None = None
        self._told = True
        self.replies = 0
        self.unread: Unread | None = None
        self.on_events: Callable[[Sequence[MarketEvent]], None] = lambda _events: None

    @property
    def newest(self) -> int:
        """Seq of the newest row recorded here."""
        return self._newest

    def finish(self, at: Instant, happened: Happened) -> int:
        """The row that a crash cut off; before ``start``."""
        return self._happened(at, happened)

    def start(self, now: Instant, start: Start, dumps: Mapping[str, object]) -> int:
        """A start, and at once a checkpoint of every market, by product id."""
        self._start, self._outlook = start, None
        seq = self._append(now, "start", start)
        for product, dump in dumps.items():
            seq = self.checkpoint(now, product, dump)
        return seq

    @property
    def started(self) -> Start:
        """Under what the markets stand; only after ``start``."""
        if self._start is None:
            message = "nothing stands before the start"
            raise RuntimeError(message)
        return self._start

    def admit(self, now: Instant, parties: Sequence[Party], dumps: Mapping[str, object]) -> int:
        """From here on these parties trade as well, or under other terms; only after ``start``."""
        if self._start is None:
            message = "parties are admitted after the start they join"
            raise RuntimeError(message)
        known = {party.id: party for party in (*self._start.parties, *parties)}
        return self.start(now, replace(self._start, parties=tuple(known.values())), dumps)

    def checkpoint(self, now: Instant, product: str, dump: object) -> int:
        """The whole state of a market; only after ``start``."""
        if self._start is None:
            message = "a checkpoint is recorded after the start it belongs to"
            raise RuntimeError(message)
        state = Checkpoint(product=product, start=self._start.of(product), dump=dump)
        self._newest = seq = self._journal.append(now, "checkpoint", cast("Body", written(state)))
        self._told = False
        if self.unread is not None and self.unread.unread:
            seq = self._append(now, "unread", StillUnread(pushes=self.unread.unread))
        return seq

    def submit(
        self,
        now: Instant,
        tenders: TenderSet,
        request: str | None = None,
        more: tuple[TenderSet, ...] = (),
    ) -> int:
        """A tender set, and ``more`` of the same call, before it is given to the market."""
        return self._ask(now, "submit", Submitted(tenders=tenders, request=request, more=more))

    def cancel(  # noqa: PLR0917  the order in which a cancellation is told
        self,
        now: Instant,
        product: str,
        party: str,
        tenders: Sequence[str] | None,
        reason: CancelReason,
        request: str | None = None,
        why: str = "",
    ) -> int:
        """A cancellation, before it is given to the market; ``tenders`` None = all."""
        row = CancelAsked(
            product=product,
            party=party,
            tenders=None if tenders is None else tuple(tenders),
            reason=reason,
            request=request,
            why=why,
        )
        return self._ask(now, "cancel", row)

    def advance(
        self, now: Instant, product: str, *, unscheduled: bool, ahead: Interval | None = None
    ) -> int:
        """The time, before it is given to the market."""
        row = Advanced(product=product, unscheduled=unscheduled, ahead=ahead)
        return self._ask(now, "advance", row)

    def negotiate(self, now: Instant, product: str, asked: Negotiation) -> int:
        """What is asked about quotes, before it is given to the market."""
        return self._ask(now, "negotiate", Negotiated(product=product, asked=asked))

    def snapshot(self, now: Instant, product: str, snapshot: Snapshot) -> int:
        """What the agents are about to see; it is as it will be read back from this row."""
        return self._append(now, "snapshot", Seen(product=product, snapshot=snapshot))

    def outlook(self, now: Instant, outlook: Outlook | None) -> None:
        """What the agents are about to be told of the time to come, as it reads back.

        Written where it changed, and once more after a checkpoint, before which all may be
        forgotten.
        """
        if outlook != self._outlook or (outlook is not None and not self._told):
            self._outlook, self._told = outlook, True
            self._append(now, "outlook", Expected.of(outlook))

    def events(self, now: Instant, product: str, events: Sequence[MarketEvent]) -> int:
        """What the market answered to the input just recorded, if it is worth a row.

        Returns:
            The seq that must be durable before anything of the call may leave the house.
        """
        self.on_events(events)
        if not worth_a_row(self._given, events):
            return self._newest
        return self._happened(now, Happened(product=product, events=tuple(events)))

    def delivery(self, now: Instant, delivery: Delivery) -> int:
        """What a party delivered, as it is settled."""
        return self._append(now, "delivery", delivery)

    def reply(self, now: Instant, reply: Reply) -> int:
        """The answer to a request of an outside party."""
        self.replies += 1
        return self._append(now, "reply", reply)

    def acknowledged(self, now: Instant, party: str, push: str) -> int:
        """A party outside knows of what it was told; nothing waits for this row."""
        return self._append(now, "ack", Acknowledged(party=party, push=push))

    def _happened(self, now: Instant, happened: Happened) -> int:
        seq = self._append(now, "event", happened)
        if self.unread is not None:
            self.unread.note(now, happened.events)
        if self._heard is not None:
            self._heard(seq, happened.events)
        return seq

    def _ask(self, now: Instant, kind: str, given: Input) -> int:
        self._given = given
        return self._append(now, kind, given)

    def _append(self, now: Instant, kind: str, body: object) -> int:
        self._newest = self._journal.append(now, kind, cast("Body", to_json(body)))
        return self._newest
