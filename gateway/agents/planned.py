"""A storage's whole requirement by what its energy is worth after the interval.

It buys upward from its charge at eta v - w and sells downward at v / eta + w, v the worth of each
part of the store at the interval's end.  Source: docs/economics.md, "Storage".
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from gateway.agents.steps import Step
from gateway.agents.utility import GridPrices
from gateway.agents.value import Store, asks, bids, values
from gateway.model.outlook import Outlook
from gateway.model.product import Product
from gateway.model.tender import Side

_NOISE: Final = 1e-6
"""Of a tick: a worth that equals the tariff but for the last digits is the tariff's.  At the export
price the local party comes first: a surplus is stored now and not perhaps later."""


_OUTLOOKS: Final = 8


@lru_cache(maxsize=_OUTLOOKS)
def _plans(_outlook: Outlook) -> dict[tuple[Store, int], tuple[float, ...]]:
    """The values found by an outlook, of however many storages; forgotten with it."""
    return {}


def remembered_values(outlook: Outlook, store: Store, over: int) -> tuple[float, ...]:
    """``values``, made once for an outlook and a store: gates come far more often."""
    plans = _plans(outlook)
    if (found := plans.get((store, over))) is None:
        found = plans[store, over] = values(outlook, store, over)
    return found


def planned_steps(
    product: Product,
    slopes: Sequence[float],
    store: Store,
    stored_wh: float,
    hours: float,
    *,
    grid: GridPrices | None = None,
) -> list[Step]:
    """BUY and SELL steps that can be held for ``hours``, the cheapest SELL above the dearest BUY.

    A worth outside the product's prices is stated at the nearest that leaves room between both.

    Args:
        product: whose integers the steps are in.
        slopes: what each part of the store is worth after the interval, money per kWh.
        store: its capacity is what may be used of it.
        stored_wh: usable charge when the interval begins, 0..capacity.
        hours: length of the interval.
        grid: what it asks and pays.  At a worth equal to that nothing is lost by a later trade with
            it, when more is known: there the step stands a tick off, so that the house trades with
            itself first.
    """
    tick, most = product.tick, product.price_cap - product.tick
    buys = [
        (_bid(product, price, most, grid), power_w)
        for price, power_w in _held(bids(slopes, store, stored_wh), store.charge_w, hours)
    ]
    least = buys[0][0] + tick if buys else product.price_floor
    sells = [
        (max(_ask(product, price, grid), least), power_w)
        for price, power_w in _held(asks(slopes, store, stored_wh), store.discharge_w, hours)
    ]
    return [*_joined(product, Side.BUY, buys), *_joined(product, Side.SELL, sells)]


def _bid(product: Product, price: float, most: int, grid: GridPrices | None) -> int:
    """Real money as ticks, from the floor up to ``most``: above the dearest BUY a SELL must fit."""
    ticks = math.floor(price / _real(product) + _NOISE) * product.tick
    if grid is not None and ticks == grid.asks:
        ticks -= product.tick
    return min(max(ticks, product.price_floor), most)


def _ask(product: Product, price: float, grid: GridPrices | None) -> int:
    """Real money as ticks; the house's own energy before the grid's, behind an intertie too."""
    ticks = math.ceil(price / _real(product) - _NOISE) * product.tick
    if grid is not None and ticks == grid.asks:
        ticks -= product.tick
    if grid is not None and ticks == grid.pays:
        ticks += product.tick
    return product.clamp_price(ticks)


def _real(product: Product) -> float:
    """One tick as real money."""
    return float(product.real_price(product.tick))


def _held(
    parts: Iterable[tuple[float, float]], most_w: float, hours: float
) -> Iterator[tuple[float, float]]:
    """Energy by price as power that lasts for ``hours``, up to ``most_w`` in all."""
    left_w = most_w
    for price, energy_wh in parts:
        power_w = min(energy_wh / hours, left_w)
        left_w -= power_w
        if power_w > 0:
            yield price, power_w


def _joined(product: Product, side: Side, parts: Iterable[tuple[int, float]]) -> Iterator[Step]:
    """One step for each price; rounded as sums, so that no step loses a part of a lot."""
    reached_w, told = 0.0, 0
    price: int | None = None
    for limit, power_w in parts:
        if price is not None and limit != price:
            whole = product.quantity_down(reached_w)
            yield Step(side, price, whole - told)
            told = whole
        price, reached_w = limit, reached_w + power_w
    if price is not None:
        yield Step(side, price, product.quantity_down(reached_w) - told)
