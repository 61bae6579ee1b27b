"""The interties of a gateway: each trades for its wire, and runs beside the ring."""

from collections.abc import Sequence

from gateway.app.gateway import World
from gateway.model.intertie import IntertieSettings
from gateway.model.site import Site as Settings
from gateway.ports.bus import Bus
from gateway.ports.parent import Parent
from gateway.runtime.dispatcher import Dispatcher
from gateway.runtime.intertie import Intertie
from gateway.runtime.marketplace import Marketplace


def connect(
    settings: Settings,
    world: World,
    marketplace: Marketplace,
    dispatcher: Dispatcher,
    *,
    dispatched: str,
    grid: str | None,
    bus: Bus,
) -> Sequence[Intertie]:
    """Every configured intertie, trading in its product's market from the next gate on.

    ``dispatched`` is the product whose wire stands for the connection; ``grid`` its meter.
    """

    def made(one: IntertieSettings) -> Intertie:
        contract = one.contract
        return Intertie(
            contract=contract,
            product=marketplace.market(contract.product).product,
            parent=_parent(one, world),
            demand=lambda interval: marketplace.demand(contract.product, interval, contract.tie),
            auction=lambda why: marketplace.auction(contract.product, why),
            grid=grid,
            tolerance_w=settings.dispatch.deviation_w,
            bus=bus,
            clock=world.clock,
        )

    ties = tuple(made(one) for one in settings.interties)
    if ties:
        marketplace.connect({tie.contract.product: tie for tie in ties})
        dispatcher.wire = next((tie for tie in ties if tie.contract.product == dispatched), None)
    return ties


def _parent(one: IntertieSettings, world: World) -> Parent:
    """By MQTT, where the world brings nothing else; loaded only where there is an intertie."""
    if world.parent is not None:
        return world.parent(one)
    from gateway.app.parent import MqttParent  # noqa: PLC0415

    return MqttParent(one)
