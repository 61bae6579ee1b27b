"""The value of stored energy: what one more kilowatt-hour in store earns later.

Backward from the end of the outlook, V_t(s) = E max over u of V_{t+1}(s + u) less what u costs.
V is concave and the cost of u convex, so a stage is a merge of sorted slopes, averaged over the
scenarios.  Source: docs/economics.md, "Storage".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    """

    capacity_wh: float
    charge_w: float
    discharge_w: float
    eta_charge: float
    eta_discharge: float
    wear: float = 0.0

    def taken(self, price: float) -> float:
        """What storing 1 kWh costs when drawing costs ``price`` per kWh."""
        return (price + self.wear) / self.eta_charge

    def given(self, price: float) -> float:
        """What 1 kWh from the store earns where giving earns ``price`` per kWh.

        At a negative price never more than taking costs: nobody gains by both at once.
        """
        return min((price - self.wear) * self.eta_discharge, self.taken(price))


def values(outlook: Outlook, store: Store, cells: int = CELLS) -> tuple[float, ...]:
    """What each part of the store is worth at the outlook's start, money per kWh; never rising.

    ``cells`` equal parts from the lowest up.  What is left at the end is worth the mean import
    price that it will replace, or what the outlook says.
    """
    left = outlook.left
    end = store.given(sum(outlook.import_price) / outlook.steps) if left is None else left
    slopes = [end] * cells
    for step in range(outlook.steps - 1, -1, -1):
        slopes = _before(outlook, step, store, slopes)
    return tuple(slopes)


def _before(outlook: Outlook, step: int, store: Store, after: list[float]) -> list[float]:
    """The slopes one step earlier: the mean over the scenarios."""
    cells = len(after)
    cell_wh = store.capacity_wh / cells
    hours = outlook.step / HOUR
    takes = round(store.charge_w * hours * store.eta_charge / cell_wh)
    gives = round(store.discharge_w * hours / store.eta_discharge / cell_wh)
    buys = outlook.import_price[step]
    sells = min(outlook.export_price[step], buys)
    dear, cheap = store.taken(buys), store.taken(sells)
    saves, earns = store.given(buys), store.given(sells)
    columns, weights = [], []
    for drawn, weight in _drawn(outlook, step, store, cell_wh).items():
        own, free = min(max(drawn, 0), gives), min(max(-drawn, 0), takes)
        slopes = after + [saves] * own + [earns] * (gives - own)
        slopes += [cheap] * free + [dear] * (takes - free)
        slopes.sort(reverse=True)
        columns.append(slopes[takes : takes + cells])
        weights.append(weight)
    return [sum(map(mul, weights, column)) for column in zip(*columns, strict=True)]


def _drawn(outlook: Outlook, step: int, store: Store, cell_wh: float) -> dict[int, float]:
    """The weight of each residual that may be, in cells: those the store could serve, or fill (-).

    Many scenarios come to one of few, so that their stages are merged once.
    """
    hours = outlook.step / HOUR
    per_draw = hours / store.eta_discharge / cell_wh
    per_surplus = hours * store.eta_charge / cell_wh
    weights: dict[int, float] = {}
    for scenario in outlook.scenarios:
        power_w = scenario.residual_w[step]
        cells = round(power_w * (per_draw if power_w > 0 else per_surplus))
        weights[cells] = weights.get(cells, 0.0) + scenario.weight
    return weights


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
