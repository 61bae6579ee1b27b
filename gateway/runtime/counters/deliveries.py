"""Where a party asks for what its meter measured."""

from typing import Final

from gateway.model.delivered import AskDelivery, Delivered
from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.product import Product
from gateway.model.settlement import DeliveryQuality
from gateway.model.time import MINUTE, SECOND, Duration, Instant, Interval, rfc3339
from gateway.ports.clock import Clock
from gateway.runtime.counters.counter import Decision, refused, replied
from gateway.runtime.delivery_book import GRACE, DeliveryBook, window_of

LONGEST_WAIT: Final = Duration(20 * MINUTE)

_WORST_FIRST: Final = (DeliveryQuality.ESTIMATED, DeliveryQuality.MEASURED)


class DeliveryCounter:
    """Takes AskDelivery; it only reads."""

    def __init__(self, book: DeliveryBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def closed(self, _request: AskDelivery, _now: Instant) -> str:
        """It is always open."""
        return ""

    async def ready(self, request: AskDelivery, product: Product) -> None:
        """Wait for the data, where waiting helps; at most ``LONGEST_WAIT``."""
        deadline = Instant(self._clock.now() + LONGEST_WAIT)
        if self._refused(request) or due(product, request.interval) > deadline:
            return
        while self._lacks(request) and self._clock.now() < deadline:
            await self._clock.sleep(SECOND)

    def decide(self, request: AskDelivery, now: Instant) -> Decision:
        """The party's own deliveries over the interval, or why they are not there."""
        refusal = self._refused(request)
        if refusal is not None:
            return Decision(replied(request, now, (refusal,)))
        if self._lacks(request):
            until = self._book.until(request.product)
            told = f"deliveries are settled up to {rfc3339(until)}" if until else "nothing is yet"
            why = f"{request.product}: {told}; they are every quarter of an hour, ask again"
            code = ResponseCode.RULES_VIOLATION
            return Decision(refused(request, now, code, why, term="boundingInterval"))
        return Decision(replied(request, now, (self._told(request),)))

    def take_back(self, request: AskDelivery) -> None:
        """There is nothing to undo."""

    def withdraw(self, party: str) -> None:
        """There is nothing to withdraw."""

    def _lacks(self, request: AskDelivery) -> bool:
        return self._book.until(request.product) < request.interval.end

    def _refused(self, request: AskDelivery) -> Refused | None:
        meter = self._book.meters.get(request.party)
        if meter is None:
            return _unknown(request, f"{request.party} has no meter here")
        if request.meter not in {None, meter}:
            return _unknown(
                request, f"{request.party} has no meter {request.meter}; it has {meter}"
            )
        since = self._book.since.get(request.product, request.interval.start)
        if request.interval.start < since:
            return _unknown(request, f"deliveries before {rfc3339(since)} are in the ledger only")
        return None

    def _told(self, request: AskDelivery) -> Delivered | Refused:
        """Cut out of the windows."""
        quantities: list[int] = []
        qualities: set[DeliveryQuality] = set()
        reached = request.interval.start
        for one in self._book.of(request.party, request.product, request.interval):
            common = one.interval.overlap(request.interval)
            if common is not None and common.start == reached:
                first = (common.start - one.interval.start) // one.step
                last = (common.end - one.interval.start) // one.step
                quantities += one.quantities[first:last]
                qualities.add(one.quality)
                reached = common.end
        meter = self._book.meters[request.party]
        if reached < request.interval.end:
            return _unknown(request, f"{meter} told nothing of a part of that time")
        return Delivered(
            party=request.party,
            product=request.product,
            meter=meter,
            interval=request.interval,
            quantities=tuple(quantities),
            quality=next((q for q in _WORST_FIRST if q in qualities), DeliveryQuality.COUNTED),
        )


def due(product: Product, interval: Interval) -> Instant:
    """When the deliveries of the interval will be there."""
    return Instant(window_of(product, Instant(interval.end - 1)).end + GRACE)


def _unknown(request: AskDelivery, why: str) -> Refused:
    return Refused(
        party=request.party,
        product=request.product,
        code=ResponseCode.NOT_FOUND,
        detail=Detail.INVALID_REFERENCE,
        description=why,
    )
