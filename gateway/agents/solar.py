"""Solar: offers what it could produce, so that a curtailed source finds its way back."""

from dataclasses import dataclass

from gateway.agents.steps import Step, as_tenders, steerable
from gateway.model.device import Device
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Party, Side, Tender
from gateway.model.terms import LOCAL, RENEWABLE
from gateway.ports.agent import Gate

# Output this close below a standing limit is held down by it, not by the sky.
AT_LIMIT_SHARE = 0.05
AT_LIMIT_W = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Solar:
    """Sells its possible output at its marginal cost."""

    device: Device

    @property
    def party(self) -> Party:
        """The device's own party."""
        return Party(id=self.device.id)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """One SELL step; nothing while asleep, offline or without a good reading."""
        view = steerable(gate, self.device.id)
        if view is None or view.power_w is None:
            return ()
        product = gate.product
        quantity = product.quantity_down(self._possible_w(view, view.power_w))
        price = product.price(self.device.marginal_cost)
        return as_tenders(gate, [Step(Side.SELL, price, quantity)], (RENEWABLE, LOCAL))

    def _possible_w(self, view: DeviceView, power_w: float) -> float:
        """What it could produce without a limit, W >= 0, inside what the owner allows."""
        output_w = max(0.0, -power_w)
        owner_w = self.device.limits.max_w
        possible_w = _told_w(view, output_w)
        if possible_w is None:
            possible_w = (
                _nameplate_w(view, owner_w, output_w) if _held(view, output_w) else output_w
            )
        return possible_w if owner_w is None else min(possible_w, owner_w)


def _told_w(view: DeviceView, output_w: float) -> float | None:
    """SunSpec 122 WAval, never below what is measured."""
    available_w = view.reading.available_w if view.reading is not None else None
    return None if available_w is None else max(available_w, output_w)


def _held(view: DeviceView, output_w: float) -> bool:
    """Whether a standing limit holds the output down."""
    limit_w = view.limit_w
    return limit_w is not None and output_w >= limit_w - max(AT_LIMIT_W, AT_LIMIT_SHARE * limit_w)


def _nameplate_w(view: DeviceView, owner_w: float | None, output_w: float) -> float:
    """SunSpec 120 WRtg or what the owner says; the output where neither is known."""
    rating_w = view.capabilities.rating_w
    known = rating_w if rating_w is not None else owner_w
    return output_w if known is None else max(known, output_w)
