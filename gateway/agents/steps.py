"""A requirement as numbered step tenders."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.model.device import Control, DeviceState
from gateway.model.resource import POWER
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Side, Tender
from gateway.model.time import topic_time
from gateway.ports.agent import Gate


@dataclass(frozen=True, slots=True)
class Step:
    """One step before it has a name: the product's integers, quantity >= 0."""

    side: Side
    price: int
    quantity: int
    all_or_none: bool = False


def as_tenders(
    gate: Gate, steps: Iterable[Step], carried: tuple[str, ...] = ()
) -> tuple[Tender, ...]:
    """The steps as tenders, numbered in order; empty steps and other resources vanish.

    Ids repeat from one revision of a netting set to the next: the set is replaced as a whole.

    Args:
        gate: what is tendered for.
        steps: in order.
        carried: warrants of what is sold, as far as the product knows them.
    """
    if gate.product.resource != POWER:
        return ()
    warrants = tuple(warrant for warrant in carried if warrant in gate.product.warrants)
    stem = f"{gate.product.id}-{topic_time(gate.interval.start)}"
    real = [step for step in steps if step.quantity > 0]
    return tuple(
        Tender(
            id=f"{stem}-{number}",
            side=step.side,
            price=gate.product.clamp_price(step.price),
            quantity=step.quantity,
            all_or_none=step.all_or_none,
            warrants=warrants if step.side is Side.SELL else (),
        )
        for number, step in enumerate(real)
    )


def steerable(gate: Gate, device: str) -> DeviceView | None:
    """The view of a device that is online, freshly measured and takes setpoints, else None.

    A device that takes none stays in the site's residual, whatever its role.
    """
    view = gate.snapshot.devices.get(device)
    if view is None or view.state is not DeviceState.ONLINE or view.power_w is None:
        return None
    return None if view.capabilities.control is Control.NONE else view
