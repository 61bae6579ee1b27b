"""Trading ahead: each instrument of the horizon is cleared again as forecasts move.

The agents of the house state their whole requirement for it as the outlook foresees it; only
differences trade, and an instrument is left alone while nobody's position would move by more than
the product's least.  One instrument at a time, so that gates and polls come in between.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import structlog

from gateway.market import Market
from gateway.market.standoff import balance_price, moves, supply
from gateway.model.ahead import Ahead, CurvePoint, ForwardCurve
from gateway.model.event import Fact, MarketEvent
from gateway.model.outlook import Outlook
from gateway.model.snapshot import Snapshot
from gateway.model.tender import TenderSet
from gateway.model.time import MINUTE, SECOND, Duration, Instant, Interval
from gateway.ports.clock import Clock
from gateway.runtime.foreseen import covers
from gateway.runtime.recorder import Recorder
from gateway.runtime.views import Views

_AFTER_THE_QUARTER: Final = 10 * SECOND
"""By then the outlook that a quarter of an hour brings is there."""

State = Callable[[Interval, Instant, Snapshot, Outlook], list[TenderSet]]
"""What the house's own agents require of a future interval."""


class TradingAhead:
    """Keeps the forward book of one product up to date.

    Args:
        ahead: the product's, which has them.
        views: what was shown of books and positions.
        outside: whether a party trades from outside.
        state: asks the agents.
        seen: the site now.
        let_out: facts, each once its row is durable.
        outlook: the newest, None where nothing is known.
    """

    def __init__(
        self,
        *,
        market: Market,
        ahead: Ahead,
        views: Views,
        outside: Callable[[str], bool],
        state: State,
        seen: Callable[[Instant], Snapshot],
        let_out: Callable[[int, Sequence[Fact]], None],
        outlook: Callable[[], Outlook | None],
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._market, self._ahead, self._views, self._outside = market, ahead, views, outside
        self._state, self._seen, self._let_out = state, seen, let_out
        self._outlook, self._recorder, self._clock = outlook, recorder, clock
        self._log = structlog.get_logger()

    async def run(self, open_: Callable[[], bool]) -> None:
        """Clear the horizon again and again while ``open_`` holds."""
        waits_for = told = ""
        while open_():
            lacking = self._lacking()
            if not lacking:
                await self._renew(open_)
            elif lacking == waits_for != told:  # at a start much comes within a minute
                self._log.info("forward.waiting", product=self._market.product.id, reason=lacking)
                told = lacking
            waits_for = lacking
            now, every = self._clock.now(), self._ahead.every
            left = every - (now - _AFTER_THE_QUARTER) % every
            await self._clock.sleep(Duration(min(left, MINUTE if lacking else every)))

    def _lacking(self) -> str:
        """What is missing to trade ahead."""
        if not self._clock.synchronised:
            return "this machine's clock is not synchronised (NTP): nothing is traded ahead"
        if self._outlook() is None:
            return (
                "nothing is known of the time to come: it takes a day of readings of the grid "
                "meter and of every source, and prices that are known ahead"
            )
        return ""

    async def _renew(self, open_: Callable[[], bool]) -> None:
        """One pass over the horizon, nearest first; the curve when it is through.

        Between two instruments a newer outlook may come and the journal begin anew: each is
        stated by what is known then, and the row of that stands before it.
        """
        now = self._clock.now()
        snapshot, points = self._seen(now), list[CurvePoint]()
        for interval in self._instruments(now):
            await asyncio.sleep(0)
            now, outlook = self._clock.now(), self._outlook()
            if not open_() or outlook is None or self._market.is_held(interval, now):
                continue
            if now >= self._market.product.gate(interval) or not covers(outlook, interval):
                continue
            self._recorder.outlook(now, outlook)
            if not points:
                self._recorder.snapshot(now, self._market.product.id, snapshot)
            points.append(self._look_at(interval, now, snapshot, outlook))
        if points and open_():
            product = self._market.product.id
            now = self._clock.now()
            curve = ForwardCurve(product=product, at=now, points=tuple(points))
            positions, books = self._views.all_positions(now), self._views.all_books(now)
            self._let_out(self._recorder.newest, [curve, *positions, *books])

    def _instruments(self, now: Instant) -> Iterator[Interval]:
        product, end = self._market.product, now + self._ahead.horizon
        interval = product.next_interval(now)
        while interval.start <= end:
            yield interval
            interval = product.next_interval(interval.start)

    def _look_at(
        self, interval: Interval, now: Instant, snapshot: Snapshot, outlook: Outlook
    ) -> CurvePoint:
        """Clear the instrument if that would move anything worth it."""
        stated = self._state(interval, now, snapshot, outlook)
        demand = self._market.demand(interval, stated, "")
        price = balance_price(demand)
        if self._is_due(interval, stated, price):
            self._clear(interval, now, stated)
        return CurvePoint(interval=interval, price=price, supply=supply(demand))

    def _is_due(self, interval: Interval, stated: Sequence[TenderSet], price: int | None) -> bool:
        market = self._market
        if any(self._outside(party) for party in market.tendering(interval)):
            return True
        held = market.positions.all_at(interval.start)
        return price is not None and moves(stated, held, price, self._ahead.least)

    def _clear(self, interval: Interval, now: Instant, stated: Sequence[TenderSet]) -> None:
        market, product = self._market, self._market.product.id
        for tenders in stated:
            self._recorder.submit(now, tenders)
            self._recorder.events(now, product, market.submit(tenders, now))
        self._recorder.advance(now, product, unscheduled=False, ahead=interval)
        events: tuple[MarketEvent, ...] = market.advance(now, ahead=interval)
        self._let_out(self._recorder.events(now, product, events), events)
