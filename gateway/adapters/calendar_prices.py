"""A tariff out of a calendar: every event is a price while it lasts.

The price is ``X-RMF-PRICE``, else the only number in SUMMARY (``Night 0.21``).  Two events never
hold at once; between events the default holds, before the first and after the last nobody knows.

Source: RFC 5545.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

from gateway.adapters.calendar_events import Event, read_events
from gateway.adapters.calendar_text import CalendarUnusable, instant_of, moment_of, understood
from gateway.model.time import HOUR, Instant, Interval

_DAY: Final = 24 * HOUR
_FOLLOWED: Final = 400 * _DAY  # after the rule that begins last
_MOST: Final = 1200 * _DAY  # in which gaps and overlaps are looked for
_MOST_DAYS: Final = 64
_NUMBER: Final = re.compile(r"(?<![\w.,])-?[0-9]+(?:[.,][0-9]+)?(?![\w.,]*[0-9])")
_HOW: Final = "X-RMF-PRICE:0.31, or one number in SUMMARY such as Night 0.31"

_Stretch = tuple[int, int, Event]
Step = tuple[Instant, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPrices:
    """A tariff, worked out day by day as it is asked for.  Implements ports.calendar.

    Attributes:
        first, last: before and after that nobody knows a price, ns.
    """

    priced: tuple[tuple[Event, float], ...]
    default: float | None
    first: int
    last: int
    zone: ZoneInfo
    _days: dict[int, tuple[Step, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def dearest(self) -> float:
        """The highest price it can ever tell."""
        told = [price for _, price in self.priced]
        return max(told if self.default is None else [*told, self.default])

    def at(self, instant: Instant) -> float | None:
        """The price; None where nobody knows it."""
        steps = self._day(instant // _DAY)
        return steps[bisect_right(steps, instant, key=lambda step: step[0]) - 1][1]

    def steps(self, interval: Interval) -> tuple[Step, ...]:
        """Prices from the interval's start to its end, each from when it begins."""
        found: list[Step] = [(interval.start, self.at(interval.start))]
        for day in range(interval.start // _DAY, -(-interval.end // _DAY)):
            for begin, price in self._day(day):
                if interval.start < begin < interval.end and price != found[-1][1]:
                    found.append((begin, price))
        return tuple(found)

    def _day(self, day: int) -> tuple[Step, ...]:
        steps = self._days.get(day)
        if steps is None:
            if len(self._days) >= _MOST_DAYS:
                self._days.clear()
            steps = self._days[day] = self._worked_out(day * _DAY, (day + 1) * _DAY)
        return steps

    def _worked_out(self, begin: int, end: int) -> tuple[Step, ...]:
        price_of = {id(event): price for event, price in self.priced}
        found, at = list[Step](), begin
        for start, stop, event in self.stretches(begin, end):
            if max(start, begin) > at:
                found += self._between(at, start)
            found.append((Instant(max(start, begin)), price_of[id(event)]))
            at = stop
        return (*found, *(self._between(at, end) if at < end else ()))

    def _between(self, begin: int, end: int) -> list[Step]:
        """Where there is no event."""
        marks = sorted({begin, *(one for one in (self.first, self.last) if begin < one < end)})
        known = ((one, self.first <= one < self.last) for one in marks)
        return [(Instant(one), self.default if told else None) for one, told in known]

    def stretches(self, begin: int, end: int) -> list[_Stretch]:
        """Events between two instants in their order; of two at once the later one holds."""
        found = _stretches((event for event, _ in self.priced), begin, end)
        cut = [(a, min(b, next_[0]), event) for (a, b, event), next_ in pairwise(found)]
        return [one for one in (*cut, *found[-1:]) if one[0] < one[1]]


def read_prices(text: str, zone: str, default: float | None = None) -> CalendarPrices:
    """The tariff of a calendar; ``zone`` is of days, and of times without one.

    Raises:
        CalendarUnusable: an event without a price, two at once, a gap without a default, or what
            cannot be understood or is not worked out here.
    """
    with understood():
        house = ZoneInfo(zone)
        events = read_events(text, house)
        if events.odd:
            name, why = events.odd[0]
            message = f"event {name!r}: {why}"
            raise CalendarUnusable(message)
        if not events.good:
            message = "the calendar has no event"
            raise CalendarUnusable(message)
        priced = tuple((event, _price(event)) for event in events.good)
        first, last = _reach(events.good)
        found = CalendarPrices(priced=priced, default=default, first=first, last=last, zone=house)
        _check(found)
    return found


def _price(event: Event) -> float:
    said = event.said.get("X-RMF-PRICE")
    numbers = [said] if said is not None else _NUMBER.findall(event.name)
    try:
        (number,) = numbers
        price = float(number.replace(",", "."))
    except ValueError:
        price = float("nan")
    if isfinite(price):
        return price
    told = "; ".join(numbers) or "no number"
    message = f"event {event.name!r}: its price is {told}; allowed: {_HOW}"
    raise CalendarUnusable(message)


def _reach(events: Sequence[Event]) -> tuple[int, int]:
    """From the first moment that has a price to the last, far off where a rule has no end."""
    fixed = [span for event in events for span in event.window.fixed]
    begins, ends = [a for a, _ in fixed], [b for _, b in fixed]
    for event in events:
        rule = event.window.rule
        if rule is None:
            continue
        begins.append(instant_of(event.window.start))
        if rule.last is None and event.window.until is None:
            ends.append(2**63)
            continue
        ends += [_last_end(event)]
    if not begins:
        message = "every event of the calendar is left out"
        raise CalendarUnusable(message)
    return min(begins), max(ends)


def _last_end(event: Event) -> int:
    """When an event that comes again is over for the last time."""
    window, last = event.window, event.window.rule.last if event.window.rule else None
    bounds = [] if window.until is None else [window.until]
    if last is not None:
        bounds.append(instant_of(datetime.combine(last, window.start.timetz())))
    end = min(bounds)
    around = Interval(Instant(end - 370 * _DAY), Instant(end + 8 * _DAY))
    return max((b for a, b in event.spans(around) if a <= end), default=end)


def _check(prices: CalendarPrices) -> None:
    """No two at once, and no gap, in the time that is looked at."""
    events = [event for event, _ in prices.priced]
    rules = [instant_of(one.window.start) for one in events if one.window.rule is not None]
    fixed = [b for one in events for _, b in one.window.fixed]
    end = min(prices.last, max([*fixed, *(start + _FOLLOWED for start in rules)]))
    begin = max(prices.first, end - _MOST)
    found = _stretches(events, begin, end)
    for (_, stop, one), (start, _, other) in pairwise(found):
        if start < stop:
            message = (
                f"{_told(prices, start)}: events {one.name!r} and {other.name!r} hold at once; "
                "a moment has one price"
            )
            raise CalendarUnusable(message)
        if start > stop and prices.default is None:
            message = (
                f"no price from {_told(prices, stop)} to {_told(prices, start)}, between "
                f"{one.name!r} and {other.name!r}; give an event, or default: PRICE"
            )
            raise CalendarUnusable(message)


def _stretches(events: Iterable[Event], begin: int, end: int) -> list[_Stretch]:
    around = Interval(Instant(begin), Instant(end))
    spans = [(a, b, event) for event in events for a, b in event.spans(around)]
    touching = [one for one in spans if one[0] < end and one[1] > begin]
    return sorted(touching, key=lambda one: one[:2])


def _told(prices: CalendarPrices, at: int) -> str:
    return f"{moment_of(Instant(at)).astimezone(prices.zone):%Y-%m-%d %H:%M}"
