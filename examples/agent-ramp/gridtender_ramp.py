"""A heater whose wish for power falls in a straight line as power gets dearer.

At its owner's price cap it wants nothing, at the export price all it can; ten steps between them.
"""

from dataclasses import dataclass

from gateway.model.device import Control, Device, DeviceState
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender
from gateway.ports.agent import Gate

STEPS = 10


@dataclass(frozen=True, slots=True)
class Ramp:
    """Tenders for one device."""

    device: Device

    @property
    def party(self) -> Party:
        """The device's own party."""
        return Party(id=self.device.id)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """Ten equal BUY steps, dearest first; nothing where something is not known."""
        view, cheap = gate.snapshot.devices[self.device.id], gate.snapshot.export_price
        steerable = view.state is DeviceState.ONLINE and view.capabilities.control is Control.TARGET
        if gate.product.resource != POWER or not steerable or view.power_w is None or cheap is None:
            return ()
        known = (view.capabilities.rating_w, self.device.limits.max_w)
        most_w = min((w for w in known if w is not None), default=0.0)
        quantity = gate.product.quantity_down(most_w / STEPS)
        cap = cheap if self.device.price_cap is None else self.device.price_cap
        return self._steps(gate, max(cap, cheap), cheap, quantity) if quantity else ()

    def _steps(self, gate: Gate, dear: float, cheap: float, quantity: int) -> tuple[Tender, ...]:
        product = gate.product
        # One tick below the highest price: what must run goes first.
        highest = product.price_cap - product.tick
        prices = (dear + (cheap - dear) * step / (STEPS - 1) for step in range(STEPS))
        return tuple(
            Tender(
                id=f"{product.id}-{number}",
                side=Side.BUY,
                price=min(product.clamp_price(product.price(price)), highest),
                quantity=quantity,
            )
            for number, price in enumerate(prices)
        )


def agent(device: Device) -> Ramp:
    """What the entry point names."""
    return Ramp(device)
