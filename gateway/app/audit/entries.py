"""What stands in a ledger: transactions, deliveries, and every tender from submission to its end.

A tender's entry comes when it ends, so memory holds what is open only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from gateway.model.event import Accepted, Cancelled, MarketEvent, Refused
from gateway.model.settlement import Delivery
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import Instant, Interval
from gateway.model.transaction import Transaction
from gateway.ports.journal import Row
from gateway.runtime.rows import Happened, Submitted, read_body

_WHY: Final = {
    "REQUESTED": "withdrawn by its party, or replaced by a newer set",
    "SUPERVISORY": "withdrawn by the market",
    "EXPIRED": "expired, or its interval was over",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line; what a kind does not have is None.

    Attributes:
        seq, at: of the row it ended in.
        kind: ``transaction | delivery | tender``.
        id: of the transaction, the tender, or the meter.
        money: exact: price x quantity x milliseconds, pays +.
        submitted: row in which a tender came in; ``filled``: how much of it was ever traded.
        outcome: of a tender: ``filled | refused | cancelled | expired | replaced | open``.
        why: a sentence.
    """

    seq: int
    at: Instant
    kind: str
    party: str
    product: str
    id: str
    interval: Interval
    side: str | None = None
    price: int | None = None
    quantity: int | None = None
    counter_party: str | None = None
    clearing: int | None = None
    money: int | None = None
    submitted: int | None = None
    filled: int | None = None
    outcome: str | None = None
    delivered: int | None = None
    position: int | None = None
    deviation: int | None = None
    quality: str | None = None
    why: str = ""


@dataclass(slots=True)
class _Open:
    """A tender that may still trade."""

    seq: int
    tenders: TenderSet
    tender: Tender
    filled: int = 0


def entries(rows: Iterable[Row]) -> Iterator[Entry]:
    """The entries of the rows; at last the tenders that are still open."""
    trace = _Trace()
    last: Row | None = None
    for row in rows:
        last = row
        yield from trace.look(row)
    if last is not None:
        yield from trace.rest(last)


class _Trace:
    """Follows tenders by (product, party, id)."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, str], _Open] = {}
        # By the end of their interval: that of an own agent's tender leaves no row.
        self._ends: list[tuple[Instant, int, tuple[str, str, str]]] = []
        self._asked: tuple[Row, Submitted] | None = None

    def look(self, row: Row) -> Iterator[Entry]:
        """One row."""
        match row.kind:
            case "submit":
                yield from self._take(row)
                self._asked = row, read_body(Submitted, row)
            case "event":
                events = read_body(Happened, row).events
                refusal = next((one for one in events if isinstance(one, Refused)), None)
                yield from self._take(row, refusal)
                for event in events:
                    yield from self._happened(row, event)
            case "delivery":
                yield _delivery(row, read_body(Delivery, row))
            case "cancel" | "advance":
                yield from self._take(row)
                yield from self._over(row)
            case _:
                pass

    def rest(self, row: Row) -> Iterator[Entry]:
        """What is open after the last row."""
        yield from self._take(row)
        for one in self._open.values():
            yield _tender(row, one, "open", "")

    def _take(self, row: Row, refusal: Refused | None = None) -> Iterator[Entry]:
        """What was submitted last stands now, or was refused in this row."""
        asked, self._asked = self._asked, None
        if asked is None:
            return
        asked_row, submitted = asked
        for tenders in (submitted.tenders, *submitted.more):
            if refusal is not None:
                for tender in tenders.tenders:
                    one = _Open(asked_row.seq, tenders, tender)
                    yield _tender(row, one, "refused", refusal.description)
                continue
            if tenders.netting:
                yield from self._replace(asked_row, tenders)
            for tender in tenders.tenders:
                key = tenders.product, tenders.party, tender.id
                self._open[key] = _Open(asked_row.seq, tenders, tender)
                heappush(self._ends, (tenders.interval.end, asked_row.seq, key))

    def _over(self, row: Row) -> Iterator[Entry]:
        """Tenders whose interval is over."""
        while self._ends and self._ends[0][0] <= row.now:
            _, seq, key = heappop(self._ends)
            one = self._open.get(key)
            if one is not None and one.seq == seq:
                del self._open[key]
                yield _tender(row, one, "expired", _WHY["EXPIRED"])

    def _replace(self, row: Row, newer: TenderSet) -> Iterator[Entry]:
        """A newer whole requirement ends the older one for the same interval."""
        for key, one in list(self._open.items()):
            same = one.tenders.party == newer.party and one.tenders.product == newer.product
            if same and one.tenders.netting and one.tenders.interval == newer.interval:
                del self._open[key]
                yield _tender(row, one, "replaced", f"by revision {newer.revision}")

    def _happened(self, row: Row, event: MarketEvent) -> Iterator[Entry]:
        match event:
            case Transaction():
                yield _transaction(row, event)
                key = event.product, event.party, event.tender
                one = self._open.get(key)
                if one is None:
                    return
                one.filled += event.quantity
                if not one.tenders.netting and one.filled >= one.tender.quantity:
                    del self._open[key]
                    yield _tender(row, one, "filled", "")
            case Cancelled():
                one = self._open.pop((event.product, event.party, event.tender), None)
                if one is not None:
                    reason = event.reason.value
                    outcome = "expired" if reason == "EXPIRED" else "cancelled"
                    yield _tender(row, one, outcome, _WHY[reason])
            case Accepted() | Refused():
                return
            case _:
                return


def _transaction(row: Row, one: Transaction) -> Entry:
    return Entry(
        seq=row.seq,
        at=row.now,
        kind="transaction",
        party=one.party,
        product=one.product,
        id=one.id,
        interval=one.interval,
        side=one.side.value,
        price=one.price,
        quantity=one.quantity,
        counter_party=one.counter_party,
        clearing=one.clearing,
        money=one.money,
        why=f"fills {one.tender}" if one.tender else "",
    )


def _tender(row: Row, one: _Open, outcome: str, why: str) -> Entry:
    tender = one.tender
    return Entry(
        seq=row.seq,
        at=row.now,
        kind="tender",
        party=one.tenders.party,
        product=one.tenders.product,
        id=tender.id,
        interval=one.tenders.interval,
        side=tender.side.value,
        price=tender.price,
        quantity=tender.quantity,
        submitted=one.seq,
        filled=one.filled,
        outcome=outcome,
        why=why,
    )


def _delivery(row: Row, one: Delivery) -> Entry:
    return Entry(
        seq=row.seq,
        at=row.now,
        kind="delivery",
        party=one.party,
        product=one.product,
        id=one.meter,
        interval=one.interval,
        side=(Side.BUY if one.delivered >= 0 else Side.SELL).value,
        money=one.money,
        delivered=one.delivered,
        position=one.position,
        deviation=one.deviation,
        quality=one.quality.value,
    )
