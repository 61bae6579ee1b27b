"""What a heat pump, a fridge or an air conditioner pays: the worth of a degree more or less.

With an outlook and a learned body, backward: V_t(T) = min over P of price P + discomfort(T') +
V_{t+1}(T').  One kWh changes T by the gain, so it is worth -gain dV/dT; before the dear hours that
is more than the price now, and it heats ahead.  Without them a ramp as of the Olympic Peninsula
project (D. J. Hammerstrom et al., PNNL-17167, 2007), through the tariff at the wish down to what
feeding in earns at the far limit.  Source: docs/economics.md, "Comfort".
"""

from functools import lru_cache
from math import ceil, exp
from typing import Final

from gateway.agents.errands import spare_w
from gateway.agents.loads import dearest, in_turn
from gateway.model.comfort import Climate, Comfort, Thermal
from gateway.model.device import Device
from gateway.model.outlook import Outlook
from gateway.model.time import HOUR
from gateway.ports.agent import Gate

_GRID_K: Final = 0.2
_BEYOND_K: Final = 1.0
_PARTS: Final = 4  # of its highest power, what it can draw as the mean of an hour
_NEAR: Final = 0.1  # of the way to the limit: where it stands at a price that never changes
_HARD: Final = 20.0  # how many times what full power costs one degree outside the limits is bad
_REMEMBERED: Final = 8
_LEAST_SPREAD: Final = 0.1


def pays(gate: Gate, device: Device, climate: Climate, most_w: float) -> int | None:
    """The integer price it pays at most now; None = it wants nothing.

    Past the limit it drifts to, any price up to the owner's cap; past the other one, none.
    """
    comfort, now_c = climate.comfort, climate.temperature_c
    if now_c > comfort.high_c if not comfort.cooling else now_c < comfort.low_c:
        return None
    cap = device.price_cap
    highest = gate.product.price_cap if cap is None else gate.product.price(cap)
    if now_c <= comfort.low_c if not comfort.cooling else now_c >= comfort.high_c:
        return in_turn(gate.product, device, min(highest, dearest(gate.product)))
    worth = _worth(gate, climate, most_w)
    if worth is None:
        return None
    return in_turn(gate.product, device, min(gate.product.price(worth), highest))


def _worth(gate: Gate, climate: Climate, most_w: float) -> float | None:
    """Real money per kWh; None where no price is known to compare with."""
    if gate.outlook is not None and climate.thermal is not None and most_w > 0:
        return ahead(gate.outlook, climate.comfort, climate.thermal, most_w, climate.temperature_c)
    dear, cheap = gate.snapshot.import_price, gate.snapshot.export_price
    if dear is None:
        return None
    spread = max(dear - (0.0 if cheap is None else cheap), _LEAST_SPREAD * abs(dear))
    return ramp(climate.comfort, climate.temperature_c, dear, spread)


def ramp(comfort: Comfort, now_c: float, price: float, spread: float) -> float:
    """The price at the wish, a spread above it at the limit it drifts to, and the reverse."""
    limit = comfort.low_c if now_c < comfort.wish_c else comfort.high_c
    lacks = (comfort.wish_c - now_c) / abs(limit - comfort.wish_c)
    return price + (-lacks if comfort.cooling else lacks) * spread


def ahead(
    outlook: Outlook, comfort: Comfort, thermal: Thermal, most_w: float, now_c: float
) -> float:
    """What one kWh is worth now by what it spares later, real money."""
    grid, costs = _costs(outlook, comfort, thermal, most_w)
    place = min(max((now_c - grid[0]) / _GRID_K, 0.5), len(grid) - 1.5)
    low = int(place - 0.5)
    part = place - 0.5 - low
    slopes = [(costs[k + 1] - costs[k]) / _GRID_K for k in (low, min(low + 1, len(grid) - 2))]
    return -thermal.gain_k_per_kwh * (slopes[0] * (1 - part) + slopes[1] * part)


@lru_cache(maxsize=_REMEMBERED)
def _costs(
    outlook: Outlook, comfort: Comfort, thermal: Thermal, most_w: float
) -> tuple[tuple[float, ...], list[float]]:
    """Temperatures, and what is to come from the outlook's start at each, money."""
    points = ceil((comfort.high_c - comfort.low_c + 2 * _BEYOND_K) / _GRID_K) + 1
    grid = tuple(comfort.low_c - _BEYOND_K + k * _GRID_K for k in range(points))
    mean = sum(outlook.import_price) / outlook.steps
    held_kwh = 1 / thermal.gain_k_per_kwh
    costs = [(comfort.wish_c - now_c) * held_kwh * mean for now_c in grid]
    at_once = max(round(HOUR / outlook.step), 1)
    for first in range((outlook.steps - 1) // at_once * at_once, -1, -at_once):
        steps = range(first, min(first + at_once, outlook.steps))
        costs = _hour_before(outlook, steps, comfort, thermal, most_w, mean, grid, costs)
    # An hour as it is now: without it, whatever costs no more later would be put off for ever.
    return grid, [
        cost + _discomfort(comfort, thermal, most_w, mean, now_c)
        for now_c, cost in zip(grid, costs, strict=True)
    ]


def _hour_before(  # noqa: PLR0917  one stage of the recursion, all of it
    outlook: Outlook,
    steps: range,
    comfort: Comfort,
    thermal: Thermal,
    most_w: float,
    mean: float,
    grid: tuple[float, ...],
    after: list[float],
) -> list[float]:
    """The costs at the beginning of ``steps``, which are taken as one."""
    hours = len(steps) * outlook.step / HOUR
    fades = exp(-hours / thermal.keeps_h)
    moves = []
    for part in range(_PARTS + 1):
        power_w = most_w * part / _PARTS
        end_c = thermal.rest_c + thermal.gain_k_per_kwh * power_w / 1000 * thermal.keeps_h
        moves.append((end_c, _bill(outlook, steps, power_w)))
    uneasy = [hours * _discomfort(comfort, thermal, most_w, mean, now_c) for now_c in grid]
    later = [cost + bad for cost, bad in zip(after, uneasy, strict=True)]
    return [
        min(bill + _between(grid, later, end_c + (now_c - end_c) * fades) for end_c, bill in moves)
        for now_c in grid
    ]


def _bill(outlook: Outlook, steps: range, power_w: float) -> float:
    """What drawing ``power_w`` through ``steps`` costs: first what would be fed in."""
    hours, bill = outlook.step / HOUR, 0.0
    for step in steps:
        free_w = spare_w(outlook, step, power_w) if power_w else 0.0
        dear = outlook.import_price[step]
        cheap = min(outlook.export_price[step], dear)
        bill += (free_w * cheap + (power_w - free_w) * dear) * hours / 1000
    return bill


def _discomfort(
    comfort: Comfort, thermal: Thermal, most_w: float, mean: float, now_c: float
) -> float:
    """Money per hour: mild inside the limits, so that prices move it, steep outside."""
    price = max(abs(mean), 0.01)
    span_k = abs(comfort.edge_c - comfort.wish_c)
    # Of hot water no degree between its limits is better than another.
    mild = 0.0 if comfort.tank else price * thermal.holds_w_per_k / 1000 / (2 * _NEAR * span_k)
    outside_k = max(comfort.low_c - now_c, now_c - comfort.high_c, 0.0)
    off_k = now_c - comfort.wish_c
    return mild * off_k * off_k + _HARD * price * most_w / 1000 * outside_k * (1 + outside_k)


def _between(grid: tuple[float, ...], costs: list[float], now_c: float) -> float:
    """By the line between the two nearest temperatures; beyond the last one, the line goes on."""
    place = (now_c - grid[0]) / _GRID_K
    low = min(max(int(place), 0), len(grid) - 2)
    return costs[low] + (costs[low + 1] - costs[low]) * (place - low)
