"""What a load with an errand requires of an interval that is traded ahead.

Energy taken then spares the dearest of what it would take later, so it is worth what that costs.
Source: docs/economics.md, "The day ahead".
"""

from collections.abc import Iterator
from dataclasses import replace

from gateway.agents.errands import MARGIN, highest_of, needed_later, pays
from gateway.agents.loads import in_turn
from gateway.agents.steps import Step
from gateway.model.device import Device
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Side
from gateway.model.time import HOUR
from gateway.model.wish import WishMode
from gateway.ports.agent import Gate


def ahead(
    gate: Gate, device: Device, view: DeviceView, least_w: float, most_w: float
) -> list[Step]:
    """The mean that it expects to take, by price; none without an amount.

    What is traded until the interval is had by then.  What goes beyond its least power pays a tick
    less, as when it is dispatched.
    """
    errand, interval = view.errand, gate.interval
    if errand is None or errand.left_wh is None:
        return []
    left_wh = errand.left_wh - gate.meanwhile.get(device.id, (0.0, 0.0))[0]
    end = interval.end if errand.by is None else min(interval.end, errand.by)
    if left_wh <= 0 or end <= interval.start:
        return []
    then = replace(view, errand=replace(errand, left_wh=left_wh))
    tick = gate.product.tick
    hours, there = interval.duration / HOUR, (end - interval.start) / interval.duration
    most = gate.product.quantity_down(min(most_w * there, left_wh / hours))
    least = min(gate.product.quantity_down(least_w * there), most)
    steps, reached, sum_wh = dict[int, int](), 0, 0.0
    for price, worth_wh in _worth(gate, device, then, most_w):
        sum_wh += worth_wh
        until = max(reached, min(gate.product.quantity_down(sum_wh / hours), most))
        middle = max(reached, min(least, until))
        for worth, quantity in ((price, middle - reached), (price - tick, until - middle)):
            steps[worth] = steps.get(worth, 0) + quantity
        reached = until
    return [Step(Side.BUY, worth, quantity) for worth, quantity in steps.items()]


def _worth(
    gate: Gate, device: Device, view: DeviceView, most_w: float
) -> Iterator[tuple[int, float]]:
    """(integer price, Wh) of what it would take, by falling price."""
    errand = view.errand
    if errand is None or errand.left_wh is None:
        return
    outlook, need_wh = gate.outlook, errand.left_wh * MARGIN
    if outlook is None or errand.by is None or errand.wish.mode is not WishMode.CHEAPEST:
        price = pays(gate, device, view, most_w)
        if price is not None:
            yield price, need_wh
        return
    later = needed_later(outlook, gate.interval.end, errand.by, need_wh, most_w)
    highest = highest_of(gate, device, errand)
    prices = [min(gate.product.price(worth), highest) for worth, _ in later]
    # Beyond the outlook there may be hours like those inside.
    reaches = outlook.start + outlook.steps * outlook.step >= errand.by
    beyond = prices[-1] if prices and not reaches else highest
    yield in_turn(gate.product, device, beyond), need_wh - sum(wh for _, wh in later)
    for price, (_, wh) in reversed([*zip(prices, later, strict=True)]):
        yield in_turn(gate.product, device, price), wh
