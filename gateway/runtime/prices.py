"""What the tariff is now."""

from bisect import bisect_right
from math import isfinite

from gateway.model.site import FixedPrice, PriceSource, PriceTable, Tariff, TopicPrice
from gateway.model.time import Instant


class Prices:
    """Import and export price of the moment; None while a topic has not spoken yet."""

    def __init__(self, tariff: Tariff) -> None:
        self._tariff = tariff
        self._heard: dict[str, float] = {}

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics that must be subscribed to."""
        sources = (self._tariff.import_price, self._tariff.export_price)
        return tuple(dict.fromkeys(s.topic for s in sources if isinstance(s, TopicPrice)))

    def configure(self, tariff: Tariff) -> None:
        """Take the tariff of a changed configuration; prices heard on topics stay."""
        self._tariff = tariff

    def hear(self, topic: str, value: float) -> None:
        """A price was published; it holds until the next.  What is no number is no price."""
        if isfinite(value):
            self._heard[topic] = value

    def now(self, instant: Instant) -> tuple[float | None, float | None]:
        """(import, export) real price per price unit."""
        tariff = self._tariff
        return self._at(tariff.import_price, instant), self._at(tariff.export_price, instant)

    def _at(self, source: PriceSource, instant: Instant) -> float | None:
        match source:
            case FixedPrice(value=value):
                return value
            case TopicPrice(topic=topic):
                return self._heard.get(topic)
            case PriceTable(steps=steps):
                index = bisect_right(steps, instant, key=lambda step: step[0]) - 1
                return steps[index][1] if index >= 0 else None
