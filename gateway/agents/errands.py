"""What a load with an errand pays now: the price of the hours that it could take instead.

Source: docs/economics.md, "Loads with a wish".
"""

from collections.abc import Iterator

from gateway.agents.loads import in_turn
from gateway.model.canonical import kept
from gateway.model.device import Device
from gateway.model.outlook import Outlook
from gateway.model.snapshot import DeviceView
from gateway.model.time import HOUR, MINUTE, Duration, Instant
from gateway.model.wish import Errand, WishMode
from gateway.ports.agent import Gate

# A charger takes a little less than it is told, and rests now and then.
MARGIN = 1.05
SPARE = Duration(2 * MINUTE)


def pays(gate: Gate, device: Device, view: DeviceView, most_w: float) -> int | None:
    """The integer price it pays at most in the gate's interval; None = it wants nothing.

    ``most_w``: what it takes at most, W > 0.
    """
    product, errand = gate.product, view.errand
    if errand is not None and errand.done:
        return None
    cap, highest = cap_of(device, errand), highest_of(gate, device, errand)
    if errand is None or is_due(errand, gate.interval.end, most_w):
        return in_turn(product, device, highest)
    willing = _willing(gate, errand, cap, most_w)
    return None if willing is None else in_turn(product, device, min(willing, highest))


def cap_of(device: Device, errand: Errand | None) -> float | None:
    """The wish's own price cap, else the device's, else what it gives its power up at."""
    said = None if errand is None else errand.wish.price_cap
    if said is not None:
        return said
    return device.gives_up_at if device.price_cap is None else device.price_cap


def highest_of(gate: Gate, device: Device, errand: Errand | None) -> int:
    """The integer price that the cap allows."""
    cap = cap_of(device, errand)
    return gate.product.price_cap if cap is None else gate.product.price(cap)


def is_due(errand: Errand, end: Instant, most_w: float) -> bool:
    """Whether it runs at any price: at once wished for, or only just enough time remains."""
    if errand.wish.mode is WishMode.NOW:
        return True
    if errand.wish.mode is WishMode.SURPLUS or errand.by is None or errand.left_wh is None:
        return False
    needed = errand.left_wh / most_w * HOUR * MARGIN + SPARE
    return errand.by - end < needed


def _willing(gate: Gate, errand: Errand, cap: float | None, most_w: float) -> int | None:
    """What waiting would cost, where that is known; else the owner's cap, or what surplus earns."""
    product, surplus = gate.product, gate.snapshot.export_price
    if errand.wish.mode is WishMode.CHEAPEST:
        later = None if gate.outlook is None else later_price(gate.outlook, gate, errand, most_w)
        if later is not None:
            return product.price(later)
        if cap is not None:
            return product.price(cap)
    return None if surplus is None else product.price(surplus)


def later_price(outlook: Outlook, gate: Gate, errand: Errand, most_w: float) -> float | None:
    """The price of the dearest energy it needs if it takes none in the gate's interval.

    Energy that would be fed in costs what feeding in earns, other energy what drawing costs; the
    cheapest until the deadline is taken first.  None without amount or deadline.
    """
    if errand.by is None or errand.left_wh is None:
        return None
    needed = needed_later(outlook, gate.interval.end, errand.by, errand.left_wh * MARGIN, most_w)
    return kept(needed[-1][0]) if needed else None


def needed_later(
    outlook: Outlook, since: Instant, by: Instant, need_wh: float, most_w: float
) -> list[tuple[float, float]]:
    """(price, Wh) of the cheapest energy from ``since`` to ``by`` that comes to ``need_wh``.

    By rising price; less than is needed where there is no more.
    """
    taken: list[tuple[float, float]] = []
    for price, offered_wh in sorted(_offers(outlook, since, by, most_w)):
        if need_wh <= 0:
            break
        taken.append((price, min(offered_wh, need_wh)))
        need_wh -= offered_wh
    return taken


def _offers(
    outlook: Outlook, since: Instant, by: Instant, most_w: float
) -> Iterator[tuple[float, float]]:
    """(price, Wh) that a load of ``most_w`` can have: what would be fed in, and what is drawn."""
    for step in range(outlook.steps):
        start = outlook.start + step * outlook.step
        length = min(start + outlook.step, by) - max(start, since)
        if length <= 0:
            continue
        hours = length / HOUR
        free_w = spare_w(outlook, step, most_w)
        dear = outlook.import_price[step]
        yield min(outlook.export_price[step], dear), free_w * hours
        yield dear, (most_w - free_w) * hours


def spare_w(outlook: Outlook, step: int, most_w: float) -> float:
    """How much of ``most_w`` would be fed in otherwise, as far as can be foreseen, W >= 0."""
    return sum(
        scenario.weight * min(most_w, max(0.0, -scenario.residual_w[step]))
        for scenario in outlook.scenarios
    )
