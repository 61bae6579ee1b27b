"""The merit order in watts: who would move if the load were other than was traded.

Between gates nothing is transacted; the standing tenders are walked again against the
measured load, so the marginal party follows the balance inside what it tendered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A standing tender in watts.

    Attributes:
        party: device id or ``utility``.
        buy: True demands, False supplies.
        price: integer price of the product.
        power_w: positive magnitude.
        tie: 0 local, 1 intertie, 2 grid: lower is filled first at one price.
    """

    party: str
    buy: bool
    price: int
    power_w: float
    tie: int = 0


def _levels(steps: Iterable[Step], *, buy: bool) -> list[list[Step]]:
    """Steps in the order they are filled, grouped where they tie."""
    key = (lambda s: (-s.price, s.tie)) if buy else (lambda s: (s.price, s.tie))
    ordered = sorted((s for s in steps if s.buy is buy and s.power_w > 0), key=key)
    return [list(group) for _, group in groupby(ordered, key=key)]


def _take(levels: list[list[Step]], limit_w: float) -> dict[str, float]:
    """Fill levels in order up to ``limit_w``; inside a level pro rata."""
    taken: dict[str, float] = {}
    for level in levels:
        total = sum(step.power_w for step in level)
        share = min(1.0, max(0.0, limit_w) / total)
        for step in level:
            taken[step.party] = taken.get(step.party, 0.0) + share * step.power_w
        limit_w -= total
        if limit_w <= 0:
            break
    return taken


def _volume(sells: Sequence[Sequence[Step]], buys: Sequence[Sequence[Step]]) -> float:
    """The largest volume at which the dearest sell used is not above the cheapest buy used."""
    volume = 0.0
    supply = [(level[0].price, sum(s.power_w for s in level)) for level in sells]
    demand = [(level[0].price, sum(s.power_w for s in level)) for level in buys]
    while supply and demand and supply[0][0] <= demand[0][0]:
        (sell_price, offered), (buy_price, wanted) = supply[0], demand[0]
        step = min(offered, wanted)
        volume += step
        supply[0], demand[0] = (sell_price, offered - step), (buy_price, wanted - step)
        if supply[0][1] <= 0:
            supply.pop(0)
        if demand[0][1] <= 0:
            demand.pop(0)
    return volume


def walk(steps: Sequence[Step], fixed_w: float, *, floor: int, cap: int) -> Mapping[str, float]:
    """Passive flow per party, W, when ``fixed_w`` (demand +, generation -) must be served.

    What cannot be served is simply not in the result: the sum of flows plus ``fixed_w`` is
    then not zero.  Parties that take nothing are absent.
    """
    must = Step(
        party="", buy=fixed_w > 0, price=cap if fixed_w > 0 else floor, power_w=abs(fixed_w)
    )
    sells = _levels((*steps, must), buy=False)
    buys = _levels((*steps, must), buy=True)
    volume = _volume(sells, buys)
    flows = _take(buys, volume)
    for party, power_w in _take(sells, volume).items():
        flows[party] = flows.get(party, 0.0) - power_w
    flows.pop("", None)
    return flows
