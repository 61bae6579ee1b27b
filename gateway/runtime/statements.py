"""Statements: each party's day in energy and money, kept so that a restart loses nothing.

Transactions count in the day in which they deliver, deliveries in the day in which their window
begins; days are those of the area's zone.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog

from gateway.model.errors import GridtenderError
from gateway.model.event import MarketEvent
from gateway.model.settlement import Delivery
from gateway.model.statement import Account, Accounts, OpenDays, Statement
from gateway.model.tender import Side
from gateway.model.time import MILLISECOND, SECOND, Instant
from gateway.model.transaction import Transaction
from gateway.ports.journal import Row
from gateway.runtime.rows import Happened, read_body

_TOLD_DAYS: Final = 7


class StatementStore(Protocol):
    """Where statements lie."""

    def load(self) -> OpenDays | None:
        """The open days, None before the first."""
        ...

    async def store(self, days: OpenDays) -> None:
        """Keep the open days."""
        ...

    async def close(self, statements: Sequence[Statement]) -> None:
        """Add closed days to what is kept for good."""
        ...

    def closed(self, days: Iterable[str]) -> list[Statement]:
        """The closed statements of these days."""
        ...


class Statements:
    """Adds up; ``tell`` is given what parties ``outside`` should see."""

    def __init__(
        self,
        *,
        zone: str,
        store: StatementStore,
        durable: Callable[[int], Awaitable[None]],
        tell: Callable[[Statement], None],
        outside: Callable[[str], bool],
    ) -> None:
        self._zone = zone
        self._store = store
        self._durable = durable
        self._tell = tell
        self._outside = outside
        self._log = structlog.get_logger()
        kept = self._load()
        self._seq = 0 if kept is None else kept.seq
        self._days: dict[str, dict[tuple[str, str], Account]] = (
            {} if kept is None else {day: _flat(all_of) for day, all_of in kept.days.items()}
        )
        self._begins = kept is None

    def begin(self, seq: int, rows: Callable[[int], Iterable[Row]], *, most: int) -> None:
        """Count the ``rows`` after the newest one that was counted, up to ``seq``.

        Where nothing was ever kept, or more than ``most`` rows ago, counting begins after ``seq``.
        """
        if self._begins or not 0 <= seq - self._seq <= most:
            self._seq = seq
            return
        for row in rows(self._seq):
            if row.kind == "event" and '"Transaction"' in row.body:
                self.hear(row.seq, read_body(Happened, row).events)
            elif row.kind == "delivery":
                self.delivered(row.seq, (read_body(Delivery, row),))
            self._seq = row.seq

    def hear(self, seq: int, events: Sequence[MarketEvent]) -> None:
        """The events of one row."""
        if seq <= self._seq:
            return
        self._seq = seq
        for event in events:
            if isinstance(event, Transaction):
                self._transact(event)

    def delivered(self, seq: int, deliveries: Sequence[Delivery]) -> None:
        """One settled window."""
        self._seq = max(self._seq, seq)
        for one in deliveries:
            key = (one.party, one.product)
            day = self._day(one.interval.start)
            account = day.get(key, Account())
            day[key] = replace(
                account,
                delivered=account.delivered + one.delivered,
                deviation=account.deviation + one.deviation,
                deviation_money=account.deviation_money + one.money,
            )

    async def keep(self, now: Instant, settled_until: Instant) -> None:
        """Close the days that are wholly settled, keep the others, and tell how they stand."""
        over = {day for day in self._days if day < day_of(settled_until, self._zone)}
        closed = [s for day in sorted(over) for s in self.of(day, now, closed=True)]
        left = {day: _nested(a) for day, a in self._days.items() if day not in over}
        kept = OpenDays(seq=self._seq, days=left)
        try:
            await self._durable(kept.seq)
            if closed:
                await self._store.close(closed)
            await self._store.store(kept)
        except GridtenderError as fault:
            self._log.error("statement.not_kept", reason=str(fault))
            return
        for day in over:
            del self._days[day]
        self._show(closed, now)

    def show_kept(self, now: Instant) -> None:
        """Tell the days that were closed lately, and how the open ones stand."""
        self._show(self._store.closed(_last_days(now, self._zone)), now)

    def _show(self, closed: Iterable[Statement], now: Instant) -> None:
        gone = _day_before(now, _TOLD_DAYS + 1, self._zone)
        today = day_of(now, self._zone)
        for one in (*closed, *self.of(today, now, closed=False)):
            if self._outside(one.party):
                self._tell(one)
                self._tell(Statement(party=one.party, day=gone, accounts=(), closed=True, at=now))

    def of(self, day: str, now: Instant, *, closed: bool) -> Iterator[Statement]:
        """Every party's statement of an open day."""
        for party, accounts in _nested(self._days.get(day, {})).items():
            yield Statement(
                party=party, day=day, accounts=tuple(accounts.items()), closed=closed, at=now
            )

    def _transact(self, one: Transaction) -> None:
        key = (one.party, one.product)
        day = self._day(one.interval.start)
        account = day.get(key, Account())
        energy = one.quantity * (one.interval.duration // MILLISECOND)
        if one.side is Side.BUY:
            account = replace(
                account,
                bought=account.bought + energy,
                bought_money=account.bought_money + one.money,
                transactions=account.transactions + 1,
            )
        else:
            account = replace(
                account,
                sold=account.sold + energy,
                sold_money=account.sold_money - one.money,
                transactions=account.transactions + 1,
            )
        day[key] = account

    def _day(self, instant: Instant) -> dict[tuple[str, str], Account]:
        return self._days.setdefault(day_of(instant, self._zone), {})

    def _load(self) -> OpenDays | None:
        try:
            return self._store.load()
        except GridtenderError as fault:
            self._log.error("statement.unreadable", reason=str(fault))
            return None


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=64)
def day_of(instant: Instant, zone: str) -> str:
    """``YYYYMMDD`` in the zone."""
    return datetime.fromtimestamp(instant // SECOND, _zone(zone)).strftime("%Y%m%d")


def _last_days(now: Instant, zone: str) -> list[str]:
    return [_day_before(now, back, zone) for back in range(1, _TOLD_DAYS + 1)]


def _day_before(now: Instant, back: int, zone: str) -> str:
    """By the calendar: a day of 23 or 25 hours is one day."""
    today = datetime.fromtimestamp(now // SECOND, _zone(zone)).date()
    return f"{today - timedelta(days=back):%Y%m%d}"


def _flat(accounts: Accounts) -> dict[tuple[str, str], Account]:
    return {
        (party, product): account
        for party, products in accounts.items()
        for product, account in products.items()
    }


def _nested(accounts: Mapping[tuple[str, str], Account]) -> dict[str, dict[str, Account]]:
    found: dict[str, dict[str, Account]] = {}
    for (party, product), account in sorted(accounts.items()):
        found.setdefault(party, {})[product] = account
    return found
