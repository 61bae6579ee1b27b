"""What a run of a generator is worth: the unit commitment problem of one unit.

Backward over the outlook, with g_t what a step of running earns above its fuel and S the cost of
a start: running and free V_t = max(g_t + V_{t+1}, W_{t+rest}), standing W_t = max(W_{t+1}, U_t), a
start U_t = -S + g_t + ... + g_{t+run-1} + V_{t+run}.  Source: docs/economics.md, "Generator".
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import ceil
from typing import Final

from gateway.model.outlook import Outlook
from gateway.model.time import HOUR, Instant

_REMEMBERED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A generator as it is planned for.

    Attributes:
        least_w, most_w: at its terminals while it runs, 0 < least <= most.
        fuel: money per kWh; ``start``: money per start, >= 0.
        run_h, rest_h: minimum run and rest, hours.
    """

    least_w: float
    most_w: float
    fuel: float
    start: float
    run_h: float
    rest_h: float

    def earns(self, power_w: float, price: float) -> float:
        """Money an hour above its fuel."""
        return (price - self.fuel) * power_w / 1000


@dataclass(frozen=True, slots=True)
class Worth:
    """What is to come from a moment on, money.

    Attributes:
        started: having just begun, its minimum run before it.
        runs: running, free to stop; ``stopped``: having just stopped; ``stands``: free to begin.
    """

    started: float
    runs: float
    stopped: float
    stands: float


def worth_after(outlook: Outlook, unit: Unit, moment: Instant) -> Worth | None:
    """From ``moment`` on; None beyond the outlook."""
    now = max((moment - outlook.start) // outlook.step, 0)
    if now >= outlook.steps:
        return None
    left = min((outlook.start + (now + 1) * outlook.step - moment) / outlook.step, 1.0)
    return plan(outlook, unit).worth(now, left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """By step: what it earns while it runs; what is to come running and free, and standing.

    ``stays`` and ``stands`` reach one step beyond the outlook, where nothing is to come.
    """

    run: int
    rest: int
    start: float
    gains: tuple[float, ...]
    stays: tuple[float, ...]
    stands: tuple[float, ...]

    def worth(self, now: int, left: float) -> Worth:
        """When ``left`` of step ``now`` is to come, 0..1."""
        started = self._free(now + self.run, left) + self._must(now, left)
        stands = max(self.stands[now + 1], started - self.start)
        stopped = self.stands[self._inside(now + self.rest)] if self.rest else stands
        return Worth(started, self._free(now, left), stopped, stands)

    def _must(self, now: int, left: float) -> float:
        """What its minimum run earns."""
        free = now + self.run
        if free == now:
            return 0.0
        whole = sum(self.gains[now + 1 : free])
        return left * self._gain(now) + whole + (1 - left) * self._gain(free)

    def _free(self, step: int, left: float) -> float:
        """Running, and free to stop in a step of which ``left`` is to come."""
        on = left * self._gain(step) + self.stays[self._inside(step + 1)]
        return max(on, self.stands[self._inside(step + self.rest)])

    def _gain(self, step: int) -> float:
        return self.gains[step] if step < len(self.gains) else 0.0

    def _inside(self, step: int) -> int:
        return min(step, len(self.gains))


@lru_cache(maxsize=_REMEMBERED)
def plan(outlook: Outlook, unit: Unit) -> Plan:
    """Backward from the end of the outlook."""
    steps, hours = outlook.steps, outlook.step / HOUR
    run, rest = (ceil(h / hours) for h in (unit.run_h, unit.rest_h))
    gains = [hours * gain(outlook, step, unit) for step in range(steps)]
    sums = [0.0, *accumulate(gains)]
    stays, stands = [0.0] * (steps + 1), [0.0] * (steps + 1)
    for step in range(steps - 1, -1, -1):
        free = min(step + max(run, 1), steps)
        starts = sums[free] - sums[step] + stays[free] - unit.start
        stands[step] = max(stands[step + 1], starts)
        stays[step] = max(gains[step] + stays[step + 1], stands[min(step + rest, steps)])
    return Plan(
        run=run,
        rest=rest,
        start=unit.start,
        gains=tuple(gains),
        stays=tuple(stays),
        stands=tuple(stands),
    )


def gain(outlook: Outlook, step: int, unit: Unit) -> float:
    """Money an hour: all of the block at the price that its last part has, the rest as it fits."""
    dear = outlook.import_price[step]
    cheap = min(outlook.export_price[step], dear)
    above_w = unit.most_w - unit.least_w
    total = 0.0
    for one in outlook.scenarios:
        drawn_w = one.residual_w[step]
        block = unit.earns(unit.least_w, dear if drawn_w >= unit.least_w else cheap)
        used_w = min(max(drawn_w - unit.least_w, 0.0), above_w)
        used, fed_in = unit.earns(used_w, dear), unit.earns(above_w - used_w, cheap)
        total += one.weight * (block + max(used, 0.0) + max(fed_in, 0.0))
    return total
