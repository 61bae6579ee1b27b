"""What a load holds it keeps until somebody pays what it is worth to its owner.

A requirement is stated whole, and the exchange takes off what is held: held power stated at a
higher price is sold again from that price on, and never more than is held.
Source: docs/economics.md, "A load that gives up what it bought".
"""

from dataclasses import replace

from gateway.agents.errands import is_due
from gateway.agents.loads import in_turn
from gateway.agents.steps import Step
from gateway.model.device import Device
from gateway.model.snapshot import DeviceView
from gateway.ports.agent import Gate


def kept_dearer(
    gate: Gate, device: Device, view: DeviceView, most_w: float, steps: list[Step]
) -> list[Step]:
    """The steps by falling price, those that are held at the price its owner gives them up at.

    A stage is raised when the whole of it is held, and nothing above one that is not.  While a
    wish can wait, its plan knows better what the held power is worth.
    """
    worth, errand = device.gives_up_at, view.errand
    waits = errand is not None and not is_due(errand, gate.interval.end, most_w)
    if worth is None or waits:
        return steps
    price = in_turn(gate.product, device, gate.product.price(worth))
    held, found = max(gate.positions.get(device.id, 0), 0), list[Step]()
    for step in steps:
        mine = min(held, step.quantity)
        if step.all_or_none and mine < step.quantity:
            held = mine = 0
        held -= mine
        found += [
            replace(step, price=max(step.price, price), quantity=mine),
            replace(step, quantity=step.quantity - mine),
        ]
    return [step for step in found if step.quantity]
