"""A generator: it starts where a run repays its start, and runs on where another would cost more.

Source: docs/economics.md, "Generator".
"""

from dataclasses import dataclass

from gateway.agents.commitment import Unit, worth_after
from gateway.agents.loads import ready, runs_on
from gateway.agents.steps import Step, as_tenders, steerable
from gateway.model.device import Device
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import HOUR
from gateway.ports.agent import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """Sells its least power whole or not at all, and what is above it at the price of fuel."""

    device: Device

    @property
    def party(self) -> Party:
        """The device's own party."""
        return Party(id=self.device.id)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """One all-or-none SELL of its least power, and once it runs one of the rest.

        Standing, the block asks for what repays the start; inside its minimum run it is offered
        at the floor, inside its minimum rest and after a command without effect not at all; nor
        is it sold ahead, where nobody knows yet whether it runs.
        """
        view = steerable(gate, self.device.id)
        if view is None or gate.product.ahead is not None:
            return ()
        unit = unit_of(self.device, view)
        if unit is None or (view.running_since is None and ready(gate, self.device) is None):
            return ()
        return as_tenders(gate, self._steps(gate, view, unit))

    def _steps(self, gate: Gate, view: DeviceView, unit: Unit) -> list[Step]:
        product = gate.product
        price = product.clamp_price(product.price(_asks(gate, view, unit)))
        if runs_on(self.device, view, gate.interval.start):
            price = product.price_floor
        least = product.quantity_up(unit.least_w)
        block = Step(Side.SELL, price, least, all_or_none=True)
        if view.running_since is None:
            return [block]
        rest = max(product.quantity_down(unit.most_w) - least, 0)
        return [block, Step(Side.SELL, product.price(unit.fuel), rest)]


def unit_of(device: Device, view: DeviceView) -> Unit | None:
    """The generator by what it tells and its owner allows; None where its power is not known."""
    told, own = view.capabilities, device.limits
    known = [w for w in (told.rating_w, own.max_w) if w is not None]
    if not known or min(known) <= 0:
        return None
    stages = [w for w in told.stages_w if w <= min(known)]
    most_w = max(stages, default=min(known))
    least_w = min(stages, default=max(told.floor_w, own.min_w)) or most_w
    return Unit(
        least_w=min(least_w, most_w),
        most_w=most_w,
        fuel=device.marginal_cost,
        start=device.start_cost,
        run_h=own.min_run / HOUR,
        rest_h=own.min_rest / HOUR,
    )


def _asks(gate: Gate, view: DeviceView, unit: Unit) -> float:
    """Real money per kWh of its least power in the gate's interval."""
    hours = (gate.interval.end - gate.interval.start) / HOUR
    first_kwh = unit.least_w / 1000 * hours
    # Over its minimum run; without one over the interval, since nothing more is sure.
    spread = unit.start / (unit.least_w / 1000 * max(unit.run_h, hours))
    worth = None if gate.outlook is None else worth_after(gate.outlook, unit, gate.interval.end)
    if view.running_since is None:
        if worth is None:
            return unit.fuel + spread
        return unit.fuel + (worth.stands - worth.started + unit.start) / first_kwh
    if worth is None:
        return unit.fuel
    # What is foreseen may not come: it never loses more than a start in a run.
    return unit.fuel + max((worth.stopped - worth.runs) / first_kwh, -spread)
