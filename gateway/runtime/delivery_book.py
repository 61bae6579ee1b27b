"""The deliveries of the last day, for parties who ask."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model.product import Product
from gateway.model.settlement import Delivery
from gateway.model.time import HOUR, MINUTE, SECOND, Duration, Instant, Interval

GRACE: Final = Duration(15 * SECOND)
"""After the end of a window: so long its last readings may take."""
QUARTER: Final = Duration(15 * MINUTE)

_KEPT: Final = Duration(24 * HOUR)


def window_of(product: Product, instant: Instant) -> Interval:
    """What is settled at once around an instant: as many intervals as fit a quarter of an hour."""
    length = product.interval * max(1, QUARTER // product.interval)
    start = instant - (instant - product.offset) % length
    return Interval(Instant(start), Instant(start + length))


class DeliveryBook:
    """Deliveries by party and product.

    Attributes:
        meters: the device of each party from outside that has one.
        since: by product, from when on deliveries are here.
    """

    def __init__(self, meters: Mapping[str, str]) -> None:
        self.meters = meters
        self.since: dict[str, Instant] = {}
        self._kept: dict[tuple[str, str], deque[Delivery]] = {}
        self._until: dict[str, Instant] = {}

    def put(self, product: str, window: Interval, deliveries: tuple[Delivery, ...]) -> None:
        """One settled window; only parties from outside may ask, so only theirs are kept."""
        self.since.setdefault(product, window.start)
        for one in deliveries:
            if one.party not in self.meters:
                continue
            kept = self._kept.setdefault((one.party, product), deque())
            kept.append(one)
            while kept[0].interval.end <= window.end - _KEPT:
                kept.popleft()
        self.since[product] = max(self.since[product], Instant(window.end - _KEPT))
        self._until[product] = window.end

    def until(self, product: str) -> Instant:
        """Up to when deliveries are here; 0 before the first."""
        return self._until.get(product, Instant(0))

    def of(self, party: str, product: str, interval: Interval) -> Iterator[Delivery]:
        """The party's deliveries that touch the interval, in order."""
        kept = self._kept.get((party, product), ())
        return (one for one in kept if one.interval.overlap(interval) is not None)
