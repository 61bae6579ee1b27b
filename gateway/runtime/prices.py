"""What the tariff is now, and what of it is known ahead."""

from bisect import bisect_right
from collections.abc import Mapping
from math import isfinite
from types import MappingProxyType

from gateway.model.errors import WrongInput
from gateway.model.site import (
    CalendarPrice,
    FixedPrice,
    PriceSource,
    PriceTable,
    Tariff,
    TopicPrice,
)
from gateway.model.time import Instant, Interval
from gateway.ports.calendar import PriceCalendar, ReadPrices

Steps = tuple[tuple[Instant, float | None], ...]
Calendars = Mapping[CalendarPrice, PriceCalendar]
"""Calendars that are already understood."""
_NONE: Calendars = MappingProxyType({})


class Prices:
    """Import and export price of the moment; None while a topic has not spoken yet.

    Args:
        read: understands calendars; only who has no tariff in one can do without.
    """

    def __init__(self, tariff: Tariff, read: ReadPrices | None = None) -> None:
        self._tariff = tariff
        self._read = read
        self._calendars: dict[CalendarPrice, PriceCalendar] = {}
        self._heard: dict[str, float] = {}

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics that must be subscribed to."""
        sources = (self._tariff.import_price, self._tariff.export_price)
        return tuple(dict.fromkeys(s.topic for s in sources if isinstance(s, TopicPrice)))

    @property
    def tariff(self) -> Tariff:
        """The one in force."""
        return self._tariff

    def configure(self, tariff: Tariff, understood: Calendars = _NONE) -> None:
        """Take a changed tariff, and what was made of its calendars away from the loop.

        Prices heard on topics stay.
        """
        self._tariff = tariff
        self._calendars = dict(understood)

    def hear(self, topic: str, value: float) -> None:
        """A price was published; it holds until the next.  What is no number is no price."""
        if isfinite(value):
            self._heard[topic] = value

    def now(self, instant: Instant) -> tuple[float | None, float | None]:
        """(import, export) real price per price unit."""
        tariff = self._tariff
        return self._at(tariff.import_price, instant), self._at(tariff.export_price, instant)

    def ahead(self, interval: Interval) -> tuple[Steps, Steps]:
        """(import, export) real prices from the interval's start to its end, each from its begin.

        What a topic told last is taken to hold; None where nobody knows.
        """
        tariff = self._tariff
        return self._steps(tariff.import_price, interval), self._steps(
            tariff.export_price, interval
        )

    def _steps(self, source: PriceSource, interval: Interval) -> Steps:
        first = (interval.start, self._at(source, interval.start))
        match source:
            case PriceTable(steps=steps):
                begin = bisect_right(steps, interval.start, key=lambda step: step[0])
                end = bisect_right(steps, interval.end - 1, key=lambda step: step[0])
                return (first, *steps[begin:end])
            case CalendarPrice():
                calendar = self._calendar(source)
                return (first,) if calendar is None else calendar.steps(interval)
            case _:
                return (first,)

    def _calendar(self, source: CalendarPrice) -> PriceCalendar | None:
        """What is in it; None of one that nobody here understands."""
        if source not in self._calendars and self._read is not None:
            try:
                self._calendars[source] = self._read(source.text, source.zone, source.default)
            except WrongInput:
                return None
        return self._calendars.get(source)

    def _at(self, source: PriceSource, instant: Instant) -> float | None:
        match source:
            case FixedPrice(value=value):
                return value
            case TopicPrice(topic=topic):
                return self._heard.get(topic)
            case CalendarPrice():
                calendar = self._calendar(source)
                return None if calendar is None else calendar.at(instant)
            case PriceTable(steps=steps):
                index = bisect_right(steps, instant, key=lambda step: step[0]) - 1
                return steps[index][1] if index >= 0 else None
