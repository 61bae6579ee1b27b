"""Which agents a site has."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.agents.electric_vehicle import ElectricVehicle
from gateway.agents.generator import Generator
from gateway.agents.must_run import MustRun
from gateway.agents.shiftable_load import ShiftableLoad
from gateway.agents.solar import Solar
from gateway.agents.stepped_load import SteppedLoad
from gateway.agents.storage import Storage
from gateway.agents.utility import Utility
from gateway.model.device import Capabilities, Control, Device, Role, Strategy
from gateway.model.resource import POWER
from gateway.model.site import CalendarPrice, FixedPrice, PriceSource, PriceTable, Site, TopicPrice
from gateway.model.tender import Party, TieClass
from gateway.ports.agent import Agent, AgentMaker

_BY_NATURE = frozenset({Role.SOLAR, Role.STORAGE})
_BY_FLOW = frozenset({Role.EV, Role.GENERATOR, Role.HEAT})
_BY_STAGES = frozenset({Role.HEAT, Role.EV, Role.LOAD, Role.GENERATOR})


def tenders_for_itself(device: Device, capabilities: Capabilities) -> bool:
    """Whether the device's flow is tendered by its own agent and so leaves the site's residual."""
    if not device.tender or capabilities.control is Control.NONE:
        return False
    if device.role in _BY_NATURE or is_steered_load(device, capabilities):
        return True
    return device.role in _BY_STAGES and bool(capabilities.stages_w)


def is_steered_load(device: Device, capabilities: Capabilities) -> bool:
    """Whether it takes any power between its least and its most, or gives it."""
    own = device.role in _BY_FLOW or (bool(device.agent) and device.role not in _BY_NATURE)
    return own and capabilities.control is Control.TARGET


def agents_for(
    site: Site, makers: Mapping[str, AgentMaker] = MappingProxyType({})
) -> tuple[Agent, ...]:
    """The utility, the must-run load where there is a grid meter, then devices in file order.

    Where there is a market above, its wire stands for the utility.  ``makers``: installed agents,
    by the name that a device gives; one that is gone tenders nothing.
    """
    devices = [settings.device for settings in site.devices]
    metered = any(device.role is Role.GRID for device in devices)
    own = (
        _installed(device, makers) if device.agent else _agent(device, site)
        for device in devices
        if device.tender
    )
    return (
        *(() if has_market_above(site) else (Utility(limits=site.limits),)),
        *((MustRun(),) if metered else ()),
        *(agent for agent in own if agent is not None),
    )


def _installed(device: Device, makers: Mapping[str, AgentMaker]) -> Agent | None:
    maker = makers.get(device.agent)
    return None if maker is None else maker(device)


def has_market_above(site: Site) -> bool:
    """Whether an intertie stands for the grid, so that nobody tenders its tariff."""
    power = next((product.id for product in site.products if product.resource == POWER), "")
    return any(one.contract.product == power for one in site.interties)


def wires(site: Site) -> tuple[Party, ...]:
    """The parties that trade for wires to markets above."""
    return tuple(Party(id=one.contract.tie, tie_class=TieClass.INTERTIE) for one in site.interties)


def _agent(device: Device, site: Site) -> Agent | None:
    match device.role:
        case Role.SOLAR:
            return Solar(device=device)
        case Role.STORAGE:
            dearest = _dearest(site.tariff.import_price)
            return Storage(device=device, dearest_import=dearest, beside=_beside(device, site))
        case Role.EV:
            return ElectricVehicle(device=device)
        case Role.GENERATOR:
            return Generator(device=device)
        case _:
            return _load(device)


def _load(device: Device) -> Agent | None:
    if device.programme is not None:
        return ShiftableLoad(device=device, programme=device.programme)
    return SteppedLoad(device=device) if device.role in _BY_STAGES else None


def looks_ahead(site: Site) -> bool:
    """Whether any agent may use an outlook; of installed ones that is not known."""
    return any(_plans(one.device) for one in site.devices if one.device.tender)


def _plans(device: Device) -> bool:
    if device.role is Role.STORAGE and not device.agent:
        return device.strategy is Strategy.PLAN
    wishes = (
        device.role in {Role.EV, Role.GENERATOR}
        or device.programme is not None
        or device.wish is not None
        or device.gives_up_at is not None
    )
    return bool(device.agent) or wishes or device.comfort is not None


def _beside(device: Device, site: Site) -> tuple[Device, ...]:
    """The other storages that are tendered for: they serve the same residual."""
    devices = (one.device for one in site.devices)
    stores = (one for one in devices if one.role is Role.STORAGE and one.tender)
    return tuple(one for one in stores if one.id != device.id)


def _dearest(source: PriceSource) -> float | None:
    """The highest real price the source can ever tell; None where that is not known."""
    match source:
        case FixedPrice(value=value):
            return value
        case PriceTable(steps=steps):
            return max(price for _, price in steps)
        case CalendarPrice(dearest=dearest):
            return dearest
        case TopicPrice():
            return None
