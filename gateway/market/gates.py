"""When the gates of a product close: one after the other, none twice, late ones if still of use."""

from collections.abc import Iterator

from gateway.model.product import Product
from gateway.model.time import SECOND, Instant, Interval


def next_second(now: Instant) -> Instant:
    """The first whole second after ``now``: transactions made now can begin then.

    >>> next_second(Instant(1_000_000_000))
    2000000000
    """
    return Instant((now // SECOND + 1) * SECOND)


def delivery(interval: Interval, now: Instant) -> Interval | None:
    """What a clearing at ``now`` can still cover of the interval; None if nothing."""
    begin = interval.start if now <= interval.start else next_second(now)
    return Interval(begin, interval.end) if begin < interval.end else None


class Gates:
    """The calendar of one product's gates.

    Attributes:
        following: the interval whose gate comes next; None before the first ``follow``.
    """

    def __init__(self, product: Product, following: Interval | None = None) -> None:
        self._product = product
        self.following = following

    @property
    def next(self) -> Instant:
        """When the next gate closes; at once if time was never told."""
        return Instant(0) if self.following is None else self._product.gate(self.following)

    def follow(self, now: Instant) -> None:
        """Begin at the first gate not yet closed, also when the clock was set back."""
        self.following = self.as_of(now)

    def as_of(self, now: Instant) -> Interval:
        """The interval whose gate comes next at ``now``; one just held does not come again."""
        product, instant = self._product, now + self._product.gate_lead
        soonest = Instant(instant + (product.offset - instant) % product.interval)
        if self.following is None or self.following.start > soonest + product.interval:
            return product.interval_at(soonest)
        return self.following

    def due(self, now: Instant) -> Iterator[Interval]:
        """Every interval whose gate has closed since the last call, unless it has ended."""
        while self.following is not None and self.next <= now:
            interval = self.following
            if interval.end <= now:
                self.following = self._product.interval_at(now)
                continue
            self.following = self._product.interval_at(interval.end)
            yield interval
