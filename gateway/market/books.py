"""The books of all instruments of one product that are not yet over."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from gateway.market.book import InstrumentBook
from gateway.market.grid import PriceGrid
from gateway.model.product import Product
from gateway.model.tender import Tender
from gateway.model.time import Instant, Interval
from gateway.ports.mechanism import Mechanism


@dataclass(frozen=True, slots=True)
class Taken:
    """An increment's id that is taken until its interval ends.

    Attributes:
        start: of its instrument.
        withdrawn: it was cancelled or expired before all of it was traded.
    """

    start: Instant
    tender: Tender
    sequence: int
    withdrawn: bool = False


class Books:
    """Instrument books by start, opened by the first tender and closed when the interval ends."""

    def __init__(self, product: Product, mechanism: Mechanism) -> None:
        self._product = product
        self._mechanism = mechanism
        self._grid = PriceGrid.of(product)
        self._books: dict[Instant, InstrumentBook] = {}
        self._starts: dict[str, set[Instant]] = {}  # of each party's instruments

    def __iter__(self) -> Iterator[InstrumentBook]:
        return (self._books[start] for start in sorted(self._books))

    def get(self, start: Instant) -> InstrumentBook | None:
        """The book of the instrument that starts then, if it is open."""
        return self._books.get(start)

    def open(self, interval: Interval) -> InstrumentBook:
        """The instrument's book, a new one if need be."""
        book = self._books.get(interval.start)
        if book is None:
            steps = self._mechanism.open_book(self._product)
            book = InstrumentBook(self._product.id, interval, steps, self._grid)
            self._books[interval.start] = book
        return book

    def open_for(self, party: str, interval: Interval) -> InstrumentBook:
        """The instrument's book, where the party is going to tender."""
        self._starts.setdefault(party, set()).add(interval.start)
        return self.open(interval)

    def over(self, now: Instant) -> list[InstrumentBook]:
        """Books of intervals that have ended, in order of time."""
        return [book for book in self if book.interval.end <= now]

    def beyond(self, instant: Instant) -> list[InstrumentBook]:
        """Books of intervals that start after the instant, in order of time."""
        return [book for book in self if book.interval.start > instant]

    def close(self, book: InstrumentBook) -> None:
        """Forget the book."""
        start = book.interval.start
        del self._books[start]
        for party in book.parties():
            self._starts[party].discard(start)
            if not self._starts[party]:
                del self._starts[party]

    def of(self, party: str) -> list[InstrumentBook]:
        """Books in which the party tenders or tendered, in order of time."""
        return [self._books[start] for start in sorted(self._starts.get(party, ()))]

    def named(self, party: str, names: Iterable[str]) -> tuple[str, ...]:
        """Ids of the party's tenders as named; a stream's id stands for what is open of it."""
        found: dict[str, None] = {}
        streams: dict[str, list[str]] | None = None
        for name in names:
            if any(name in book.increments.get(party, ()) for book in self.of(party)):
                found[name] = None
                continue
            streams = self._streams(party) if streams is None else streams
            found |= dict.fromkeys(streams.get(name, (name,)))
        return tuple(found)

    def _streams(self, party: str) -> dict[str, list[str]]:
        """Ids of the open tenders of each of the party's streams."""
        streams: dict[str, list[str]] = {}
        for book in self.of(party):
            for step in book.increments.get(party, {}).values():
                if step.tender is not None and step.tender.stream:
                    streams.setdefault(step.tender.stream, []).append(step.tender.id)
        return streams

    def open_tenders(self, party: str) -> int:
        """How many tenders of the party are live."""
        starts = self._starts.get(party, ())
        return sum(self._books[start].open_tenders(party) for start in starts)

    @property
    def parties(self) -> tuple[str, ...]:
        """Parties with live tenders, sorted."""
        return tuple(party for party in sorted(self._starts) if self.open_tenders(party))

    def taken(self, party: str, ids: Collection[str]) -> dict[str, Taken]:
        """Those of the ids that the party's increments have, open or ended."""
        taken: dict[str, Taken] = {}
        for start in self._starts.get(party, ()):
            book = self._books[start]
            ended, standing = book.ended.get(party), book.increments.get(party)
            for id_ in ids:
                if ended and id_ in ended:
                    end = ended[id_]
                    withdrawn = end.filled < end.tender.quantity
                    taken[id_] = Taken(start, end.tender, end.sequence, withdrawn)
                if standing and id_ in standing:
                    step = standing[id_]
                    if step.tender is not None:
                        taken[id_] = Taken(start, step.tender, step.sequence)
        return taken
