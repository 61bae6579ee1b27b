"""What stands beside the ring: energy, yield, health, polarity, limits the owner tightens."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from gateway.adapters.refusals import RefusalFile
from gateway.adapters.state import StateDir
from gateway.adapters.yield_file import YieldFile
from gateway.app.agents import site_agents
from gateway.app.sky import sky_over
from gateway.model.device import Role
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.site import Site
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.dispatcher import Dispatcher
from gateway.runtime.dropouts import Dropouts
from gateway.runtime.energy import Energy
from gateway.runtime.health import Health
from gateway.runtime.limits import OwnerLimits
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.plausibility import Plausibility
from gateway.runtime.polarity import PolarityWatch
from gateway.runtime.refusals import LastRefusals
from gateway.runtime.statements import day_of
from gateway.runtime.strings import Strings
from gateway.runtime.yields import Yields

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """They listen on the bus; nothing of the ring waits for them."""

    energy: Energy
    health: Health
    limits: OwnerLimits
    polarity: PolarityWatch
    refusals: LastRefusals
    yields: Yields
    clock: Clock

    async def run(self) -> None:
        """Tell how things stand, then count energy, until cancelled."""
        self.health.announce(self.clock.now())
        self.limits.announce()
        self.yields.announce()
        await self.energy.run()

    async def watch(self) -> None:
        """Look at the house as a whole, and keep what was refused; often, by the chores."""
        self.polarity.look()
        await self.refusals.keep()
        await self.yields.look()


def beside(settings: Site, state: StateDir, clock: Clock, bus: Bus, *, threaded: bool) -> Beside:
    """All of it, with what the state folder holds; ``threaded``: disk work beside the loop."""

    def kept(store: Callable[[_T], None]) -> Callable[[_T], Awaitable[None]]:
        async def keep(content: _T) -> None:
            if threaded:
                await asyncio.to_thread(store, content)
            else:
                store(content)

        return keep

    devices = tuple(item.device for item in settings.devices)
    refusals, yields = RefusalFile(state.path), YieldFile(state.path)
    energy = Energy(
        devices=devices,
        load=state.load_energy,
        store=kept(state.store_energy),
        clock=clock,
        bus=bus,
    )
    return Beside(
        energy=energy,
        yields=Yields(
            devices=(one for one in devices if one.role is Role.SOLAR),
            product=_of_power(settings),
            counted=lambda device: _given_wh(energy, device),
            day_of=lambda at: day_of(at, settings.timezone),
            sky=sky_over(settings.location),
            load=yields.load,
            store=kept(yields.store),
            clock=clock,
            bus=bus,
        ),
        clock=clock,
        polarity=PolarityWatch(settings.devices, clock, bus),
        refusals=LastRefusals(refusals.load, kept(refusals.store), bus, clock),
        health=Health((device.id for device in devices), bus),
        limits=OwnerLimits(
            configured=settings,
            load=state.load_limits,
            store=kept(state.store_limits),
            clock=clock,
            bus=bus,
        ),
    )


def _of_power(settings: Site) -> Product:
    """The product whose price a roof earns: the one that is dispatched, the first of power."""
    of_power = (one for one in settings.products if one.resource == POWER)
    return next(of_power, settings.products[0])


def _given_wh(energy: Energy, device: str) -> float | None:
    metered = energy.metered(device)
    return None if metered is None else metered.out.total_wh


def attend(marketplace: Marketplace, product: str, bus: Bus, clock: Clock) -> None:
    """Let go of what a device held in the dispatched ``product``; tell what cannot be right."""
    Dropouts(
        market=marketplace.market(product),
        withdraw=marketplace.withdraw,
        auction=marketplace.auction,
        bus=bus,
        clock=clock,
    )
    Plausibility(bus)
    Strings(bus)


def obey(limits: OwnerLimits, marketplace: Marketplace, dispatcher: Dispatcher) -> None:
    """Have what the owner wished in force, now and whenever it changes."""

    def changed(site: Site) -> None:
        marketplace.tender_by(site_agents(site))
        dispatcher.bound_by((item.device for item in site.devices), site.limits)

    changed(limits.site)
    limits.on_change = changed
