"""What a party may have to pay, and to move, for one day's deliveries.

Judged at the desk before the market is asked: what is refused here leaves no row.  A day is a
day of delivery in the area's zone, so what is traded ahead counts for the day it is for.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from gateway.market import Market
from gateway.market.grid import PriceGrid
from gateway.market.netting import net
from gateway.market.rule_sets import force
from gateway.model.event import MarketEvent, Refused
from gateway.model.membership import Allowance
from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.tender import Party, Side, TenderSet
from gateway.model.time import MILLISECOND, Instant, Interval, rfc3339
from gateway.model.transaction import Transaction
from gateway.runtime.register import Register
from gateway.runtime.violation import violation

DayOf = Callable[[Instant], str]
"""The date of an instant where the area is, ``2026-11-23``."""

_Piece = tuple[Side, int, int]
"""Side, price, quantity."""

MONEY: Final = "moneyPerDay"
ENERGY: Final = "energyPerDay"
_DAYS_KEPT: Final = 40  # a month ahead, today, and the days that have just ended
_MS_PER_KWH: Final = Decimal(3_600_000 * 1000)


def utc_day(instant: Instant) -> str:
    """The date of an instant, UTC."""
    return rfc3339(instant)[:10]


class Spending:
    """Counts what was traded, and refuses what could go beyond a day's budget.

    Money is what the party pays; what it earns is not set against it.  Energy is bought and
    sold together, of products in W.
    """

    def __init__(self, markets: Mapping[str, Market], register: Register, day_of: DayOf) -> None:
        self._markets = markets
        self._register = register
        self._day_of = day_of
        self._paid: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._moved: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)

    @property
    def wanted(self) -> bool:
        """Whether any party has such a budget."""
        return any(_limited(self._register.allowance(p.id)) for p in self._register.parties)

    def count(self, events: Iterable[MarketEvent]) -> None:
        """Take note of transactions of parties that have a budget."""
        for event in events:
            if isinstance(event, Transaction) and _limited(self._register.allowance(event.party)):
                self._count(event)

    def _count(self, match: Transaction) -> None:
        market = self._markets.get(match.product)
        if market is None:
            return
        key = match.party, self._day_of(match.interval.start)
        self._paid[key] += max(Decimal(0), market.product.money(match.money))
        duration_ms = match.interval.duration // MILLISECOND
        self._moved[key] += _energy(market.product, match.quantity * duration_ms)
        self._forget_old(match.party)

    def refusal(self, request: SubmitTenders) -> Refused | None:
        """422 naming the budget of the first day that the request could break, else None."""
        allowance = self._register.allowance(request.party)
        if not _limited(allowance):
            return None
        worst_of, before = self._worst(request, request.sets), self._worst(request, ())
        for day in sorted({self._day_of(one.interval.start) for one in request.sets}):
            (paid, moved), (paid_before, moved_before) = worst_of[day], before[day]
            for term, limit, worst, standing, unit in (
                (
                    MONEY,
                    allowance.money_per_day,
                    paid,
                    paid_before,
                    self._currency(request.product),
                ),
                (ENERGY, allowance.energy_per_day, moved, moved_before, "kWh"),
            ):
                # What makes nothing worse, a requirement that is lowered, is no harm.
                if limit is not None and worst > max(standing, Decimal(str(limit))):
                    return _refused(request, term, f"{limit:g} {unit}", worst, day)
        return None

    def _currency(self, product: str) -> str:
        return self._markets[product].product.currency

    def _worst(
        self, request: SubmitTenders, sets: Sequence[TenderSet]
    ) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Money and energy by day if all that is open, and ``sets`` beside, executes."""
        paid, moved = (
            defaultdict(
                Decimal, {day: n for (name, day), n in totals.items() if name == request.party}
            )
            for totals in (self._paid, self._moved)
        )
        for market in self._markets.values():
            mine = market.product.id == request.product
            # What a rule of the product forces counts, not what the tender says.
            asked = [force(market.product, one) for one in sets] if mine else ()
            live = (*market.live_sets(request.party), *market.quotes.sets_of(request.party))
            for one in standing_sets(live, asked):
                day = self._day_of(one.interval.start)
                position = market.positions.at(request.party, one.interval.start)
                costs = [
                    _cost(market.product, s, one.interval)
                    for s in still_open(market, one, position)
                ]
                paid[day] += max(cost for cost, _ in costs)
                moved[day] += max(energy for _, energy in costs)
        days = {*paid, *moved, *(self._day_of(one.interval.start) for one in request.sets)}
        return {day: (paid[day], moved[day]) for day in days}

    def _forget_old(self, party: str) -> None:
        for totals in (self._paid, self._moved):
            days = sorted(day for name, day in totals if name == party)
            for day in days[:-_DAYS_KEPT]:
                del totals[party, day]


def standing_sets(live: Sequence[TenderSet], asked: Sequence[TenderSet]) -> list[TenderSet]:
    """What would stand in the book: a whole requirement takes the place of the former one."""
    replaced = {one.interval for one in asked if one.netting}
    kept = [one for one in live if not (one.netting and one.interval in replaced)]
    return [*kept, *asked]


def still_open(market: Market, one: TenderSet, position: int) -> tuple[Sequence[_Piece], ...]:
    """What of the set can still execute, in ways of which only one comes about.

    Of a requirement that is what is missing, or what may be given back of the position.
    """
    if not one.netting:
        return ([(tender.side, tender.price, tender.quantity) for tender in one.tenders],)
    grid = PriceGrid.of(market.product)
    steps = net(Party(id=one.party), [*enumerate(one.tenders)], position, grid, 0)
    pieces = [(step.side, step.price, step.quantity) for step in steps]
    return tuple([piece for piece in pieces if piece[0] is side] for side in Side)


def _cost(
    product: Product, pieces: Sequence[_Piece], interval: Interval
) -> tuple[Decimal, Decimal]:
    """Money to pay and energy moved if all of them execute."""
    duration_ms = interval.duration // MILLISECOND
    money = (product.money(s.sign * price * q * duration_ms) for s, price, q in pieces)
    paid = sum((max(Decimal(0), one) for one in money), Decimal(0))
    return paid, _energy(product, sum(quantity for *_, quantity in pieces) * duration_ms)


def _energy(product: Product, quantity_ms: int) -> Decimal:
    """Energy in kWh of scaled W x milliseconds; products in other units move none."""
    if product.unit != "W":
        return Decimal(0)
    return Decimal(quantity_ms).scaleb(product.quantity_scale) / _MS_PER_KWH


def _limited(allowance: Allowance) -> bool:
    return allowance.money_per_day is not None or allowance.energy_per_day is not None


def _refused(request: SubmitTenders, term: str, limit: str, worst: Decimal, day: str) -> Refused:
    why = (
        f"with all that {request.party} has open and has traded, {day} could come to "
        f"{worst:.4f} of {limit} a day"
    )
    return violation(request, term, why)
