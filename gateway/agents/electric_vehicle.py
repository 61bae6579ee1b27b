"""An electric vehicle: nothing or at least its minimum current, then any power up to its most.

IEC 61851-1 knows no charging current below 6 A: 1.4 kW on one phase, 4.1 kW on three.
"""

from dataclasses import dataclass

from gateway.agents.errands import pays
from gateway.agents.errands_ahead import ahead
from gateway.agents.holdings import kept_dearer
from gateway.agents.loads import dearest, ready, runs_on, won
from gateway.agents.stepped_load import SteppedLoad
from gateway.agents.steps import Step, as_tenders
from gateway.model.device import Device
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import HOUR
from gateway.ports.agent import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectricVehicle:
    """Buys its minimum whole, and above it what there is."""

    device: Device

    @property
    def party(self) -> Party:
        """The device's own party."""
        return Party(id=self.device.id)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """One all-or-none BUY of the minimum, one of the rest a tick below it.

        The rest is asked for once the minimum was won, or where the grid sells at that price: else
        a little surplus could be bought that no car can take.  One that is switched in stages
        buys those.  Traded ahead is the mean that it expects to take.
        """
        view = ready(gate, self.device)
        if view is None:
            return ()
        if view.capabilities.stages_w:
            return SteppedLoad(device=self.device).tenders(gate)
        least_w, most_w = self._range_w(view)
        if most_w <= 0.0:
            return ()
        if gate.product.ahead is not None:
            return as_tenders(gate, ahead(gate, self.device, view, least_w, most_w))
        most_w = max(least_w, min(most_w, _left_w(view, gate)))
        steps = self._steps(gate, view, least_w, most_w)
        return as_tenders(gate, kept_dearer(gate, self.device, view, most_w, steps))

    def _steps(self, gate: Gate, view: DeviceView, least_w: float, most_w: float) -> list[Step]:
        product = gate.product
        least, most = product.quantity_up(least_w), product.quantity_down(most_w)
        price = pays(gate, self.device, view, most_w)
        steps: list[Step] = []
        if runs_on(self.device, view, gate.interval.start):
            steps.append(Step(Side.BUY, dearest(product), least, all_or_none=True))
        elif price is not None:
            steps.append(Step(Side.BUY, price, least, all_or_none=True))
        if price is not None and (least == 0 or won(gate, view, price)):
            steps.append(Step(Side.BUY, price - product.tick, max(0, most - least)))
        return steps

    def _range_w(self, view: DeviceView) -> tuple[float, float]:
        """What it takes at least and at most, W."""
        told, own = view.capabilities, self.device.limits
        least_w = max(told.floor_w, own.min_w)
        most_w = min(w for w in (told.rating_w, own.max_w, float("inf")) if w is not None)
        if most_w < least_w or most_w == float("inf"):
            return least_w, least_w if most_w >= least_w else 0.0
        return least_w, most_w


def _left_w(view: DeviceView, gate: Gate) -> float:
    """The power at which all that is still to be done is done in the interval, W."""
    left_wh = None if view.errand is None else view.errand.left_wh
    return left_wh / (gate.interval.duration / HOUR) if left_wh else float("inf")
