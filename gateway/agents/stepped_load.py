"""A load with stages (heat pump, heater rods): whole stages up to the owner's price cap."""

from dataclasses import dataclass
from itertools import pairwise

from gateway.agents.steps import Step, as_tenders, steerable
from gateway.model.device import Device
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import MINUTE, Duration, Instant
from gateway.ports.agent import Gate

# So long nothing is bought for a load that did not follow.
PATIENCE = Duration(5 * MINUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedLoad:
    """Buys its stages one by one, each whole or not at all.

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

        Inside its minimum run the running stage is one BUY just below the product's cap; inside
        its minimum rest there is none, nor for some minutes after a command had no effect (too
        warm, blocked: it has its own reasons).  Without stages it stays in the site's residual.
        """
        view = steerable(gate, self.device.id)
        if view is None or self._must_rest(view, gate.interval.start):
            return ()
        if view.no_effect_at is not None and gate.now < view.no_effect_at + PATIENCE:
            return ()
        return as_tenders(gate, self._steps(gate, self._stages_w(view), self._kept(view, gate)))

    def _steps(self, gate: Gate, stages_w: tuple[float, ...], kept: int) -> list[Step]:
        """The first ``kept`` stages as one block, then the increments above it."""
        product = gate.product
        levels = [product.quantity_up(stage_w) for stage_w in (0.0, *stages_w)]
        block = Step(Side.BUY, product.price_cap - product.tick, levels[kept], all_or_none=True)
        highest = self._price(gate)
        above = [
            Step(Side.BUY, highest - k * product.tick, upper - lower, all_or_none=True)
            for k, (lower, upper) in enumerate(pairwise(levels))
            if k >= kept
        ]
        return [block, *above]

    def _price(self, gate: Gate) -> int:
        """The owner's price cap, at most one tick below the product's."""
        product = gate.product
        highest = product.price_cap - product.tick
        if self.device.price_cap is None:
            return highest
        return min(product.price(self.device.price_cap), highest)

    def _stages_w(self, view: DeviceView) -> tuple[float, ...]:
        """The stages inside what the owner allows, ascending."""
        owner_w = self.device.limits.max_w
        return tuple(w for w in view.capabilities.stages_w if owner_w is None or w <= owner_w)

    def _kept(self, view: DeviceView, gate: Gate) -> int:
        """How many stages the minimum run keeps on: those of the nearest stage running."""
        started, power_w = view.running_since, view.power_w
        if started is None or power_w is None:
            return 0
        if gate.interval.start >= started + self.device.limits.min_run:
            return 0
        levels_w = (0.0, *self._stages_w(view))
        return min(range(len(levels_w)), key=lambda stage: abs(levels_w[stage] - power_w))

    def _must_rest(self, view: DeviceView, start: Instant) -> bool:
        """Whether it stopped less than its minimum rest before ``start``."""
        stopped = view.stopped_since
        if stopped is None or view.running_since is not None:
            return False
        return start < stopped + self.device.limits.min_rest
