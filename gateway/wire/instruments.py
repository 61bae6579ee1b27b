"""Depth, session and tickers of each instrument, for products that publish them.

Source: CTS 1.0, InstrumentBookSummaryType, InstrumentSessionSummaryType and the ticker messages.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from gateway.model.event import BookView
from gateway.model.product import Product
from gateway.model.quote import QuoteChanged, RfqChanged
from gateway.model.tender import Side
from gateway.model.time import SECOND, Instant, Interval, topic_time
from gateway.model.transaction import Transaction
from gateway.wire.message import Message
from gateway.wire.payloads_instruments import (
    BookEntry,
    InstrumentBook,
    InstrumentSession,
    Tick,
    TickerText,
)
from gateway.wire.tenders import encode_interval
from gateway.wire.text import write
from gateway.wire.topics import Topics

_MOST_LEVELS: Final = 200
"""Of one side: the best are told, the rest matters to nobody yet."""

_Level = tuple[Interval, Side, int]


@dataclass(frozen=True, slots=True)
class Session:
    """What was traded in one instrument: prices and volume as the product's integers."""

    first: int
    high: int
    low: int
    last: int
    volume: int
    transactions: int = 1

    def and_then(self, price: int, quantity: int) -> "Session":
        """With one more match."""
        return replace(
            self,
            high=max(self.high, price),
            low=min(self.low, price),
            last=price,
            volume=self.volume + quantity,
            transactions=self.transactions + 1,
        )


class Instruments:
    """What is public of the instruments that are not over."""

    def __init__(self, area: str) -> None:
        self._area = area
        self._topics = Topics(area)
        self._depth: dict[tuple[str, Interval], Counter[tuple[Side, int]]] = {}
        self._views: dict[tuple[str, str], Counter[_Level]] = {}
        self._sessions: dict[tuple[str, Interval], Session] = {}
        self._told: dict[str, Interval] = {}

    def book(self, view: BookView, product: Product, now: Instant) -> Iterator[Message]:
        """The depth of what changed by one party's book, and a tick for each step that is new."""
        key = (product.id, view.party)
        if not {"book", "ticks"} & set(product.publish) and key not in self._views:
            return
        new: Counter[_Level] = Counter()
        for tenders in view.sets:
            for one in tenders.tenders:
                new[tenders.interval, one.side, one.price] += one.quantity
        old = self._views.pop(key, Counter())
        if new:
            self._views[key] = new
        changed = [level for level in {**old, **new} if old[level] != new[level]]
        for level in changed:
            self._add(product.id, level, new[level] - old[level])
        if "ticks" in product.publish:
            yield from self._tenders(product, changed, old, new)
        for interval in dict.fromkeys(level[0] for level in changed):
            yield from self._depth_of(product, interval, now)

    def traded(self, one: Transaction, product: Product, now: Instant) -> Iterator[Message]:
        """The session of the instrument after a match: its BUY side counts, once."""
        if "session" not in product.publish or one.side is not Side.BUY:
            return
        instrument = product.interval_at(one.interval.start)
        key = (product.id, instrument)
        known = self._sessions.get(key)
        session = (
            Session(one.price, one.price, one.price, one.price, one.quantity)
            if known is None
            else known.and_then(one.price, one.quantity)
        )
        self._sessions[key] = session
        yield self._session_of(product, instrument, session, now)

    def quoted(self, fact: QuoteChanged | RfqChanged, product: Product) -> Iterator[Message]:
        """A tick for a public quote or request for quotes that is new."""
        if "ticks" not in product.publish or fact.ending is not None:
            return
        if isinstance(fact, RfqChanged):
            rfq = fact.rfq
            if not rfq.to:
                yield self._tick(product, "RFQS", rfq.within, rfq.side, rfq.price, rfq.quantity)
            return
        quote = fact.quote
        if not (quote.private or quote.to) and fact.remaining == quote.tender.quantity:
            side, price = quote.tender.side, quote.tender.price
            yield self._tick(product, "QUOTES", quote.interval, side, price, fact.remaining)

    def over(self, now: Instant) -> Iterator[Message]:
        """What is over is forgotten, and cleared for brokers that know no expiry."""
        for topic in [topic for topic, interval in self._told.items() if interval.end <= now]:
            del self._told[topic]
            yield Message(topic, b"", qos=0, retain=True)
        for key in [key for key in self._sessions if key[1].end <= now]:
            del self._sessions[key]

    def _add(self, product: str, level: _Level, more: int) -> None:
        interval, side, price = level
        depth = self._depth.setdefault((product, interval), Counter())
        depth[side, price] += more
        if not depth[side, price]:
            del depth[side, price]
        if not depth:
            del self._depth[product, interval]

    def _tenders(
        self, product: Product, changed: list[_Level], old: Counter[_Level], new: Counter[_Level]
    ) -> Iterator[Message]:
        for level in changed:
            if (more := new[level] - old[level]) > 0:
                interval, side, price = level
                yield self._tick(product, "TENDERS", interval, side, price, more)

    def _depth_of(self, product: Product, interval: Interval, now: Instant) -> Iterator[Message]:
        """The depth as it stands; cleared where nothing is left, or is published no more."""
        topic = self._topics.book(product.id, topic_time(interval.start))
        levels = self._depth.get((product.id, interval))
        if not levels or "book" not in product.publish:
            if self._told.pop(topic, None) is not None:
                yield Message(topic, b"", qos=0, retain=True)
            return
        sides = [(side, price, quantity) for (side, price), quantity in levels.items()]
        sells = sorted((one for one in sides if one[0] is Side.SELL), key=lambda one: one[1])
        buys = sorted((one for one in sides if one[0] is Side.BUY), key=lambda one: -one[1])
        entries: list[BookEntry] = [
            {"side": side.value, "price": price, "quantity": quantity}
            for side, price, quantity in (*buys[:_MOST_LEVELS], *sells[:_MOST_LEVELS])
        ]
        payload: InstrumentBook = {
            "v": 1,
            "marketId": self._area,
            "segmentId": product.id,
            "instrument": encode_interval(interval),
            "priceScale": product.price_scale,
            "quantityScale": product.quantity_scale,
            "bookEntries": entries,
        }
        yield self._retained(topic, write(payload), interval, now, qos=0)

    def _session_of(
        self, product: Product, interval: Interval, session: Session, now: Instant
    ) -> Message:
        payload: InstrumentSession = {
            "v": 1,
            "marketId": self._area,
            "segmentId": product.id,
            "instrument": encode_interval(interval),
            "priceScale": product.price_scale,
            "quantityScale": product.quantity_scale,
            "firstPrice": session.first,
            "highPrice": session.high,
            "lowPrice": session.low,
            "lastPrice": session.last,
            "volume": session.volume,
            "transactions": session.transactions,
        }
        topic = self._topics.price(product.id, topic_time(interval.start))
        return self._retained(topic, write(payload), interval, now, qos=1)

    def _retained(
        self, topic: str, payload: bytes, interval: Interval, now: Instant, *, qos: int
    ) -> Message:
        self._told[topic] = interval
        left_s = max(1, -((now - interval.end) // SECOND))
        return Message(topic, payload, qos=qos, retain=True, expiry_s=left_s)

    def _tick(  # noqa: PLR0917 - the fields of a tick
        self,
        product: Product,
        kind: TickerText,
        interval: Interval,
        side: Side,
        price: int | None,
        quantity: int,
    ) -> Message:
        payload: Tick = {
            "v": 1,
            "segmentId": product.id,
            "tickerType": kind,
            "side": side.value,
            "price": price,
            "priceScale": product.price_scale,
            "quantity": quantity,
            "quantityScale": product.quantity_scale,
            "interval": encode_interval(interval),
        }
        level = kind.removesuffix("S").lower()
        return Message(self._topics.tick(product.id, level), write(payload), qos=0)
