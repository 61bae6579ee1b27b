"""What a party may have to pay, and to move, for one day's deliveries.

Judged at the desk before the market is asked: what is refused here leaves no row.  A day is a
day of delivery in the area's zone, so what is traded ahead counts for the day it is for.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from gateway.market import Market
from gateway.model.event import Detail, MarketEvent, Refused, ResponseCode
from gateway.model.membership import Allowance
from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import MILLISECOND, Instant, rfc3339
from gateway.model.transaction import Transaction
from gateway.runtime.register import Register

DayOf = Callable[[Instant], str]
"""The date of an instant where the area is, ``2026-11-23``."""

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
        for day in sorted({self._day_of(one.interval.start) for one in request.sets}):
            paid, moved = self._worst(request, day)
            for term, limit, worst, unit in (
                (MONEY, allowance.money_per_day, paid, self._currency(request.product)),
                (ENERGY, allowance.energy_per_day, moved, "kWh"),
            ):
                if limit is not None and worst > Decimal(str(limit)):
                    return _refused(request, term, f"{limit:g} {unit}", worst, day)
        return None

    def _currency(self, product: str) -> str:
        return self._markets[product].product.currency

    def _worst(self, request: SubmitTenders, day: str) -> tuple[Decimal, Decimal]:
        """Money and energy of the day if all that is open, and all that is asked, executes."""
        key = request.party, day
        paid, moved = self._paid.get(key, Decimal(0)), self._moved.get(key, Decimal(0))
        for market in self._markets.values():
            asked = request.sets if market.product.id == request.product else ()
            live = (*market.live_sets(request.party), *market.quotes.sets_of(request.party))
            for one in _standing(live, asked):
                if self._day_of(one.interval.start) != day:
                    continue
                position = market.positions.at(request.party, one.interval.start)
                duration_ms = one.interval.duration // MILLISECOND
                for tender, quantity in _open(one, position):
                    signed = tender.side.sign * tender.price * quantity * duration_ms
                    paid += max(Decimal(0), market.product.money(signed))
                    moved += _energy(market.product, quantity * duration_ms)
        return paid, moved

    def _forget_old(self, party: str) -> None:
        for totals in (self._paid, self._moved):
            days = sorted(day for name, day in totals if name == party)
            for day in days[:-_DAYS_KEPT]:
                del totals[party, day]


def _standing(live: Sequence[TenderSet], asked: Sequence[TenderSet]) -> list[TenderSet]:
    """What would stand in the book: a whole requirement takes the place of the former one."""
    replaced = {one.interval for one in asked if one.netting}
    kept = [one for one in live if not (one.netting and one.interval in replaced)]
    return [*kept, *asked]


def _open(one: TenderSet, position: int) -> list[tuple[Tender, int]]:
    """Each step with what of it can still execute: a requirement is met by the position first."""
    if not one.netting:
        return [(tender, tender.quantity) for tender in one.tenders]
    found: list[tuple[Tender, int]] = []
    for side in Side:
        met = max(0, side.sign * position)
        steps = (tender for tender in one.tenders if tender.side is side)
        for tender in sorted(steps, key=lambda step: -side.sign * step.price):
            taken = min(met, tender.quantity)
            met -= taken
            if tender.quantity > taken:
                found.append((tender, tender.quantity - taken))
    return found


def _energy(product: Product, quantity_ms: int) -> Decimal:
    """Energy in kWh of scaled W x milliseconds; products in other units move none."""
    if product.unit != "W":
        return Decimal(0)
    return Decimal(quantity_ms).scaleb(product.quantity_scale) / _MS_PER_KWH


def _limited(allowance: Allowance) -> bool:
    return allowance.money_per_day is not None or allowance.energy_per_day is not None


def _refused(request: SubmitTenders, term: str, limit: str, worst: Decimal, day: str) -> Refused:
    return Refused(
        party=request.party,
        product=request.product,
        code=ResponseCode.RULES_VIOLATION,
        detail=Detail.RULES_VIOLATION,
        description=(
            f"with all that {request.party} has open and has traded, {day} could come to "
            f"{worst:.4f} of {limit} a day"
        ),
        term=term,
    )
