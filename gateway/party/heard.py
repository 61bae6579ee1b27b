"""What a market tells its parties, in real numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.model.tender import Side
from gateway.model.time import Duration, Instant, Interval, parse_iso_duration, parse_rfc3339
from gateway.party.terms import real


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is traded now.

    Attributes:
        interval: the delivery that is tendered for next.
        gate: when tenders for it close.
        status: ``OPEN``, ``HALTED``, …
    """

    product: str
    interval: Interval
    gate: Instant
    status: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """A price was made.

    Attributes:
        price: per price unit; None where nothing was traded.
        volume: in the product's unit.
        why: which tenders set the price, in a sentence.
    """

    product: str
    interval: Interval
    price: Decimal | None
    volume: Decimal
    sequence: int
    why: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A binding match of one tender of this party, in part or whole.

    Attributes:
        counter_party: the other side, or the market.
        price: per price unit; ``quantity``: positive, in the product's unit.
        seq: counts what this party was told; a missing number was missed.
    """

    id: str
    product: str
    counter_party: str
    tender: str
    side: Side
    interval: Interval
    price: Decimal
    quantity: Decimal
    seq: int | None
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The market withdrew a tender of this party, or let it lapse; nobody asked for it."""

    product: str
    tender: str
    remaining: int
    reason: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What this party has traded: BUY +, SELL -, in the product's unit."""

    product: str
    steps: tuple[tuple[Interval, Decimal], ...]

    def at(self, instant: Instant) -> Decimal:
        """The position at an instant; 0 where nothing was traded."""
        return sum((quantity for step, quantity in self.steps if instant in step), Decimal(0))


def read_interval(payload: Mapping[str, Any]) -> Interval:
    """``{dtStart, duration}``."""
    start = parse_rfc3339(payload["dtStart"])
    return Interval(start, Instant(start + parse_iso_duration(payload["duration"])))


def read_session(document: Mapping[str, Any], length: Duration | None) -> Session:
    """``p/P/session``; ``length`` of one interval, where it is known."""
    traded = read_interval(document["tradeableInstrumentRange"])
    end = traded.end if length is None else Instant(traded.start + length)
    return Session(
        product=document["segmentId"],
        interval=Interval(traded.start, end),
        gate=parse_rfc3339(document["sessionClose"]),
        status=document["sessionStatus"],
        document=document,
    )


def read_clearing(document: Mapping[str, Any]) -> Clearing:
    """``p/P/clearing``."""
    price = document["price"]
    return Clearing(
        product=document["segmentId"],
        interval=read_interval(document["interval"]),
        price=None if price is None else real(price, document["priceScale"]),
        volume=real(document["volume"], document["quantityScale"]),
        sequence=document["sequence"],
        why=document["because"],
        document=document,
    )


def read_transaction(document: Mapping[str, Any]) -> Transaction:
    """``u/U/in/create-transaction``."""
    tender = document["transaction"]["tender"]
    detail = tender["tenderDetail"]
    return Transaction(
        id=document["marketTransactionId"],
        product=document["segmentId"],
        counter_party=document["counterPartyId"],
        tender=tender["tenderId"],
        side=Side(tender["side"]),
        interval=read_interval(detail["interval"]),
        price=real(detail["price"], tender["priceScale"]),
        quantity=real(detail["quantity"], tender["quantityScale"]),
        seq=document.get("seq"),
        document=document,
    )


def read_withdrawn(document: Mapping[str, Any]) -> tuple[Withdrawn, ...]:
    """``u/U/in/canceled-tender`` that nobody asked for."""
    return tuple(
        Withdrawn(
            product=document["segmentId"],
            tender=one["tenderId"],
            remaining=one["remainingQuantity"],
            reason=one["cancelReason"],
            document=document,
        )
        for one in document["canceledTenders"]
    )


def read_position(document: Mapping[str, Any]) -> Position:
    """``u/U/in/reply-position``, and what is retained on ``u/U/pos/P``."""
    scale = document["quantityScale"]
    steps = [(read_interval(step), real(step["quantity"], scale)) for step in document["steps"]]
    return Position(product=document["segmentId"], steps=tuple(steps))
