"""One home as the daemon would run it: agents tender, the market clears, the guard bounds.

Load and sun of the running step are known when its gate closes, as a real-time meter shows them;
of later steps only the tariff is.
"""

from dataclasses import dataclass
from typing import Final

from gateway.agents import MustRun, Storage, Utility
from gateway.dispatch.guard import SiteRoom, guard
from gateway.forecast.scenarios import DEFAULT, scenarios
from gateway.market import Market
from gateway.model.device import Capabilities, Control, Device, DeviceState, Role
from gateway.model.errors import InvariantBroken
from gateway.model.event import Refused
from gateway.model.outlook import Outlook
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.site import GridLimits
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.tender import TenderSet
from gateway.model.time import HOUR, Duration, Instant
from gateway.ports.agent import Agent, Gate
from gateway.simulation.battery import Cells
from gateway.simulation.scenario import Scenario, SimulatedHome

BATTERY: Final = "battery"
HORIZON: Final = Duration(36 * HOUR)
"""How far a plan looks; the tariff is known as far."""
_RESOLUTION_W: Final = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a step came to.

    Attributes:
        battery_w: mean power at the battery's terminals, charging positive.
        stored_wh: in its cells at the end of the step.
        price: the clearing's, real money per kWh; None where nothing was traded.
    """

    battery_w: float
    stored_wh: float
    price: float | None


def product_for(scenario: Scenario, mechanism: str, price_rule: str) -> Product:
    """The product ``power``: steps as intervals, milliwatts, prices finer than any tariff's.

    Floor and cap lie beyond the tariff, so that what must be served is.
    """
    tariff = scenario.tariff
    prices = (*tariff.import_price, *tariff.export_price, 0.0)
    span = 2 * max(abs(price) for price in prices) + 1.0
    cap = int(span * 10**6)
    return Product(
        id="power",
        resource=POWER,
        unit="W",
        interval=scenario.step,
        offset=Duration(scenario.start % scenario.step),
        mechanism=mechanism,
        price_rule=price_rule,
        price_scale=-6,
        quantity_scale=-3,
        price_floor=-cap,
        price_cap=cap,
        gate_lead=Duration(0),
    )


class HomeMarket:
    """A home's market, told one step after the other."""

    def __init__(self, scenario: Scenario, home: SimulatedHome, product: Product) -> None:
        self._scenario = scenario
        self._product = product
        self._past_w: list[float] = []
        self._battery = None if home.battery is None else Cells(home.battery, scenario.hours)
        store = None if home.battery is None else home.battery.store
        self._device = Device(
            id=BATTERY,
            role=Role.STORAGE,
            driver="simulated",
            connection="",
            line="",
            wear=0.0 if store is None else store.wear,
        )
        free = GridLimits(import_w=1e9, export_w=1e9)
        self._agents: list[Agent] = [Utility(limits=free), MustRun()]
        self._capabilities = Capabilities()
        if store is not None:
            self._agents.append(Storage(device=self._device))
            self._capabilities = Capabilities(
                control=Control.TARGET,
                charge_w=store.charge_w,
                discharge_w=store.discharge_w,
                capacity_wh=store.capacity_wh,
                round_trip=store.eta_charge * store.eta_discharge,
                resolution_w=_RESOLUTION_W,
            )
        parties = [agent.party for agent in self._agents]
        self._market = Market(product, area=home.id, epoch=1, parties=parties)

    def run(self, step: int, residual_w: float) -> Done:
        """Clear a step and do what was cleared."""
        self._past_w.append(residual_w)
        gate = self._gate(step, residual_w)
        price = self._clear(gate)
        if self._battery is None:
            return Done(battery_w=0.0, stored_wh=0.0, price=price)
        awarded = self._market.positions.at(BATTERY, gate.interval.start)
        view = gate.snapshot.devices[BATTERY]
        wanted_w = self._product.real_quantity(awarded)
        bound = guard(wanted_w, self._device, view, None, SiteRoom(), gate.now)
        battery_w = self._battery.run(bound.quantity or 0.0)
        return Done(battery_w=battery_w, stored_wh=self._battery.stored_wh, price=price)

    def _clear(self, gate: Gate) -> float | None:
        for agent in self._agents:
            tenders = TenderSet(
                party=agent.party.id,
                product=self._product.id,
                interval=gate.interval,
                tenders=agent.tenders(gate),
                netting=True,
                revision=1,
            )
            for event in self._market.submit(tenders, gate.now):
                if isinstance(event, Refused):
                    message = f"{agent.party.id}: {event.description}"
                    raise InvariantBroken(message)
        self._market.advance(gate.now)
        price = self._market.last_price
        return None if price is None else float(self._product.real_price(price))

    def _gate(self, step: int, residual_w: float) -> Gate:
        interval = self._scenario.interval(step)
        tariff = self._scenario.tariff
        return Gate(
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
            outlook=None if self._battery is None else self._outlook(step, interval.end),
        )

    def _views(self, now: Instant) -> dict[str, DeviceView]:
        if self._battery is None:
            return {}
        cells = self._battery
        flows = {POWER: cells.power_w}
        reading = Reading(device=BATTERY, at=now, flows=flows, soc_pct=cells.soc_pct)
        view = DeviceView(
            id=BATTERY,
            state=DeviceState.ONLINE,
            capabilities=self._capabilities,
            since=now,
            reading=reading,
            quality=Quality.GOOD,
        )
        return {BATTERY: view}

    def _outlook(self, step: int, start: Instant) -> Outlook | None:
        """The tariff and what may be drawn after the step; None where there is nothing after."""
        scenario, tariff = self._scenario, self._scenario.tariff
        ahead = slice(step + 1, step + 1 + HORIZON // scenario.step)
        buys, sells = tariff.import_price[ahead], tariff.export_price[ahead]
        if not buys:
            return None
        a_day = scenario.steps_a_day
        past_w = self._past_w[-(DEFAULT.days + 1) * a_day - 1 :]
        return Outlook(
            start=start,
            step=scenario.step,
            import_price=buys,
            export_price=sells,
            scenarios=scenarios(past_w, len(buys), a_day),
        )
