"""One home as the daemon would run it: agents tender, the market clears, the guard bounds.

Load and sun of the running step are known when its gate closes, as a real-time meter shows them.
"""

from dataclasses import dataclass
from typing import Final

from gateway.agents import MustRun, Storage
from gateway.dispatch.guard import SiteRoom, guard
from gateway.model.demand import Demand
from gateway.model.device import Capabilities, Control, Device, DeviceState, Role
from gateway.model.outlook import Outlook
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.time import Instant
from gateway.ports.agent import Agent, Gate
from gateway.simulation.battery import Cells
from gateway.simulation.floor import Floor, last_price, submit
from gateway.simulation.scenario import HomeBattery, Scenario, SimulatedHome

BATTERY: Final = "battery"
_RESOLUTION_W: Final = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a step came to.

    Attributes:
        battery_w: mean power at the battery's terminals, charging positive.
        stored_wh: in its cells at the end of the step.
        price: the clearing's, real money per kWh; None before the first that had one.
    """

    battery_w: float
    stored_wh: float
    price: float | None


class HomeMarket:
    """A home's market, told one step after the other.

    Attributes:
        grid: who tenders for the connection: the tariff, or the tie to a market above.
    """

    def __init__(self, scenario: Scenario, home: SimulatedHome, floor: Floor, grid: Agent) -> None:
        self._scenario = scenario
        self._product = floor.product
        self._device = _device(home.battery)
        self._capabilities = _capabilities(home.battery)
        self._cells = None if home.battery is None else Cells(home.battery, scenario.hours)
        self._agents: list[Agent] = [MustRun()]
        if self._cells is not None:
            self._agents.append(Storage(device=self._device))
        self.grid = grid
        self._market = floor.open(home.id, (grid, *self._agents))

    def open(self, step: int, residual_w: float, outlook: Outlook | None) -> Gate:
        """Let everybody behind the connection tender for a step."""
        interval, tariff = self._scenario.interval(step), self._scenario.tariff
        gate = Gate(
            now=interval.start,
            product=self._product,
            interval=interval,
            snapshot=Snapshot(
                at=interval.start,
                devices=self._views(interval.start),
                import_price=tariff.import_price[step],
                export_price=tariff.export_price[step],
                residual_w=residual_w,
            ),
            outlook=outlook,
        )
        for agent in self._agents:
            submit(self._market, agent, gate)
        return gate

    def demand(self, gate: Gate) -> Demand:
        """What the home would draw at each price, as one curve: all that anybody else sees."""
        return self._market.demand(gate.interval, (), self.grid.party.id)

    def close(self, gate: Gate) -> Done:
        """Clear the step and have the battery do what was cleared, as far as the guard lets it."""
        submit(self._market, self.grid, gate)
        self._market.advance(gate.now)
        price = last_price(self._market)
        if self._cells is None:
            return Done(battery_w=0.0, stored_wh=0.0, price=price)
        awarded = self._market.positions.at(BATTERY, gate.interval.start)
        wanted_w = self._product.real_quantity(awarded)
        view = gate.snapshot.devices[BATTERY]
        bound = guard(wanted_w, self._device, view, None, SiteRoom(), gate.now)
        battery_w = self._cells.run(bound.quantity or 0.0)
        return Done(battery_w=battery_w, stored_wh=self._cells.stored_wh, price=price)

    def _views(self, now: Instant) -> dict[str, DeviceView]:
        if self._cells is None:
            return {}
        flows = {POWER: self._cells.power_w}
        reading = Reading(device=BATTERY, at=now, flows=flows, soc_pct=self._cells.soc_pct)
        view = DeviceView(
            id=BATTERY,
            state=DeviceState.ONLINE,
            capabilities=self._capabilities,
            since=now,
            reading=reading,
            quality=Quality.GOOD,
        )
        return {BATTERY: view}


def _device(battery: HomeBattery | None) -> Device:
    wear = 0.0 if battery is None else battery.store.wear
    return Device(
        id=BATTERY, role=Role.STORAGE, driver="simulated", connection="", line="", wear=wear
    )


def _capabilities(battery: HomeBattery | None) -> Capabilities:
    if battery is None:
        return Capabilities()
    store = battery.store
    return Capabilities(
        control=Control.TARGET,
        charge_w=store.charge_w,
        discharge_w=store.discharge_w,
        capacity_wh=store.capacity_wh,
        round_trip=store.eta_charge * store.eta_discharge,
        resolution_w=_RESOLUTION_W,
    )
