"""Deliveries: every quarter of an hour each metered party's energy against what it traded."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from gateway.market.positions import Positions
from gateway.market.settlement import settle
from gateway.model.clearing import Clearing
from gateway.model.event import Fact, MarketEvent
from gateway.model.position import Position
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.settlement import Delivery
from gateway.model.time import HOUR, SECOND, Duration, Instant, Interval
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.delivery_book import GRACE, DeliveryBook, window_of
from gateway.runtime.meters import Meter

_LONGEST_SLEEP = Duration(30 * SECOND)
# Positions are known for an hour: what is older is not settled any more.
_TOO_LATE = Duration(HOUR // 2)


@dataclass(slots=True)
class Prices:
    """The newest clearing price of each interval of one product."""

    _by_start: dict[Instant, int] = field(default_factory=dict)

    def hear(self, clearing: Clearing) -> None:
        """One clearing; without a price the last one counts."""
        price = clearing.reference_price if clearing.price is None else clearing.price
        if price is not None:
            self._by_start[clearing.instrument.start] = price

    def over(self, window: Interval, step: Duration) -> list[int]:
        """Of each interval; one that was never cleared has the price before it, or 0."""
        found, price = [], 0
        for start in range(window.start, window.end, step):
            price = self._by_start.get(Instant(start), price)
            found.append(price)
        return found

    def forget_before(self, instant: Instant) -> None:
        """Drop the intervals that start earlier."""
        for start in [start for start in self._by_start if start < instant]:
            del self._by_start[start]


class Deliveries:
    """Settles the first product of each resource.

    Args:
        products: that are settled.
        meters: all of them, of every product.
        rest: the party that answers for what nobody measures.
        positions: of a product, as traded in every product of its resource.
        record: writes a delivery's row, returns its seq.
        settled: told of each window after its rows.
    """

    def __init__(
        self,
        *,
        products: Sequence[Product],
        meters: Sequence[Meter],
        rest: str,
        positions: Callable[[Product, Interval], Mapping[str, Position]],
        record: Callable[[Instant, Delivery], int],
        settled: Callable[[int, tuple[Delivery, ...]], None],
        book: DeliveryBook,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._products = {product.id: product for product in products}
        self._meters: defaultdict[str, list[Meter]] = defaultdict(list)
        for meter in meters:
            self._meters[meter.device].append(meter)
        self._rest = rest
        self._positions = positions
        self._record = record
        self._settled = settled
        self._book = book
        self._clock = clock
        self._prices = {product.id: Prices() for product in products}
        now = clock.now()
        self._next = {one.id: window_of(one, now) for one in products}
        bus.listen(self._hear)

    def cleared(self, events: Sequence[MarketEvent]) -> None:
        """The events of a market's call."""
        for event in events:
            if isinstance(event, Clearing) and event.product in self._prices:
                self._prices[event.product].hear(event)

    @property
    def settled_until(self) -> Instant:
        """Up to when every product is settled."""
        return min(window.start for window in self._next.values())

    async def next_settled(self) -> None:
        """Return when the windows that end next are settled."""
        due = Instant(min(window.end for window in self._next.values()) + GRACE)
        while self._clock.now() < due:
            left = Duration(due - self._clock.now())
            await self._clock.sleep(max(Duration(SECOND), min(left, _LONGEST_SLEEP)))
        self._settle_due(self._clock.now())

    def _settle_due(self, now: Instant) -> None:
        """Settle what has ended and had time to be read."""
        for product in self._products.values():
            window = self._next[product.id]
            if now < window.end + GRACE:
                continue
            if now - window.end <= _TOO_LATE:
                self._settle(product, window, now)
            else:
                away_s = (now - window.end) / SECOND
                structlog.get_logger().warning(
                    "delivery.skipped", product=product.id, away_s=round(away_s)
                )
            self._next[product.id] = window_of(product, max(window.end, Instant(now - GRACE)))

    def _settle(self, product: Product, window: Interval, now: Instant) -> None:
        positions = self._positions(product, window)
        nobody = Position(party="", product=product.id, steps=())
        meters = [
            meter
            for of_device in self._meters.values()
            for meter in of_device
            if meter.product.id == product.id and meter.told
        ]
        prices = self._prices[product.id]
        deliveries = settle(
            product,
            window,
            flows=[one.over(window, positions.get(one.party, nobody)) for one in meters],
            positions=positions,
            prices=prices.over(window, product.interval),
            rest=self._rest,
        )
        prices.forget_before(window.end)
        seq = max(self._record(now, one) for one in deliveries)
        self._book.put(product.id, window, deliveries)
        self._settled(seq, deliveries)

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact, Reading):
            for meter in self._meters.get(fact.device, ()):
                meter.see(fact)


def positions_over(
    several: Sequence[Positions], product: str, window: Interval
) -> dict[str, Position]:
    """Every party's position over the window, added up over the products of one resource."""
    together = Positions(product)
    for positions in {id(one): one for one in several}.values():
        for party in positions.held(window):
            for step in positions.steps(party, window).steps:
                together.add(party, step.interval, step.quantity)
    return {party: together.steps(party, window) for party in together.held(window)}
