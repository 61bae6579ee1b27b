"""A load with stages (heat pump, heater rods), or of any power: up to the owner's price cap."""

from dataclasses import dataclass
from itertools import pairwise

from gateway.agents import hot_water, warmth
from gateway.agents.errands import pays
from gateway.agents.errands_ahead import ahead
from gateway.agents.holdings import kept_dearer
from gateway.agents.loads import dearest, ready, runs_on, won
from gateway.agents.steps import Step, as_tenders
from gateway.model.device import Device
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Party, Side, Tender
from gateway.ports.agent import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedLoad:
    """Buys its stages one by one, each whole or not at all; any power where it has none.

    It never goes up to the product's cap: when a limit binds it yields to the load that must run,
    even inside its minimum run.
    """

    device: Device

    @property
    def party(self) -> Party:
        """The device's own party."""
        return Party(id=self.device.id)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """One BUY per stage at the price cap, each a tick below the one under it.

        A step smaller than the first stage is asked for once that is sure.

        Inside its minimum run the running stage is one BUY just below the product's cap; inside
        its minimum rest, and after a command without effect, there is none.
        """
        view = ready(gate, self.device)
        if view is None:
            return ()
        if gate.product.ahead is not None:
            steps = self._ahead(gate, view)
        elif view.capabilities.stages_w:
            steps = self._steps(gate, view)
        else:
            steps = self._any_power(gate, view)
        held = kept_dearer(gate, self.device, view, self._highest_w(view), steps)
        return as_tenders(gate, held)

    def _any_power(self, gate: Gate, view: DeviceView) -> list[Step]:
        """One step of all it can draw, where that is known."""
        most_w = self._highest_w(view)
        price = self._pays(gate, view, most_w) if most_w > 0 else None
        if price is None:
            return []
        return [Step(Side.BUY, price, gate.product.quantity_down(most_w))]

    def _ahead(self, gate: Gate, view: DeviceView) -> list[Step]:
        """The mean that it expects to take for its wish; of what keeps a temperature none.

        Without a wish what it holds is for sale again, so all that it can draw.
        """
        stages_w = self._stages_w(view) if view.capabilities.stages_w else (self._most_w(view),)
        if view.climate is not None or not stages_w or not stages_w[-1]:
            return []
        if view.errand is None and self.device.gives_up_at is not None:
            return self._any_power(gate, view)
        return ahead(gate, self.device, view, stages_w[0], stages_w[-1])

    def _highest_w(self, view: DeviceView) -> float:
        """Its highest stage, or what one of any power can draw; 0 where that is not known."""
        if view.capabilities.stages_w:
            return max(self._stages_w(view), default=0.0)
        return self._most_w(view)

    def _most_w(self, view: DeviceView) -> float:
        """What one of any power can draw; 0 where that is not known."""
        known = (view.capabilities.rating_w, self.device.limits.max_w)
        return min((w for w in known if w is not None), default=0.0)

    def _steps(self, gate: Gate, view: DeviceView) -> list[Step]:
        """The stages that its minimum run keeps as one block, then the increments above it."""
        product, stages_w, kept = gate.product, self._stages_w(view), self._kept(view, gate)
        levels = [product.quantity_up(stage_w) for stage_w in (0.0, *stages_w)]
        block = Step(Side.BUY, dearest(product), levels[kept], all_or_none=True)
        highest = self._pays(gate, view, stages_w[-1]) if stages_w else None
        if highest is None:
            return [block]
        above = [
            Step(Side.BUY, highest - k * product.tick, upper - lower, all_or_none=True)
            for k, (lower, upper) in enumerate(pairwise(levels))
            if k >= kept and (not k or upper - lower >= levels[1] or won(gate, view, highest))
        ]
        return [block, *above]

    def _pays(self, gate: Gate, view: DeviceView, most_w: float) -> int | None:
        """By the temperature it keeps, else by its wish and cap."""
        if view.climate is not None and view.climate.comfort.tank is not None:
            return hot_water.pays(gate, self.device, view, view.climate, most_w)
        if view.climate is not None:
            return warmth.pays(gate, self.device, view.climate, most_w)
        return pays(gate, self.device, view, most_w)

    def _stages_w(self, view: DeviceView) -> tuple[float, ...]:
        """The stages inside what the owner allows, ascending."""
        owner_w = self.device.limits.max_w
        return tuple(w for w in view.capabilities.stages_w if owner_w is None or w <= owner_w)

    def _kept(self, view: DeviceView, gate: Gate) -> int:
        """How many stages the minimum run keeps on: those of the nearest stage running."""
        power_w = view.power_w
        if power_w is None or not runs_on(self.device, view, gate.interval.start):
            return 0
        levels_w = (0.0, *self._stages_w(view))
        return min(range(len(levels_w)), key=lambda stage: abs(levels_w[stage] - power_w))
