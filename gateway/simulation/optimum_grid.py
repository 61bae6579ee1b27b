"""Perfect foresight where prices fall below zero, or giving earns more than drawing costs.

There it can pay to burn energy in the battery, so that the worth of stored energy is no longer
concave and slopes cannot be merged.  Backward over a grid of charges instead, between whose points
the worth is a straight line; a move ends on a point, or where the cost has a kink.
"""

from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.agents.value import Store
from gateway.simulation.optimum import Moment

POINTS: Final = 129
"""Four times as many change a year's cost by less than a ten-thousandth."""


def needed(moments: Sequence[Moment]) -> bool:
    """Whether a price makes the worth of energy anything but concave."""
    return not all(0 <= moment.sells <= moment.buys for moment in moments)


class _Stretch(NamedTuple):
    """Changes of charge ``low``..``high``, Wh, over which the cost is a line."""

    low: float
    high: float
    cost_low: float
    slope: float

    def cost(self, change: float) -> float:
        return self.cost_low + self.slope * (change - self.low)


def best_flows_on_grid(
    moments: Sequence[Moment], store: Store, hours: float, stored_wh: float, points: int = POINTS
) -> Iterator[float]:
    """What the battery takes in each step for the least cost of all, Wh at its terminals."""
    cell_wh = store.capacity_wh / (points - 1)
    stages = [_stretches(moment, store, hours) for moment in moments]
    after = [array("d", [0.0] * points)]
    for stretches in reversed(stages[1:]):
        after.append(_before(stretches, after[-1], cell_wh))
    for stretches in stages:
        change = _best(stretches, after.pop(), cell_wh, stored_wh)
        stored_wh = min(max(stored_wh + change, 0.0), store.capacity_wh)
        yield change / store.eta_charge if change > 0 else change * store.eta_discharge


def _stretches(moment: Moment, store: Store, hours: float) -> list[_Stretch]:
    """The cost of a step by the change of charge: kinks where the battery or the meter turns."""
    lowest = -store.discharge_w * hours / store.eta_discharge
    highest = store.charge_w * hours * store.eta_charge
    turn = -moment.residual_wh
    turn *= store.eta_charge if turn > 0 else 1 / store.eta_discharge
    kinks = sorted({lowest, highest, min(max(turn, lowest), highest), 0.0})
    costs = [_cost(moment, store, change) for change in kinks]
    return [
        _Stretch(low, high, cost_low, (cost_high - cost_low) / (high - low))
        for (low, cost_low), (high, cost_high) in pairwise(zip(kinks, costs, strict=True))
    ]


def _cost(moment: Moment, store: Store, change: float) -> float:
    flow = change / store.eta_charge if change > 0 else change * store.eta_discharge
    meter = moment.residual_wh + flow
    return meter * (moment.buys if meter > 0 else moment.sells) + store.wear * abs(flow)


def _before(stretches: list[_Stretch], after: "array[float]", cell_wh: float) -> "array[float]":
    """The worth of each charge one step earlier."""
    points = len(after)
    best = [-float("inf")] * points
    for one in stretches:
        # W(y) = V(y) - slope y is the same for every start, so its largest in a window slides.
        level = [worth - one.slope * cell_wh * n for n, worth in enumerate(after)]
        base = one.slope * one.low - one.cost_low
        first, last = one.low / cell_wh, one.high / cell_wh
        for n, top in enumerate(_window(level, first, last)):
            worth = top + one.slope * cell_wh * n + base
            best[n] = max(best[n], worth)
    return array("d", best)


def _window(level: list[float], first: float, last: float) -> Iterator[float]:
    """The largest of a line through ``level`` within first..last of each point; -inf if none."""
    points, nearest = len(level), -(-first // 1)
    queue: deque[int] = deque()
    upcoming = max(0, int(nearest))
    for n in range(points):
        while upcoming < points and upcoming <= n + last:
            while queue and level[queue[-1]] <= level[upcoming]:
                queue.pop()
            queue.append(upcoming)
            upcoming += 1
        while queue and queue[0] < n + first:
            queue.popleft()
        inside = level[queue[0]] if queue else -float("inf")
        yield max(inside, _between(level, n + first), _between(level, n + last))


def _between(level: Sequence[float], place: float) -> float:
    """The line through ``level`` at a place; -inf outside."""
    whole = int(place // 1)
    if not 0 <= place <= len(level) - 1:
        return -float("inf")
    rest = place - whole
    return level[whole] + (level[whole + 1] - level[whole]) * rest if rest else level[whole]


def _best(
    stretches: list[_Stretch], after: "array[float]", cell_wh: float, stored_wh: float
) -> float:
    """The change of charge that is best from a charge, Wh."""
    best, chosen = -float("inf"), 0.0
    room_wh = cell_wh * (len(after) - 1) - stored_wh
    for one in stretches:
        low, high = max(one.low, -stored_wh), min(one.high, room_wh)
        if low > high:
            continue
        first = int(-(-(stored_wh + low) // cell_wh))
        last = int((stored_wh + high) // cell_wh)
        changes = [low, high, *(n * cell_wh - stored_wh for n in range(first, last + 1))]
        for change in changes:
            worth = _between(after, min((stored_wh + change) / cell_wh, len(after) - 1.0))
            if worth - one.cost(change) > best:
                best, chosen = worth - one.cost(change), change
    return chosen
