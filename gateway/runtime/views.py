"""What the world was last shown of books and positions, so that every end is shown too."""

from collections.abc import Iterable

from gateway.market import Market
from gateway.model.event import BookView
from gateway.model.position import Position
from gateway.model.product import Product
from gateway.model.time import Instant, Interval


def horizon(product: Product, now: Instant) -> Interval:
    """The running instrument and the next: what a position is shown for."""
    running = product.interval_at(now)
    return Interval(running.start, Instant(running.end + product.interval))


class Views:
    """The shown books and positions of one market.

    A view is given when it changed since it was shown; an ended one is given once, empty.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._books: dict[str, BookView] = {}
        self._positions: dict[str, Position] = {}

    def books(self, parties: Iterable[str]) -> list[BookView]:
        """The changed books among those of ``parties``."""
        return [view for party in sorted(set(parties)) for view in self._book(party)]

    def all_books(self, now: Instant) -> list[BookView]:
        """The changed books of everybody, without what a former start left over."""
        parties = {*self._books, *self._market.parties_with_tenders}
        return [view for party in sorted(parties) for view in self._book(party, now)]

    def closed(self) -> list[BookView | Position]:
        """The end of everything that was shown: the market closes."""
        product = self._market.product.id
        books = [BookView(party=party, product=product, sets=()) for party in sorted(self._books)]
        positions = [
            Position(party=party, product=product, steps=()) for party in sorted(self._positions)
        ]
        return [*books, *positions]

    def all_positions(self, now: Instant) -> list[Position]:
        """The changed positions of everybody: at a gate time itself changes what is shown."""
        shown = horizon(self._market.product, now)
        return self.positions({*self._positions, *self._market.positions.held(shown)}, now)

    def positions(self, parties: Iterable[str], now: Instant) -> list[Position]:
        """The changed positions among those of ``parties``."""
        shown = horizon(self._market.product, now)
        return [view for party in sorted(set(parties)) for view in self._position(party, shown)]

    def _book(self, party: str, now: Instant = Instant(0)) -> Iterable[BookView]:
        live = self._market.live_sets(party)
        sets = tuple(one for one in live if one.tenders and one.interval.end > now)
        view = BookView(party=party, product=self._market.product.id, sets=sets)
        before = self._books.pop(party, None)
        if sets:
            self._books[party] = view
        return (view,) if view != before and (sets or before) else ()

    def _position(self, party: str, shown: Interval) -> Iterable[Position]:
        view = self._market.position(party, shown)
        before = self._positions.pop(party, None)
        if any(step.quantity for step in view.steps):
            self._positions[party] = view
        elif before is None:
            return ()
        else:
            view = Position(party=party, product=view.product, steps=())
        return (view,) if view != before else ()
