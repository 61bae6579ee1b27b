"""A load with a programme: it begins once, at the cheapest time in its window, and goes through.

Source: docs/economics.md, "Shiftable load".
"""

from dataclasses import dataclass

from gateway.agents.errands import spare_w
from gateway.agents.loads import dearest, in_turn, ready
from gateway.agents.stepped_load import SteppedLoad
from gateway.agents.steps import Step, as_tenders, steerable
from gateway.model.canonical import kept
from gateway.model.device import Device
from gateway.model.outlook import Outlook
from gateway.model.product import Product
from gateway.model.programme import Programme
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import HOUR, MINUTE, Duration, Instant
from gateway.model.wish import Errand, Wish, WishMode
from gateway.ports.agent import Gate

# How finely later starts are looked at; a programme is an hour or more.
GRAIN = Duration(15 * MINUTE)
# In a pause it must not be switched off.
_LEAST_W = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftableLoad:
    """Buys the whole of what its programme draws in the interval, or nothing."""

    device: Device
    programme: Programme

    @property
    def party(self) -> Party:
        """The device's own party."""
        return Party(id=self.device.id)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """One all-or-none BUY.

        Once begun it goes through, a tick below must-run.  Before, it pays what beginning at the
        best later time would cost more; at its latest start it runs at any price up to its cap.
        One that is wished at a time begins then, not before.  Without a wish it is a load with
        stages.
        """
        view = steerable(gate, self.device.id)
        if view is None:
            return ()
        if view.errand is None:
            return SteppedLoad(device=self.device).tenders(gate)
        if gate.product.ahead is not None:
            return self._ahead(gate, view.errand)
        start, end = gate.interval.start, gate.interval.end
        begun = view.errand.started
        if begun is not None:
            runs = start < begun + self.programme.lasts
            return self._whole(gate, start - begun, dearest(gate.product)) if runs else ()
        said = view.errand.start
        if ready(gate, self.device) is None or (said is not None and start < said):
            return ()
        price = self._price(gate, view.errand, end)
        return () if price is None else self._whole(gate, 0, price)

    def _ahead(self, gate: Gate, errand: Errand) -> tuple[Tender, ...]:
        """Once it has begun, or is to begin at a time, the mean of what it will draw."""
        begin = errand.started if errand.started is not None else errand.start
        if begin is None:
            return ()
        offset, length = gate.interval.start - begin, gate.interval.duration
        mean_w = self.programme.energy_wh(offset, offset + length) / (length / HOUR)
        price = in_turn(gate.product, self.device, self._highest(gate.product, errand.wish))
        return as_tenders(gate, [Step(Side.BUY, price, gate.product.quantity_down(mean_w))])

    def _whole(self, gate: Gate, offset: int, price: int) -> tuple[Tender, ...]:
        """What the programme draws in the interval, ``offset`` ns after its begin."""
        length = gate.interval.end - gate.interval.start
        mean_w = self.programme.energy_wh(offset, offset + length) / (length / HOUR)
        quantity = gate.product.quantity_up(max(mean_w, _LEAST_W))
        return as_tenders(gate, [Step(Side.BUY, price, quantity, all_or_none=True)])

    def _price(self, gate: Gate, errand: Errand, end: Instant) -> int | None:
        """What it pays at most for beginning now."""
        product, wish = gate.product, errand.wish
        cap, highest = self._cap(wish), self._highest(product, wish)
        latest = None if errand.by is None else Instant(errand.by - self.programme.takes)
        due = latest is not None and end > latest and wish.mode is not WishMode.SURPLUS
        if due or wish.mode is WishMode.NOW:
            return in_turn(product, self.device, highest)
        willing = gate.snapshot.export_price
        if wish.mode is WishMode.CHEAPEST and latest is not None and gate.outlook is not None:
            willing = worth(self.programme, gate, gate.outlook, latest)
        elif wish.mode is WishMode.CHEAPEST and cap is not None:
            willing = cap
        if willing is None:
            return None
        price = product.clamp_price(product.price(willing))
        return in_turn(product, self.device, min(price, highest))

    def _cap(self, wish: Wish) -> float | None:
        return self.device.price_cap if wish.price_cap is None else wish.price_cap

    def _highest(self, product: Product, wish: Wish) -> int:
        cap = self._cap(wish)
        return product.price_cap if cap is None else product.price(cap)


def worth(programme: Programme, gate: Gate, outlook: Outlook, latest: Instant) -> float | None:
    """The price of the interval at which beginning now costs as much as at the best later time.

    Real money per kWh; None where the outlook does not reach so far that it could begin later.
    """
    start, end = gate.interval.start, gate.interval.end
    prices: dict[tuple[int, float], float] = {}
    later = (_cost(programme, Instant(at), outlook, prices) for at in range(end, latest + 1, GRAIN))
    costs = [cost for cost in later if cost is not None]
    rest = _cost(programme, start, outlook, prices, end)
    first_kwh = programme.energy_wh(0, end - start) / 1000
    if not costs or rest is None or not first_kwh:
        return None
    return kept((min(costs) - rest) / first_kwh)


def _cost(
    programme: Programme,
    begin: Instant,
    outlook: Outlook,
    prices: dict[tuple[int, float], float],
    since: Instant | None = None,
) -> float | None:
    """What a run costs, or its part from ``since`` on; None where the outlook ends before it."""
    total, at = 0.0, max(begin, begin if since is None else since)
    end = begin + programme.lasts
    if end > outlook.start + outlook.steps * outlook.step or at < outlook.start - outlook.step:
        return None
    while at < end:
        step = max(0, (at - outlook.start) // outlook.step)
        until = min(end, outlook.start + (step + 1) * outlook.step)
        for low, high, power_w in programme.within(at - begin, until - begin):
            total += _price(outlook, step, power_w, prices) * power_w * (high - low) / HOUR / 1000
        at = Instant(until)
    return total


def _price(
    outlook: Outlook, step: int, power_w: float, prices: dict[tuple[int, float], float]
) -> float:
    """Per kWh: surplus costs what feeding in earns, the rest what drawing costs."""
    key = step, power_w
    if power_w and key not in prices:
        share = spare_w(outlook, step, power_w) / power_w
        dear, cheap = outlook.import_price[step], outlook.export_price[step]
        prices[key] = share * min(cheap, dear) + (1.0 - share) * dear
    return prices.get(key, 0.0)
