"""When tenders expire before their interval ends."""

from collections.abc import Iterator
from heapq import heappop, heappush

from gateway.market.book import InstrumentBook
from gateway.market.books import Books
from gateway.model.tender import TenderSet
from gateway.model.time import Instant

_Entry = tuple[Instant, Instant, str, str]
"""(expiration, start of the instrument, party, tender)"""


class Expirations:
    """A calendar of expirations; what left its book, or came anew, is passed over."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._entries: list[_Entry] = []

    def watch(self, tenders: TenderSet) -> None:
        """Note the set's tenders that expire before its interval ends."""
        interval = tenders.interval
        for tender in tenders.tenders:
            if tender.expiration is not None and tender.expiration < interval.end:
                entry = (tender.expiration, interval.start, tenders.party, tender.id)
                heappush(self._entries, entry)

    @property
    def next(self) -> Instant | None:
        """The next expiration of a live tender."""
        while self._entries and self._book(self._entries[0]) is None:
            heappop(self._entries)
        return self._entries[0][0] if self._entries else None

    def due(self, now: Instant) -> Iterator[tuple[InstrumentBook, str, str]]:
        """(book, party, tender) of each live tender that expired by ``now``."""
        while self._entries and self._entries[0][0] <= now:
            entry = heappop(self._entries)
            book = self._book(entry)
            if book is not None:
                yield book, entry[2], entry[3]

    def _book(self, entry: _Entry) -> InstrumentBook | None:
        """Where the tender is live."""
        expiration, start, party, tender = entry
        book = self._books.get(start)
        return book if book and book.expiration(party, tender) == expiration else None
