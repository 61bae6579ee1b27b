"""The value of stored energy: what one more kilowatt-hour in store earns later.

Backward from the end of the outlook, V_t(s) = E max over u of V_{t+1}(s + u) less what u costs.
V is concave and the cost of u convex, so a stage is a merge of sorted slopes, averaged over the
scenarios.  Source: docs/economics.md, "Storage".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from operator import mul

from gateway.model.outlook import Outlook
from gateway.model.time import HOUR

# A finer store earns no more: 64 cells instead of 32 changed no captured saving by 0.001.
CELLS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What is planned for.

    Attributes:
        capacity_wh: usable, Wh > 0.
        charge_w, discharge_w: at its terminals, W >= 0.
        eta_charge, eta_discharge: one way each, 0 < eta <= 1.
        wear: per kWh at its terminals, each way, >= 0.
        share: of the residual that it is to serve, 0..1; other storages serve the rest.
    """

    capacity_wh: float
    charge_w: float
    discharge_w: float
    eta_charge: float
    eta_discharge: float
    wear: float = 0.0
    share: float = 1.0

    def taken(self, price: float) -> float:
        """What storing 1 kWh costs when drawing costs ``price`` per kWh."""
        return (price + self.wear) / self.eta_charge

    def given(self, price: float) -> float:
        """What 1 kWh from the store earns where giving earns ``price`` per kWh.

        At a negative price never more than taking costs: nobody gains by both at once.
        """
        return min((price - self.wear) * self.eta_discharge, self.taken(price))


def values(outlook: Outlook, store: Store, over: int = 0, cells: int = CELLS) -> tuple[float, ...]:
    """What each part of the store is worth at a time, money per kWh; never rising.

    When ``over`` steps of the outlook are over, in ``cells`` equal parts from the lowest up.
    What is left at the end is worth what the outlook says, or the cheap import that it will
    replace: before a dear hour the store could be filled at that price anyway.
    """
    left = outlook.left
    end = store.given(_cheap(outlook, store)) if left is None else left
    slopes = [end] * cells
    stages = _Stages.of(outlook, store, store.capacity_wh / cells)
    for step in range(outlook.steps - 1, over - 1, -1):
        slopes = _before(outlook, step, store, stages, slopes)
    return tuple(slopes)


def _cheap(outlook: Outlook, store: Store) -> float:
    """The mean import price of the cheapest steps of the last day that fill the store."""
    filled_wh = store.charge_w * store.eta_charge * outlook.step / HOUR
    day = sorted(outlook.import_price[-24 * HOUR // outlook.step :])
    count = ceil(store.capacity_wh / filled_wh) if filled_wh else len(day)
    cheapest = day[:count]
    return sum(cheapest) / len(cheapest)


@dataclass(frozen=True, slots=True)
class _Stages:
    """Each step in cells of the store: what it can take and give, and what may be drawn.

    What a step leaves of a cell is carried into the next, so that a draw of less than half a cell
    each step is not lost.
    """

    takes: list[int]
    gives: list[int]
    drawn: list[tuple[float, list[int]]]

    @classmethod
    def of(cls, outlook: Outlook, store: Store, cell_wh: float) -> "_Stages":
        hours = outlook.step / HOUR
        into, out_of = hours * store.eta_charge / cell_wh, hours / store.eta_discharge / cell_wh
        return cls(
            takes=_whole([store.charge_w * into] * outlook.steps),
            gives=_whole([store.discharge_w * out_of] * outlook.steps),
            drawn=[
                (one.weight, _drawn(one.residual_w, store.share * into, store.share * out_of))
                for one in outlook.scenarios
            ],
        )

    def weights(self, step: int) -> dict[int, float]:
        """The weight of each residual that may be: what the store could serve, or fill (-).

        Many scenarios come to one of few, so that their stages are merged once.
        """
        weights: dict[int, float] = {}
        for weight, cells in self.drawn:
            weights[cells[step]] = weights.get(cells[step], 0.0) + weight
        return weights


def _drawn(residual_w: Sequence[float], into: float, out_of: float) -> list[int]:
    """Draw and surplus each by itself: they meet different efficiencies."""
    draws = _whole([max(power_w, 0.0) * out_of for power_w in residual_w])
    spare = _whole([max(-power_w, 0.0) * into for power_w in residual_w])
    return [drawn - free for drawn, free in zip(draws, spare, strict=True)]


def _whole(parts: Sequence[float]) -> list[int]:
    """Whole cells whose sums are those of the parts, rounded."""
    reached = [0, *map(round, accumulate(parts))]
    return [after - before for before, after in pairwise(reached)]


def _before(
    outlook: Outlook, step: int, store: Store, stages: _Stages, after: list[float]
) -> list[float]:
    """The slopes one step earlier: the mean over the scenarios."""
    cells, takes, gives = len(after), stages.takes[step], stages.gives[step]
    buys = outlook.import_price[step]
    sells = min(outlook.export_price[step], buys)
    dear, cheap = store.taken(buys), store.taken(sells)
    saves, earns = store.given(buys), store.given(sells)
    columns, weights = [], []
    for drawn, weight in stages.weights(step).items():
        own, free = min(max(drawn, 0), gives), min(max(-drawn, 0), takes)
        slopes = after + [saves] * own + [earns] * (gives - own)
        slopes += [cheap] * free + [dear] * (takes - free)
        slopes.sort(reverse=True)
        columns.append(slopes[takes : takes + cells])
        weights.append(weight)
    return [sum(map(mul, weights, column)) for column in zip(*columns, strict=True)]


def bids(slopes: Sequence[float], store: Store, stored_wh: float) -> Iterator[tuple[float, float]]:
    """What it pays to draw, upward from ``stored_wh``: prices per kWh, falling.

    Each with the energy taken at that price, Wh at the terminals.
    """
    cell_wh = store.capacity_wh / len(slopes)
    for number, slope in enumerate(slopes):
        room_wh = (number + 1) * cell_wh - max(stored_wh, number * cell_wh)
        if room_wh > 0:
            yield slope * store.eta_charge - store.wear, room_wh / store.eta_charge


def asks(slopes: Sequence[float], store: Store, stored_wh: float) -> Iterator[tuple[float, float]]:
    """What it asks to give, downward from ``stored_wh``: prices per kWh, rising.

    Each with the energy given at that price, Wh at the terminals.
    """
    cell_wh = store.capacity_wh / len(slopes)
    for number in range(len(slopes) - 1, -1, -1):
        there_wh = min(stored_wh, (number + 1) * cell_wh) - number * cell_wh
        if there_wh > 0:
            ask = slopes[number] / store.eta_discharge + store.wear
            yield ask, there_wh * store.eta_discharge
