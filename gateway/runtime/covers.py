"""Positions that are covered: by a right, or by what goes into a conversion.

Judged at the desk before the market is asked, by the worst that can come about: everything that
uses cover executes, and everything that would sell cover too.  What waits to buy cover is none.
"""

from collections.abc import Callable, Mapping, Sequence

from gateway.market import Market
from gateway.model.cover import Cover
from gateway.model.event import Refused
from gateway.model.request import SubmitTenders
from gateway.model.tender import Side
from gateway.model.time import Instant
from gateway.runtime.exposure import Book, Exposure, around
from gateway.runtime.register import Register
from gateway.runtime.violation import violation

COVER = "cover"
_NOISE = 1e-9


class Covers:
    """Refuses what would leave a position without its cover."""

    def __init__(self, markets: Mapping[str, Market], register: Register) -> None:
        self._markets = markets
        self._exposure = Exposure(markets)
        self._register = register

    def refusal(self, request: SubmitTenders) -> Refused | None:
        """422 naming the first cover that the request could break, else None."""
        for cover in self._register.allowance(request.party).covers:
            exposure = self._exposure
            if request.product not in {*exposure.alike(cover.product), *exposure.alike(cover.by)}:
                continue
            book = exposure.book(request.party, request.sets)
            after = self._worst(cover, request, book)
            before = self._worst(cover, request, exposure.book(request.party, ()))
            for moment in self._moments(cover, request, book):
                held, need = after(moment)
                was_held, was_need = before(moment)
                lacks = need - cover.factor * held
                # What makes nothing worse is no harm.
                if lacks > max(was_need - cover.factor * was_held, 0.0) + _NOISE:
                    return _refused(request, cover, held, need)
        return None

    def _worst(
        self, cover: Cover, request: SubmitTenders, book: Book
    ) -> Callable[[Instant], tuple[float, float]]:
        """What the party may be left with of the cover at a moment, and what it may need."""
        party, within = request.party, around(one.interval for one in request.sets)
        sold = self._exposure.furthest(cover.by, Side.SELL, party, book, within)
        need = self._exposure.furthest(cover.product, cover.side, party, book, within)
        return lambda moment: (max(0.0, -sold(moment)), max(0.0, need(moment)))

    def _moments(self, cover: Cover, request: SubmitTenders, book: Book) -> Sequence[Instant]:
        """When anything changes inside the intervals that are asked for."""
        intervals = [one.interval for one in request.sets]
        changes = {interval.start for interval in intervals}
        for product in (cover.product, cover.by):
            for id_ in self._exposure.alike(product):
                changes |= {one.interval.start for one in book[id_]}
                for interval in intervals:
                    position = self._markets[id_].positions.steps(request.party, interval)
                    changes |= {step.interval.start for step in position.steps}
        return sorted(at for at in changes if any(at in interval for interval in intervals))


def _refused(request: SubmitTenders, cover: Cover, held: float, need: float) -> Refused:
    doing = "bought" if cover.side is Side.BUY else "sold"
    why = (
        f"{request.party} could come to {need:g} of {cover.product} {doing}; "
        f"{held:g} of {cover.by} cover {cover.factor * held:g}"
    )
    return violation(request, COVER, why)
