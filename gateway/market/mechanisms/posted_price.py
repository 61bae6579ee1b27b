"""A shop: the maker posts prices, the others take them, first come first served.

The maker is the party that the product names; where it names none, sellers post and buyers take.

Source: docs/mechanisms/posted-price.md.
"""

from operator import attrgetter

from gateway.market.grid import PriceGrid
from gateway.model.clearing import ClearingType, MarginalTender
from gateway.model.product import Product
from gateway.model.tender import Side
from gateway.ports.mechanism import Matching, Outcome, Step


class PostedPrice:
    """The mechanism ``posted-price``; the price is the maker's, whatever the price rule."""

    name = "posted-price"
    matching = Matching.ARRIVAL
    price_rules = ()

    def open_book(self, product: Product) -> "PostedSteps":
        """An empty book under the product's terms."""
        return PostedSteps(PriceGrid.of(product), product.maker)


class PostedSteps:
    """The steps of one instrument: the maker's are posts, all others takers."""

    def __init__(self, grid: PriceGrid, maker: str) -> None:
        self._grid = grid
        self._maker = maker
        self._posts: dict[Step, None] = {}
        self._takers: dict[Step, None] = {}

    def add(self, step: Step) -> None:
        """Take the step in."""
        self._side_of(step)[step] = None

    def remove(self, step: Step) -> None:
        """Take out exactly the step that was added."""
        del self._side_of(step)[step]

    def price(self) -> int | None:
        """The post that the next taker would meet last."""
        return self.clear().price

    def clear(self) -> Outcome:
        """Each taker in order of arrival takes from the best posts what is left of them."""
        best_first = sorted(self._posts, key=_eagerness)
        left = {side: {p: p.quantity for p in best_first if p.side is side} for side in Side}
        parts: dict[tuple[Step, int], int] = {}
        price, volume = None, 0
        for taker in sorted(self._takers, key=attrgetter("sequence")):
            posts = left[taker.side.opposite]
            for post, quantity in self._taken(taker, posts):
                posts[post] -= quantity
                volume, price = volume + quantity, post.price
                for one in (taker, post):
                    parts[one, price] = parts.get((one, price), 0) + quantity
        ordered = sorted(parts, key=lambda part: (part[0].sequence, part[1]))
        prices = tuple(price for _, price in ordered)
        return Outcome(
            price=price,
            low=min(prices, default=None),
            high=max(prices, default=None),
            quantity=volume,
            type=ClearingType.EMPTY if price is None else ClearingType.EXACT,
            fills=tuple((step, parts[step, at]) for step, at in ordered),
            prices=prices,
            next_cheaper=_first(left[Side.BUY]),
            next_dearer=_first(left[Side.SELL]),
        )

    def _side_of(self, step: Step) -> dict[Step, None]:
        posts = step.party.id == self._maker if self._maker else step.side is Side.SELL
        return self._posts if posts else self._takers

    def _taken(self, taker: Step, left: dict[Step, int]) -> list[tuple[Step, int]]:
        """(post, quantity): what the taker gets of what is left; all or nothing if it says so.

        ``left``: posts of the other side, best first: none is looked at beyond the taker's price.
        """
        wanted, taken = taker.quantity, list[tuple[Step, int]]()
        for post, rest in left.items():
            if not wanted or not self._reaches(taker, post):
                break
            if not rest or taker.party == post.party:
                continue
            quantity = min(wanted, rest)
            if post.all_or_none and quantity < post.quantity:
                continue
            taken.append((post, quantity))
            wanted -= quantity
        return [] if wanted and taker.all_or_none else taken

    def _reaches(self, taker: Step, post: Step) -> bool:
        places = (self._grid.place(s.side, s.price, closing=s.closing) for s in (taker, post))
        one, other = places
        return taker.side.sign * (one - other) > 0


def _eagerness(post: Step) -> tuple[int, int]:
    return -post.side.sign * post.price, post.sequence


def _first(left: dict[Step, int]) -> MarginalTender | None:
    """The best post of which something is left."""
    post = next((post for post, rest in left.items() if rest), None)
    if post is None:
        return None
    return MarginalTender(
        party=post.party.id,
        tender=post.tender_id,
        side=post.side,
        price=post.price,
        quantity=post.quantity,
        filled=post.quantity - left[post],
    )
