"""One price where some BUY asks for warrants that not every SELL carries.

A BUY may be served by a SELL that carries all it asks for; a SELL with more may serve anybody.  At
a price what can change hands is then a maximum flow from the SELL at or below it to the BUY at or
above it, and the clearing is at the price where that is largest.  The dearest BUY and the cheapest
SELL are filled as far as some flow serves them; both at once are possible (Mendelsohn and
Dulmage, 1958).

Source: docs/mechanisms/warrants.md.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from gateway.market import price_rules
from gateway.market.allocation import share
from gateway.market.grid import PriceGrid
from gateway.market.transport import Fits, Transport
from gateway.market.whole import broken, to_leave_out
from gateway.model.clearing import ClearingType, MarginalTender
from gateway.model.errors import InvariantBroken
from gateway.model.product import Product
from gateway.model.tender import Side
from gateway.ports.mechanism import ClearingBook, Mechanism, Outcome, Step

MARGINAL_SHOWN: Final = 20
ONE_PRICE: Final = ("uniform-price",)
Warrants = frozenset[str]


class Warranted:
    """A mechanism of one price, heeding warrants."""

    def __init__(self, inner: Mechanism) -> None:
        self._inner = inner
        self.name = inner.name
        self.matching = inner.matching
        self.price_rules = tuple(price_rules.RULES)

    def open_book(self, product: Product) -> "WarrantedBook":
        """An empty book under the product's terms.

        Raises:
            ValueError: a price rule that looks at more than the range of prices.
        """
        price_rules.check(product, tuple(price_rules.RULES))
        return WarrantedBook(product, self._inner.open_book(product))


def warrants_of(step: Step) -> Warrants:
    """What a SELL carries, or a BUY asks for.

    What a party buys back it buys as it sold it; what it gives back carries nothing.
    """
    tender = step.tender
    if tender is None or (step.side is Side.SELL and tender.side is Side.BUY):
        return frozenset()
    return frozenset(tender.warrants)


class WarrantedBook:
    """The steps of one instrument; as the mechanism's own book while no BUY asks."""

    def __init__(self, product: Product, inner: ClearingBook) -> None:
        self._inner = inner
        self._grid = PriceGrid.of(product)
        self._lot = product.lot
        self._rule = price_rules.RULES[product.price_rule]
        self._steps: dict[Step, Warrants] = {}
        self._asking = 0

    def add(self, step: Step) -> None:
        """Take the step in."""
        self._inner.add(step)
        found = self._steps[step] = warrants_of(step)
        self._asking += bool(found) and step.side is Side.BUY

    def remove(self, step: Step) -> None:
        """Take out exactly the step that was added."""
        self._inner.remove(step)
        found = self._steps.pop(step)
        self._asking -= bool(found) and step.side is Side.BUY

    def price(self) -> int | None:
        """The price ``clear`` would find now."""
        return self.clear().price if self._asking else self._inner.price()

    def clear(self) -> Outcome:
        """The outcome for the steps that are in.

        Raises:
            InvariantBroken: no flow serves what was filled.
        """
        if not self._asking:
            return self._inner.clear()
        left_out: dict[Step, None] = {}
        rounds = 0
        while True:
            steps = [step for step in self._steps if step not in left_out]
            fills = self._fills(steps)
            if not (found := broken(fills)):
                return self._outcome(steps, fills, tuple(left_out))
            gone = to_leave_out(found, rounds, steps, lambda step: (-step.sequence,))
            left_out |= dict.fromkeys(gone)
            rounds += 1

    def _fills(self, steps: Sequence[Step]) -> dict[Step, int]:
        """What each step trades, in order of arrival."""
        book = _Sides(self._grid, {step: self._steps[step] for step in steps}, self._lot)
        limit = book.best()
        if limit is None:
            return {}
        fills = book.fill(limit)
        return {s: fills[s] for s in sorted(fills, key=lambda s: (s.sequence, s.closing))}

    def _outcome(
        self, steps: Sequence[Step], fills: Mapping[Step, int], left_out: Sequence[Step]
    ) -> Outcome:
        if not fills:
            return self._idle(steps, left_out)
        low, high = self._range(steps, fills)
        price = self._rule(self._grid.price(low), self._grid.price(high), self._grid.tick)
        at = [step for step in steps if self._place(step) in {low, high}]
        return Outcome(
            price=price,
            low=self._grid.price(low),
            high=self._grid.price(high),
            quantity=sum(filled for step, filled in fills.items() if step.side is Side.BUY),
            type=self._type(price, (low, high), steps, fills),
            fills=tuple(fills.items()),
            marginal=tuple(_named(step, fills) for step in at[:MARGINAL_SHOWN]),
            next_cheaper=_nearest((s for s in steps if s.price < price), fills, dearest=True),
            next_dearer=_nearest((s for s in steps if s.price > price), fills, dearest=False),
            rejected=_in_the_money(left_out, price),
            exact=not left_out,
        )

    def _idle(self, steps: Sequence[Step], left_out: Sequence[Step]) -> Outcome:
        """Cap or floor where nothing trades although somebody must."""
        cap, floor = self._grid.cap, self._grid.floor
        must_buy = any(s.side is Side.BUY and s.price == cap for s in steps)
        must_sell = any(s.side is Side.SELL and s.price == floor for s in steps)
        price = cap if must_buy else floor if must_sell else None
        kind = ClearingType.SURPLUS if must_sell else ClearingType.EMPTY
        return Outcome(
            price=price,
            low=price,
            high=price,
            quantity=0,
            type=ClearingType.SHORTAGE if must_buy else kind,
            exact=not left_out,
        )

    def _range(self, steps: Sequence[Step], fills: Mapping[Step, int]) -> tuple[int, int]:
        """The places that bound the price: what was used, narrowed by what was left inside."""
        low = max(self._place(step) for step in fills if step.side is Side.SELL)
        high = min(self._place(step) for step in fills if step.side is Side.BUY)
        left = [(self._place(s), s.side) for s in steps if fills.get(s, 0) < s.quantity]
        inside = [(place, side) for place, side in left if low <= place <= high]
        lower = max((place for place, side in inside if side is Side.BUY), default=low)
        upper = min((place for place, side in inside if side is Side.SELL), default=high)
        return (lower, upper) if lower <= upper else (low, high)

    def _type(
        self,
        price: int,
        bounds: tuple[int, int],
        steps: Sequence[Step],
        fills: Mapping[Step, int],
    ) -> ClearingType:
        short = {s.side for s in steps if s.price == price and fills.get(s, 0) < s.quantity}
        if price == self._grid.cap and Side.BUY in short:
            return ClearingType.SHORTAGE
        if price == self._grid.floor and Side.SELL in short:
            return ClearingType.SURPLUS
        low, high = bounds
        if low != high:
            return ClearingType.EXACT
        return ClearingType.MARGINAL_BUYER if low & 1 else ClearingType.MARGINAL_SELLER

    def _place(self, step: Step) -> int:
        return self._grid.place(step.side, step.price, closing=step.closing)


@dataclass(frozen=True, slots=True)
class _Class:
    """Steps that are filled together: at one place, of one tie class, with the same warrants."""

    place: int
    warrants: Warrants
    steps: tuple[Step, ...]

    @property
    def quantity(self) -> int:
        return sum(step.quantity for step in self.steps)


class _Sides:
    """Both sides of a book in the order in which they are filled."""

    def __init__(self, grid: PriceGrid, steps: Mapping[Step, Warrants], lot: int) -> None:
        self._lot = lot
        placed = [
            (grid.place(s.side, s.price, closing=s.closing), s, warrants)
            for s, warrants in steps.items()
        ]
        self._sells = list(_classes((p, s, w) for p, s, w in placed if s.side is Side.SELL))
        self._buys = list(_classes((-p, s, w) for p, s, w in placed if s.side is Side.BUY))

    def best(self) -> int | None:
        """The lowest place of a SELL up to which the most changes hands; None: nothing does."""
        most, best = 0, None
        wanted, offered = _totals(self._buys), dict[Warrants, int]()
        buys = deque(sorted(self._buys, key=lambda buy: -buy.place))
        for limit, sells in groupby(self._sells, key=lambda sell: sell.place):
            for sell in sells:
                offered[sell.warrants] = offered.get(sell.warrants, 0) + sell.quantity
            while buys and -buys[0].place <= limit:
                gone = buys.popleft()
                wanted[gone.warrants] -= gone.quantity
            if min(sum(wanted.values()), sum(offered.values())) <= most:
                continue
            transport = Transport(offered, _serves)
            flow = sum(transport.send(kind, quantity) for kind, quantity in wanted.items())
            if flow > most:
                most, best = flow, limit
        return best

    def fill(self, limit: int) -> dict[Step, int]:
        """What each step gets.

        Raises:
            InvariantBroken: no flow serves all of it.
        """
        buys, sells = self._within(limit)
        bought = _served(buys, sells, _serves)
        sold = _served(sells, buys, lambda sell, buy: _serves(buy, sell))
        _check(bought, sold)
        pairs = ((c.steps, filled) for c, filled in (*bought, *sold) if filled)
        return {step: n for steps, filled in pairs for step, n in share(steps, filled, self._lot)}

    def _within(self, limit: int) -> tuple[list[_Class], list[_Class]]:
        """The BUY above and the SELL up to the place."""
        return (
            [one for one in self._buys if -one.place > limit],
            [one for one in self._sells if one.place <= limit],
        )


def _classes(placed: Iterable[tuple[int, Step, Warrants]]) -> Iterator[_Class]:
    ordered = sorted(placed, key=lambda one: (one[0], one[1].party.tie_class, one[1].sequence))
    for (place, _), same in groupby(ordered, key=lambda one: (one[0], one[1].party.tie_class)):
        by_warrants: dict[Warrants, list[Step]] = {}
        for _, step, warrants in same:
            by_warrants.setdefault(warrants, []).append(step)
        for warrants, steps in by_warrants.items():
            yield _Class(place, warrants, tuple(steps))


def _serves(buy: Warrants, sell: Warrants) -> bool:
    return buy <= sell


def _totals(classes: Iterable[_Class]) -> dict[Warrants, int]:
    totals: dict[Warrants, int] = {}
    for one in classes:
        totals[one.warrants] = totals.get(one.warrants, 0) + one.quantity
    return totals


def _served(
    first: Sequence[_Class], others: Sequence[_Class], fits: Fits
) -> list[tuple[_Class, int]]:
    """How much of each of ``first``, in their order, some flow to the ``others`` serves."""
    transport = Transport(_totals(others), fits)
    return [(one, transport.send(one.warrants, one.quantity)) for one in first]


def _check(bought: Iterable[tuple[_Class, int]], sold: Iterable[tuple[_Class, int]]) -> None:
    capacity: dict[Warrants, int] = {}
    for one, filled in sold:
        capacity[one.warrants] = capacity.get(one.warrants, 0) + filled
    transport = Transport(capacity, _serves)
    short = sum(filled - transport.send(one.warrants, filled) for one, filled in bought)
    if short or transport.left:
        message = f"warrants: {short} bought and {transport.left} sold cannot be matched"
        raise InvariantBroken(message)


def _named(step: Step, fills: Mapping[Step, int]) -> MarginalTender:
    return MarginalTender(
        party=step.party.id,
        tender=step.tender_id,
        side=step.side,
        price=step.price,
        quantity=step.quantity,
        filled=fills.get(step, 0),
    )


def _nearest(
    steps: Iterable[Step], fills: Mapping[Step, int], *, dearest: bool
) -> MarginalTender | None:
    sign = -1 if dearest else 1
    found = min(steps, key=lambda step: (sign * step.price, step.sequence), default=None)
    return None if found is None else _named(found, fills)


def _in_the_money(steps: Iterable[Step], price: int) -> tuple[Step, ...]:
    found = (step for step in steps if step.side.sign * (step.price - price) > 0)
    return tuple(sorted(found, key=lambda step: step.sequence))


def heeding(product: Product, mechanism: Mechanism) -> Mechanism:
    """The mechanism as the product needs it.

    Raises:
        ValueError: the product knows warrants and the mechanism has not one price.
    """
    if not product.warrants:
        return mechanism
    if mechanism.name not in ONE_PRICE:
        message = (
            f"product {product.id}: warrants need mechanism {' or '.join(ONE_PRICE)}, "
            f"not {mechanism.name}"
        )
        raise ValueError(message)
    return Warranted(mechanism)
