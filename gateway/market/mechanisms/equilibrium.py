"""The price at which the summed demand is zero, found on a price grid.

Of a flat run at zero the middle is taken, between two prices of the grid the straight line; more
demand than supply everywhere gives the highest price, less everywhere the lowest.  Where the
straight line would leave out the very step that makes demand change its sign, the price is that of
the step.

Source: Kok, Warmer, Kamphuis, PowerMatcher: multiagent control in the electricity infrastructure,
2005, and the market basis of PowerMatcher 2.1; docs/mechanisms/equilibrium.md.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import lcm
from typing import NamedTuple

from gateway.market.allocation import share
from gateway.market.grid import PriceGrid
from gateway.market.point_list import PointList
from gateway.market.whole import broken, to_leave_out
from gateway.model.clearing import ClearingType, MarginalTender
from gateway.model.product import Product
from gateway.model.tender import Party, Side, Tender
from gateway.ports.mechanism import Matching, Outcome, Step

MARGINAL_SHOWN = 20
_MUST, _MAY, _CLOSING = range(3)  # beyond its limit; at its limit; there, and only if needed


class Equilibrium:
    """The mechanism ``equilibrium``; it is a price rule by itself."""

    name = "equilibrium"
    matching = Matching.GATE
    price_rules = ()

    def open_book(self, product: Product) -> "EquilibriumBook":
        """An empty book under the product's terms."""
        return EquilibriumBook(product)


class _Place(NamedTuple):
    """A price as number/over places above the floor."""

    number: int
    over: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """A list of points that takes part."""

    party: Party
    id: str
    points: PointList
    sequence: int


@dataclass(frozen=True, slots=True)
class _Pieces:
    """What each side takes at a price, by rank: beyond its limit, at it, closing at it."""

    buys: tuple[list[Step], ...]
    sells: tuple[list[Step], ...]

    @property
    def volume(self) -> int:
        """The most that changes hands: a closing piece trades with those beyond their limit."""
        (sure, may, closing), (sells, offers, giving) = map(_sums, (self.buys, self.sells))
        return max(
            min(sure + may, sells + offers),
            min(sure, sells + offers + giving),
            min(sure + may + closing, sells),
        )

    def fills(self, lot: int) -> Iterator[tuple[Step, int]]:
        """Those beyond their limit first; pro rata in each rank."""
        for side in (self.buys, self.sells):
            left = self.volume
            for steps in side:
                part = min(left, sum(step.quantity for step in steps))
                yield from share(steps, part, lot)
                left -= part


def _sums(side: tuple[list[Step], ...]) -> list[int]:
    return [sum(step.quantity for step in steps) for steps in side]


class EquilibriumBook:
    """The steps and curves of one instrument."""

    def __init__(self, product: Product) -> None:
        self._grid = PriceGrid.of(product)
        self._lot = product.lot
        self._steps: dict[Step, None] = {}
        self._curves: dict[Step, _Curve] = {}

    def add(self, step: Step) -> None:
        """Take the step in."""
        self._steps[step] = None

    def remove(self, step: Step) -> None:
        """Take out exactly the step that was added."""
        del self._steps[step]

    def add_curve(self, party: Party, name: str, points: PointList, sequence: int) -> None:
        """Take a list of points in; its fills are steps with the tender id ``name``."""
        key = Step(party, None, Side.BUY, 0, 0, sequence)
        self._curves[key] = _Curve(party, name, points, sequence)

    def price(self) -> int | None:
        """The price ``clear`` would find now."""
        return self.clear().price

    def clear(self) -> Outcome:
        """The outcome for the steps that are in.

        All-or-none steps count like others; one that is not filled whole is left out, the worst
        price first and then the latest, and the rest is cleared again; after some rounds
        several at once.
        """
        steps, left_out = dict(self._steps), list[Step]()
        rounds = 0
        while True:
            outcome = self._clear(steps)
            if not (found := broken(outcome.filled)):
                break
            for step in to_leave_out(found, rounds, steps, _worth):
                del steps[step]
                left_out.append(step)
            rounds += 1
        if not left_out:
            return outcome
        return _without(outcome, left_out)

    def _clear(self, steps: Collection[Step]) -> Outcome:
        """All steps as if divisible."""
        if not steps and not self._curves:
            return Outcome(price=None, low=None, high=None, quantity=0, type=ClearingType.EMPTY)
        demand = _Demand(steps, tuple(self._curves.values()), self._grid, self._lot)
        place, kind = demand.equilibrium()
        first = place.number // place.over
        found = [(p, self._at(p, steps)) for p in dict.fromkeys((place, _Place(first)))]
        if place.number % place.over:
            found.append((_Place(first + 1), self._at(_Place(first + 1), steps)))
        place, pieces = max(found, key=lambda pair: pair[1].volume)
        if not pieces.volume and kind is None and any(step.closing for step in steps):
            # What is left gives positions back to nobody: there is no price.
            return Outcome(price=None, low=None, high=None, quantity=0, type=ClearingType.EMPTY)
        return self._outcome(place, pieces, kind)

    def _outcome(self, place: _Place, pieces: _Pieces, kind: ClearingType | None) -> Outcome:
        grid, volume = self._grid, pieces.volume
        price = grid.floor + place.number * grid.tick // place.over
        fills = sorted(pieces.fills(self._lot), key=lambda fill: (fill[0].sequence, fill[0].price))
        filled = dict(fills)
        asked = [s for side in (pieces.buys, pieces.sells) for rank in side[:2] for s in rank]
        cut = [s for s in asked if filled.get(s, 0) < s.quantity]
        bought, sold = (sum(_sums(side)[:2]) for side in (pieces.buys, pieces.sells))
        return Outcome(
            price=price,
            low=price if volume else None,
            high=price if volume else None,
            quantity=volume,
            type=kind or _kind(volume, bought, sold),
            fills=tuple(fills),
            marginal=tuple(_shown(s, filled.get(s, 0)) for s in cut[:MARGINAL_SHOWN]),
            next_cheaper=self._next(price, -1),
            next_dearer=self._next(price, 1),
        )

    def _next(self, price: int, way: int) -> MarginalTender | None:
        """The nearest step that asks less (-1) or more (+1) than the price."""
        beyond = [step for step in self._steps if way * (step.price - price) > 0]
        nearest = min(beyond, key=lambda s: (way * s.price, s.sequence), default=None)
        return None if nearest is None else _shown(nearest, 0)

    def _at(self, place: _Place, steps: Collection[Step]) -> _Pieces:
        """What each takes at a price."""
        pieces = _Pieces(([], [], []), ([], [], []))
        for step in steps:
            index = (step.price - self._grid.floor) // self._grid.tick
            gain = step.side.sign * (index * place.over - place.number)
            if gain < 0:
                continue
            rank = _MUST if gain else _CLOSING if step.closing else _MAY
            (pieces.buys if step.side is Side.BUY else pieces.sells)[rank].append(step)
        for curve in self._curves.values():
            least, most, of = curve.points.at(*place)
            price = self._grid.floor + place.number * self._grid.tick // place.over
            for side, must, might in ((Side.BUY, least, most), (Side.SELL, -most, -least)):
                sure, all_of_it = max(0, must // of), max(0, might // of)
                ranks = pieces.buys if side is Side.BUY else pieces.sells
                # Who would buy or sell at one price is in no need to do both.
                either = _CLOSING if side is Side.SELL and most > 0 else _MAY
                for rank, lots in ((_MUST, sure), (either, all_of_it - sure)):
                    if lots:
                        ranks[rank].append(_piece(curve, side, price, lots * self._lot))
        return pieces


class _Demand:
    """Summed demand at the prices of the grid, as whole numbers in a common part of a lot."""

    def __init__(
        self, steps: Collection[Step], curves: Sequence[_Curve], grid: PriceGrid, lot: int
    ) -> None:
        self._last = grid.steps - 1
        self._common = lcm(*(curve.points.common for curve in curves))
        self._curves, self._lot = [curve.points for curve in curves], lot
        # A closing step counts beyond its price only; a single one at its own price too.
        places = [
            (s.side, (s.price - grid.floor) // grid.tick - s.side.sign * s.closing, s.quantity)
            for s in steps
        ]
        self._buys, self._bought = _stack(p for p in places if p[0] is Side.BUY)
        self._sells, self._sold = _stack(p for p in places if p[0] is Side.SELL)

    def __call__(self, place: int) -> int:
        """Of a curve that steps at the place the lower demand holds."""
        bought = self._bought[-1] - self._bought[bisect_left(self._buys, place)]
        total = (bought - self._sold[bisect_right(self._sells, place)]) * self._common
        for points in self._curves:
            least, _, of = points.at(place)
            total += least * (self._common // of) * self._lot
        return total

    def equilibrium(self) -> tuple[_Place, ClearingType | None]:
        """The place of the price, and the type where one side has too little at any price."""
        if self(0) < 0:
            return _Place(0), ClearingType.SURPLUS
        if self(self._last) > 0:
            return _Place(self._last), ClearingType.SHORTAGE
        falling = range(self._last + 1)
        first = bisect_left(falling, 0, key=lambda at: -self(at))
        if self(first) == 0:
            last = bisect_right(falling, 0, key=lambda at: -self(at)) - 1
            odd = (first + last) % 2
            return _Place(first + last, 2) if odd else _Place((first + last) // 2), None
        above, below = self(first - 1), self(first)
        fall = above - below
        return _Place((first - 1) * fall + above, fall), None


def _stack(entries: Iterator[tuple[Side, int, int]]) -> tuple[list[int], list[int]]:
    """Sorted places, and the quantities summed up to each of them."""
    ordered = sorted((place, quantity) for _, place, quantity in entries)
    return [p for p, _ in ordered], list(accumulate((q for _, q in ordered), initial=0))


def _kind(volume: int, bought: int, sold: int) -> ClearingType:
    if not volume:
        return ClearingType.EMPTY
    if bought == sold:
        return ClearingType.EXACT
    return ClearingType.MARGINAL_BUYER if bought > sold else ClearingType.MARGINAL_SELLER


def _worth(step: Step) -> tuple[int, int]:
    return step.side.sign * step.price, -step.sequence


def _piece(curve: _Curve, side: Side, price: int, quantity: int) -> Step:
    tender = Tender(id=curve.id, side=side, price=price, quantity=quantity)
    return Step(curve.party, tender, side, price, quantity, curve.sequence)


def _without(outcome: Outcome, left_out: Sequence[Step]) -> Outcome:
    """The outcome, telling of all-or-none steps in the money that were left out."""
    price = outcome.price or 0
    missed = [s for s in left_out if s.side.sign * (s.price - price) > 0]
    missed.sort(key=lambda step: step.sequence)
    return replace(outcome, rejected=tuple(missed), exact=False)


def _shown(step: Step, filled: int) -> MarginalTender:
    return MarginalTender(
        party=step.party.id,
        tender=step.tender_id,
        side=step.side,
        price=step.price,
        quantity=step.quantity,
        filled=filled,
    )
